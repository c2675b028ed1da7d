//! Answering a task or a seat of an approval group.

use crate::definition::graph::{Node, NodeKind, TaskRule, Verb};
use crate::engine::case::{Added, Adding, BodyRef, Local, Seat, Task};
use crate::engine::decide::{Asked, allowed_here, task_for};
use crate::engine::draft::{Draft, Spot, Step, broken, drafted, home};
use crate::engine::event::Event;
use crate::engine::facts::Decision;
use crate::engine::groups::{APPROVED, REJECTED, Settler, added_answers, asked_before, children};
use crate::engine::refusal::{Detail, Refusal};
use crate::engine::viewing;
use crate::engine::walk::Ending;
use crate::identity::may::Act;
use crate::ids::{Name, PersonId};

/// What a person answers.
pub(super) struct Answer<'c> {
    pub outcome: &'c Name,
    pub body: Option<BodyRef>,
    pub form: Option<BodyRef>,
}

/// The outcome with which an applicant hands in the corrected papers.
const RESUBMITTED: &str = "resubmitted";

/// Decides an answer. A free task is claimed on the way, so that the record shows who took it.
pub(super) fn decide(asked: Asked<'_, '_>, task: Local, answer: &Answer<'_>) -> Decision {
    let (open, person) = match task_for(asked, Act::Complete, task) {
        Ok(found) => found,
        Err(refusal) => return Decision::Refused(refusal),
    };
    let (case, _, facts) = asked;
    drafted(case.clone(), facts, |draft| {
        let spot = draft.spot(open.token)?;
        let node = draft.node(spot.scope, spot.node)?;
        let given = Given { task, open, person, answer };
        match (&node.kind, open.group) {
            (NodeKind::Task(rule), None) => given.task(draft, spot, (node, rule))?,
            (NodeKind::Task(_) | NodeKind::Approve(_), Some(group)) => given.seat(draft, (node, group))?,
            _ => return Err(broken(&format!("task {task} at step {}", node.key))),
        }
        draft.note_fresh(case, spot, (person, open.group.map(|_| (task, open.pool.clone()))))
    })
}

/// Decides an answer that is one of many: only where the step says so, because whoever signs a pile reads none of it.
pub(super) fn in_batch(asked: Asked<'_, '_>, task: Local, answer: &Answer<'_>) -> Decision {
    let allowed = task_for(asked, Act::Complete, task).and_then(|(open, _)| allowed_here(asked, open, Verb::Batch));
    match allowed {
        Ok(()) => decide(asked, task, answer),
        Err(refusal) => Decision::Refused(refusal),
    }
}

struct Given<'g> {
    task: Local,
    open: &'g Task,
    person: PersonId,
    answer: &'g Answer<'g>,
}

