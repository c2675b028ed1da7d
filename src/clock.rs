//! The one place where time enters. Everything else is handed a `Moment`.
//! Invariant: nothing but this file asks the machine what time it is. Leases and sessions use `real`, never the movable clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ids::Moment;

/// A source of moments; cloning shares it.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    Machine,
    /// The machine's clock moved by an offset in milliseconds (demonstrations), shared by all clones.
    Moved(Arc<AtomicI64>),
    /// A clock that stands still until it is set (tests, the guided tour).
    Standing(Arc<AtomicI64>),
}

impl Clock {
    /// A clock standing at `moment`.
    #[must_use]
    pub fn standing(moment: Moment) -> Self {
        Self::Standing(Arc::new(AtomicI64::new(moment.0)))
    }

    /// A clock that shows `moment` now and runs on from there.
    #[must_use]
    pub fn moved_to(moment: Moment) -> Self {
        Self::Moved(Arc::new(AtomicI64::new(moment.0 - real().0)))
    }

    /// What this clock shows.
    #[must_use]
    pub fn now(&self) -> Moment {
        match self {
            Self::Machine => real(),
            Self::Moved(offset) => Moment(real().0 + offset.load(Ordering::SeqCst)),
            Self::Standing(at) => Moment(at.load(Ordering::SeqCst)),
        }
    }

    /// Whether `set` can move this clock.
    #[must_use]
    pub fn can_move(&self) -> bool {
        match self {
            Self::Machine => false,
            Self::Moved(_) | Self::Standing(_) => true,
        }
    }

    /// Sets a movable clock; answers false when this clock cannot be moved.
    #[must_use]
    pub fn set(&self, moment: Moment) -> bool {
        match self {
            Self::Machine => false,
            Self::Moved(offset) => {
                offset.store(moment.0 - real().0, Ordering::SeqCst);
                true
            }
            Self::Standing(at) => {
                at.store(moment.0, Ordering::SeqCst);
                true
            }
        }
    }
}

/// The machine's clock, for leases and sessions only.
#[must_use]
pub fn real() -> Moment {
    // A machine before 1970 is read as 1970: nothing here can be that old.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
