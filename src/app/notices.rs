//! From a notice the engine asks for to rows of the outbox: the audience becomes people, the facts become a context, each (person, medium) one keyed row.
//! Invariant: the rows are in the commit of the act that asked for them, each medium under a key of its own. Never: a text; it is rendered when it leaves.

use crate::app::known::Known;
use crate::app::orders::ORDER_WORKFLOW;
use crate::definition::graph::{ORDINARY, TermKind, Text};
use crate::engine::case::{Case, Local, Task, TaskPool, Term};
use crate::engine::effect::NoticeEffect;
use crate::engine::event::Event;
use crate::engine::facts::Facts;
use crate::ids::{CaseId, Name};
use crate::notice::{Context, Days, Group, Kind, Medium, Occasion, Recipient, Urgency, audience, leaves_at};
use crate::store::rows::NoticeRow;
use crate::supervision::Watch;

/// An act as its notices see it.
#[derive(Clone, Copy)]
pub(super) struct ActSeen<'a> {
    /// The state before it.
    pub before: Option<&'a Case>,
    /// The state after it.
    pub after: &'a Case,
    /// What happened.
    pub events: &'a [Event],
}

impl<'a> ActSeen<'a> {
    /// The program and number of a scope that this act opened; it may have closed it, too, and then it is in neither state.
    fn opened(&self, wanted: Local) -> Option<(&'a Name, Option<&'a String>)> {
        self.events.iter().find_map(|event| match event {
            Event::ScopeOpened { scope, program, number, .. } if *scope == wanted => Some((program, number.as_ref())),
            _ => None,
        })
    }
}

/// The outbox rows of one notice: by mail to who has an address, and by short message to who has a number, when the kind's text was approved and switched on.
/// People with neither are left out: they see it in their inbox.
pub(super) fn rows(notice: &NoticeEffect, act: &ActSeen<'_>, known: &Known, facts: &Facts<'_>) -> Vec<NoticeRow> {
    let ActSeen { before, after, .. } = *act;
    // A link that closed with this act is in the state before it only.
    let case = before.filter(|_| !after.scopes.contains_key(&notice.scope)).unwrap_or(after);
    let task = notice.task.and_then(|task| case.tasks.get(&task));
    let kind: Kind = match notice.kind.parse() {
        Ok(kind) => kind,
        Err(unknown) => {
            // `publish` refuses unknown kinds, so this is a case older than its kind; nothing can be said.
            tracing::error!(case = %case.id, kind = unknown.0, "a notice of an unknown kind was left out");
            return Vec::new();
        }
    };
    let recipients = Recipient::gather(audience(notice, case, &known.roster, facts.now.date()).into_values());
    let group = Group::of(kind, &*case.workflow == ORDER_WORKFLOW);
    let media = |recipient: &Recipient| known.preferences_of(recipient.person).media(group, &reaching(kind, recipient, known));
    let reached: Vec<_> = recipients.iter().map(|recipient| (recipient, media(recipient))).filter(|(_, media)| !media.is_empty()).collect();
    if reached.is_empty() {
        return Vec::new();
    }
    let context = context(notice, task, case, act.opened(notice.scope), facts);
    // Plain data with string keys always serialises.
    let bytes = serde_json::to_vec(&context).unwrap_or_default();
    let occasion =
        Occasion::Case { case: case.id, scope: notice.scope, step: notice.step.clone(), entry: notice.entry, rung: notice.rung.clone(), due: notice.due };
    let mut rows = Vec::new();
    for (recipient, media) in reached {
        rows.extend(media.into_iter().map(|medium| NoticeRow {
            key: occasion.key(kind, recipient.person, medium),
            kind: kind.key().to_owned(),
            recipient: recipient.person,
            channel: medium.key().to_owned(),
            language: recipient.language.tag().to_owned(),
            context: bytes.clone(),
            due: if notice.urgent { facts.now } else { leaves_at(kind, medium, facts.now, facts.calendar) },
            other: Some(occasion.key(kind, recipient.person, medium.other())),
            follows: None,
            folds: group.folds() && kind.urgency() == Urgency::Routine,
        }));
    }
    rows
}

/// The media that reach somebody with a notice of this kind: a mail needs an address, a short message a number and an approved text.
pub(super) fn reaching(kind: Kind, recipient: &Recipient, known: &Known) -> Vec<Medium> {
    let speaks = |medium: Medium| match medium {
        Medium::Mail => true,
        Medium::Sms => kind.has_short() && known.texts.speaks(kind, recipient.language),
    };
    Medium::ALL.into_iter().filter(|medium| recipient.address(*medium).is_some() && speaks(*medium)).collect()
}

fn context(notice: &NoticeEffect, task: Option<&Task>, case: &Case, opened: Option<(&Name, Option<&String>)>, facts: &Facts<'_>) -> Context {
    let (program, number) = case.scopes.get(&notice.scope).map(|scope| (&scope.program, scope.number.as_ref())).or(opened).unzip();
    let program = program.and_then(|program| facts.bundle.programs.get(program));
    let step = notice.step.as_ref().and_then(|step| program.and_then(|program| program.nodes.iter().find(|node| node.key == *step)));
    let today = facts.now.date();
    let date = |kind: TermKind| scope_term(case, notice.scope, kind).and_then(|term| term.due);
    let due = notice.due.or_else(|| Watch::over_task(case, task?, facts.calendar).due);
    Context {
        no: number.flatten().cloned().or_else(|| case.number.clone()).unwrap_or_else(|| short_name(case.id)),
        item: program.map(|program| program.title.clone()).unwrap_or_default(),
        step: step.map(|node| node.title.clone()),
        office: office(task, facts),
        due,
        left: due.and_then(|due| count(facts, today, due)),
        late: due.and_then(|due| count(facts, due, today)),
        promised: date(TermKind::Promised),
        statutory: date(TermKind::Statutory),
        on: Some(today),
        reason: notice.reason.as_ref().map(|(reason, _)| reason.clone()).filter(|reason| !reason.is_empty()),
        until: notice.reason.as_ref().map(|(_, expected)| *expected),
        provisional: task.is_some_and(|task| Watch::over_task(case, task, facts.calendar).provisional),
        priority: facts.bundle.rank_on(case.rank, today) < ORDINARY,
        path: case.number.as_ref().map(|number| format!("/cases/{number}")),
        ..Context::default()
    }
}

/// What a case without a number is called in a text: the end of its id, where two cases of one moment differ.
#[must_use]
pub fn short_name(case: CaseId) -> String {
    let id = case.0.simple().to_string();
    id.chars().skip(id.len().saturating_sub(8)).collect()
}

fn office(task: Option<&Task>, facts: &Facts<'_>) -> Option<Text> {
    let TaskPool::Posts { offices, .. } = &task?.pool else { return None };
    let office = facts.roster.offices.get(offices.first()?)?;
    Some(Text { zh: office.zh.clone(), en: office.en.clone() })
}

fn scope_term(case: &Case, scope: u32, kind: TermKind) -> Option<&Term> {
    case.terms.values().find(|term| term.scope == scope && term.kind == kind && term.token.is_none())
}

/// Working days from one day (not counted) to another; `None` when there are none or no calendar says.
fn count(facts: &Facts<'_>, from: chrono::NaiveDate, to: chrono::NaiveDate) -> Option<Days> {
    let count = facts.calendar.working_days(from, to)?;
    (count > 0).then_some(Days { count, unit: crate::calendar::Unit::Working })
}
