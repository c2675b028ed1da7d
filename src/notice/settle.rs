//! What becomes of a notice after an attempt: sent, tried again later, or parked for a person to look at.
//! Invariant: the next state follows from the number of attempts, the answer and the moment, so two nodes agree on it.
//! Never: gives up silently. A parked notice becomes an event of its case.

use crate::ids::Moment;
use crate::limits::{NOTICE_ATTEMPTS_MAX, NOTICE_RETRY_FIRST_S, NOTICE_RETRY_MAX_S};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Accepted,
    /// It may work later.
    Temporary,
    /// It will never work as it is.
    Permanent,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Done.
    Sent,
    /// Try again at this moment.
    Retry {
        /// When.
        at: Moment,
    },
    /// Nobody tries again by themselves.
    Parked,
}

/// The state after attempt number `attempt` (1 is the first), which ended at `now` with `outcome`.
#[must_use]
pub fn settle(attempt: u32, outcome: Outcome, now: Moment) -> Next {
    match outcome {
        Outcome::Accepted => Next::Sent,
        Outcome::Permanent => Next::Parked,
        Outcome::Temporary => match retry_delay_s(attempt) {
            Some(seconds) => Next::Retry { at: Moment(now.0.saturating_add(i64::from(seconds) * 1000)) },
            None => Next::Parked,
        },
    }
}

/// Seconds to wait after attempt number `attempt` failed; `None` when it was the last. Doubles up to a ceiling.
#[must_use]
pub fn retry_delay_s(attempt: u32) -> Option<u32> {
    if attempt >= NOTICE_ATTEMPTS_MAX {
        return None;
    }
    let doublings = attempt.saturating_sub(1);
    let delay = NOTICE_RETRY_FIRST_S.checked_shl(doublings).filter(|shifted| shifted >> doublings == NOTICE_RETRY_FIRST_S);
    Some(delay.unwrap_or(NOTICE_RETRY_MAX_S).min(NOTICE_RETRY_MAX_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_to_a_ceiling_and_never_shrinks() {
        let delays: Vec<u32> = (1..NOTICE_ATTEMPTS_MAX).filter_map(retry_delay_s).collect();
        assert_eq!(delays[..5], [60, 120, 240, 480, 960]);
        assert!(delays.is_sorted(), "{delays:?}");
        assert_eq!(delays.last(), Some(&NOTICE_RETRY_MAX_S));
        assert_eq!(delays.len() + 1, usize::try_from(NOTICE_ATTEMPTS_MAX).unwrap());
    }

    #[test]
    fn a_mail_server_that_is_away_over_a_weekend_costs_no_notice() {
        const HOURS: u32 = 63; // Friday 17:00 to Monday 08:00.
        let waited: u32 = (1..NOTICE_ATTEMPTS_MAX).filter_map(retry_delay_s).sum();
        assert!(waited >= HOURS * 3600, "gives up after {} h", waited / 3600);
    }

    #[test]
    fn the_answer_and_the_count_decide_what_follows() {
        let now = Moment(1_000);
        assert_eq!(settle(1, Outcome::Accepted, now), Next::Sent);
        assert_eq!(settle(1, Outcome::Permanent, now), Next::Parked);
        assert_eq!(settle(1, Outcome::Temporary, now), Next::Retry { at: Moment(61_000) });
        assert_eq!(settle(0, Outcome::Temporary, now), Next::Retry { at: Moment(61_000) });
        assert_eq!(settle(NOTICE_ATTEMPTS_MAX, Outcome::Temporary, now), Next::Parked);
        assert_eq!(settle(u32::MAX, Outcome::Temporary, now), Next::Parked);
        assert_eq!(settle(NOTICE_ATTEMPTS_MAX, Outcome::Accepted, now), Next::Sent);
    }
}
