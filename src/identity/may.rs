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
    /// Adds members to an approval group (加签).
    AddSigners,
    /// Takes a member out of one (减签).
    RemoveSigner,
    /// Hands a task over (转办).
    Transfer,
    /// Asks somebody else and gets the task back (委派).
    Delegate,
    /// Answers what one was asked.
    Reply,
    /// Takes the question back.
    Recall,
    /// Takes one's own act back (撤回).
    TakeBack,
    /// Asks that a person be kept from a task (回避).
    AskRecusal,
    /// Decides that.
    DecideRecusal,
    /// Makes the case known to somebody (抄送).
    Copy,
    /// Urges a step (催办).
    Urge,
    /// Writes a remark.
    Comment,
    /// Extends a running term.
    Extend,
    /// States why a date has passed and when the matter is expected to be decided, for publication (优化营商环境条例 36).
    StateReason,
    /// Withdraws the application.
    Withdraw,
    /// Delivers a message from outside to a waiting case.
    Message,
    /// Fetches outside jobs of a topic and says what came of them (外部系统).
    WorkJobs,
    /// Looks after outside jobs: sees what waits or is parked, and has it tried again.
    ManageJobs,
    /// Fires what is due, recomputes dates, settles a notice: the machine's own commands.
    Machine,
    /// Reads one case with its papers.
    ReadCase,
    /// Reads one's own inbox.
    ReadInbox,
    /// Reads balances, waiting lists and indicators.
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
    /// Reports or corrects a figure of an indicator (填报).
    ReportFigures,
    /// Adds an indicator to the list or takes one off (动态调整).
    ChangeIndicators,
    /// Loads the seeds.
    Seed,
    /// Writes down that somebody is away, who stands in, and when they are back.
    SetAbsence,
    /// Signs, or declines, the handing over of a desk (交接).
    SignHandover,
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
    /// They work in an office that answers for the term, or for the indicator.
    pub in_charge: bool,
    /// Heads the section that must decide on a recusal.
    pub section_head: bool,
    /// Added the member, or leads a group whose author lets leaders take members out.
    pub remover: bool,
    /// Did the act that is to be taken back.
    pub own_act: bool,
    /// Is who an absence is about, or leads their office; is one of the three who sign a handover.
    pub concerned: bool,
    /// What the actor is to the task, for an act on one.
    pub task: Option<TaskStanding>,
    /// The topic of the outside job it is about; `None` for jobs in general.
    pub topic: Option<Name>,
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
    /// Is kept from the matter (回避).
    pub recused: bool,
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
    /// The actor, who asked somebody else and waits for the answer.
    Lent,
    /// The actor is the one who was asked.
    Asked,
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
/// Posts that act on a case they have no part in: they urge it and make it known.
const SUPERVISORS: &[&str] = &["issuer", "leader", "sup_clerk", "sup_head"];
/// Posts that read the whole log and take it out.
const RECORD_KEEPERS: &[&str] = &["auditor", "sup_clerk", "sup_head"];
/// Posts that run the installation.
const OPERATORS: &[&str] = &["operator"];
/// Posts that lead an office.
pub const LEADERS: &[&str] = &["section_head", "deputy_head", "head"];
/// The one post of people that is not an official's.
const AGENT: &str = "agent";
/// The post of an outside system that works on every topic; `connector-TOPIC` works on one.
const CONNECTOR: &str = "connector";

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
        Act::Claim | Act::Complete | Act::Return | Act::AddSigners | Act::Transfer | Act::Delegate => on_task(standing.task.as_ref()),
        Act::Reply if standing.task.as_ref().is_some_and(|task| task.recused) => Err(Why::Recused),
        Act::Reply => asked(standing.task.as_ref(), Claim::Asked).ok_or(Why::NotAsked),
        Act::Recall => asked(standing.task.as_ref(), Claim::Lent).ok_or(Why::NotLent),
        Act::RemoveSigner => standing.remover.then_some(()).ok_or(Why::NotRemover),
        Act::TakeBack => standing.own_act.then_some(()).ok_or(Why::NotOwnAct),
        Act::DecideRecusal => standing.section_head.then_some(()).ok_or(Why::NotSectionHead),
        // Whoever has a part in the case may ask, urge and remark, the applicant included; to make it known to others is an official's.
        Act::AskRecusal | Act::Urge | Act::Comment if standing.applicant || standing.involved => Ok(()),
        Act::Copy if standing.involved && standing.is_official().is_ok() => Ok(()),
        Act::Urge | Act::Comment | Act::Copy => standing.holds(SUPERVISORS).map_err(|_| Why::NotInvolved),
        Act::AskRecusal => Err(Why::NotInvolved),
        Act::Release => release(standing.task.as_ref()),
        Act::Extend => standing.approver.then_some(()).ok_or(Why::NotApprover),
        Act::StateReason => standing.in_charge.then_some(()).ok_or(Why::NotInvolved),
        Act::Withdraw => standing.applicant.then_some(()).ok_or(Why::NotApplicant),
        Act::WorkJobs => standing.connects().then_some(()).ok_or(Why::NotConnected),
        Act::Message | Act::Machine => Err(Why::MachineOnly),
        Act::ReadCase if standing.applicant || standing.involved => Ok(()),
        Act::ReadCase => standing.holds(OVERSEERS).map_err(|_| Why::NotInvolved),
        Act::ReadInbox => Ok(()),
        Act::ReadAccounts | Act::ReadLights => standing.is_official(),
        Act::ReportFigures | Act::ChangeIndicators => standing.is_official().and_then(|()| standing.in_charge.then_some(()).ok_or(Why::NotReporter)),
        Act::ReadAllLights => standing.holds(OVERSEERS),
        Act::ReadAudit | Act::Export => standing.holds(RECORD_KEEPERS),
        Act::ReadPeople | Act::ManagePeople | Act::ManageNotices | Act::ManageJobs | Act::Publish | Act::IssueAccount | Act::Seed => standing.holds(OPERATORS),
        Act::SetAbsence if standing.concerned => Ok(()),
        Act::SetAbsence => standing.holds(OPERATORS).map_err(|_| Why::NotConcerned),
        Act::SignHandover => standing.concerned.then_some(()).ok_or(Why::NotSigner),
        Act::MoveClock => standing.clock_moves.then_some(()).ok_or(Why::ClockStands),
    }
}

