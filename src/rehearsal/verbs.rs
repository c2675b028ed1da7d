//! The verbs of a scenario line: one table from words to the engine's command and to the API's request.
//! Invariant: a verb means the same on the engine and at the API; whoever adds one says both in its line. Never: decides anything.

use serde_json::{Map, Value, json};

use crate::definition::graph::{GroupPass, OnRefusal};
use crate::engine::case::{Adding, BodyRef, Local};
use crate::engine::command::{Command, MemberRef, NewGroup, Recipient};
use crate::ids::{CaseId, Digest, Name, PersonId, Tenant};

/// What stands behind a verb and its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A step with an open task; the task of it that is meant for whoever acts.
    Task,
    /// An outcome of that step.
    Outcome,
    /// A step with an outside job; its number comes from the newest lease that whoever acts got.
    Job,
    /// The applicant's open task, with no word of its own; its outcome is `resubmitted`, or the only one there is.
    OwnTask,
    /// A step to go to.
    Step,
    /// A step that was answered.
    Answered,
    /// A running term.
    Term,
    /// A whole number.
    Number,
    /// A word as it is.
    Word,
    /// One of these words, as (written, meant).
    OneOf(&'static [(&'static str, &'static str)]),
    /// Posts to seat, `OFFICE/POST`, one or several.
    Seats,
    /// Whose task of the step is meant, when it is not that of whoever acts: a person, an office, `OFFICE/POST`.
    SeatOf,
    /// One or several people of the file.
    People,
}

/// A verb.
#[derive(Debug)]
pub struct Verb {
    /// What it is called; any of them.
    pub words: &'static [&'static str],
    /// What stands behind it.
    pub slots: &'static [Slot],
    /// Whether it brings the application's form with it.
    pub form: bool,
    /// The command on the engine.
    pub command: fn(&Said<'_>) -> Command,
    /// The request at the API.
    pub request: fn(&Said<'_>) -> Request,
}

/// A line's words, resolved.
#[derive(Clone, Debug)]
pub struct Said<'p> {
    /// The tenant.
    pub tenant: Tenant,
    /// The case.
    pub case: CaseId,
    /// The workflow, for a start.
    pub workflow: &'p Name,
    /// What it pins, for a start.
    pub revision: Digest,
    /// The task.
    pub task: Local,
    /// The outside job.
    pub job: Local,
    /// The number of the lease on it.
    pub fence: i64,
    /// The term.
    pub term: Local,
    /// The outcome.
    pub outcome: Name,
    /// The step to go to, or the one that was answered.
    pub to: Name,
    /// The link that step is of.
    pub scope: Local,
    /// The number.
    pub number: u32,
    /// The words, in order.
    pub words: Vec<Name>,
    /// The posts.
    pub seats: Vec<(Name, Name)>,
    /// The people.
    pub people: Vec<PersonId>,
    /// The opinion.
    pub opinion: Option<&'p str>,
    /// The answer's fields.
    pub fields: Option<&'p Map<String, Value>>,
    /// The form.
    pub form: Option<&'p Value>,
    /// Opinion and fields as a body, on the engine.
    pub body: Option<BodyRef>,
    /// The form as a body, on the engine.
    pub form_body: Option<BodyRef>,
}

/// What is asked of a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// `POST /api/v1…`.
    Api {
        /// The path behind `/api/v1`.
        path: String,
        /// The body.
        body: Value,
    },
    /// A command of the machine, which has no door in the API.
    Machine(Command),
}

/// Rank of a case nobody has admitted: what the API starts with.
const ORDINARY: i16 = 9;

/// Where added members stand.
const PLACES: &[(&str, &str)] = &[("before", "before"), ("beside", "beside"), ("after", "after"), ("之前", "before"), ("并列", "beside"), ("之后", "after")];
/// When an added group passes.
const RULES: &[(&str, &str)] = &[("all", "all"), ("any", "any"), ("in-order", "in-order"), ("会签", "all"), ("或签", "any"), ("顺签", "in-order")];

