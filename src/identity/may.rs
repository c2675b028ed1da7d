//! The one permission check: may this actor do this, being what the standing says?
//! Invariant: every surface and the engine ask here and nowhere else, and what is not allowed by a line of this file is denied.
//! Never: looks anything up. The caller fills the standing from the roster and the case of the same moment.

use super::Actor;
use crate::ids::{Name, PersonId};

/// Something one may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Starts a case: an applicant's agent, or the officer who files for one (`receiver`, `escort`).
    StartCase,
    /// Takes a task from its pool.
    Claim,
    /// Gives a task back.
    Release,
    /// Answers a task or a seat.
    Complete,
    /// Sends the case back to an earlier step.
    Return,
    /// Extends a running term.
    Extend,
    /// Withdraws the application.
    Withdraw,
    /// Delivers a message from outside to a waiting case.
    Message,
    /// Fires what is due, recomputes dates, settles a notice: the machine's own commands.
    Machine,
    /// Reads one case with its papers.
    ReadCase,
    /// Reads one's own inbox.
    ReadInbox,
    /// Reads balances and waiting lists.
    ReadAccounts,
    /// Reads the lights of one's own office.
    ReadLights,
    /// Reads the lights of every office.
    ReadAllLights,
    /// Reads the log of all cases, its tree and its proofs.
    ReadAudit,
    /// Takes the ledger out of the house.
    Export,
    /// Reads offices, people and posts.
    ReadPeople,
    /// Changes them, and issues tokens.
    ManagePeople,
    /// Looks after notices: their queue, their texts with the carrier, sending again what was parked.
    ManageNotices,
    /// Publishes a workflow or a calendar.
    Publish,
    /// Issues quota or money to an account.
    IssueAccount,
    /// Loads the seeds.
    Seed,
    /// Moves the clock of a demonstration.
    MoveClock,
}

/// What the actor is to the thing, on the day of the act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The posts held that day, as (office, post).
    pub posts: Vec<(Name, Name)>,
    /// May no longer sign in.
    pub disabled: bool,
    /// Is the case's applicant.
    pub applicant: bool,
    /// Holds a post in an office that has, or had, a step of the case.
    pub involved: bool,
    /// Holds the post that must approve an extension of this term.
    pub approver: bool,
    /// What the actor is to the task, for an act on one.
    pub task: Option<TaskStanding>,
    /// The clock of this installation can be moved.
    pub clock_moves: bool,
}

/// What a person is to an open task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskStanding {
    /// Holds the post its pool asks for, or is the applicant it asks.
    pub in_pool: bool,
    /// Who took it.
    pub claim: Claim,
    /// The earlier step that bars its actors from this one, when this person acted there (分离).
    pub acted_in: Option<Name>,
    /// The earlier step whose actor alone may do this one, when that was somebody else.
    pub kept_for: Option<Name>,
}

/// Who holds a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// Nobody.
    #[default]
    Free,
    /// The actor.
    Own,
    /// Another person.
    Other,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Allowed,
    /// No, and why.
    Denied(Denial),
}

/// Why not: a stable code and a sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English: `cannot <do>: <why>`.
    pub en: String,
}

/// Posts that file applications.
const FILERS: &[&str] = &["agent", "escort", "receiver"];
/// Posts that watch over every case.
const OVERSEERS: &[&str] = &["auditor", "issuer", "leader", "sup_clerk", "sup_head"];
/// Posts that read the whole log and take it out.
const RECORD_KEEPERS: &[&str] = &["auditor", "sup_clerk", "sup_head"];
/// Posts that run the installation.
const OPERATORS: &[&str] = &["operator"];
/// The one post that is not an official's.
const AGENT: &str = "agent";

/// Whether `actor` may do `act`, being what `standing` says.
#[must_use]
pub fn may(actor: &Actor, act: Act, standing: &Standing) -> Verdict {
    let answer = match actor {
        Actor::Person(_) => person_may(act, standing),
        Actor::System => system_may(act),
        Actor::Operator(_) => operator_may(act, standing),
    };
    match answer {
        Ok(()) => Verdict::Allowed,
        Err(why) => Verdict::Denied(why.denial(act)),
    }
}