impl Given<'_> {
    fn task(&self, draft: &mut Draft<'_>, spot: Spot, (node, rule): (&Node, &TaskRule)) -> Step<()> {
        let Answer { outcome, body, form } = *self.answer;
        approved_first(draft, spot, (node, rule), outcome)?;
        known_outcome(node, outcome, &rule.outcomes)?;
        if body.is_none() && !rule.without_opinion.contains(outcome) {
            return Err(opinion_required(node).into());
        }
        let asks_form = rule.edits_form && (&**outcome == RESUBMITTED || rule.outcomes.len() == 1);
        match form {
            None if asks_form => return Err(Refusal::invalid("form_required", "无法提交：缺少申请表", "cannot complete the task: the form is missing").into()),
            Some(_) if !rule.edits_form => return Err(form_not_asked(node).into()),
            Some(_) | None => {}
        }
        let by = viewing::filler(&draft.case, &draft.facts, self.person, &node.key);
        if let Some(answer) = &rule.fields {
            draft.check_fields(answer, outcome, body, &by)?;
        }
        if let Some(form) = form {
            draft.check_submission(spot.scope, form, &by)?;
        }
        if let Some(table) = rule.needs.get(outcome) {
            draft.nothing_missing(spot, node, table)?;
        }
        let cut = self.least(draft, spot, (node, rule))?;
        if added_answers(&draft.case, self.task, |added| added.place == Adding::Before).contains(&None) {
            return Err(added_open(
                "无法办理：前加签的人员尚未签完；可以退回或减签",
                "cannot complete the task: the members added before it have not all answered",
            )
            .into());
        }
        self.take(draft);
        let beside = |added: &Added| added.place != Adding::Before;
        if added_answers(&draft.case, self.task, beside).contains(&None) {
            // What was answered before is known to whoever decides now.
            let seen = children(&draft.case, self.task, beside);
            for group in seen {
                let passed = draft.case.groups.get(&group).and_then(|group| group.settled);
                if passed.is_some() {
                    draft.emit(Event::GroupClosed { group, passed });
                }
            }
            draft.emit(Event::AnswerHeld { task: self.task, outcome: outcome.clone(), by: self.person, body });
            return draft.go_on(self.task, Settler::default());
        }
        draft.close_all_added(self.task, |_| true);
        if let Some(form) = form {
            let holder = viewing::form_holder(&draft.case, draft.facts.bundle, spot.scope);
            draft.hand_in((home(&draft.case, spot.scope), holder), form)?;
        }
        if let Some(cut) = cut {
            draft.emit(cut);
        }
        draft.leave(spot, outcome, Ending { by: Some(self.person), task: Some(self.task), body, ..Ending::default() })?;
        draft.run()
    }

    /// Whether the least time of the step is over; answered earlier with a reason, what is written down of that.
    fn least(&self, draft: &mut Draft<'_>, spot: Spot, (node, rule): (&Node, &TaskRule)) -> Step<Option<Event>> {
        let Some(least) = &rule.least else { return Ok(None) };
        let entered = draft.case.tokens.get(&spot.token).map_or(draft.facts.now, |token| token.entered);
        // Where no published calendar reaches its end, it is not over.
        let over = draft.period_over(entered.date(), least.span);
        if over.is_some_and(|over| over <= draft.facts.now) {
            return Ok(None);
        }
        let until = over.and_then(|over| over.date().pred_opt());
        let (title, zh, en) = (&node.title, least.span.zh(), least.span);
        let through = until.map(|day| day.to_string()).unwrap_or_default();
        let Some(reason) = &least.reason else {
            let zh = format!("“{}”须满{zh}（至 {through} 终），不得提前办结（{}）", title.zh, least.basis);
            let en = format!("cannot complete “{}” yet: it takes at least {en}, through {through} ({})", title.en, least.basis);
            return Err(Refusal::conflict("minimum_period", zh, en).into());
        };
        let body = self.answer.body;
        let said =
            body.and_then(|body| draft.body(body)).and_then(|body| body.get("fields")?.get(&**reason)?.as_str()).is_some_and(|why| !why.trim().is_empty());
        draft.lacking()?;
        if said {
            let (step, basis, reason) = (node.key.clone(), least.basis.clone(), reason.clone());
            return Ok(Some(Event::PeriodCut { scope: spot.scope, step, until, basis, reason, body, by: self.person }));
        }
        let zh = format!("“{}”一般不少于{zh}（至 {through} 终）；提前办结须写明理由，理由公开（{}）", title.zh, least.basis);
        let en =
            format!("cannot complete “{}” before {through} is over without a reason, which is published: it takes {en} as a rule ({})", title.en, least.basis);
        let detail = Detail::new(&format!("/fields/{reason}"), "early_reason_required", "请写明提前办结的理由", "expected the reason for answering early");
        Err(Refusal { details: vec![detail], ..Refusal::invalid("early_reason_required", zh, en) }.into())
    }

    fn seat(&self, draft: &mut Draft<'_>, (node, group): (&Node, Local)) -> Step<()> {
        let Answer { outcome, body, form } = *self.answer;
        known_outcome(node, outcome, &[Name::from(APPROVED), Name::from(REJECTED)])?;
        if body.is_none() {
            return Err(opinion_required(node).into());
        }
        if form.is_some() {
            return Err(form_not_asked(node).into());
        }
        let agreed = &**outcome == APPROVED;
        if agreed {
            may_agree(draft, group, self.task)?;
        }
        self.take(draft);
        draft.emit(Event::SeatAnswered { group, task: self.task, seat: Seat { by: self.person, agreed }, body });
        let settler = Settler { by: Some(self.person), task: Some(self.task), body, removed: false };
        // Whoever refuses no longer waits for those they asked first.
        draft.close_added(group, settler, |added| added.seat == self.task && added.place == Adding::Before);
        draft.go_on(group, settler)
    }

    fn take(&self, draft: &mut Draft<'_>) {
        if self.open.claimed != Some(self.person) {
            draft.emit(Event::TaskClaimed { task: self.task, by: self.person });
        }
    }
}

