//! How far a plan is behind its own timetable (序时进度).
//! Invariant: whole per cent of the nodes; a plan without nodes has no pace. Never: a colour kept; it follows from the nodes and the day.

/// From here on a plan is watched, in per cent of its nodes.
const BEHIND: i64 = 10;
/// Above this it is late.
const LATE: i64 = 30;

/// The pace of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Fewer than ten per cent of its nodes are missing by now.
    Green,
    /// From ten to thirty.
    Yellow,
    /// More.
    Red,
}

/// How many per cent of all nodes should have been reached by now and have not, and what that means. Nodes reached early make up for none that are late.
#[must_use]
pub fn pace(missing: usize, all: usize) -> Option<(i64, Pace)> {
    let (missing, all) = (i64::try_from(missing).ok()?, i64::try_from(all).ok().filter(|all| *all > 0)?);
    let gap = missing * 100 / all;
    let pace = match gap {
        gap if gap < BEHIND => Pace::Green,
        gap if gap <= LATE => Pace::Yellow,
        _more => Pace::Red,
    };
    Some((gap, pace))
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
