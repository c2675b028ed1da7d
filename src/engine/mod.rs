//! The engine: pure `decide`, `evolve` and `effects` over a case.
//! Invariant: a decision depends on its arguments alone, and `evolve` on the state and the event alone, so a replay gives the same bytes anywhere.
//! Never: a clock, I/O, randomness, SQL, hash order, a panic.

pub mod case;
pub mod command;
pub mod effect;
pub mod event;
pub mod facts;
pub mod refusal;

mod automatic;
mod calls;
mod clearing;
mod context;
pub mod decide;
mod draft;
pub mod effects;
pub mod evolve;
mod fan;
pub mod groups;
mod happenings;
pub mod invariants;
mod jobs;
mod joins;
pub mod listening;
pub mod migration;
mod offer;
mod seats;
mod side;
pub mod standing;
mod submission;
mod terms;
pub mod viewing;
mod walk;

pub use decide::{MOVED, REGISTER, decide, next_wake};
pub use effects::effects;
pub use evolve::{evolve, fold_act};
pub use listening::listening;
pub use terms::{in_charge, in_charge_of};
