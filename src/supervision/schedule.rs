//! How far a plan is behind its own timetable (序时进度).
//! Invariant: whole per cent of the nodes; a plan without nodes has no pace. Never: a colour kept; it follows from the nodes and the day.

use super::light::Light;

/// From here on a plan is watched, in per cent.
const BEHIND: i64 = 10;
/// Above this it is late.
const LATE: i64 = 30;

/// How far a plan, or one node of it, is behind: the one rule of the progress lights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Less than ten per cent.
    Green,
    /// From ten to thirty.
    Yellow,
    /// More.
    Red,
}

impl Pace {
    /// The pace of what is so many per cent behind; a negative figure is ahead.
    #[must_use]
    pub const fn of(behind: i64) -> Self {
        match behind {
            ..BEHIND => Self::Green,
            BEHIND..=LATE => Self::Yellow,
            _ => Self::Red,
        }
    }

    /// The light that shows it.
    #[must_use]
    pub const fn light(self) -> Light {
        match self {
            Self::Green => Light::Green,
            Self::Yellow => Light::Yellow,
            Self::Red => Light::Red,
        }
    }
}

/// How many per cent of all nodes should have been reached by now and have not, and what that means. Nodes reached early make up for none that are late.
#[must_use]
pub fn pace(missing: usize, all: usize) -> Option<(i64, Pace)> {
    let (missing, all) = (i64::try_from(missing).ok()?, i64::try_from(all).ok().filter(|all| *all > 0)?);
    let gap = missing * 100 / all;
    Some((gap, Pace::of(gap)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_green_below_ten_yellow_to_thirty_red_above() {
        let found = [(0, 3), (1, 11), (1, 10), (3, 10), (31, 100), (1, 1), (0, 0)].map(|(missing, all)| pace(missing, all));
        let expected = [
            Some((0, Pace::Green)),
            Some((9, Pace::Green)),
            Some((10, Pace::Yellow)),
            Some((30, Pace::Yellow)),
            Some((31, Pace::Red)),
            Some((100, Pace::Red)),
            None,
        ];
        assert_eq!(found, expected);
    }
}
