//! The spine: an order becomes a command with its bodies, goes to the writer, and comes back as a receipt.
//! Invariant: the answer follows the commit. The future may be dropped at any point: the command is then still decided and committed once.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::register;
use crate::app::writer::{Job, Receipt, RegisterPosting};
use crate::audit::leaf::commit;
use crate::engine::case::{Adding, BodyRef, Local};
use crate::engine::command::{Actor, Command, MemberRef, NewGroup, Recipient};
use crate::engine::migration::StepMap;
use crate::engine::refusal::Class;
use crate::ids::{CaseId, CommandId, Digest, Moment, Name, PersonId, Tenant};
use crate::store::rows::{BodyRow, HookRow, NoticeRow, RegistryRow};

/// What a surface or a worker wants done.
#[derive(Clone, Debug)]
pub struct Order {
    /// The tenant.
    pub tenant: Tenant,
    /// The case; `None` for a start.
    pub case: Option<CaseId>,
    /// Who.
    pub actor: Actor,
    /// The caller's id for the command; one is made when there is none.
    pub command_id: Option<CommandId>,
    /// What.
    pub act: Act,
}

/// A command before its bodies are salted and committed to.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each mirrors the command of the same name, which documents its fields")]
pub enum Act {
    Start {
        workflow: Name,
        form: Option<Value>,
        rank: i16,
    },
    Claim {
        task: Local,
    },
    Release {
        task: Local,
    },
    Complete {
        task: Local,
        outcome: Name,
        answer: Answer,
    },
    Return {
        task: Local,
        to: Name,
        opinion: Option<String>,
    },
    AddSigners {
        task: Local,
        place: Adding,
        group: NewGroup,
        opinion: Option<String>,
    },
    RemoveSigner {
        member: MemberRef,
        opinion: Option<String>,
    },
    Transfer {
        task: Local,
        to: Recipient,
        opinion: Option<String>,
    },
    HandOverDesk {
        from: PersonId,
        to: PersonId,
        overseer: PersonId,
    },
    Delegate {
        task: Local,
        to: PersonId,
        opinion: Option<String>,
    },
    Reply {
        task: Local,
        opinion: Option<String>,
    },
    Recall {
        task: Local,
    },
    CompleteInBatch {
        task: Local,
        outcome: Name,
        opinion: Option<String>,
    },
    TakeBack {
        scope: Local,
        step: Name,
        opinion: Option<String>,
    },
    AskRecusal {
        task: Local,
        of: PersonId,
        opinion: Option<String>,
    },
    DecideRecusal {
        task: Local,
        agreed: bool,
        opinion: Option<String>,
    },
    Copy {
        to: Vec<PersonId>,
        task: Option<Local>,
        opinion: Option<String>,
    },
    Urge {
        task: Local,
        opinion: Option<String>,
    },
    Comment {
        task: Option<Local>,
        opinion: Option<String>,
    },
    Extend {
        term: Local,
        by: u32,
        opinion: Option<String>,
    },
    StateReason {
        term: Local,
        expected: NaiveDate,
        opinion: Option<String>,
    },
    Withdraw {
        opinion: Option<String>,
    },
    Message {
        name: Name,
        token: Option<Local>,
    },
    Signal {
        name: Name,
        from: CaseId,
    },
    JobComplete {
        job: Local,
        fence: i64,
        fields: Option<Value>,
    },
    JobFail {
        job: Local,
        fence: i64,
        message: Option<String>,
        retries: Option<u32>,
        pause_s: Option<u32>,
    },
    JobError {
        job: Local,
        fence: i64,
        error: Name,
        message: Option<String>,
    },
    JobRetry {
        job: Local,
    },
    Wake,
    Recompute,
    NoticeSettled {
        key: String,
        sent: bool,
        attempts: u32,
        at: Moment,
        /// What goes by the other medium instead.
        #[serde(serialize_with = "told_by_key")]
        next: Option<Box<NoticeRow>>,
    },
    NoticeReturned {
        key: String,
        at: Moment,
        /// What goes by the other medium instead.
        #[serde(serialize_with = "told_by_key")]
        next: Option<Box<NoticeRow>>,
    },
    NoticeResent {
        key: String,
    },
    Migrate {
        from: Digest,
        to: Digest,
        map: StepMap,
    },
    Record {
        what: Name,
        details: Option<Value>,
        #[serde(skip)]
        rows: RegisterRows,
        /// The register as it stood when the rows were made; another act meanwhile, and this one is refused.
        #[serde(skip)]
        after: Option<u64>,
    },
}

/// What a person says when completing a task.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Answer {
    /// The opinion (签批意见).
    pub opinion: Option<String>,
    /// The outcome's fields.
    pub fields: Option<Value>,
    /// A new submission of the form.
    pub form: Option<Value>,
}

/// What a register act changes beside its own log.
#[derive(Clone, Debug, Default)]
pub struct RegisterRows {
    /// Rows.
    pub registry: Vec<RegistryRow>,
    /// Postings.
    pub postings: Vec<RegisterPosting>,
    /// Notices (digests) that leave with it.
    pub notices: Vec<NoticeRow>,
    /// Messages to outside systems.
    pub hooks: Vec<HookRow>,
}

