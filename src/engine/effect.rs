//! What an act asks of the outer rooms, read off its events once; a replay never comes here.

use chrono::NaiveDate;

use crate::definition::graph::{Audience, Settlement, TermKind};
use crate::engine::case::Local;
use crate::ids::{Moment, Name};

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Say something to somebody; `app` resolves the audience to people and channels in the same commit.
    Notice(NoticeEffect),
    /// Move an amount of an account. Applied in the same commit.
    Posting {
        /// The account's key.
        account: String,
        /// What happens.
        kind: PostingKind,
        /// How much.
        amount: i64,
        /// The reservation.
        hold: Local,
    },
    /// Join or leave a waiting list.
    Queue {
        /// The account's key.
        account: String,
        /// The token that waits.
        token: Local,
        /// Since when and for how much; `None` leaves.
        wants: Option<(Moment, i64)>,
    },
    /// Every other case that listens to this signal hears it: a row for each of them, in the same commit.
    Broadcast {
        /// The signal.
        name: Name,
    },
    /// A supervision order (督办单) is drafted: a case of its own, opened by the system once the commit is there.
    Order(OrderEffect),
    /// The counter of a series now stands here.
    Counter {
        /// Series and year, `GC/2025`.
        key: String,
        /// The last number taken.
        value: u64,
    },
}

/// A posting as the engine asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostingKind {
    /// 预留.
    Reserve,
    /// What becomes of a reservation.
    Settle(Settlement),
}

/// A supervision order to draft, because a date has passed. It is a draft: who issues it decides (政府督查工作条例 7、11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEffect {
    /// The order's workflow.
    pub workflow: Name,
    /// The link whose date has passed: with the cause, the matter of which only one order is in hand (条例 15).
    pub scope: Local,
    /// The step, when the date is a step's own.
    pub step: Option<Name>,
    /// The term's key.
    pub term: Name,
    /// Which date it is.
    pub kind: TermKind,
    /// The date.
    pub due: NaiveDate,
    /// The office that has the matter in hand; `None` when nothing is open with an office.
    pub office: Option<Name>,
}

/// A notice to give.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeEffect {
    /// Its kind, such as `o.yellow` or `a.accepted`.
    pub kind: Name,
    /// Who hears it.
    pub to: Vec<Audience>,
    /// The scope it is about.
    pub scope: Local,
    /// The step, when it is about one.
    pub step: Option<Name>,
    /// The task, when it is about one.
    pub task: Option<Local>,
    /// When the step was entered (or the scope opened): part of the key, so that a re-entry is reminded anew.
    pub entry: Moment,
    /// The rung: term key and index; `None` for a notice that follows an act.
    pub rung: Option<(Name, u16)>,
    /// The due day it speaks of.
    pub due: Option<NaiveDate>,
    /// Why a date has passed and when the matter is expected now, as the office stated it.
    pub reason: Option<(String, NaiveDate)>,
    /// It waits for no working day and for no morning.
    pub urgent: bool,
}