fn person_may(act: Act, standing: &Standing) -> Result<(), Why> {
    if standing.disabled {
        return Err(Why::Disabled);
    }
    match act {
        Act::StartCase => standing.holds(FILERS),
        Act::Claim | Act::Complete | Act::Return => on_task(standing.task.as_ref()),
        Act::Release => release(standing.task.as_ref()),
        Act::Extend => standing.approver.then_some(()).ok_or(Why::NotApprover),
        Act::Withdraw => standing.applicant.then_some(()).ok_or(Why::NotApplicant),
        Act::Message | Act::Machine => Err(Why::MachineOnly),
        Act::ReadCase if standing.applicant || standing.involved => Ok(()),
        Act::ReadCase => standing.holds(OVERSEERS).map_err(|_| Why::NotInvolved),
        Act::ReadInbox => Ok(()),
        Act::ReadAccounts | Act::ReadLights => standing.is_official(),
        Act::ReadAllLights => standing.holds(OVERSEERS),
        Act::ReadAudit | Act::Export => standing.holds(RECORD_KEEPERS),
        Act::ReadPeople | Act::ManagePeople | Act::ManageNotices | Act::Publish | Act::IssueAccount | Act::Seed => standing.holds(OPERATORS),
        Act::MoveClock => standing.clock_moves.then_some(()).ok_or(Why::ClockStands),
    }
}

/// An automatic act is never an official's: the machine fires, delivers and writes down, and decides nothing.
fn system_may(act: Act) -> Result<(), Why> {
    match act {
        Act::Message | Act::Machine => Ok(()),
        Act::StartCase | Act::Claim | Act::Release | Act::Complete | Act::Return | Act::Extend | Act::Withdraw => Err(Why::PersonOnly),
        Act::ReadCase | Act::ReadInbox | Act::ReadAccounts | Act::ReadLights | Act::ReadAllLights | Act::ReadAudit | Act::Export | Act::ReadPeople => {
            Err(Why::PersonOnly)
        }
        Act::ManagePeople | Act::ManageNotices | Act::Publish | Act::IssueAccount | Act::Seed | Act::MoveClock => Err(Why::PersonOnly),
    }
}

/// Whoever runs the program may run the installation and read it, and decides no case.
fn operator_may(act: Act, standing: &Standing) -> Result<(), Why> {
    match act {
        Act::StartCase | Act::Claim | Act::Release | Act::Complete | Act::Return | Act::Extend | Act::Withdraw | Act::ReadInbox => Err(Why::PersonOnly),
        Act::Message | Act::Machine | Act::ReadCase | Act::ReadAccounts | Act::ReadLights | Act::ReadAllLights | Act::ReadAudit => Ok(()),
        Act::Export | Act::ReadPeople => Ok(()),
        Act::ManagePeople | Act::ManageNotices | Act::Publish | Act::IssueAccount | Act::Seed => Ok(()),
        Act::MoveClock => standing.clock_moves.then_some(()).ok_or(Why::ClockStands),
    }
}

fn on_task(task: Option<&TaskStanding>) -> Result<(), Why> {
    let task = task.ok_or(Why::NotAssigned)?;
    match task {
        TaskStanding { claim: Claim::Other, .. } => Err(Why::ClaimedByAnother),
        TaskStanding { in_pool: false, .. } => Err(Why::NotAssigned),
        TaskStanding { acted_in: Some(step), .. } => Err(Why::ActedBefore(step.clone())),
        TaskStanding { kept_for: Some(step), .. } => Err(Why::KeptFor(step.clone())),
        TaskStanding { claim: Claim::Free | Claim::Own, .. } => Ok(()),
    }
}

/// One may give back what one holds, even when one no longer may do it.
fn release(task: Option<&TaskStanding>) -> Result<(), Why> {
    match task.map(|task| task.claim) {
        Some(Claim::Own) => Ok(()),
        Some(Claim::Other) => Err(Why::ClaimedByAnother),
        Some(Claim::Free) | None => Err(Why::NotClaimed),
    }
}

impl Standing {
    /// The standing of somebody who holds `posts` and is nothing else to the thing.
    #[must_use]
    pub fn of(posts: Vec<(Name, Name)>) -> Self {
        Self { posts, ..Self::default() }
    }

    fn holds(&self, wanted: &'static [&'static str]) -> Result<(), Why> {
        let held = self.posts.iter().any(|(_, post)| wanted.contains(&&**post));
        held.then_some(()).ok_or(Why::WithoutPost(wanted))
    }

    fn is_official(&self) -> Result<(), Why> {
        self.posts.iter().any(|(_, post)| &**post != AGENT).then_some(()).ok_or(Why::NotOfficial)
    }
}

