//! What a well-formed definition may still not say: flow that gets stuck, and law that does not allow it.
//! Invariant: each rule notes every place that breaks it; no rule needs another to have run.
//! Never: depends on the day it is run, but for `law::lapsed`, which is handed one.

pub(super) mod apart;
pub(super) mod calls;
pub(super) mod decision;
pub(super) mod fields;
pub(super) mod flow;
pub(super) mod happenings;
pub(super) mod law;
pub(super) mod lights;
pub(super) mod orders;
pub(super) mod parallel;
pub(super) mod posts;
pub(super) mod returns;
pub(super) mod splits;
pub(super) mod sums;
