//! A storm: random acts by random people over random workflows, with time moving, and after each act everything that must hold.
//! At the end a fair driver finishes every case: what cannot be finished was lost, doubled or stuck on the way.
//! A failure names its seed; `GREENLANE_FULL=1` walks the 200,000 steps over 1,000 workflows, without it a part of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use greenlane::definition::graph::{Bundle, JoinRule, Node, NodeIx, NodeKind, Program, Trigger};
use greenlane::engine::case::{BodyRef, Case, Local, Waits};
use greenlane::engine::command::{Actor, Command, MemberRef};
use greenlane::engine::standing;
use greenlane::forms::Form;
use greenlane::ids::{CaseId, Digest, Moment, Name, PersonId};
use serde_json::json;

use super::chance::Chance;
use super::counts::{Counts, verb};
use super::fill::filled;
use super::flow::Flow;
use super::mutant;
use super::random_flow::{DETOURS, PEOPLE, flows};
use super::world::{Account, Nothing, Sabotage, World, day, person};

/// Refusals that only a broken engine gives on a sound workflow.
const NEVER: &[&str] = &[
    "account_key_not_text",
    "amount_not_whole",
    "calls_too_deep",
    "case_broken",
    "definition_loops",
    "error_uncaught",
    "not_a_date",
    "not_a_list",
    "too_many_members",
    "not_evaluated",
    "outcome_without_edge",
    "unknown_account",
    "unknown_workflow",
];
/// More acts than any of these workflows needs from anywhere to its end.
const FAIR_ACTS: usize = 2_000;

/// What is broken on purpose.
#[derive(Clone, Copy, Default)]
pub struct Broken {
    pub events: Option<Sabotage>,
    /// The engine believes that nothing is reachable from anywhere, so that its joins wait for nobody.
    pub blind_joins: bool,
}

/// A rung that spoke: case, term, rung, due day.
type Spoken = (usize, Local, u16, Option<NaiveDate>);

pub struct Storm {
    pub world: World,
    pub chance: Chance,
    /// For each workflow and join, the nodes between split and join and when it fires, as the generator drew them.
    pub regions: BTreeMap<(Digest, Name, NodeIx), (BTreeSet<NodeIx>, JoinRule)>,
    pub beside: BTreeSet<(Digest, Name, NodeIx)>,
    /// What the applicant files; without one it is a small form drawn at random.
    form: Option<serde_json::Value>,
    pub spoken: RefCell<BTreeSet<Spoken>>,
    /// The workflow as drawn, when new versions of it are drawn too.
    flows: Vec<Flow>,
    versions: u32,
    /// Cases that went over, and cases that were refused and stayed.
    pub migrated: (usize, usize),
}

impl Storm {
    pub fn new(seed: u64, broken: Broken) -> Self {
        let flows = flows(seed);
        let mut world = World::new(&flows.iter().collect::<Vec<_>>(), PEOPLE);
        let mut chance = Chance(seed ^ 0x5ca1_ab1e);
        for account in ["land/2025", "land/2026"] {
            world.accounts.insert(account.to_owned(), Account { free: 2 + chance.below(8) as i64, ..Account::default() });
        }
        Self::over(world, chance, broken)
    }

    /// A storm over a world of its own, where everybody files `form`.
    pub fn filing(world: World, seed: u64, form: serde_json::Value) -> Self {
        Self { form: Some(form), ..Self::over(world, Chance(seed), Broken::default()) }
    }

    fn over(mut world: World, chance: Chance, broken: Broken) -> Self {
        let drawn = world.bundle.clone();
        world.sabotage = broken.events;
        if broken.blind_joins {
            for program in world.bundle.programs.values_mut() {
                let program = Arc::make_mut(program);
                program.reach.iter_mut().for_each(BTreeSet::clear);
            }
        }
        let (regions, beside) = (BTreeMap::new(), BTreeSet::new());
        let mut storm = Self { world, chance, regions, beside, form: None, spoken: RefCell::default(), flows: Vec::new(), versions: 0, migrated: (0, 0) };
        storm.learn(&drawn);
        storm
    }

