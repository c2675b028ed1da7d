//! From when a limit is near its end: the share and the days that make its light yellow.
//! Invariant: what is not written is the default of the place where it is read. Never: a colour, or a date.

use serde::{Deserialize, Serialize};

/// When a limit's light turns yellow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// When this share of the limit is left, in hundredths.
    pub share: u8,
    /// Or so many working days, whichever is more.
    pub days: u32,
    /// Limits up to this many days have no yellow: they are reminded on the morning of the due day only.
    pub none_up_to: u32,
}

impl Thresholds {
    /// A fifth of the limit, one working day at least, nothing for limits of three days or less.
    pub const USUAL: Self = Self { share: 20, days: 1, none_up_to: 3 };
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::USUAL
    }
}
