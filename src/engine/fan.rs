//! A step that runs once for each member of a list, all at once or one after another.
//! Invariant: it ends as soon as its outcome is certain, also when enough can no longer be reached, and its results are in the order of the list.
//! Never: a member without a scope of its own; what one does, another does not see.

use std::collections::BTreeMap;

use crate::definition::graph::{Callee, Complete, EachRule, Need, Node, NodeKind, Rest};
use crate::engine::case::{Fan, Local, Side, Waits};
use crate::engine::draft::{Draft, Spot, Step, broken};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::engine::walk::Ending;
use crate::expr::Value;
use crate::ids::Name;
use crate::limits::MEMBERS_MAX;

impl Draft<'_> {
    /// Opens a scope for each member, or for the first.
    pub fn open_fan(&mut self, spot: Spot, node: &Node, rule: &EachRule) -> Step<()> {
        let items = self.members(spot, rule)?;
        // Settled before anybody is asked: nobody is there, or fewer than must agree.
        let settled = match &rule.complete {
            _ if items.is_empty() => Some(rule.complete.as_ref().map_or_else(|| Name::from("done"), |complete| complete.none.clone())),
            Some(complete) => decided(complete, items.len(), &BTreeMap::new()),
            None => None,
        };
        if let Some(outcome) = settled {
            return self.leave(spot, &outcome, Ending::default());
        }
        let fan = self.local();
        self.place(spot, node, Waits::Members(fan))?;
        self.emit(Event::FanOpened { fan, token: spot.token, items: items.clone() });
        let first = if rule.sequential { 1 } else { items.len() };
        for (member, item) in (0_u16..).zip(items).take(first) {
            self.open_member(spot, (fan, member, item), rule)?;
        }
        Ok(())
    }

    fn members(&mut self, spot: Spot, rule: &EachRule) -> Step<Vec<Value>> {
        let items = match self.value(spot.scope, &rule.list)? {
            Value::List(items) => items,
            Value::Null => Vec::new(),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Date(_) | Value::Seconds(_) | Value::Months(_) | Value::Context(_) => {
                let source = rule.list.source();
                let (zh, en) = (format!("无法逐项办理：`{source}` 应得列表"), format!("cannot run for each member: expected a list from `{source}`"));
                return Err(Refusal::conflict("not_a_list", zh, en).into());
            }
        };
        if items.len() > MEMBERS_MAX {
            let count = items.len();
            let (zh, en) =
                (format!("无法逐项办理：{count} 项，最多 {MEMBERS_MAX} 项"), format!("cannot run for {count} members: at most {MEMBERS_MAX} are allowed"));
            return Err(Refusal::conflict("too_many_members", zh, en).into());
        }
        Ok(items)
    }

    fn open_member(&mut self, spot: Spot, (fan, member, item): (Local, u16, Value), rule: &EachRule) -> Step<()> {
        let scope = self.local();
        self.emit(Event::MemberOpened { fan, member, scope });
        self.open_scope(spot, (scope, &Callee::Embedded(rule.body.clone())), BTreeMap::from([(rule.item.clone(), item)]))
    }

    /// A member's scope is about to close.
    pub fn member_ended(&mut self, fan: Local, scope: Local, outcome: &Name) {
        self.emit(Event::MemberEnded { fan, scope, outcome: outcome.clone() });
    }

    /// A member's scope has closed: the step ends, or the next member begins.
    pub fn after_member(&mut self, id: Local) -> Step<()> {
        let Some(fan) = self.case.fans.get(&id).cloned() else { return Err(broken(&format!("members {id}"))) };
        let spot = self.spot(fan.token)?;
        let NodeKind::Each(rule) = &self.node(spot.scope, spot.node)?.kind else { return Err(broken(&format!("members {id}"))) };
        let late = spot.side.is_some_and(|side| side.id == spot.token && side.from == spot.node);
        let (all, count) = (fan.ended.len() == fan.items.len(), fan.items.len());
        let outcome = match &rule.complete {
            None => all.then(|| Name::from("done")),
            Some(complete) => decided(complete, count, &fan.ended),
        };
        let rest = rule.complete.as_ref().map_or(Rest::Continue, |complete| complete.rest);
        match outcome.filter(|_| !late) {
            Some(outcome) if all || rest == Rest::Cancel => return self.fan_done(spot, id, &outcome),
            Some(outcome) => self.goes_on_without(spot, &fan, &outcome)?,
            None if all => {
                self.close_fan(id, &Name::from("done"))?;
                self.let_go(fan.token, true)?;
                self.consume(spot);
                return Ok(());
            }
            None => {}
        }
        let next = fan.ended.keys().chain(fan.open.values()).max().map_or(0, |last| last + 1);
        if rule.sequential
            && let Some(item) = fan.items.get(usize::from(next))
        {
            self.open_member(self.spot(fan.token)?, (id, next, item.clone()), rule)?;
        }
        Ok(())
    }

    fn fan_done(&mut self, spot: Spot, id: Local, outcome: &Name) -> Step<()> {
        let fields = self.case.fans.get(&id).map(results).unwrap_or_default();
        self.close_fan(id, &Name::from("enough-done"))?;
        self.leave(spot, outcome, Ending { fields, ..Ending::default() })
    }

    /// The step ends and its members go on: its token becomes one that nobody waits for, and another goes on in its place.
    fn goes_on_without(&mut self, spot: Spot, fan: &Fan, outcome: &Name) -> Step<()> {
        let fields = results(fan);
        self.let_go(fan.token, true)?;
        self.emit(Event::TokenLate { token: fan.token, side: Side { id: fan.token, from: spot.node } });
        let token = self.local();
        self.leave(Spot { token, ..spot }, outcome, Ending { fields, ..Ending::default() })
    }

    /// Closes the members that are still at work.
    pub fn close_fan(&mut self, id: Local, why: &Name) -> Step<()> {
        let open: Vec<Local> = self.case.fans.get(&id).map(|fan| fan.open.keys().copied().collect()).unwrap_or_default();
        for scope in open {
            self.cancel_scope(scope, why)?;
        }
        self.emit(Event::FanClosed { fan: id });
        Ok(())
    }
}

/// The outcome, as soon as it is certain.
fn decided(complete: &Complete, members: usize, ended: &BTreeMap<u16, Name>) -> Option<Name> {
    let reached = ended.values().filter(|outcome| **outcome == complete.of).count();
    let need = match complete.need {
        Need::Count(count) => usize::from(count),
        Need::Share(percent) => (members * usize::from(percent)).div_ceil(100).max(1),
    };
    if reached >= need {
        return Some(complete.of.clone());
    }
    let open = members.saturating_sub(ended.len());
    (reached + open < need).then(|| complete.otherwise.clone())
}

/// How each member ended, in the order of the list; a member that was closed has no answer.
fn results(fan: &Fan) -> BTreeMap<Name, Value> {
    let answer = |member: u16| fan.ended.get(&member).map_or(Value::Null, |outcome| Value::Text(outcome.to_string()));
    let answers: Vec<Value> = (0_u16..).zip(&fan.items).map(|(member, _)| answer(member)).collect();
    BTreeMap::from([(Name::from("results"), Value::List(answers))])
}
