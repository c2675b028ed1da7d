//! What one sees of a case and of the accounts: the same whether it was read off the engine's state or off the API's answers.
//! Invariant: everything an expectation may speak of is here, and nothing a reader of the case page could not see. Never: an interpretation.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::engine::case::Local;

/// A case as seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub number: Option<String>,
    /// The applicant's name.
    pub applicant: String,
    /// Its result, when it has ended.
    pub ended: Option<String>,
    /// Its rank.
    pub rank: i16,
    /// Open tasks.
    pub tasks: BTreeMap<Local, TaskSeen>,
    /// Outside jobs that are not over.
    pub jobs: BTreeMap<Local, JobSeen>,
    /// Terms that run or stand still.
    pub terms: BTreeMap<Local, TermSeen>,
    /// Where tokens stand, as (workflow, step).
    pub at: Vec<(String, String)>,
    /// Steps that ended, oldest first.
    pub done: Vec<DoneSeen>,
    /// What people did with tasks and the case beside answering, oldest first, as (word, by, to or about whom).
    pub record: Vec<(String, String, String)>,
    /// Open links, as (scope, workflow).
    pub scopes: Vec<(Local, String)>,
    /// Documents issued, as (kind, number), oldest first.
    pub documents: Vec<(String, Option<String>)>,
    /// Supervision orders that passed dates drafted, as (workflow of the link, term, date).
    pub orders: Vec<(String, String, String)>,
    /// Notices given, by key: (kind, recipient's name).
    pub said: BTreeMap<String, (String, String)>,
}

/// An open task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSeen {
    /// The workflow it is of.
    pub program: String,
    /// The step.
    pub step: String,
    /// The offices asked; none for the applicant.
    pub offices: Vec<String>,
    /// The post asked; `applicant` for the applicant.
    pub post: String,
    /// The B post, once it is asked too.
    pub backup: Option<String>,
    /// Who claimed it.
    pub claimed: Option<String>,
    /// The answers it can end with.
    pub outcomes: Vec<String>,
}

/// An outside job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSeen {
    /// The workflow it is of.
    pub program: String,
    /// The step.
    pub step: String,
    /// Nobody tries again by themselves.
    pub parked: bool,
}

/// A term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermSeen {
    /// The workflow it is of.
    pub program: String,
    /// Its key.
    pub key: String,
    /// Its date.
    pub due: Option<NaiveDate>,
    /// It stands still.
    pub stopped: bool,
}

/// A step that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneSeen {
    /// The step.
    pub step: String,
    /// Its outcome.
    pub outcome: String,
    /// By whom; `None` by no person.
    pub by: Option<String>,
    /// By the law.
    pub deemed: bool,
}

/// An account as seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountSeen {
    /// What may be reserved.
    pub free: i64,
    /// What is reserved.
    pub reserved: i64,
    /// What is used.
    pub used: i64,
    /// The ids of the cases that wait, first in line first.
    pub waiting: Vec<String>,
    /// Its postings, oldest first, as (kind, amount).
    pub postings: Vec<(String, i64)>,
}

/// What is looked at after a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// At notices.
    pub notices: bool,
    /// At accounts.
    pub accounts: bool,
    /// At their postings.
    pub postings: bool,
}

/// What one saw after a line.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The cases, by the file's name for them.
    pub cases: BTreeMap<String, Seen>,
    /// The accounts, by key.
    pub accounts: BTreeMap<String, AccountSeen>,
}

impl Seen {
    /// The notices given that were not in `before`, each kind and person once.
    #[must_use]
    pub fn said_since(&self, before: &Self) -> BTreeSet<(String, String)> {
        self.said.iter().filter(|(key, _)| !before.said.contains_key(*key)).map(|(_, said)| said.clone()).collect()
    }
}
