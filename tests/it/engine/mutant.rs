//! A changed version of a workflow: steps renamed, added, given other limits, branches added; and the map an author would write beside it.

use std::collections::{BTreeMap, BTreeSet};

use greenlane::definition::graph::{TermEnd, TermRule, TermStart};
use greenlane::engine::migration::StepMap;
use greenlane::ids::Name;

use super::chance::Chance;
use super::flow::{Block, BranchBlock, Does, EventBlock, Flow, StepBlock, Way, task};

struct Mutation<'c> {
    chance: &'c mut Chance,
    /// Old keys and new ones.
    renamed: BTreeMap<String, String>,
    version: u32,
    added: u32,
    /// Steps that other workflows return to: they keep their key.
    fixed: BTreeSet<String>,
}

/// The workflows changed, and which step became which.
pub fn mutated(flows: &[Flow], version: u32, chance: &mut Chance) -> (Vec<Flow>, StepMap) {
    let mut map = StepMap::new();
    let mut changed = Vec::new();
    let mut fixed = BTreeSet::new();
    flows.iter().for_each(|flow| returned_to(&flow.body, &mut fixed));
    for flow in flows {
        let mut mutation = Mutation { chance, renamed: BTreeMap::new(), version, added: 0, fixed: fixed.clone() };
        mutation.choose(&flow.body);
        let body = mutation.block(&flow.body, false);
        let limits = flow.limits.iter().map(|limit| mutation.term(limit)).collect();
        let mut steps: BTreeMap<Name, Name> = mutation.renamed.iter().map(|(old, new)| (Name::from(old.as_str()), Name::from(new.as_str()))).collect();
        if mutation.chance.percent(50) {
            // Now and then the author forgets a line: whoever stands there cannot be taken over.
            steps.pop_first();
        }
        map.insert(flow.name.as_str().into(), steps);
        changed.push(Flow { body, limits, ..flow.clone() });
    }
    (changed, map)
}

