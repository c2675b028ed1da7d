//! What must be true of every case between two acts. Used by the property tests, and on load to quarantine a case that is broken.
//! Invariant: a case that passes can be gone on with: every token waits for something that exists, and everything open hangs on a token or a scope.
//! Never: mends anything.

use std::collections::BTreeSet;

use crate::definition::graph::{Bundle, Heard, Node, NodeKind, Trigger};
use crate::engine::case::{Added, Adding, Case, Local, Token, Waits};
use crate::engine::groups::{added_answers, own_result, result, root_of, tree};
use crate::engine::joins::ready;
use crate::ids::Name;

/// Everything wrong with a case, at once.
///
/// # Errors
/// One sentence for each broken rule, with the local ids it is about.
pub fn check(case: &Case, bundle: &Bundle) -> Result<(), Vec<String>> {
    let mut check = Check { case, bundle, wrong: Vec::new() };
    if case.scopes.is_empty() {
        check.nothing_open("a register");
    } else if case.ended.is_some() {
        check.nothing_open("an ended case");
    } else {
        check.running();
    }
    if check.wrong.is_empty() { Ok(()) } else { Err(check.wrong) }
}

struct Check<'a> {
    case: &'a Case,
    bundle: &'a Bundle,
    wrong: Vec<String>,
}

impl<'a> Check<'a> {
    fn hold(&mut self, rule: bool, sentence: impl FnOnce() -> String) {
        if !rule {
            self.wrong.push(sentence());
        }
    }

    fn nothing_open(&mut self, what: &str) {
        let case = self.case;
        let open = [
            ("token", case.tokens.len()),
            ("task", case.tasks.len()),
            ("group", case.groups.len()),
            ("term", case.terms.len()),
            ("timer", case.timers.len()),
            ("place in line", case.queue.len()),
            ("reservation", case.holds.len()),
            ("list of members", case.fans.len()),
            ("outside job", case.jobs.len()),
        ];
        for (kind, count) in open {
            self.hold(count == 0, || format!("{what} has an open {kind} ({count})"));
        }
        self.hold(case.scopes.values().all(|scope| scope.caller.is_none()), || format!("{what} has an open call"));
    }

    fn running(&mut self) {
        let roots = self.case.scopes.values().filter(|scope| scope.caller.is_none()).count();
        self.hold(roots == 1, || format!("expected one root scope, found {roots}"));
        for (id, token) in &self.case.tokens {
            self.token(*id, token);
        }
        self.scopes();
        self.tasks();
        self.groups();
        self.terms();
        self.clocks();
        self.fans();
        self.joins();
        self.locals();
        self.marks();
    }