impl App {
    /// Has the order decided and committed.
    ///
    /// # Errors
    /// A refusal for whoever asked, or a fault of ours.
    pub async fn execute(&self, order: Order) -> Result<Receipt, Failure> {
        let (answer, answered) = oneshot::channel();
        let job = self.job(order, answer).await?;
        self.inner.lanes.submit(job).await?;
        answered.await.map_err(|_| {
            let mut fault = Fault::new("waiting for the writer", "it ended before it answered");
            fault.outcome_unknown = true;
            Failure::Fault(fault)
        })?
    }

    async fn job(&self, mut order: Order, answer: oneshot::Sender<Result<Receipt, Failure>>) -> Result<Job, Failure> {
        let now = self.clock().now();
        let digest = said(&order).map_err(|cause| Fault::new("reading a command", cause))?;
        let command_id = match order.command_id {
            Some(id) => id,
            None => CommandId::new(now, entropy()?),
        };
        let case = match (order.case, &order.act) {
            (None, Act::Start { .. }) => CaseId::new(now, entropy()?),
            (Some(case), _) => case,
            (None, _) => return Err(refusal("case_missing", Class::Invalid, "没有指明办件。", "cannot do this: no case is named").into()),
        };
        self.check_named_files(&order).await?;
        self.carry(&mut order).await?;
        self.take_snapshots(&mut order, command_id).await?;
        let mut bodies = Bodies::default();
        let mut register_rows = RegisterRows::default();
        let command = self.command(order.tenant, case, order.act, &mut bodies, &mut register_rows).await?;
        Ok(Job { tenant: order.tenant, case, actor: order.actor, command, command_id, digest, bodies: bodies.rows, register: register_rows, answer })
    }

    /// A form may name uploaded files; it is refused here, where the store can be asked, because the engine sees only the form.
    async fn check_named_files(&self, order: &Order) -> Result<(), Failure> {
        let person = match &order.actor {
            Actor::Person(person) => Some(*person),
            Actor::System | Actor::Operator(_) => None,
        };
        let forms = match &order.act {
            Act::Start { form, .. } => [form.as_ref(), None],
            Act::Complete { answer, .. } => [answer.form.as_ref(), answer.fields.as_ref()],
            Act::JobComplete { fields, .. } => [fields.as_ref(), None],
            // No other act brings a form.
            _ => [None, None],
        };
        for form in forms.into_iter().flatten() {
            self.check_files((order.tenant, person), order.case, form).await?;
        }
        Ok(())
    }

    async fn command(&self, tenant: Tenant, case: CaseId, act: Act, bodies: &mut Bodies, register_rows: &mut RegisterRows) -> Result<Command, Failure> {
        Ok(match act {
            Act::Start { workflow, form, rank } => {
                let revision = self.revision(tenant, &workflow).await?;
                Command::Start { tenant, case, workflow, revision, form: bodies.add(form.as_ref())?, rank }
            }
            Act::Claim { task } => Command::Claim { task },
            Act::Release { task } => Command::Release { task },
            Act::Complete { task, outcome, answer } => {
                let form = bodies.add(answer.form.as_ref())?;
                Command::Complete { task, outcome, body: bodies.add_answer(answer.opinion, answer.fields)?, form }
            }
            Act::Return { task, to, opinion } => Command::Return { task, to, body: bodies.add_answer(opinion, None)? },
            Act::AddSigners { task, place, group, opinion } => Command::AddSigners { task, place, group, body: bodies.add_answer(opinion, None)? },
            Act::RemoveSigner { member, opinion } => Command::RemoveSigner { member, body: bodies.add_answer(opinion, None)? },
            Act::Transfer { task, to, opinion } => Command::Transfer { task, to, body: bodies.add_answer(opinion, None)? },
            Act::HandOverDesk { from, to, overseer } => Command::HandOverDesk { from, to, overseer },
            Act::Delegate { task, to, opinion } => Command::Delegate { task, to, body: bodies.add_answer(opinion, None)? },
            Act::Reply { task, opinion } => Command::Reply { task, body: bodies.add_answer(opinion, None)? },
            Act::Recall { task } => Command::Recall { task },
            Act::CompleteInBatch { task, outcome, opinion } => Command::CompleteInBatch { task, outcome, body: bodies.add_answer(opinion, None)? },
            Act::TakeBack { scope, step, opinion } => Command::TakeBack { scope, step, body: bodies.add_answer(opinion, None)? },
            Act::AskRecusal { task, of, opinion } => Command::AskRecusal { task, of, body: bodies.add_answer(opinion, None)? },
            Act::DecideRecusal { task, agreed, opinion } => Command::DecideRecusal { task, agreed, body: bodies.add_answer(opinion, None)? },
            Act::Copy { to, task, opinion } => Command::Copy { to, task, body: bodies.add_answer(opinion, None)? },
            Act::Urge { task, opinion } => Command::Urge { task, body: bodies.add_answer(opinion, None)? },
            Act::Comment { task, opinion } => Command::Comment { task, body: bodies.add_answer(opinion, None)? },
            Act::Extend { term, by, opinion } => Command::Extend { term, by, body: bodies.add_answer(opinion, None)? },
            Act::StateReason { term, expected, opinion } => Command::StateReason { term, expected, body: bodies.add_answer(opinion, None)? },
            Act::Withdraw { opinion } => Command::Withdraw { body: bodies.add_answer(opinion, None)? },
            Act::Message { name, token } => Command::Message { name, token },
            Act::Signal { name, from } => Command::Signal { name, from },
            Act::JobComplete { job, fence, fields } => Command::JobComplete { job, fence, body: bodies.add_answer(None, fields)? },
            Act::JobFail { job, fence, message, retries, pause_s } => {
                Command::JobFail { job, fence, body: bodies.add_answer(message, None)?, retries, pause_s }
            }
            Act::JobError { job, fence, error, message } => Command::JobError { job, fence, error, body: bodies.add_answer(message, None)? },
            Act::JobRetry { job } => Command::JobRetry { job },
            Act::Wake => Command::Wake,
            Act::Recompute => Command::Recompute,
            Act::NoticeSettled { key, sent, attempts, at, next } => {
                let next = next.map(|row| leaves_with(*row, register_rows));
                Command::NoticeSettled { key, sent, attempts, at, next }
            }
            Act::NoticeReturned { key, at, next } => {
                let next = next.map(|row| leaves_with(*row, register_rows));
                Command::NoticeReturned { key, at, next }
            }
            Act::NoticeResent { key } => Command::NoticeResent { key },
            Act::Migrate { from, to, map } => Command::Migrate { from, to, map },
            Act::Record { what, details, rows, after } => {
                *register_rows = rows;
                Command::Record { what, body: bodies.add(details.as_ref())?, after }
            }
        })
    }