impl Mutation<'_> {
    /// Draws which steps get another key.
    fn choose(&mut self, block: &Block) {
        match block {
            Block::Step(step) => {
                if self.chance.percent(15) && !self.fixed.contains(&step.key) {
                    self.renamed.insert(step.key.clone(), format!("{}v{}", step.key, self.version));
                }
                for way in step.ways.iter().map(|(_, way)| way).chain(step.events.iter().map(|event| &event.way)) {
                    if let Way::Via(block) = way {
                        self.choose(block);
                    }
                }
            }
            Block::Seq(blocks) => blocks.iter().for_each(|block| self.choose(block)),
            Block::Par(key, branches) | Block::Some(key, branches, ..) => {
                if self.chance.percent(15) && !self.fixed.contains(key) {
                    self.renamed.insert(key.clone(), format!("{key}v{}", self.version));
                }
                branches.iter().for_each(|branch| self.choose(&branch.body));
            }
        }
    }

    fn key(&self, key: &str) -> String {
        self.renamed.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    fn fresh(&mut self) -> Block {
        self.added += 1;
        task(&format!("n{}x{}", self.version, self.added), "clerk").block()
    }

    fn block(&mut self, block: &Block, inside: bool) -> Block {
        match block {
            Block::Step(step) => Block::Step(Box::new(self.step(step, inside))),
            Block::Seq(blocks) => {
                let mut changed = Vec::new();
                for block in blocks {
                    changed.push(self.block(block, inside));
                    if self.chance.percent(8) {
                        changed.push(self.fresh());
                    }
                }
                Block::Seq(changed)
            }
            Block::Par(key, branches) => {
                let key = self.key(key);
                let mut changed: Vec<BranchBlock> =
                    branches.iter().map(|branch| BranchBlock { body: self.block(&branch.body, true), ..branch.clone() }).collect();
                if self.chance.percent(10) {
                    changed.push(BranchBlock { body: self.fresh(), when: None, beside: false });
                }
                if self.chance.percent(5) {
                    // The branches one after another: whoever stands in two of them cannot be taken over.
                    let all_plain = changed.iter().all(|branch| branch.when.is_none() && !branch.beside);
                    if all_plain && !changed.iter().any(|branch| rejects(&branch.body)) {
                        return Block::Seq(changed.into_iter().map(|branch| branch.body).collect());
                    }
                }
                Block::Par(key, changed)
            }
            Block::Some(key, branches, rule, inclusive) => {
                let changed = branches.iter().map(|branch| BranchBlock { body: self.block(&branch.body, true), ..branch.clone() }).collect();
                Block::Some(self.key(key), changed, *rule, *inclusive)
            }
        }
    }

    fn step(&mut self, step: &StepBlock, inside: bool) -> StepBlock {
        let ways = step.ways.iter().map(|(outcome, way)| (outcome.clone(), self.way(way, inside))).collect();
        let events = step.events.iter().map(|event| EventBlock { way: self.way(&event.way, inside), ..event.clone() }).collect();
        let terms = step.terms.iter().map(|term| self.term(term)).collect();
        let may_return = step.may_return.as_ref().map(|(to, then)| (to.iter().map(|key| self.key(key)).collect(), *then));
        StepBlock { key: self.key(&step.key), does: self.does(&step.does), ways, stops: self.stops(step), terms, may_return, events, ..step.clone() }
    }

    fn way(&mut self, way: &Way, inside: bool) -> Way {
        match way {
            Way::On => Way::On,
            Way::Via(block) => Way::Via(Box::new(self.block(block, inside))),
            Way::To(key) => Way::To(self.key(key)),
            Way::Reject(key) => Way::Reject(self.key(key)),
            Way::End(result) => Way::End(result.clone()),
        }
    }

    fn stops(&mut self, step: &StepBlock) -> Option<String> {
        if self.chance.percent(4) { None } else { step.stops.clone() }
    }

    fn does(&mut self, does: &Does) -> Does {
        let keys = |mutation: &Self, keys: &[String]| keys.iter().map(|key| mutation.key(key)).collect();
        match does {
            Does::Task { by, not, same_as, edits_form } => {
                Does::Task { by: by.clone(), not: keys(self, not), same_as: same_as.as_ref().map(|key| self.key(key)), edits_form: *edits_form }
            }
            Does::Group { seats, pass, on_refusal, not } => Does::Group { seats: seats.clone(), pass: *pass, on_refusal: *on_refusal, not: keys(self, not) },
            Does::Timer(span) => {
                let mut span = *span;
                span.days += u32::from(self.chance.percent(20));
                Does::Timer(span)
            }
            Does::Message { name, queue_for } => Does::Message { name: name.clone(), queue_for: queue_for.as_ref().map(|key| self.key(key)) },
            Does::Post { .. }
            | Does::Call(_)
            | Does::Scope(_)
            | Does::Document { .. }
            | Does::Decide(_)
            | Does::Throw(..)
            | Does::Job(_)
            | Does::Each { .. } => does.clone(),
        }
    }

    fn term(&mut self, term: &TermRule) -> TermRule {
        let mut term = term.clone();
        if self.chance.percent(30) {
            term.within.days += 1 + u32::try_from(self.chance.below(5)).unwrap();
        }
        if self.chance.percent(10) {
            term.excludes.clear();
        }
        if self.chance.percent(10) {
            term.excludes.insert("hearing".into());
        }
        term.key = self.key(&term.key).as_str().into();
        match &mut term.from {
            TermStart::Entered => {}
            TermStart::Outcome { step, .. } | TermStart::Received { step, .. } => *step = self.key(step).as_str().into(),
        }
        if let TermEnd::Outcome { step, .. } = &mut term.until {
            *step = self.key(step).as_str().into();
        }
        term
    }
}

/// The steps of a caller that a workflow returns to.
fn returned_to(block: &Block, keys: &mut BTreeSet<String>) {
    match block {
        Block::Step(step) => {
            keys.extend(step.to_caller.iter().cloned());
            for (_, way) in &step.ways {
                if let Way::Via(block) = way {
                    returned_to(block, keys);
                }
            }
        }
        Block::Seq(blocks) => blocks.iter().for_each(|block| returned_to(block, keys)),
        Block::Par(_, branches) | Block::Some(_, branches, ..) => branches.iter().for_each(|branch| returned_to(&branch.body, keys)),
    }
}

/// Whether a branch cancels its region, which it can only do inside one.
fn rejects(block: &Block) -> bool {
    match block {
        Block::Step(step) => step.ways.iter().any(|(_, way)| match way {
            Way::Reject(_) => true,
            Way::Via(block) => rejects(block),
            Way::On | Way::To(_) | Way::End(_) => false,
        }),
        Block::Seq(blocks) => blocks.iter().any(rejects),
        Block::Par(_, branches) | Block::Some(_, branches, ..) => branches.iter().any(|branch| rejects(&branch.body)),
    }
}