    /// Remembers the regions of a version as they were drawn.
    fn learn(&mut self, bundle: &Bundle) {
        for (name, program) in &bundle.programs {
            for (node, at) in program.nodes.iter().zip(0_u16..) {
                let key = || (bundle.digest, name.clone(), NodeIx(at));
                if let NodeKind::Join { region, rule, .. } = &node.kind {
                    self.regions.insert(key(), (region.clone(), *rule));
                }
                if node.beside {
                    self.beside.insert(key());
                }
            }
        }
    }

    /// A storm in which the workflow is published anew, changed at random, and cases go over to it.
    pub fn migrating(seed: u64) -> Self {
        Self { flows: flows(seed), ..Self::new(seed, Broken::default()) }
    }

    /// Publishes a changed version and tries to take every open case over: whole, or unchanged with its reasons.
    fn migrate(&mut self, counts: &mut Counts) -> Result<(), String> {
        self.versions += 1;
        let (flows, map) = mutant::mutated(&self.flows, self.versions, &mut self.chance);
        let mut bundle = super::world::bundle(&flows.iter().collect::<Vec<_>>());
        bundle.digest = Digest::of(format!("version {}", self.versions).as_bytes());
        self.learn(&bundle);
        let (from, to) = (self.world.bundle.digest, bundle.digest);
        self.world.publish(bundle);
        self.flows = flows;
        for run in 0..self.world.runs.len() {
            if self.world.case(run).ended.is_some() || self.world.case(run).revision != from {
                continue;
            }
            let before = self.world.case(run).clone();
            let told = self.world.act(run, &Actor::Operator("storm".to_owned()), &Command::Migrate { from, to, map: map.clone() });
            counts.note("migrate", told.as_ref().err().map(|refusal| refusal.code));
            match told {
                Ok(_) => {
                    self.migrated.0 += 1;
                    self.look(run, "migrate")?;
                    let after = self.world.case(run);
                    let same = (after.tokens.len(), after.groups.len(), after.queue.len(), after.holds.len(), after.scopes.len());
                    if after.revision != to || same != (before.tokens.len(), before.groups.len(), before.queue.len(), before.holds.len(), before.scopes.len()) {
                        return Err(format!("case {run}: migrating lost or doubled something"));
                    }
                }
                Err(refusal) if refusal.details.iter().any(|detail| detail.code == "case_would_break") => {
                    return Err(format!("case {run}: the plan let through what breaks it: {:?}", refusal.details));
                }
                Err(refusal) if refusal.code == "cannot_migrate" && !refusal.details.is_empty() && *self.world.case(run) == before => self.migrated.1 += 1,
                Err(refusal) => return Err(format!("case {run}: {refusal:?}")),
            }
        }
        Ok(())
    }

    /// `steps` random commands, then the end of every case.
    pub fn blow(&mut self, steps: usize, counts: &mut Counts) -> Result<(), String> {
        for _ in 0..steps {
            if !self.flows.is_empty() && self.chance.percent(4) {
                self.migrate(counts)?;
            }
            let run = self.some_case(counts)?;
            let (actor, command) = self.some_command(run);
            self.act(run, &actor, &command, counts)?;
        }
        for run in 0..self.world.runs.len() {
            self.finish(run, counts)?;
            if self.world.replay(run) != *self.world.case(run) {
                return Err(format!("case {run}: the whole log folded from nothing differs from the state"));
            }
        }
        Ok(())
    }

    fn some_case(&mut self, counts: &mut Counts) -> Result<usize, String> {
        let open: Vec<usize> = (0..self.world.runs.len()).filter(|run| self.world.case(*run).ended.is_none()).collect();
        if open.is_empty() || (open.len() < 3 && self.chance.percent(2)) {
            let root = self.world.bundle.programs[&self.world.bundle.root].form.clone();
            let (form, rank) = (self.filed(root.as_deref()), self.chance.below(3));
            let run = self.world.start_ranked(form, i16::try_from(rank).unwrap());
            counts.note("start", None);
            self.look(run, "start")?;
            return Ok(run);
        }
        // An ended case is tried now and then too.
        let any = self.chance.percent(3);
        Ok(if any { self.chance.below(self.world.runs.len()) } else { *self.chance.pick(&open).unwrap() })
    }

