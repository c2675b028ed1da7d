//! Lights and digests: who must hear what, and how urgent it is.
//!
//! Invariant: a light follows from the terms, the calendar and now; the same three give the same light.
//! Never: a stored colour. The instants at which a colour changes may be stored, to sort by.

mod digest;
mod light;
mod progress;
mod schedule;

pub use digest::{Digest, OpenTask, digests};
pub use light::{Light, Watch, margin};
pub use progress::{PlannedNode, Progress};
pub use schedule::{Pace, pace};