/// A denial before it is put in words.
enum Why {
    Disabled,
    NotAssigned,
    ClaimedByAnother,
    NotClaimed,
    ActedBefore(Name),
    KeptFor(Name),
    NotApprover,
    NotApplicant,
    NotInvolved,
    NotOfficial,
    WithoutPost(&'static [&'static str]),
    MachineOnly,
    PersonOnly,
    ClockStands,
}

impl Why {
    fn denial(&self, act: Act) -> Denial {
        let (code, zh, en) = self.words();
        let (act_zh, act_en) = act.words();
        Denial { code, zh: format!("不能{act_zh}：{zh}"), en: format!("cannot {act_en}: {en}") }
    }

    fn words(&self) -> (&'static str, String, String) {
        let plain = |code, zh: &str, en: &str| (code, zh.to_owned(), en.to_owned());
        match self {
            Self::Disabled => plain("account_disabled", "该账号已停用", "this account is disabled"),
            Self::NotAssigned => plain("not_assigned", "该待办不属于您的岗位", "the task asks for a post you do not hold"),
            Self::ClaimedByAnother => plain("claimed_by_another", "已由他人签收", "another person has claimed the task"),
            Self::NotClaimed => plain("not_claimed", "您没有签收该待办", "you have not claimed the task"),
            Self::ActedBefore(step) => {
                ("separation_of_duties", format!("您已办理过步骤 {step}，岗位须分离"), format!("you acted in step {step}, and one person may not do both"))
            }
            Self::KeptFor(step) => ("kept_for_another", format!("须由办理步骤 {step} 的人办理"), format!("it is kept for whoever acted in step {step}")),
            Self::NotApprover => plain("not_approver", "延期须由规定的负责人批准", "an extension needs the post its rule names"),
            Self::NotApplicant => plain("not_applicant", "只有申请人可以撤回申请", "only the applicant may withdraw"),
            Self::NotInvolved => plain("not_involved", "您和您的单位未参与该办件", "neither you nor your office has a part in the case"),
            Self::NotOfficial => plain("not_official", "仅限承办单位人员", "it is open to officials only"),
            Self::WithoutPost(posts) => {
                let posts = posts.join(", ");
                ("without_post", format!("须担任以下岗位之一：{posts}"), format!("expected one of the posts {posts}, found none of them"))
            }
            Self::MachineOnly => plain("machine_only", "只能由系统执行", "only the machine does this"),
            Self::PersonOnly => plain("person_only", "须由本人以自己的身份办理", "only a person, signed in as themselves, does this"),
            Self::ClockStands => plain("clock_not_movable", "本系统使用真实时间", "this installation keeps real time"),
        }
    }
}

impl Act {
    /// The act as a verb phrase, zh and en.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::StartCase => ("提交申请", "start a case"),
            Self::Claim => ("签收待办", "claim the task"),
            Self::Release => ("放回待办", "release the task"),
            Self::Complete => ("办理待办", "complete the task"),
            Self::Return => ("退回", "return the case"),
            Self::Extend => ("延长办理期限", "extend the term"),
            Self::Withdraw => ("撤回申请", "withdraw the application"),
            Self::Message => ("传递消息", "deliver a message"),
            Self::Machine => ("执行系统动作", "act for the machine"),
            Self::ReadCase => ("查看办件", "read the case"),
            Self::ReadInbox => ("查看待办", "read an inbox"),
            Self::ReadAccounts => ("查看指标账", "read the accounts"),
            Self::ReadLights => ("查看本单位亮灯情况", "read the lights of your office"),
            Self::ReadAllLights => ("查看全部亮灯情况", "read the lights of every office"),
            Self::ReadAudit => ("查看审计记录", "read the audit log"),
            Self::Export => ("导出台账", "export the ledger"),
            Self::ReadPeople => ("查看机构人员", "read offices and people"),
            Self::ManagePeople => ("管理机构人员", "manage offices and people"),
            Self::ManageNotices => ("管理通知和短信文本", "look after notices and their texts"),
            Self::Publish => ("发布", "publish"),
            Self::IssueAccount => ("下达指标或资金", "issue to an account"),
            Self::Seed => ("载入种子数据", "load the seeds"),
            Self::MoveClock => ("调整演示时钟", "move the clock"),
        }
    }
}

/// Whoever is signed in acts as themselves.
impl From<PersonId> for Actor {
    fn from(person: PersonId) -> Self {
        Self::Person(person)
    }
}

#[cfg(test)]
mod tests;