    fn again(&mut self, run: usize, actor: &Actor, command: &Command) -> Result<(), String> {
        let waits = |case: &Case| case.tokens.values().filter(|token| matches!(token.waits, Waits::Message(_))).count();
        // An event that does not interrupt happens as often as its message comes.
        let listens = |program: &Program| {
            program.handlers.iter().chain(program.nodes.iter().flat_map(|node| &node.events)).any(|catch| matches!(catch.on, Trigger::Message(_)))
        };
        let listened = self.world.bundle.programs.values().any(|program| listens(program));
        if matches!(command, Command::Message { .. }) && (listened || waits(self.world.case(run)) > 0) {
            return Ok(());
        }
        match self.world.act(run, actor, command) {
            Ok(events) if events.is_empty() => Ok(()),
            told => Err(format!("`{}` a second time gave {told:?}", verb(command))),
        }
    }

    fn act(&mut self, run: usize, actor: &Actor, command: &Command, counts: &mut Counts) -> Result<(), String> {
        let before = self.world.runs[run].acts.len();
        let told = self.world.act(run, actor, command);
        counts.note(verb(command), told.as_ref().err().map(|refusal| refusal.code));
        match told {
            Err(refusal) if NEVER.contains(&refusal.code) => {
                let case = self.world.case(run);
                let standing: Vec<_> = case.tokens.iter().map(|(id, token)| (id, token.scope, &token.step, &token.waits, token.side)).collect();
                let scopes: Vec<_> = case.scopes.iter().map(|(id, scope)| (id, &scope.program, scope.caller, &scope.result)).collect();
                Err(format!("{} on {command:?}: {}; {standing:?} {scopes:?} {:?}", refusal.code, refusal.en, case.fresh))
            }
            Err(_) if self.world.runs[run].acts.len() != before => Err(format!("a refusal left events: {command:?}")),
            Err(_) => Ok(()),
            Ok(events) if events.is_empty() => Ok(()),
            Ok(_) if !self.was_held(run, actor, command) => Err(format!("a lease that is lost was good for {command:?} by {actor:?}")),
            Ok(events) => {
                counts.happened(&events);
                self.look(run, verb(command))?;
                // A cause is consumed by the event it leads to: the same command again finds nothing.
                if matches!(command, Command::Wake | Command::Recompute | Command::Message { .. }) && self.chance.percent(20) {
                    self.again(run, actor, command)?;
                }
                Ok(())
            }
        }
    }

