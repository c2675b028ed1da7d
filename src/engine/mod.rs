//! The engine: pure `decide`, `evolve` and `effects` over a case.
//! Invariant: a decision depends on its arguments alone, and `evolve` on the state and the event alone, so a replay gives the same bytes anywhere.
//! Never: a clock, I/O, randomness, SQL, hash order, a panic.

pub mod case;
pub mod command;
pub mod effect;
pub mod event;
pub mod facts;
pub mod refusal;