/// How a recusal is decided.
const ANSWERS: &[(&str, &str)] = &[("agreed", "agreed"), ("denied", "denied"), ("同意", "agreed"), ("不同意", "denied")];

/// Every verb. `commands` of the engine stand in the order of `engine::command`.
pub const VERBS: &[Verb] = &[
    Verb {
        words: &["submits", "提交"],
        slots: &[],
        form: true,
        command: |said| Command::Start {
            tenant: said.tenant,
            case: said.case,
            workflow: said.workflow.clone(),
            revision: said.revision,
            form: said.form_body,
            rank: ORDINARY,
        },
        request: |said| Request::Api { path: "/cases".to_owned(), body: json!({"workflow": said.workflow, "form": said.form}) },
    },
    Verb {
        words: &["claims", "签收"],
        slots: &[Slot::Task],
        form: false,
        command: |said| Command::Claim { task: said.task },
        request: |said| said.on_task("claim", Value::Null),
    },
    Verb {
        words: &["releases", "放回"],
        slots: &[Slot::Task],
        form: false,
        command: |said| Command::Release { task: said.task },
        request: |said| said.on_task("release", Value::Null),
    },
    Verb {
        words: &["decides", "办理"],
        slots: &[Slot::Task, Slot::Outcome],
        form: false,
        command: complete,
        request: |said| said.on_task("complete", json!({"outcome": said.outcome, "opinion": said.opinion, "fields": said.fields, "form": said.form})),
    },
    Verb {
        words: &["resubmits", "重新提交"],
        slots: &[Slot::OwnTask],
        form: true,
        command: complete,
        request: |said| said.on_task("complete", json!({"outcome": said.outcome, "opinion": said.opinion, "fields": said.fields, "form": said.form})),
    },
    Verb {
        words: &["returns", "退回"],
        slots: &[Slot::Task, Slot::Step],
        form: false,
        command: |said| Command::Return { task: said.task, to: said.to.clone(), body: said.body },
        request: |said| said.on_task("return", json!({"to": said.to, "opinion": said.opinion})),
    },
    Verb {
        words: &["extends", "延期"],
        slots: &[Slot::Term, Slot::Number],
        form: false,
        command: |said| Command::Extend { term: said.term, by: said.number, body: said.body },
        request: |said| said.on_case(&format!("/terms/{}/extend", said.term), json!({"by": said.number, "opinion": said.opinion})),
    },
    Verb {
        words: &["states-reason", "说明原因"],
        slots: &[Slot::Term, Slot::Word],
        form: false,
        command: |said| Command::StateReason { term: said.term, expected: said.word(0).parse().unwrap_or_default(), body: said.body },
        request: |said| said.on_case(&format!("/terms/{}/reason", said.term), json!({"expected": said.word(0), "opinion": said.opinion})),
    },
    Verb {
        words: &["withdraws", "撤回申请"],
        slots: &[],
        form: false,
        command: |said| Command::Withdraw { body: said.body },
        request: |said| said.on_case("/withdraw", json!({"opinion": said.opinion})),
    },
    Verb {
        words: &["adds", "加签"],
        slots: &[Slot::Task, Slot::OneOf(PLACES), Slot::Seats, Slot::OneOf(RULES)],
        form: false,
        command: |said| Command::AddSigners { task: said.task, place: said.place(), group: said.group(), body: said.body },
        request: |said| {
            let seats: Vec<Value> = said.seats.iter().map(|(office, post)| json!({"office": office, "post": post})).collect();
            said.on_task("signers", json!({"place": said.word(0), "seats": seats, "rule": said.word(1), "opinion": said.opinion}))
        },
    },
    Verb {
        words: &["removes", "减签"],
        slots: &[Slot::Task, Slot::SeatOf],
        form: false,
        command: |said| Command::RemoveSigner { member: MemberRef::Seat(said.task), body: said.body },
        request: |said| said.on_task("remove", json!({"opinion": said.opinion})),
    },
    Verb {
        words: &["hands-over", "转办"],
        slots: &[Slot::Task, Slot::People],
        form: false,
        command: |said| Command::Transfer { task: said.task, to: Recipient::Person(said.person()), body: said.body },
        request: |said| said.on_task("transfer", json!({"person": said.person(), "opinion": said.opinion})),
    },
    Verb {
        words: &["delegates", "委派"],
        slots: &[Slot::Task, Slot::People],
        form: false,
        command: |said| Command::Delegate { task: said.task, to: said.person(), body: said.body },
        request: |said| said.on_task("delegate", json!({"person": said.person(), "opinion": said.opinion})),
    },
    Verb {
        words: &["replies", "答复"],
        slots: &[Slot::Task],
        form: false,
        command: |said| Command::Reply { task: said.task, body: said.body },
        request: |said| said.on_task("reply", json!({"opinion": said.opinion})),
    },
    Verb {
        words: &["recalls", "收回委派"],
        slots: &[Slot::Task],
        form: false,
        command: |said| Command::Recall { task: said.task },
        request: |said| said.on_task("recall", Value::Null),
    },
    Verb {
        words: &["takes-back", "撤回"],
        slots: &[Slot::Answered],
        form: false,
        command: |said| Command::TakeBack { scope: said.scope, step: said.to.clone(), body: said.body },
        request: |said| said.on_case(&format!("/scopes/{}/steps/{}/take-back", said.scope, said.to), json!({"opinion": said.opinion})),
    },
    Verb {
        words: &["urges", "催办"],
        slots: &[Slot::Task],
        form: false,
        command: |said| Command::Urge { task: said.task, body: said.body },
        request: |said| said.on_task("urge", json!({"opinion": said.opinion})),
    },
    Verb {
        words: &["copies", "抄送"],
        slots: &[Slot::People],
        form: false,
        command: |said| Command::Copy { to: said.people.clone(), task: None, body: said.body },
        request: |said| said.on_case("/copy", json!({"to": said.people, "opinion": said.opinion})),
    },
    Verb {
        words: &["finishes", "完成作业"],
        slots: &[Slot::Job],
        form: false,
        command: |said| Command::JobComplete { job: said.job, fence: said.fence, body: said.body },
        request: |said| said.on_job("complete", json!({"fence": said.fence, "fields": said.fields})),
    },
    Verb {
        words: &["fails", "作业失败"],
        slots: &[Slot::Job],
        form: false,
        command: |said| Command::JobFail { job: said.job, fence: said.fence, body: said.body, retries: None, pause_s: None },
        request: |said| said.on_job("fail", json!({"fence": said.fence, "message": said.opinion})),
    },
    Verb {
        words: &["reports", "作业报错"],
        slots: &[Slot::Job, Slot::Word],
        form: false,
        command: |said| Command::JobError { job: said.job, fence: said.fence, error: said.word(0), body: said.body },
        request: |said| said.on_job("error", json!({"fence": said.fence, "error": said.word(0), "message": said.opinion})),
    },
    Verb {
        words: &["retries", "重试作业"],
        slots: &[Slot::Job],
        form: false,
        command: |said| Command::JobRetry { job: said.job },
        request: |said| said.on_job("retry", Value::Null),
    },
    Verb {
        words: &["comments", "备注"],
        slots: &[],
        form: false,
        command: |said| Command::Comment { task: None, body: said.body },
        request: |said| said.on_case("/comment", json!({"opinion": said.opinion.unwrap_or_default()})),
    },
    Verb {
        words: &["asks-recusal", "申请回避"],
        slots: &[Slot::Task, Slot::People],
        form: false,
        command: |said| Command::AskRecusal { task: said.task, of: said.person(), body: said.body },
        request: |said| said.on_task("recusal", json!({"person": said.person(), "opinion": said.opinion})),
    },
    Verb {
        words: &["decides-recusal", "决定回避"],
        slots: &[Slot::Task, Slot::OneOf(ANSWERS)],
        form: false,
        command: |said| Command::DecideRecusal { task: said.task, agreed: &*said.word(0) == "agreed", body: said.body },
        request: |said| said.on_task("recusal/decide", json!({"agreed": &*said.word(0) == "agreed", "opinion": said.opinion})),
    },
    Verb {
        words: &["decides-in-batch", "批量办理"],
        slots: &[Slot::Task, Slot::Outcome],
        form: false,
        command: |said| Command::CompleteInBatch { task: said.task, outcome: said.outcome.clone(), body: said.body },
        request: |said| {
            let items = json!([{"case": said.case.to_string(), "task": said.task}]);
            Request::Api { path: "/batch".to_owned(), body: json!({"items": items, "outcome": said.outcome, "opinion": said.opinion}) }
        },
    },
    Verb {
        words: &["hands-over-desk", "交接"],
        slots: &[Slot::People],
        form: false,
        command: hand_over_desk,
        request: |said| Request::Machine(hand_over_desk(said)),
    },
    Verb {
        words: &["tells", "收到消息"],
        slots: &[Slot::Word],
        form: false,
        command: |said| Command::Message { name: said.word(0), token: None },
        request: |said| Request::Machine(Command::Message { name: said.word(0), token: None }),
    },
];