/// A seat that asked others first may refuse at any time, and agree only when they have passed.
fn may_agree(draft: &Draft<'_>, group: Local, seat: Local) -> Result<(), Refusal> {
    match asked_before(&draft.case, group, seat) {
        None | Some(Some(true)) => Ok(()),
        Some(None) => Err(added_open(
            "无法同意：加签的人员尚未签完；可以先签不同意",
            "cannot approve: the members added before this seat have not all answered; refusing is possible",
        )),
        Some(Some(false)) => Err(Refusal::conflict(
            "added_group_refused",
            "无法同意：加签的人员没有通过；只能签不同意或退回",
            "cannot approve: the members added before this seat did not pass; refusing or returning is possible",
        )),
    }
}

fn added_open(zh: &str, en: &str) -> Refusal {
    Refusal::conflict("added_group_open", zh, en)
}

fn known_outcome(node: &Node, outcome: &Name, known: &[Name]) -> Result<(), Refusal> {
    if known.contains(outcome) {
        return Ok(());
    }
    let expected = known.join(", ");
    Err(Refusal::invalid(
        "unknown_outcome",
        format!("无法完成步骤 `{}`：应为 {expected} 之一，收到 `{outcome}`", node.key),
        format!("cannot complete step `{}`: expected one of {expected}, found `{outcome}`", node.key),
    ))
}

/// An answer of a step that follows an approval is refused until that was given, also where it is given at another step: whoever reports
/// on work whose plan nobody approved hears what is missing, not that the word is unknown here.
fn approved_first(draft: &Draft<'_>, spot: Spot, (node, rule): (&Node, &TaskRule), outcome: &Name) -> Step<()> {
    let program = draft.program(spot.scope)?;
    let of = |other: &'_ Node| matches!(&other.kind, NodeKind::Task(rule) if rule.after.is_some() && rule.outcomes.contains(outcome));
    let later = if rule.outcomes.contains(outcome) { Some(node) } else { program.nodes.iter().find(|other| of(other)) };
    let Some((later, Some(approval))) = later.map(|later| (later, if let NodeKind::Task(rule) = &later.kind { rule.after.as_ref() } else { None })) else {
        return Ok(());
    };
    let given = draft.scope(spot.scope)?.done.get(&approval.step).is_some_and(|done| approval.outcomes.contains(&done.outcome));
    if given {
        return Ok(());
    }
    let by = program.nodes.iter().find(|node| node.key == approval.step).map_or(&later.title, |node| &node.title);
    Err(Refusal::conflict(
        "not_yet_approved",
        format!("无法登记“{}”：须先经“{}”批准，目前还没有批准", later.title.zh, by.zh),
        format!("cannot report at “{}”: it must first be approved at “{}”, which has not approved it yet", later.title.en, by.en),
    )
    .into())
}

/// 签批意见 is never empty (PROCEDURES 1.4).
fn opinion_required(node: &Node) -> Refusal {
    Refusal::invalid(
        "opinion_required",
        format!("无法完成步骤 `{}`：须写明意见", node.key),
        format!("cannot complete step `{}`: an opinion is required", node.key),
    )
}

fn form_not_asked(node: &Node) -> Refusal {
    Refusal::invalid(
        "form_not_asked",
        format!("无法完成步骤 `{}`：该步骤不修改申请表", node.key),
        format!("cannot complete step `{}`: it does not edit the form", node.key),
    )
}
