//! The registration of short messages with the carrier: handed in, approved under a number or refused, switched on and off. Each step is an act on the register, by the operator's name.
//! Invariant: what is switched on is approved as it stands; a wording or a signature that changed since is not. Never: a short message without its switch.

use chrono::NaiveDate;
use serde_json::json;

use crate::app::App;
use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, refusal};
use crate::app::known::Known;
use crate::app::operate::wrong_input;
use crate::app::register::{SMS_APPROVAL, SMS_SWITCH, put};
use crate::app::writer::Receipt;
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::Actor;
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::ids::{CommandId, Digest, Tenant};
use crate::limits::TEXT_FIELD_CHARS_MAX;
use crate::notice::{Approval, Clearance, Kind, Language, Stage, approval};

/// A step of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextAct {
    /// The wording there is now was handed in.
    Submit,
    /// It was approved.
    Approve {
        /// The number the gateway gave it.
        template: String,
        /// Who approved it.
        by: String,
        /// The day; today unless given.
        on: Option<NaiveDate>,
    },
    /// It was refused, or an approval was taken back.
    Reject {
        /// Who refused it.
        by: String,
        /// Why.
        reason: String,
        /// The day; today unless given.
        on: Option<NaiveDate>,
    },
    /// Notices of the kind shall also go by short message.
    Enable,
    /// They shall not.
    Disable,
}

/// A step to be taken with one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextChange {
    /// Of which kind.
    pub kind: Kind,
    /// In which language.
    pub language: Language,
    /// The step.
    pub act: TextAct,
    /// The caller's id for the command.
    pub command_id: Option<CommandId>,
}

impl App {
    /// What the registration of a text comes to, for the wording this program has; `None` where the kind has no short message.
    #[must_use]
    pub fn clearance(&self, known: &Known, kind: Kind, language: Language) -> Option<Clearance> {
        let wording = self.templates().short_digest(kind, language)?;
        Some(Clearance::of(known.texts.approval(kind, language), wording))
    }

    /// Takes a step with a text. What changes nothing is taken again, so that a form sent twice is answered twice alike.
    ///
    /// # Errors
    /// `text_not_approved` for switching on what is not approved as it stands, `text_not_submitted` for an answer to what was not handed in, `no_sms_text` for a kind without a short message.
    pub async fn change_text(&self, tenant: Tenant, actor: Actor, change: TextChange) -> Result<Receipt, Failure> {
        let TextChange { kind, language, act, command_id } = change;
        let known = self.known(tenant).await?;
        self.permit_notices(&known, &actor)?;
        let Some(wording) = self.templates().short_digest(kind, language) else {
            let (zh, en) = (format!("通知“{kind}”没有短信文本。"), format!("cannot change the short message of `{kind}`: it has none"));
            return Err(refusal("no_sms_text", Class::NotFound, zh, en).into());
        };
        let clearance = Clearance::of(known.texts.approval(kind, language), wording);
        let step = self.step(&act, clearance, wording)?;
        let key = approval::key(kind, language);
        let (what, row) = match step {
            Step::Register(what, approval) => (what, put(self, tenant, SMS_APPROVAL, &key, &approval)?),
            Step::Switch(what, on) => (what, put(self, tenant, SMS_SWITCH, &key, &on)?),
        };
        let details = details(&act, &key, wording);
        let rows = RegisterRows { registry: vec![row], ..RegisterRows::default() };
        self.record_as(tenant, actor, command_id, what, details, rows).await
    }

    /// Whether a step would change nothing, because it was taken: by a second click, or from another window.
    #[must_use]
    pub fn is_taken(&self, known: &Known, change: &TextChange) -> bool {
        let TextChange { kind, language, act, .. } = change;
        let Some(wording) = self.templates().short_digest(*kind, *language) else { return false };
        let approval = known.texts.approval(*kind, *language);
        match self.step(act, Clearance::of(approval, wording), wording) {
            Ok(Step::Register(_, asked)) => approval == Some(&asked),
            Ok(Step::Switch(_, on)) => known.texts.is_on(*kind, *language) == on,
            Err(_) => false,
        }
    }