/// An automatic act is never an official's: the machine fires, delivers and writes down, and decides nothing.
fn system_may(act: Act) -> Result<(), Why> {
    match act {
        Act::Message | Act::Machine => Ok(()),
        Act::StartCase | Act::Claim | Act::Release | Act::Complete | Act::Return | Act::Extend | Act::StateReason | Act::Withdraw => Err(Why::PersonOnly),
        Act::AddSigners | Act::RemoveSigner | Act::Transfer | Act::Delegate | Act::Reply | Act::Recall => Err(Why::PersonOnly),
        Act::TakeBack | Act::AskRecusal | Act::DecideRecusal | Act::Copy | Act::Urge | Act::Comment => Err(Why::PersonOnly),
        Act::ReadCase | Act::ReadInbox | Act::ReadAccounts | Act::ReadLights | Act::ReadAllLights | Act::ReadAudit | Act::Export | Act::ReadPeople => {
            Err(Why::PersonOnly)
        }
        Act::ManagePeople | Act::ManageNotices | Act::ManageJobs | Act::Publish | Act::IssueAccount | Act::Seed | Act::MoveClock => Err(Why::PersonOnly),
        Act::ReportFigures | Act::ChangeIndicators => Err(Why::PersonOnly),
        Act::WorkJobs => Err(Why::NotConnected),
        Act::SetAbsence | Act::SignHandover => Err(Why::PersonOnly),
    }
}

