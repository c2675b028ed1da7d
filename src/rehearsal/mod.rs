//! Scenario files: a workflow tried out in sentences that an official can read, on the pure engine or by whoever drives a server with the same sentences.
//! Invariant: a file says the same thing wherever it is played: the lines, the tasks they mean and the verdicts come from here alone; a driver only acts and looks.
//! Never: opens a file, knows of HTTP or a store, or goes on after a line that did not come out as written.
//!
//! A new verb is one line in `verbs::VERBS`: its words, what stands behind it, the command it becomes on the engine, the request it becomes at the API.
//! Something new to expect is a line in `expect::WORDS`, an arm in `expect::read` and one in `judge`; what it looks at is a field of `seen::Seen`.

pub mod cast;
pub mod expect;
pub mod judge;
pub mod play;
pub mod script;
pub mod seen;
pub mod verbs;
pub mod world;

mod head;
mod line;
mod token;

pub use cast::{Cast, Stock};
pub use play::{LineVerdict, Verdict};
pub use script::{Script, read};