    fn some_command(&mut self, run: usize) -> (Actor, Command) {
        if !self.world.case(run).jobs.is_empty() && self.chance.percent(30) {
            return self.some_job(run);
        }
        let body = self.chance.percent(97).then(|| self.world.opinion());
        let tasks: Vec<Local> = self.world.case(run).tasks.keys().copied().collect();
        let draw = self.chance.below(100);
        // With nothing to answer, time passes or a letter comes; a few acts are tried all the same.
        let act = if tasks.is_empty() && self.chance.percent(90) { 76 + draw % 20 } else { draw };
        let fits = |storm: &Self, task: &Local| match act {
            0..=14 => storm.world.case(run).tasks[task].claimed.is_none(),
            15..=19 => storm.world.case(run).tasks[task].claimed.is_some(),
            20..=47 => storm.world.case(run).tasks[task].delegate.is_none(),
            62..=71 => storm.return_target(run, *task).is_some(),
            _ => true,
        };
        let fitting: Vec<Local> = tasks.iter().copied().filter(|task| fits(self, task)).collect();
        // A verb that fits no task is mostly an answer instead.
        let act = if fitting.is_empty() && act < 72 && self.chance.percent(90) { 20 } else { act };
        let task = *self.chance.pick(if fitting.is_empty() { &tasks } else { &fitting }).unwrap_or(&0);
        let who = self.somebody(run, task);
        let command = match act {
            0..=14 => Command::Claim { task },
            15..=19 => Command::Release { task },
            20..=47 => self.some_answer(run, task, body),
            48..=61 => self.some_verb(run, task, body),
            62..=71 => self.some_return(run, task, body),
            72..=74 => {
                let terms: Vec<Local> = self.world.case(run).terms.keys().copied().collect();
                Command::Extend { term: self.chance.pick(&terms).copied().unwrap_or(9), by: 1 + self.chance.below(12) as u32, body }
            }
            75 if self.chance.percent(25) => Command::Withdraw { body },
            75..=82 => return (Actor::System, self.some_message(run)),
            83..=95 => {
                self.pass_time(run);
                return (Actor::System, Command::Wake);
            }
            96..=97 => return (Actor::System, Command::Recompute),
            98 => return (Actor::System, Command::NoticeSettled { key: "k".to_owned(), sent: true, attempts: 1, at: self.world.now, next: None }),
            _ => Command::Record { what: "note".into(), body, after: None },
        };
        let who = match command {
            Command::Extend { .. } if self.chance.percent(60) => Actor::Person(person("hal")),
            Command::RemoveSigner { member: MemberRef::Seat(task), .. } if self.chance.percent(80) => self.adder(run, task),
            Command::TakeBack { scope, ref step, .. } if self.chance.percent(90) => self.taker(run, scope, step),
            Command::DecideRecusal { .. } => Actor::Person(person("hal")),
            Command::Reply { task, .. } if self.chance.percent(90) => self.asked(run, task),
            Command::Withdraw { .. } if self.chance.percent(60) => Actor::Person(person("chen")),
            _ => who,
        };
        (who, command)
    }

    /// Mostly somebody who may, sometimes anybody.
    fn somebody(&mut self, run: usize, task: Local) -> Actor {
        let none = Nothing::default();
        let claimed = self.world.case(run).tasks.get(&task).and_then(|task| task.claimed);
        if let Some(claimer) = claimed.filter(|_| self.chance.percent(80)) {
            return Actor::Person(claimer);
        }
        let may: Vec<PersonId> = standing::eligible(self.world.case(run), &self.world.facts_of(run, &none), task).into_iter().collect();
        if self.chance.percent(85)
            && let Some(person) = self.chance.pick(&may)
        {
            return Actor::Person(*person);
        }
        match self.chance.below(PEOPLE.len() + 2) {
            0 => Actor::System,
            1 => Actor::Person(person("chen")),
            other => Actor::Person(person(PEOPLE[other - 2].0)),
        }
    }

    fn outcomes(&self, run: usize, task: Local) -> Vec<Name> {
        // A member added agrees or does not, also where it was added to the task of one decider.
        if self.world.case(run).tasks.get(&task).is_some_and(|task| task.group.is_some()) {
            return vec!["approved".into(), "rejected".into()];
        }
        self.node(run, task).map(|node| node.next.keys().cloned().collect()).unwrap_or_default()
    }

    fn filed(&mut self, form: Option<&Form>) -> serde_json::Value {
        let (area, n) = (1 + self.chance.below(5), self.chance.below(5));
        let list: Vec<usize> = (0..self.chance.below(5)).collect();
        match (&self.form, form) {
            (Some(filed), Some(form)) => filled(form, filed),
            (Some(filed), None) => filed.clone(),
            (None, _) => json!({"area": area, "n": n, "list": list}),
        }
    }

    /// The form a task edits: of its own scope, or the nearest above that has one.
    fn form_of(&self, run: usize, task: Local) -> Option<Arc<Form>> {
        let case = self.world.case(run);
        let mut scope = Some(case.tasks.get(&task)?.scope);
        while let Some(here) = scope {
            let open = &case.scopes[&here];
            if let Some(form) = &self.world.bundle.programs[&open.program].form {
                return Some(form.clone());
            }
            scope = open.parent;
        }
        None
    }