/// Whoever runs the program may run the installation and read it, and decides no case.
fn operator_may(act: Act, standing: &Standing) -> Result<(), Why> {
    match act {
        Act::StartCase | Act::Claim | Act::Release | Act::Complete | Act::Return | Act::Extend | Act::StateReason | Act::Withdraw | Act::ReadInbox => {
            Err(Why::PersonOnly)
        }
        Act::AddSigners | Act::RemoveSigner | Act::Transfer | Act::Delegate | Act::Reply | Act::Recall => Err(Why::PersonOnly),
        Act::TakeBack | Act::AskRecusal | Act::DecideRecusal | Act::Copy | Act::Urge | Act::Comment => Err(Why::PersonOnly),
        Act::Message | Act::Machine | Act::ReadCase | Act::ReadAccounts | Act::ReadLights | Act::ReadAllLights | Act::ReadAudit => Ok(()),
        Act::Export | Act::ReadPeople => Ok(()),
        Act::ManagePeople | Act::ManageNotices | Act::ManageJobs | Act::Publish | Act::IssueAccount | Act::Seed => Ok(()),
        Act::ReportFigures | Act::ChangeIndicators => Ok(()),
        Act::WorkJobs => Err(Why::NotConnected),
        Act::SetAbsence => Ok(()),
        Act::SignHandover => Err(Why::PersonOnly),
        Act::MoveClock => standing.clock_moves.then_some(()).ok_or(Why::ClockStands),
    }
}

fn on_task(task: Option<&TaskStanding>) -> Result<(), Why> {
    let task = task.ok_or(Why::NotAssigned)?;
    match task {
        TaskStanding { claim: Claim::Other, .. } => Err(Why::ClaimedByAnother),
        TaskStanding { claim: Claim::Lent, .. } => Err(Why::Lent),
        TaskStanding { claim: Claim::Asked, .. } => Err(Why::AskedOnly),
        TaskStanding { in_pool: false, .. } => Err(Why::NotAssigned),
        TaskStanding { recused: true, .. } => Err(Why::Recused),
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
        Some(Claim::Lent) => Err(Why::Lent),
        Some(Claim::Asked) => Err(Why::AskedOnly),
        Some(Claim::Free) | None => Err(Why::NotClaimed),
    }
}

/// Whether the actor is to an outstanding question what the act needs.
fn asked(task: Option<&TaskStanding>, wanted: Claim) -> Option<()> {
    task.filter(|task| task.claim == wanted).map(|_| ())
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
        self.posts.iter().any(|(_, post)| &**post != AGENT && !is_connector(post)).then_some(()).ok_or(Why::NotOfficial)
    }

    /// Whether it is an outside system's account for the topic; for none in particular, for any.
    fn connects(&self) -> bool {
        let works = |post: &str| match (&self.topic, post.strip_prefix(CONNECTOR)) {
            (_, None) => false,
            (_, Some("")) => true,
            (None, Some(_)) => is_connector(post),
            (Some(topic), Some(one)) => one.strip_prefix('-') == Some(topic),
        };
        self.posts.iter().any(|(_, post)| works(post))
    }
}

/// Whether a post is one of an outside system: `connector`, or `connector-TOPIC`.
#[must_use]
pub fn is_connector(post: &str) -> bool {
    post.strip_prefix(CONNECTOR).is_some_and(|topic| topic.is_empty() || topic.strip_prefix('-').is_some_and(|topic| !topic.is_empty()))
}