    /// The revision a new case of `workflow` pins.
    async fn revision(&self, tenant: Tenant, workflow: &Name) -> Result<Digest, Failure> {
        if **workflow == *register::WORKFLOW {
            return Ok(register::REVISION);
        }
        let held = self.inner.shelf.of(tenant);
        if let Some(revision) = held.current.get(workflow) {
            return Ok(*revision);
        }
        // A node that has just started, or one that has not heard of a publication on another, looks before it says no.
        let known = self.known(tenant).await?;
        known.current.get(workflow).copied().ok_or_else(|| {
            let published: Vec<&str> = known.current.keys().map(|name| &**name).collect();
            let zh = format!("没有已发布的流程“{workflow}”；已发布的有：{}。", published.join("、"));
            let en = format!("cannot start `{workflow}`: expected a published workflow ({})", published.join(", "));
            refusal("unknown_workflow", Class::NotFound, zh, en).into()
        })
    }
}

/// The bodies of one command, salted.
#[derive(Default)]
struct Bodies {
    rows: Vec<BodyRow>,
}

impl Bodies {
    fn add(&mut self, value: Option<&Value>) -> Result<Option<BodyRef>, Fault> {
        let Some(value) = value else { return Ok(None) };
        let bytes = serde_json::to_vec(value).map_err(|cause| Fault::new("storing a body", cause))?;
        let salt = entropy()?;
        let commit = commit(&salt, &bytes);
        self.rows.push(BodyRow { commit, salt, bytes });
        Ok(Some(BodyRef { commit }))
    }

    /// Opinion and fields; nothing at all gives no body, so that a missing opinion is seen as missing.
    fn add_answer(&mut self, opinion: Option<String>, fields: Option<Value>) -> Result<Option<BodyRef>, Fault> {
        let opinion = opinion.filter(|opinion| !opinion.trim().is_empty());
        if opinion.is_none() && fields.is_none() {
            return Ok(None);
        }
        let mut body = serde_json::Map::new();
        body.extend(opinion.map(|opinion| ("opinion".to_owned(), Value::String(opinion))));
        body.extend(fields.map(|fields| ("fields".to_owned(), fields)));
        self.add(Some(&Value::Object(body)))
    }
}

/// Random bytes from the operating system, for ids and salts.
pub(crate) fn entropy<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|cause| Fault::new("asking the operating system for random bytes", cause))?;
    Ok(bytes)
}

/// A command's digest takes a notice by its key.
fn told_by_key<S: serde::Serializer>(next: &Option<Box<NoticeRow>>, serializer: S) -> Result<S::Ok, S::Error> {
    next.as_ref().map(|row| &row.key).serialize(serializer)
}

/// Has a notice leave with the act; answers its key and medium for the record.
fn leaves_with(row: NoticeRow, rows: &mut RegisterRows) -> (String, Name) {
    let told = (row.key.clone(), Name::from(row.channel.as_str()));
    rows.notices.push(row);
    told
}

/// The digest of what a command says. The order of keys says nothing: it depends on who wrote the JSON, and on how this program was built.
fn said(order: &Order) -> Result<Digest, serde_json::Error> {
    let mut said = serde_json::to_value((order.case, &order.act))?;
    said.sort_all_objects();
    Ok(Digest::of(&serde_json::to_vec(&said)?))
}