    fn some_answer(&mut self, run: usize, task: Local, opinion: Option<BodyRef>) -> Command {
        let outcomes = self.outcomes(run, task);
        let known = self.chance.pick(&outcomes).filter(|_| self.chance.clone().percent(97)).cloned();
        let outcome = known.unwrap_or_else(|| "nonsense".into());
        let (body, form) = self.papers(run, task, &outcome);
        Command::Complete { task, outcome, body: opinion.and(body), form }
    }

    /// What comes with an answer: the opinion with the fields its form asks for, and the application where it is edited.
    fn papers(&mut self, run: usize, task: Local, outcome: &Name) -> (Option<BodyRef>, Option<BodyRef>) {
        let rule = self.node(run, task).and_then(|node| if let NodeKind::Task(rule) = &node.kind { Some(rule.clone()) } else { None });
        let fields = rule.as_ref().and_then(|rule| rule.fields.as_ref()).filter(|answer| answer.with.contains(outcome));
        let body = match fields {
            Some(answer) => json!({"opinion": "同意", "fields": fields_of(&answer.form, self.chance.percent(50), self.form.as_ref())}),
            None => json!({"opinion": "同意"}),
        };
        let edits = rule.is_some_and(|rule| rule.edits_form && (&**outcome == "resubmitted" || rule.outcomes.len() == 1));
        let body = Some(self.world.body(body));
        let edited = edits.then(|| self.form_of(run, task));
        let form = edited.map(|form| self.filed(form.as_deref())).map(|form| self.world.body(form));
        (body, form)
    }

    fn node(&self, run: usize, task: Local) -> Option<&Node> {
        let case = self.world.case(run);
        let open = case.tasks.get(&task)?;
        let program = &self.world.pinned(run).programs[&case.scopes[&open.scope].program];
        program.nodes.get(usize::from(case.tokens[&open.token].node.0))
    }

    fn some_return(&mut self, run: usize, task: Local, body: Option<BodyRef>) -> Command {
        let to = self.return_target(run, task).unwrap_or_else(|| "nowhere".into());
        Command::Return { task, to, body }
    }

    fn return_target(&self, run: usize, task: Local) -> Option<Name> {
        let case = self.world.case(run);
        let open = case.tasks.get(&task)?;
        let program = &self.world.pinned(run).programs[&case.scopes[&open.scope].program];
        let rule = program.nodes[usize::from(case.tokens[&open.token].node.0)].may_return.as_ref()?;
        Some(program.nodes[usize::from(rule.to[0].0)].key.clone())
    }

    fn some_message(&mut self, run: usize) -> Command {
        if self.chance.percent(15) {
            return Command::Signal { name: "bell".into(), from: CaseId(uuid::Uuid::nil()) };
        }
        let waits = |waits: &Waits| if let Waits::Message(name) = waits { Some(name.clone()) } else { None };
        let names: Vec<(Local, Name)> = self.world.case(run).tokens.iter().filter_map(|(id, token)| Some((*id, waits(&token.waits)?))).collect();
        let one = self.chance.percent(50);
        match self.chance.pick(&names).cloned() {
            Some((token, name)) => Command::Message { name, token: one.then_some(token) },
            None => Command::Message { name: "letter".into(), token: None },
        }
    }

    fn pass_time(&mut self, run: usize) {
        let due = greenlane::engine::next_wake(self.world.case(run));
        self.world.now = match due {
            // Past the published years nothing is due, and time goes no further.
            _ if self.world.now.date() > day("2026-11-30") => self.world.now,
            Some(due) if self.chance.percent(50) => self.world.now.max(due),
            Some(_) | None => Moment(self.world.now.0 + 3_600_000 * (1 + self.chance.below(40) as i64)),
        };
    }