    fn node(&self, token: &Token) -> Option<&'a Node> {
        node_of(self.case, self.bundle, token)
    }

    /// Every token waits for something that exists and points back to it.
    fn token(&mut self, id: Local, token: &Token) {
        let case = self.case;
        let (there, fits) = match (&token.waits, self.node(token).map(|node| &node.kind)) {
            (_, None) => (false, false),
            (Waits::Task(task), Some(kind)) => (case.tasks.get(task).is_some_and(|task| task.token == id), matches!(kind, NodeKind::Task(_))),
            (Waits::Group(group), Some(kind)) => (case.groups.get(group).is_some_and(|group| group.token == id), matches!(kind, NodeKind::Approve(_))),
            (Waits::Message(_), Some(kind)) => (true, matches!(kind, NodeKind::Message { heard: Heard::Message | Heard::Kept, .. })),
            (Waits::Signal(_), Some(kind)) => (true, matches!(kind, NodeKind::Message { heard: Heard::Signal, .. })),
            (Waits::Members(fan), Some(kind)) => (case.fans.get(fan).is_some_and(|fan| fan.token == id), matches!(kind, NodeKind::Each(_))),
            (Waits::Lock(lock), Some(_)) => (self.held_by_another(id, lock), self.node(token).is_some_and(|node| node.lock.as_ref() == Some(lock))),
            (Waits::Timer(timer), Some(kind)) => (case.timers.get(timer).is_some_and(|timer| timer.token == id), matches!(kind, NodeKind::Timer { .. })),
            (Waits::Job(job), Some(kind)) => (case.jobs.get(job).is_some_and(|job| job.token == id), matches!(kind, NodeKind::Job(_))),
            (Waits::Join, Some(kind)) => (true, matches!(kind, NodeKind::Join { .. })),
            (Waits::Scope(scope), Some(kind)) => (case.scopes.get(scope).is_some_and(|scope| scope.caller == Some(id)), matches!(kind, NodeKind::Call { .. })),
        };
        self.hold(there && fits, || format!("token {id} at `{}` waits for {:?}, which is not there", token.step, token.waits));
        self.hold(case.scopes.contains_key(&token.scope), || format!("token {id} is in scope {}, which is not there", token.scope));
    }

    /// Every open scope has a token that its end waits for, and a caller that waits for it.
    fn scopes(&mut self) {
        let case = self.case;
        for (id, scope) in &case.scopes {
            let awaited = case.tokens.values().any(|token| token.scope == *id && !self.node(token).is_some_and(|node| node.beside));
            self.hold(awaited, || format!("scope {id} is open without a token"));
            let called = scope.caller.is_none_or(|caller| {
                case.tokens.get(&caller).is_some_and(|token| match token.waits {
                    Waits::Scope(called) => called == *id,
                    Waits::Members(fan) => case.fans.get(&fan).is_some_and(|fan| fan.open.contains_key(id)),
                    Waits::Task(_)
                    | Waits::Group(_)
                    | Waits::Message(_)
                    | Waits::Signal(_)
                    | Waits::Timer(_)
                    | Waits::Job(_)
                    | Waits::Join
                    | Waits::Lock(_) => false,
                })
            });
            self.hold(called, || format!("scope {id} was called by a token that does not wait for it"));
            let parent = scope.parent.is_none_or(|parent| case.scopes.contains_key(&parent));
            self.hold(parent, || format!("scope {id} has a caller's scope that is not there"));
        }
        for (id, hold) in &case.holds {
            self.hold(case.scopes.contains_key(&hold.scope), || format!("reservation {id} belongs to scope {}, which is not there", hold.scope));
            self.hold(hold.amount > 0, || format!("reservation {id} is for {}", hold.amount));
        }
    }

    fn tasks(&mut self) {
        let case = self.case;
        for (id, task) in &case.tasks {
            let token = case.tokens.get(&task.token);
            let awaited = match (task.group, token.map(|token| &token.waits)) {
                (None, Some(Waits::Task(awaited))) => awaited == id,
                (Some(group), Some(Waits::Group(awaited) | Waits::Task(awaited))) => {
                    *awaited == root_of(case, group) && case.groups.get(&group).is_some_and(|group| group.seats.contains_key(id))
                }
                (_, _) => false,
            };
            self.hold(awaited, || format!("task {id} at `{}` is open and nothing waits for it", task.step));
            let outstanding = added_answers(case, *id, |added| added.place != Adding::Before).contains(&None);
            self.hold(task.held.is_none() || outstanding, || format!("task {id} at `{}` is answered and waits for nobody", task.step));
            self.hold(token.is_some_and(|token| token.scope == task.scope), || format!("task {id} and its token are in different scopes"));
        }
    }

    /// A group is open as long as its outcome is; nobody fills two seats of it and of what was added to it.
    fn groups(&mut self) {
        let case = self.case;
        for (id, group) in &case.groups {
            let root = root_of(case, *id);
            let awaited = case.tokens.get(&group.token).is_some_and(|token| [Waits::Group(root), Waits::Task(root)].contains(&token.waits));
            self.hold(awaited, || format!("group {id} is open and no token waits for it"));
            let seat = |added: &Added| case.groups.get(&added.to).is_some_and(|above| above.seats.contains_key(&added.seat));
            let there = group.added.as_ref().is_none_or(|added| seat(added) || (added.to == added.seat && case.tasks.contains_key(&added.to)));
            self.hold(there, || format!("group {id} was added to a seat that is not there"));
            // Seats nobody has answered are closed as soon as the group's own rule has its answer.
            let decided = group.settled.is_some() || own_result(group).is_some();
            let open = group.seats.iter().filter(|(_, seat)| seat.is_none()).all(|(task, _)| decided != case.tasks.contains_key(task));
            self.hold(open, || format!("group {id} has an unanswered seat without a task, or a task without a question"));
            self.hold(group.settled.is_some() || result(case, *id).is_none(), || format!("group {id} is open and its outcome is certain"));
            let moves = group.settled.is_some()
                || case.tasks.contains_key(&root)
                || tree(case, root).iter().any(|id| case.tasks.values().any(|task| task.group == Some(*id)));
            self.hold(moves, || format!("group {id} is open and nobody in it is asked"));
            if root == *id {
                self.one_seat_each(*id);
            }
        }
    }

    fn one_seat_each(&mut self, root: Local) {
        let case = self.case;
        let groups = tree(case, root);
        let seats = groups.iter().filter_map(|id| case.groups.get(id)).flat_map(|group| group.seats.values());
        let answered: Vec<_> = seats.flatten().map(|seat| seat.by).collect();
        let people: BTreeSet<_> = answered.iter().collect();
        self.hold(people.len() == answered.len(), || format!("one person fills two seats of group {root}"));
    }

    fn terms(&mut self) {
        let (case, bundle) = (self.case, self.bundle);
        let mut keys = BTreeSet::new();
        for (id, term) in &case.terms {
            let there = case.scopes.contains_key(&term.scope) && term.token.is_none_or(|token| case.tokens.contains_key(&token));
            self.hold(there, || format!("term {id} (`{}`) belongs to something that is not there", term.key));
            self.hold(keys.insert((term.scope, term.token, &term.key)), || format!("term `{}` runs twice in scope {}", term.key, term.scope));
            let stands = |holder: &Local| {
                let working = case.tokens.get(holder).filter(|token| token.at_work(*holder));
                let cause = working.and_then(|token| node_of(case, bundle, token)).and_then(|node| node.stops.as_ref());
                cause.is_some_and(|cause| term.excludes.contains(cause))
            };
            let held = term.stops_open.iter().all(stands);
            self.hold(held, || format!("term {id} (`{}`) is stopped by a token that does not stop it", term.key));
            self.hold(term.stopped_on.is_none() || !term.stops_open.is_empty(), || format!("term {id} (`{}`) stands still and nothing stops it", term.key));
            self.hold(term.stopped_on.is_none() || (term.rungs.is_empty() && term.deem_at.is_none()), || {
                format!("term {id} stands still with its clock armed")
            });
            for (holder, token) in &case.tokens {
                let below = crate::engine::draft::ancestry(case, token.scope).contains(&term.scope);
                let stops = below && term.token != Some(*holder) && stands(holder);
                self.hold(!stops || term.stops_open.contains(holder), || format!("token {holder} should stop term {id} (`{}`)", term.key));
            }
        }
    }

    fn clocks(&mut self) {
        let case = self.case;
        for (id, timer) in &case.timers {
            let waits = match timer.event {
                None => case.tokens.get(&timer.token).is_some_and(|token| token.waits == Waits::Timer(*id)),
                Some(number) => self.may_happen(timer.token, number),
            };
            self.hold(waits, || format!("timer {id} runs and nothing waits for it"));
        }
        for (id, job) in &case.jobs {
            let waits = case.tokens.get(&job.token).is_some_and(|token| token.waits == Waits::Job(*id) && token.step == job.step);
            self.hold(waits, || format!("job {id} (`{}`) is open and nothing waits for it", job.topic));
        }
        for (id, place) in &case.queue {
            let waits = case.tokens.get(id).is_some_and(|token| matches!(token.waits, Waits::Message(_)));
            self.hold(waits, || format!("a place in line for `{}` is kept for token {id}, which does not wait", place.account));
        }
    }

    /// Whether a step or scope that is open has such an event with a timer.
    fn may_happen(&self, on: Local, number: u16) -> bool {
        let case = self.case;
        let of_scope = || Some(&self.bundle.programs.get(&case.scopes.get(&on).filter(|open| !open.interrupted)?.program)?.handlers);
        let of_step = || case.tokens.get(&on).and_then(|token| self.node(token)).map(|node| &node.events);
        let catch = of_scope().or_else(of_step).and_then(|events| events.get(usize::from(number)));
        catch.is_some_and(|catch| matches!(catch.on, Trigger::After(_) | Trigger::At(_)))
    }

    /// A lock that is waited for is held.
    fn held_by_another(&self, id: Local, lock: &Name) -> bool {
        let holds = |token: &Token| !matches!(token.waits, Waits::Lock(_)) && self.node(token).is_some_and(|node| node.lock.as_ref() == Some(lock));
        self.case.tokens.iter().any(|(other, token)| *other != id && holds(token))
    }

    /// Members at work have a scope, and a list has members at work until it is over.
    fn fans(&mut self) {
        let case = self.case;
        for (id, fan) in &case.fans {
            let waits = case.tokens.get(&fan.token).is_some_and(|token| token.waits == Waits::Members(*id));
            self.hold(waits, || format!("list {id} is open and no token waits for its members"));
            self.hold(!fan.open.is_empty(), || format!("list {id} is open and no member is at work"));
            let there = fan.open.keys().all(|scope| case.scopes.get(scope).is_some_and(|scope| scope.caller == Some(fan.token)));
            self.hold(there, || format!("list {id} has a member at work without a scope"));
            let members: BTreeSet<u16> = fan.open.values().chain(fan.ended.keys()).copied().collect();
            self.hold(members.len() == fan.open.len() + fan.ended.len(), || format!("list {id} has a member twice"));
            self.hold(members.len() <= fan.items.len(), || format!("list {id} has more members than items"));
        }
    }

    /// A join whose tokens are all there has fired.
    fn joins(&mut self) {
        let case = self.case;
        for (id, token) in case.tokens.iter().filter(|(_, token)| token.waits == Waits::Join) {
            let Some(program) = case.scopes.get(&token.scope).and_then(|scope| self.bundle.programs.get(&scope.program)) else { continue };
            let waits = !ready(case, program, (token.scope, token.node, token.side));
            self.hold(waits, || format!("token {id} waits at join `{}`, which could fire", token.step));
        }
    }

    /// What can be taken back and who urged hang on tokens that are there.
    fn marks(&mut self) {
        let case = self.case;
        for fresh in &case.fresh {
            let there = !fresh.placed.is_empty() && fresh.placed.iter().all(|(token, _)| case.tokens.contains_key(token));
            self.hold(there && case.scopes.contains_key(&fresh.scope), || format!("an act at `{}` can be taken back and its tokens are gone", fresh.step));
        }
        for token in case.urges.keys() {
            self.hold(case.tokens.contains_key(token), || format!("token {token} was urged and is gone"));
        }
    }

    /// Local ids come from one counter, so it is past them all.
    fn locals(&mut self) {
        let case = self.case;
        let standing = case.scopes.keys().chain(case.tokens.keys()).chain(case.tasks.keys()).chain(case.groups.keys());
        let running = case.terms.keys().chain(case.timers.keys()).chain(case.holds.keys()).chain(case.fans.keys()).chain(case.jobs.keys());
        let mut seen = BTreeSet::new();
        for id in standing.chain(running).copied() {
            self.hold(id < case.next_local, || format!("local id {id} is not below the counter {}", case.next_local));
            self.hold(seen.insert(id), || format!("local id {id} is used twice"));
        }
    }
}

fn node_of<'b>(case: &Case, bundle: &'b Bundle, token: &Token) -> Option<&'b Node> {
    let program = bundle.programs.get(&case.scopes.get(&token.scope)?.program)?;
    program.nodes.get(usize::from(token.node.0))
}