/// A denial before it is put in words.
enum Why {
    Disabled,
    NotAssigned,
    ClaimedByAnother,
    NotClaimed,
    ActedBefore(Name),
    KeptFor(Name),
    Recused,
    Lent,
    AskedOnly,
    NotAsked,
    NotLent,
    NotRemover,
    NotOwnAct,
    NotSectionHead,
    NotApprover,
    NotApplicant,
    NotConcerned,
    NotSigner,
    NotInvolved,
    NotOfficial,
    NotConnected,
    NotReporter,
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
            Self::Recused => plain("recused", "您已回避该事项", "you are kept from this matter"),
            Self::Lent => plain("delegated", "已委派他人，答复后或收回后再办理", "you asked somebody else; wait for the answer or take the question back"),
            Self::AskedOnly => plain("reply_only", "您是受委派人，请先答复，由委派人办理", "you were asked by its holder: reply, and the holder will act"),
            Self::NotAsked => plain("not_asked", "该待办没有委派给您", "nobody asked you about this task"),
            Self::NotLent => plain("not_delegated", "您没有委派该待办", "you have not delegated the task"),
            Self::NotRemover => plain(
                "not_remover",
                "只有加签人可以减去所加的人员；流程写明的成员须流程允许且由负责人减签",
                "only who added a member may take it out; of a member the workflow names, a leader where its author allows it",
            ),
            Self::NotOwnAct => plain("not_own_act", "只能撤回本人刚办理、他人尚未处理的操作", "only one's own act on which nobody has acted yet is taken back"),
            Self::NotSectionHead => plain("not_section_head", "回避须由本单位科长（负责人）决定", "a recusal is decided by the head of the section"),
            Self::NotApprover => plain("not_approver", "延期须由规定的负责人批准", "an extension needs the post its rule names"),
            Self::NotApplicant => plain("not_applicant", "只有申请人可以撤回申请", "only the applicant may withdraw"),
            Self::NotConcerned => plain(
                "not_concerned",
                "离岗由本人、本单位负责人或系统运维人员登记",
                "an absence is written down by whoever is away, a leader of their office or an operator",
            ),
            Self::NotSigner => {
                plain("not_signer", "交接由移交人、接收人和监交人签字", "a handover is signed by its giver, its taker and the head who oversees it")
            }
            Self::NotInvolved => plain("not_involved", "您和您的单位未参与该办件", "neither you nor your office has a part in the case"),
            Self::NotOfficial => plain("not_official", "仅限承办单位人员", "it is open to officials only"),
            Self::NotConnected => plain("not_connected", "只有该类作业的外部系统账号可以办理", "only an outside system's account for this topic does this"),
            Self::NotReporter => plain(
                "not_reporter",
                "须由该指标的填报单位或清单管理单位办理",
                "it is done by an office that reports this indicator, or by the one that keeps the list",
            ),
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
            Self::AddSigners => ("加签", "add members"),
            Self::RemoveSigner => ("减签", "take the member out"),
            Self::Transfer => ("转办", "hand the task over"),
            Self::Delegate => ("委派", "delegate the task"),
            Self::Reply => ("答复委派", "reply"),
            Self::Recall => ("收回委派", "recall the task"),
            Self::TakeBack => ("撤回操作", "take the act back"),
            Self::AskRecusal => ("申请回避", "ask for a recusal"),
            Self::DecideRecusal => ("决定回避", "decide on the recusal"),
            Self::Copy => ("抄送", "make the case known"),
            Self::Urge => ("催办", "urge the step"),
            Self::Comment => ("写备注", "comment on the case"),
            Self::Extend => ("延长办理期限", "extend the term"),
            Self::StateReason => ("说明超期原因", "state why the date has passed"),
            Self::Withdraw => ("撤回申请", "withdraw the application"),
            Self::Message => ("传递消息", "deliver a message"),
            Self::WorkJobs => ("办理外部作业", "work on outside jobs"),
            Self::ManageJobs => ("管理外部作业", "look after outside jobs"),
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
            Self::ReportFigures => ("填报指标数值", "report the figure"),
            Self::ChangeIndicators => ("调整指标清单", "change the list of indicators"),
            Self::Seed => ("载入种子数据", "load the seeds"),
            Self::SetAbsence => ("登记离岗", "write the absence down"),
            Self::SignHandover => ("签字交接", "sign the handover"),
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
