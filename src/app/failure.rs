//! Why something did not happen: a refusal (somebody asked for what may not be) or a fault (something of ours broke).
//! Invariant: no blanket conversion; every fault is named where it enters, so that a refusal never becomes a 500.

use std::fmt;

use crate::engine::refusal::{Class, Refusal};

/// Either of the two.
#[derive(Debug)]
pub enum Failure {
    /// A value for the person who asked.
    Refused(Box<Refusal>),
    /// For the operator; the person hears only that it is not their doing.
    Fault(Fault),
}

/// Something broke. Logged once, where it is handled.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What was being done.
    pub doing: String,
    /// What went wrong.
    pub cause: String,
    /// Whether the commit's outcome is unknown (the same command id finds out).
    pub outcome_unknown: bool,
}

impl Fault {
    /// A fault while `doing`, caused by `cause`.
    pub fn new(doing: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self { doing: doing.into(), cause: cause.to_string(), outcome_unknown: false }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.cause)
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "{} ({})", refusal.en, refusal.code),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

/// A refusal made by `app` itself.
#[must_use]
pub fn refusal(code: &'static str, class: Class, zh: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal { code, class, zh: zh.into(), en: en.into(), details: Vec::new() }
}