    /// Marks every text as approved and switches it on, in one act: for demonstrations, whose gateway is made up. Answers how many were not so before.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn approve_every_text(&self, tenant: Tenant, actor: Actor, by: &str) -> Result<usize, Failure> {
        let known = self.known(tenant).await?;
        self.permit_notices(&known, &actor)?;
        let on = self.clock().now().date();
        let mut registry = Vec::new();
        for (number, (kind, language)) in (1..).zip(all()) {
            let Some(digest) = self.templates().short_digest(kind, language) else { continue };
            if known.texts.cleared(kind, language, digest).is_ok() {
                continue;
            }
            let (template, key) = (Some(format!("DEMO-{number:03}")), approval::key(kind, language));
            let approval = Approval { stage: Stage::Approved, digest, on, template, by: Some(by.to_owned()), reason: None };
            registry.extend([put(self, tenant, SMS_APPROVAL, &key, &approval)?, put(self, tenant, SMS_SWITCH, &key, &true)?]);
        }
        let changed = registry.len() / 2;
        if changed > 0 {
            let rows = RegisterRows { registry, ..RegisterRows::default() };
            self.record(tenant, actor, "sms-texts-approved", json!({"by": by, "texts": changed}), rows).await?;
        }
        Ok(changed)
    }

    /// Whether the actor looks after notices.
    pub(super) fn permit_notices(&self, known: &Known, actor: &Actor) -> Result<(), Failure> {
        let standing = match actor {
            Actor::Person(person) => Standing {
                disabled: known.roster.people.get(person).is_none_or(|person| person.disabled),
                ..Standing::of(known.roster.posts_of(*person, self.clock().now().date()))
            },
            Actor::System | Actor::Operator(_) => Standing::default(),
        };
        match may(actor, Act::ManageNotices, &standing) {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(why) => Err(Refusal { code: why.code, class: Class::Forbidden, zh: why.zh, en: why.en, details: Vec::new() }.into()),
        }
    }

    fn step(&self, act: &TextAct, clearance: Clearance, digest: Digest) -> Result<Step, Failure> {
        let today = self.clock().now().date();
        let registration = |stage, on: Option<NaiveDate>| Approval { stage, digest, on: on.unwrap_or(today), template: None, by: None, reason: None };
        match act {
            TextAct::Submit => match clearance {
                Clearance::Approved => {
                    Err(state("text_approved", "该文本已经审核通过，不必再报。", "cannot hand in the text: it is approved as it stands").into())
                }
                Clearance::Draft | Clearance::Submitted | Clearance::Rejected | Clearance::Changed => {
                    Ok(Step::Register("sms-text-submitted", registration(Stage::Submitted, None)))
                }
            },
            TextAct::Approve { template, by, on } => {
                fields(&[("template", template), ("by", by)], *on, today)?;
                answered(clearance)?;
                let (template, by) = (Some(template.trim().to_owned()), Some(by.trim().to_owned()));
                Ok(Step::Register("sms-text-approved", Approval { template, by, ..registration(Stage::Approved, *on) }))
            }
            TextAct::Reject { by, reason, on } => {
                fields(&[("by", by), ("reason", reason)], *on, today)?;
                answered(clearance)?;
                let (by, reason) = (Some(by.trim().to_owned()), Some(reason.trim().to_owned()));
                Ok(Step::Register("sms-text-rejected", Approval { by, reason, ..registration(Stage::Rejected, *on) }))
            }
            TextAct::Enable => match clearance {
                Clearance::Approved => Ok(Step::Switch("sms-text-enabled", true)),
                Clearance::Draft | Clearance::Submitted | Clearance::Rejected | Clearance::Changed => {
                    let zh = "该短信文本（按现在的文字和签名）尚未审核通过，不能启用。";
                    Err(state("text_not_approved", zh, "cannot switch on the short message: it is not approved as it stands").into())
                }
            },
            TextAct::Disable => Ok(Step::Switch("sms-text-disabled", false)),
        }
    }
}

/// What a step writes.
enum Step {
    Register(&'static str, Approval),
    Switch(&'static str, bool),
}

/// An answer is to what was handed in. A carrier may take an approval back, and say again what it said.
fn answered(clearance: Clearance) -> Result<(), Failure> {
    match clearance {
        Clearance::Submitted | Clearance::Approved | Clearance::Rejected => Ok(()),
        Clearance::Draft | Clearance::Changed => {
            let zh = "现在的文字和签名还没有报审，不能登记审核结果。";
            Err(state("text_not_submitted", zh, "cannot enter an answer: this wording was not handed in").into())
        }
    }
}

fn state(code: &'static str, zh: &str, en: &str) -> Refusal {
    refusal(code, Class::Conflict, zh, en)
}

/// Every field that is empty, too long or of more than one line, and a day that has not come.
fn fields(texts: &[(&'static str, &String)], on: Option<NaiveDate>, today: NaiveDate) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    for (name, text) in texts {
        let length = text.trim().chars().count();
        if length == 0 {
            wrong.push(Detail::new(name, "missing", "不能为空", "expected a text, found nothing"));
        } else if length > TEXT_FIELD_CHARS_MAX || text.contains(char::is_control) {
            let zh = format!("应为不超过 {TEXT_FIELD_CHARS_MAX} 字的一行文字");
            wrong.push(Detail::new(name, "too_long", zh, format!("expected one line of at most {TEXT_FIELD_CHARS_MAX} characters")));
        }
    }
    if let Some(on) = on.filter(|on| *on > today) {
        wrong.push(Detail::new("on", "in_future", format!("日期 {on} 还没有到"), format!("expected a day up to today, found {on}")));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong_input("text_wrong", wrong.into_iter()).into()) }
}

/// What the act's record says: enough to know years later which wording it was.
fn details(act: &TextAct, key: &str, wording: Digest) -> serde_json::Value {
    match act {
        TextAct::Submit => json!({"text": key, "digest": wording}),
        TextAct::Approve { template, by, on } => json!({"text": key, "digest": wording, "template": template, "by": by, "on": on}),
        TextAct::Reject { by, reason, on } => json!({"text": key, "digest": wording, "by": by, "reason": reason, "on": on}),
        TextAct::Enable | TextAct::Disable => json!({"text": key, "digest": wording}),
    }
}

/// Every kind that has a short message, in each language.
fn all() -> impl Iterator<Item = (Kind, Language)> {
    Kind::ALL.iter().filter(|kind| kind.has_short()).flat_map(|kind| Language::ALL.map(|language| (*kind, language)))
}
