//! Terms: of the whole scope, and of a step.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lowering, edges};
use crate::definition::diagnostics::{Findings, list, suggestion};
use crate::definition::graph::{Approval, Audience, Deem, ExtendRule, Manner, Pool, Rung, TermEnd, TermKind, TermRule, TermStart};
use crate::definition::syntax::{self, Basis, Hearer, Limit, LimitStart, Remind, Step, StepOutcome, Word};
use crate::ids::Name;

impl Lowering<'_> {
    pub(super) fn limits(&self, findings: &mut Findings<'_>) -> Vec<TermRule> {
        self.workflow.limits.iter().map(|limit| self.limit(limit, findings)).collect()
    }

    fn limit(&self, limit: &Limit, findings: &mut Findings<'_>) -> TermRule {
        TermRule {
            key: limit.key.value.clone(),
            kind: limit.kind,
            within: limit.within.value,
            by_class: limit.by_class.iter().copied().collect(),
            from: self.start(&limit.from, findings),
            until: self.end(&limit.until, findings),
            excludes: limit.excludes.iter().map(|cause| cause.value.clone()).collect(),
            basis: printed(&limit.basis),
            extend: limit.extend.as_ref().map(|extend| ExtendRule { by: extend.by.value, approved_by: extend.approved_by.value.clone() }),
            rungs: self.rungs(&limit.remind, findings),
            on_expiry: None,
            manner: self.manner(limit),
        }
    }

    /// What the limit says of itself, and of its lights what the workflow says of all of them.
    fn manner(&self, limit: &Limit) -> Manner {
        let lights = limit.lights.as_ref().map(|lights| lights.value);
        Manner { rolls: limit.rolls.as_ref().map(|rolls| rolls.value), lights, usual: self.workflow.lights.as_ref().map(|lights| lights.value) }
    }

    fn start(&self, from: &LimitStart, findings: &mut Findings<'_>) -> TermStart {
        match from {
            LimitStart::Entered => TermStart::Entered,
            LimitStart::Outcome(at) => {
                self.known(at, findings);
                TermStart::Outcome { step: at.step.value.clone(), outcome: outcome(at) }
            }
            LimitStart::Received(at) => {
                self.known(at, findings);
                TermStart::Received { step: at.step.value.clone(), outcome: outcome(at) }
            }
        }
    }

    /// Every end names the same step; a bare step means any of its outcomes.
    fn end(&self, until: &[StepOutcome], findings: &mut Findings<'_>) -> TermEnd {
        self.one_step("until", until, findings).map_or(TermEnd::Left, |(step, outcomes)| TermEnd::Outcome { step, outcomes })
    }

    /// The approval that a task follows.
    pub(super) fn approval(&self, after: &[StepOutcome], findings: &mut Findings<'_>) -> Option<Approval> {
        self.one_step("after", after, findings).map(|(step, outcomes)| Approval { step, outcomes })
    }

    /// Outcomes that must all be of one step, under that key.
    fn one_step(&self, key: &str, said: &[StepOutcome], findings: &mut Findings<'_>) -> Option<(Name, Vec<Name>)> {
        let first = said.first()?;
        let mut outcomes = Vec::new();
        for at in said {
            let all = self.known(at, findings);
            match &at.outcome {
                Some(outcome) => outcomes.push(outcome.value.clone()),
                None => outcomes.extend(all),
            }
            if at.step.value != first.step.value {
                let (one, other) = (&first.step.value, &at.step.value);
                let sentences =
                    (format!("{key} 只能指同一步骤，已有 `{one}`，又写了 `{other}`"), format!("expected outcomes of `{one}` only, found `{other}`"));
                findings.note(at.step.at, "GL011", sentences);
            }
        }
        Some((first.step.value.clone(), outcomes))
    }

    /// Holds a `step.outcome` against the steps; gives the step's outcomes.
    fn known(&self, at: &StepOutcome, findings: &mut Findings<'_>) -> Vec<Name> {
        let Some(step) = self.all.get(&*at.step.value) else {
            if !self.plan.index.contains_key(&at.step.value) {
                self.unknown_step(&at.step, findings);
            }
            return Vec::new();
        };
        let Some(outcomes) = self.parts.outcomes(step) else { return Vec::new() };
        if let Some(outcome) = &at.outcome
            && !outcomes.contains(&outcome.value)
        {
            edges::unknown_outcome(findings, step, outcome, &outcomes);
        }
        outcomes
    }

    /// The step's own terms.
    pub(super) fn step_terms(&self, step: &Step, findings: &mut Findings<'_>) -> Vec<TermRule> {
        let on_expiry = step.on_expiry.as_ref().map(|rule| {
            let outcomes = self.parts.outcomes(step).unwrap_or_default();
            if !outcomes.is_empty() && !outcomes.contains(&rule.outcome.value) {
                edges::unknown_outcome(findings, step, &rule.outcome, &outcomes);
            }
            Deem { outcome: rule.outcome.value.clone(), basis: rule.basis.text.clone(), from_receipt: rule.from_receipt }
        });
        let rungs = self.rungs(&step.remind, findings);
        let Some(within) = &step.within else {
            if !rungs.is_empty() || on_expiry.is_some() {
                let key = &step.key.value;
                let sentences =
                    (format!("步骤 `{key}` 有提醒或到期后果，但没有时限"), format!("expected `within` in step `{key}` for its reminders, found no such key"));
                findings.note(step.key.at, "GL003", sentences);
            }
            return Vec::new();
        };
        vec![TermRule {
            key: step.key.value.clone(),
            kind: TermKind::Step,
            within: within.value,
            by_class: BTreeMap::new(),
            from: TermStart::Entered,
            until: TermEnd::Left,
            excludes: BTreeSet::new(),
            basis: printed(&step.basis),
            extend: None,
            rungs,
            on_expiry,
            manner: Manner { usual: self.workflow.lights.as_ref().map(|lights| lights.value), ..Manner::default() },
        }]
    }

    fn rungs(&self, remind: &Remind, findings: &mut Findings<'_>) -> Vec<Rung> {
        let rungs = match remind {
            Remind::Rungs(rungs) => rungs,
            Remind::Ladder(name) => {
                let ladders = &self.workflow.ladders;
                match ladders.iter().find(|(ladder, _)| ladder.value == name.value) {
                    Some((_, rungs)) => rungs,
                    None => {
                        findings.unknown(name.at, "GL013", ("提醒阶梯(ladders)", "a ladder"), &name.value, ladders.iter().map(|(ladder, _)| &*ladder.value));
                        return Vec::new();
                    }
                }
            }
        };
        rungs.iter().map(|rung| self.rung(rung, findings)).collect()
    }

    fn rung(&self, rung: &syntax::Rung, findings: &mut Findings<'_>) -> Rung {
        let to = rung.to.iter().flat_map(|hearer| self.hearer(hearer, findings)).collect();
        if let Some(order) = &rung.order
            && rung.offset <= 0
        {
            // 督办以逾期为前提：到期日当天还没有逾期。
            let workflow = &order.value;
            let zh = format!("督办单 `{workflow}` 只能在到期日之后草拟，这一档在到期日或之前");
            let en = format!("expected a rung after the due day to draft the supervision order `{workflow}`, found one on or before it");
            findings.note(order.at, "GL062", (zh, en));
        }
        let order = rung.order.as_ref().map(|order| order.value.clone());
        Rung { offset: rung.offset, unit: rung.unit, minute: rung.minute, notice: rung.say.value.clone(), to, order, urgent: rung.urgent }
    }

    fn hearer(&self, hearer: &Hearer, findings: &mut Findings<'_>) -> Vec<Audience> {
        match hearer {
            Hearer::Post { office: None, post } => vec![Audience::Post(post.value.clone())],
            Hearer::Post { office: Some(office), post } => vec![Audience::Office { office: office.value.clone(), post: post.value.clone() }],
            Hearer::Named(word) => self.named(word, findings),
        }
    }

    fn named(&self, word: &Word, findings: &mut Findings<'_>) -> Vec<Audience> {
        if &*word.value == "assignee" {
            return vec![Audience::Assignee];
        }
        if &*word.value != "applicant" && !self.workflow.people.iter().any(|(name, _)| name.value == word.value) {
            let found = &word.value;
            let own = self.workflow.people.iter().map(|(name, _)| &*name.value);
            let known: Vec<&str> = own.chain(["applicant", "assignee", "{post: …}"]).collect();
            let sentences = (format!("办理人(people)中没有 `{found}`"), format!("expected the name of somebody under `people`, found `{found}`"));
            let near = suggestion(found, &known).filter(|help| help.1.starts_with("did you mean"));
            let all = list(&known);
            let post = || (format!("{}；是岗位就写 `{{post: {found}}}`", all.0), format!("{}; a post is written `{{post: {found}}}`", all.1));
            findings.note(word.at, "GL013", sentences).help(Some(near.unwrap_or_else(post)));
            return Vec::new();
        }
        match self.pool(word, findings) {
            Some(Pool::Applicant) => vec![Audience::Applicant],
            Some(Pool::Posts { offices, post }) => offices.into_iter().map(|office| Audience::Office { office, post: post.clone() }).collect(),
            None => Vec::new(),
        }
    }
}

fn outcome(at: &StepOutcome) -> Name {
    at.outcome.as_ref().map_or_else(|| Name::from(""), |outcome| outcome.value.clone())
}

/// As printed: each law with its dates when it has an end.
fn printed(bases: &[Basis]) -> Option<String> {
    let texts: Vec<String> = bases.iter().map(Basis::printed).collect();
    (!texts.is_empty()).then(|| texts.join("；"))
}