/// Giver, taker and the head who oversees it; the machine carries out what the three have signed.
fn hand_over_desk(said: &Said<'_>) -> Command {
    let at = |place: usize| said.people.get(place).copied().unwrap_or(PersonId(uuid::Uuid::nil()));
    Command::HandOverDesk { from: at(0), to: at(1), overseer: at(2) }
}

fn complete(said: &Said<'_>) -> Command {
    Command::Complete { task: said.task, outcome: said.outcome.clone(), body: said.body, form: said.form_body }
}

impl Said<'_> {
    /// The word behind the verb at that place; empty when there is none.
    #[must_use]
    pub fn word(&self, at: usize) -> Name {
        self.words.get(at).cloned().unwrap_or_default()
    }

    /// The first of the people.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.people.first().copied().unwrap_or(PersonId(uuid::Uuid::nil()))
    }

    fn place(&self) -> Adding {
        match &*self.word(0) {
            "before" => Adding::Before,
            "after" => Adding::After,
            _ => Adding::Beside,
        }
    }

    fn group(&self) -> NewGroup {
        let pass = match &*self.word(1) {
            "any" => GroupPass::Any,
            "in-order" => GroupPass::InOrder,
            _ => GroupPass::All,
        };
        NewGroup { seats: self.seats.clone(), pass, on_refusal: OnRefusal::End }
    }

    /// A request on the task.
    #[must_use]
    pub fn on_task(&self, act: &str, body: Value) -> Request {
        self.on_case(&format!("/tasks/{}/{act}", self.task), body)
    }

    /// A request on the outside job.
    #[must_use]
    pub fn on_job(&self, act: &str, body: Value) -> Request {
        self.on_case(&format!("/jobs/{}/{act}", self.job), body)
    }

    /// A request on the case.
    #[must_use]
    pub fn on_case(&self, below: &str, body: Value) -> Request {
        Request::Api { path: format!("/cases/{}{below}", self.case), body }
    }
}

/// The verb of that name.
#[must_use]
pub fn verb(word: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.words.contains(&word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::VERBS;

    #[test]
    fn every_verb_has_a_word_in_each_language_and_no_two_share_one() {
        let mut seen = BTreeSet::new();
        for verb in VERBS {
            assert!(verb.words.iter().any(|word| word.is_ascii()) && verb.words.iter().any(|word| !word.is_ascii()), "{:?}", verb.words);
            assert!(verb.words.iter().all(|word| seen.insert(*word)), "{:?}", verb.words);
        }
    }
}
