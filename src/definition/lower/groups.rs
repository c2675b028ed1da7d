//! Approval groups: seats with what they weigh, and whether their rule can be met at all.

use std::collections::BTreeMap;

use super::Lowering;
use crate::definition::SUBMITTER;
use crate::definition::diagnostics::Findings;
use crate::definition::graph::{Ballots, GroupPass, GroupRule, OnRefusal, Pool, Power, Vote};
use crate::definition::syntax::{Approve, Step, Word};
use crate::ids::Name;

impl Lowering<'_> {
    pub(super) fn approve(&self, step: &Step, approve: &Approve, findings: &mut Findings<'_>) -> Option<GroupRule> {
        let mut seats: Vec<(Name, Name)> = Vec::new();
        let mut powers = BTreeMap::new();
        for word in &approve.by {
            match self.pool(word, findings) {
                Some(Pool::Posts { offices, post }) => {
                    let power = power(approve, word);
                    let asked = offices.into_iter().map(|office| (office, post.clone()));
                    for seat in asked {
                        if power != Power::default() {
                            powers.insert(seat.clone(), power);
                        }
                        seats.push(seat);
                    }
                }
                Some(Pool::Applicant) => {
                    findings.note(word.at, "GL013", ("申请人不能参加审批组".into(), "expected officials in an approval group, found the applicant".into()));
                }
                None => {}
            }
        }
        for word in approve.weights.iter().map(|(word, _)| word).chain(&approve.veto) {
            if !approve.by.iter().any(|by| by.value == word.value) {
                findings.unknown(word.at, "GL013", ("本组成员(by)", "a member of this group"), &word.value, approve.by.iter().map(|by| &*by.value));
            }
        }
        on_refusal(step, approve, findings);
        let not = self.barred(&approve.not, findings);
        let rule = GroupRule { seats, powers, pass: approve.pass, on_refusal: approve.on_refusal.unwrap_or(OnRefusal::End), not };
        votes(&rule, approve, findings);
        Some(rule)
    }

    /// Names of steps, and `submitter`.
    pub(super) fn barred(&self, words: &[Word], findings: &mut Findings<'_>) -> Vec<Name> {
        let steps: Vec<Word> = words.iter().filter(|word| &*word.value != SUBMITTER).cloned().collect();
        let _known = self.steps(&steps, findings);
        words.iter().map(|word| word.value.clone()).collect()
    }
}

fn power(approve: &Approve, word: &Word) -> Power {
    let weight = approve.weights.iter().find(|(name, _)| name.value == word.value).map_or(1, |(_, weight)| *weight);
    Power { weight, veto: approve.veto.iter().any(|name| name.value == word.value) }
}

/// A group that asks everyone says what one refusal does; one that returns says where to.
fn on_refusal(step: &Step, approve: &Approve, findings: &mut Findings<'_>) {
    if matches!(approve.pass, GroupPass::All | GroupPass::InOrder) && approve.on_refusal.is_none() {
        let sentences = ("会签要写明一人不同意时怎么办".into(), "expected `on-refusal` in a group that asks everyone, found no such key".into());
        findings
            .note(approve.at, "GL003", sentences)
            .help(Some(("写 on-refusal: end、continue 或 return".into(), "write on-refusal: end, continue or return".into())));
    }
    if approve.on_refusal == Some(OnRefusal::Return) && step.may_return.as_ref().is_none_or(|rule| rule.to.is_empty()) {
        let zh = "on-refusal: return 要在 may-return 的 to 里写明退到哪一步".into();
        findings.note(approve.at, "GL003", (zh, "expected `may-return` with a step in `to` beside `on-refusal: return`, found none".into()));
    }
}

/// A vote that nobody can win is a mistake.
fn votes(rule: &GroupRule, approve: &Approve, findings: &mut Findings<'_>) {
    let GroupPass::Vote(Vote { passes, refusals }) = rule.pass else { return };
    let all: u32 = rule.seats.iter().map(|seat| rule.power(seat).weight).sum();
    let Ballots::Count(wanted) = passes else { return };
    if wanted > all {
        let zh = format!("票数不可能达到：本组共 {all} 票，要求 {wanted} 票");
        findings.note(approve.at, "GL048", (zh, format!("expected at most the {all} votes of the group in `pass`, found {wanted}")));
    } else if refusals.is_some_and(|refusals| refusals > all) {
        let zh = format!("反对票数不可能达到：本组共 {all} 票");
        findings.note(approve.at, "GL048", (zh, format!("expected at most the {all} votes of the group in `refusals`, found more")));
    }
}