    /// People who only go forward, and a world that gives what is waited for.
    fn finish(&mut self, run: usize, counts: &mut Counts) -> Result<(), String> {
        for _ in 0..FAIR_ACTS {
            if self.world.case(run).ended.is_some() {
                return Ok(());
            }
            let Some((actor, command)) = self.fair_command(run) else {
                return Err(format!("case {run} is stuck: {:?}", self.world.case(run).tokens));
            };
            self.act(run, &actor, &command, counts)?;
        }
        // What is tried last says why it goes round.
        let last = self.fair_command(run).map(|(actor, command)| {
            let told = self.world.act(run, &actor, &command).map(|events| events.len()).map_err(|refusal| refusal.code);
            format!("{actor:?} {command:?}: {told:?}")
        });
        Err(format!("case {run} does not end: {:?}; {last:?}; {:?} {:?}", self.world.standing(run), self.world.case(run).tasks, self.world.case(run).groups))
    }

    fn fair_command(&mut self, run: usize) -> Option<(Actor, Command)> {
        let none = Nothing::default();
        let case = self.world.case(run);
        // A question that is still out is taken back: others may wait for its task.
        let lent = case.tasks.iter().find(|(_, open)| standing::delegate(case, &self.world.facts_of(run, &none), open).is_some());
        if let Some((task, Some(holder))) = lent.map(|(task, open)| (*task, open.claimed)) {
            return Some((Actor::Person(holder), Command::Recall { task }));
        }
        let first = case.tasks.iter().next().map(|(id, task)| (*id, task.clone()));
        if let Some((task, open)) = first {
            let (task, open) = self.unblocked(run, (task, open));
            let case = self.world.case(run);
            let eligible = standing::eligible(case, &self.world.facts_of(run, &none), task);
            return Some(match open.claimed {
                // Claimed, and kept apart since: it is given back.
                Some(claimer) if !eligible.contains(&claimer) => (Actor::Person(claimer), Command::Release { task }),
                claimed => {
                    let forward = |outcome: &Name| !DETOURS.contains(&&**outcome) && (self.form.is_some() || &**outcome != "resubmitted");
                    let outcomes: Vec<Name> = self.outcomes(run, task).into_iter().filter(forward).collect();
                    let refused = self.refused_before(run, task);
                    let outcome = if refused { Name::from("rejected") } else { self.chance.pick(&outcomes)?.clone() };
                    let eligible: Vec<PersonId> = eligible.into_iter().collect();
                    let by = claimed.or_else(|| self.chance.pick(&eligible).copied())?;
                    let (body, form) = self.papers(run, task, &outcome);
                    (Actor::Person(by), Command::Complete { task, outcome, body, form })
                }
            });
        }
        if let Some(job) = self.world.case(run).jobs.keys().next().copied() {
            return Some(self.fair_job(run, job));
        }
        if let Some((token, place)) = self.world.case(run).queue.iter().next() {
            let (token, place) = (*token, place.clone());
            let account = self.world.accounts.get_mut(&place.account)?;
            account.free += place.amount;
            // Everybody ahead has gone home.
            account.waiting.retain(|other| other.token == token && other.case == self.world.runs[run].case.as_ref().unwrap().id);
            return Some((Actor::System, Command::Message { name: "quota-freed".into(), token: Some(token) }));
        }
        let waits = |waits: &Waits| if let Waits::Message(name) = waits { Some(name.clone()) } else { None };
        if let Some(name) = self.world.case(run).tokens.values().find_map(|token| waits(&token.waits)) {
            return Some((Actor::System, Command::Message { name, token: None }));
        }
        let due = self.world.case(run).timers.values().filter_map(|timer| timer.at).min()?;
        self.world.now = self.world.now.max(due);
        Some((Actor::System, Command::Wake))
    }
}

/// Fields that the forms of the published workflows take.
fn fields_of(form: &Form, all: bool, filed: Option<&serde_json::Value>) -> serde_json::Value {
    let total = filed.and_then(|form| form["total_fen"].as_i64()).unwrap_or(0);
    let grant = if all { 100 } else { 0 };
    match &*form.key {
        "funding-record" => json!({"own_fen": total - grant, "equity_fen": 0, "loan_fen": 0, "grant_fen": grant, "lease_fen": 0}),
        _other => filled(form, filed.unwrap_or(&json!({}))),
    }
}
