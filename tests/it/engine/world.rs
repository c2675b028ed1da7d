//! A world for the engine: people, a calendar, accounts and cases in memory, with every fact handed over only when it is asked for.
//! After each act the log is written to bytes, read back and folded, and must give the same bytes as the state.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use chrono::{NaiveDate, NaiveTime};
use greenlane::calendar::{self, Calendar};
use greenlane::definition::graph::{Bundle, Settlement};
use greenlane::engine::case::{BodyRef, Case, Local, Waits};
use greenlane::engine::command::{Actor, Command};
use greenlane::engine::effect::{Effect, PostingKind};
use greenlane::engine::event::Event;
use greenlane::engine::facts::{Balance, Decision, Facts, Lease, Need, Waiting};
use greenlane::engine::refusal::Refusal;
use greenlane::engine::{decide, effects, fold_act, invariants, next_wake};
use greenlane::identity::{Holding, Office, Person, Roster};
use greenlane::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant};
use uuid::Uuid;

use super::flow::Flow;

/// Ezhou.
const TENANT: Tenant = Tenant(420_700);

/// An account as the store would keep it.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub free: i64,
    pub reserved: i64,
    pub used: i64,
    /// Of what is reserved, what ended cases left reserved.
    pub kept: i64,
    pub waiting: Vec<Waiting>,
}

/// One case of the world.
#[derive(Debug, Default)]
pub struct Run {
    pub case: Option<Case>,
    /// The same case, folded from the bytes of its log.
    replayed: Option<Case>,
    pub acts: Vec<Vec<Event>>,
    /// What the last act asked of the outer rooms.
    pub effects: Vec<Effect>,
}

/// What goes wrong in an engine that is broken on purpose: the events it gives are changed before anybody sees them.
pub type Sabotage = fn(&Command, Option<&Case>, &mut Vec<Event>);

pub struct World {
    /// The version in force: what a new case pins.
    pub bundle: Bundle,
    /// Every version that was ever in force, but for the first world's own.
    pub versions: BTreeMap<Digest, Bundle>,
    pub calendar: Calendar,
    pub roster: Roster,
    pub now: Moment,
    pub accounts: BTreeMap<String, Account>,
    pub counters: BTreeMap<String, u64>,
    pub bodies: BTreeMap<Digest, serde_json::Value>,
    /// Who fetched each outside job last.
    pub leases: BTreeMap<(CaseId, Local), Lease>,
    pub runs: Vec<Run>,
    pub sabotage: Option<Sabotage>,
    /// What went wrong outside the case itself: a balance below zero, a gap in a series, a fact asked for twice.
    wrong: RefCell<Vec<String>>,
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Nine in the morning in China.
pub fn morning(text: &str) -> Moment {
    Moment::at(day(text), NaiveTime::from_hms_opt(9, 0, 0).unwrap())
}

/// The calendar the program carries.
pub fn china() -> Calendar {
    static CN: OnceLock<Calendar> = OnceLock::new();
    CN.get_or_init(|| Calendar::parse(calendar::CN, "cn.yaml").unwrap()).clone()
}

/// A person known by a word.
pub fn person(word: &str) -> PersonId {
    PersonId(Uuid::from_u128(u128::from_be_bytes(Digest::of(word.as_bytes()).0[..16].try_into().unwrap())))
}

pub fn bundle(flows: &[&Flow]) -> Bundle {
    let programs: BTreeMap<Name, _> = flows.iter().map(|flow| (Name::from(flow.name.as_str()), Arc::new(flow.program()))).collect();
    let root = flows.first().map_or("none", |flow| flow.name.as_str());
    Bundle { root: root.into(), digest: Digest::of(root.as_bytes()), programs }
}

/// People by (person, office, post); `chen` applies.
pub fn roster(held: &[(&str, &str, &str)]) -> Roster {
    let mut roster = Roster { version: 1, ..Roster::default() };
    for (who, office, post) in held.iter().chain(&[("chen", "company", "agent")]) {
        let key: Name = (*office).into();
        let text = (*office).to_owned();
        let office = Office {
            key: key.clone(),
            zh: text.clone(),
            en: text,
            seed: "none".to_owned(),
            from: None,
            until: None,
            successor: None,
            members: Vec::new(),
            open_ended: false,
        };
        roster.offices.insert(key.clone(), office);
        let id = person(who);
        let (login, name) = ((*who).to_owned(), (*who).to_owned());
        roster.people.insert(id, Person { id, login, name, email: None, phone: None, language: "zh-CN".to_owned(), disabled: false });
        roster.holdings.push(Holding { person: id, office: key, post: (*post).into(), from: None, until: None });
    }
    roster
}

impl World {
    /// A world on Monday, 2025-03-03, nine in the morning.
    pub fn new(flows: &[&Flow], held: &[(&str, &str, &str)]) -> Self {
        Self::of(bundle(flows), held)
    }

    /// The same world for a bundle that was made elsewhere.
    pub fn of(bundle: Bundle, held: &[(&str, &str, &str)]) -> Self {
        Self {
            versions: BTreeMap::from([(bundle.digest, bundle.clone())]),
            bundle,
            calendar: china(),
            roster: roster(held),
            now: morning("2025-03-03"),
            accounts: BTreeMap::new(),
            counters: BTreeMap::new(),
            bodies: BTreeMap::new(),
            leases: BTreeMap::new(),
            runs: Vec::new(),
            sabotage: None,
            wrong: RefCell::default(),
        }
    }

    pub fn at(&mut self, date: &str) -> &mut Self {
        self.now = morning(date);
        self
    }

    /// A body beside the log.
    pub fn body(&mut self, json: serde_json::Value) -> BodyRef {
        let commit = Digest::of(format!("{} {json}", self.bodies.len()).as_bytes());
        self.bodies.insert(commit, json);
        BodyRef { commit }
    }

    pub fn opinion(&mut self) -> BodyRef {
        self.body(serde_json::json!({"opinion": "同意"}))
    }

    /// Starts a case and answers with its place in `runs`.
    pub fn start(&mut self, form: serde_json::Value) -> usize {
        self.start_ranked(form, 1)
    }

    pub fn start_ranked(&mut self, form: serde_json::Value, rank: i16) -> usize {
        let run = self.runs.len();
        self.runs.push(Run::default());
        let form = Some(self.body(form));
        let case = CaseId(Uuid::from_u128(run as u128 + 1));
        let command = Command::Start { tenant: TENANT, case, workflow: self.bundle.root.clone(), revision: self.bundle.digest, form, rank };
        self.act(run, &Actor::Person(person("chen")), &command).unwrap();
        run
    }

    pub fn case(&self, run: usize) -> &Case {
        self.runs[run].case.as_ref().unwrap()
    }

    /// Decides a command, handing over each fact when it is asked for, and folds what it comes to.
    pub fn act(&mut self, run: usize, actor: &Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let mut events = self.decide(run, actor, command)?;
        if let Some(sabotage) = self.sabotage {
            sabotage(command, self.runs[run].case.as_ref(), &mut events);
        }
        if !events.is_empty() {
            self.fold(run, &events);
        }
        Ok(events)
    }

    fn decide(&self, run: usize, actor: &Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let (mut bodies, mut balances, mut counters, mut leases) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for _ in 0..64 {
            let facts = Facts {
                now: self.now,
                bundle: self.pinned(run),
                target: self.target(command),
                calendar: &self.calendar,
                roster: &self.roster,
                bodies: &bodies,
                balances: &balances,
                counters: &counters,
                leases: &leases,
            };
            match decide(self.runs[run].case.as_ref(), actor, command, &facts) {
                Decision::Events(events) => return Ok(events),
                Decision::Refused(refusal) => return Err(refusal),
                Decision::Needs(needs) => {
                    let new = needs.into_iter().filter(|need| match need {
                        Need::Body(key) => bodies.insert(*key, self.bodies[key].clone()).is_none(),
                        Need::Balance(key) => balances.insert(key.clone(), self.balance(key)).is_none(),
                        Need::Lease(case, job) => leases.insert((*case, *job), self.leases.get(&(*case, *job)).copied()).is_none(),
                        Need::Counter(key) => counters.insert(key.clone(), self.counters.get(key).copied().unwrap_or(0)).is_none(),
                    });
                    if new.count() == 0 {
                        break;
                    }
                }
            }
        }
        self.wrong.borrow_mut().push(format!("it asks for facts it has: {command:?}"));
        Ok(Vec::new())
    }

    /// The version a case runs. One that was changed by hand in a test is the one in force.
    pub fn pinned(&self, run: usize) -> &Bundle {
        let revision = self.runs[run].case.as_ref().map(|case| case.revision).filter(|revision| *revision != self.bundle.digest);
        revision.and_then(|revision| self.versions.get(&revision)).unwrap_or(&self.bundle)
    }

    fn target(&self, command: &Command) -> Option<&Bundle> {
        if let Command::Migrate { to, .. } = command { self.versions.get(to) } else { None }
    }

    /// Puts another version in force.
    pub fn publish(&mut self, bundle: Bundle) {
        self.versions.insert(self.bundle.digest, self.bundle.clone());
        self.versions.insert(bundle.digest, bundle.clone());
        self.bundle = bundle;
    }

    fn balance(&self, key: &str) -> Option<Balance> {
        let today = |place: &Waiting| Waiting { rank: self.bundle.rank_on(place.rank, self.now.date()), ..place.clone() };
        self.accounts.get(key).map(|account| Balance { free: account.free, waiting: account.waiting.iter().map(today).collect() })
    }

    fn fold(&mut self, run: usize, events: &[Event]) {
        let before = self.runs[run].case.clone();
        let after = fold_act(before.clone(), events).expect("an act leaves a case");
        let none = Nothing::default();
        let pinned = if after.revision == self.bundle.digest { &self.bundle } else { self.versions.get(&after.revision).unwrap_or(&self.bundle) };
        let facts = Facts {
            now: self.now,
            bundle: pinned,
            target: None,
            calendar: &self.calendar,
            roster: &self.roster,
            bodies: &none.0,
            balances: &none.1,
            counters: &none.2,
            leases: &none.3,
        };
        let asked = effects(before.as_ref(), &after, events, &facts);
        for effect in &asked {
            self.book(&after, effect);
        }
        let run = &mut self.runs[run];
        let stored = serde_json::to_vec(events).unwrap();
        let read: Vec<Event> = serde_json::from_slice(&stored).unwrap();
        run.replayed = fold_act(run.replayed.take(), &read);
        run.acts.push(read);
        run.case = Some(after);
        run.effects = asked;
    }

    /// What the store does with an effect in the same commit.
    fn book(&mut self, case: &Case, effect: &Effect) {
        match effect {
            Effect::Notice(_) | Effect::Order(_) | Effect::Broadcast { .. } => {}
            Effect::Posting { account, kind, amount, hold: _ } => {
                let account = self.accounts.get_mut(account).expect("a posting names an account");
                let (from, to) = match kind {
                    PostingKind::Reserve => (&mut account.free, &mut account.reserved),
                    PostingKind::Settle(Settlement::Use) => (&mut account.reserved, &mut account.used),
                    PostingKind::Settle(Settlement::Release) => (&mut account.reserved, &mut account.free),
                    PostingKind::Settle(Settlement::Keep) => {
                        account.kept += amount;
                        return;
                    }
                };
                *from -= amount;
                *to += amount;
                if *from < 0 {
                    self.wrong.borrow_mut().push(format!("a balance fell to {from}"));
                }
            }
            Effect::Queue { account, token, wants } => {
                let line = &mut self.accounts.get_mut(account).expect("a line belongs to an account").waiting;
                line.retain(|place| (place.case, place.token) != (case.id, *token));
                line.extend(wants.map(|(since, amount)| Waiting { case: case.id, token: *token, rank: case.rank, since, amount }));
                line.sort_by_key(|place| (place.rank, place.since, place.case, place.token));
            }
            Effect::Counter { key, value } => {
                if self.counters.insert(key.clone(), *value).unwrap_or(0) + 1 != *value {
                    self.wrong.borrow_mut().push(format!("series {key} has a gap before {value}"));
                }
            }
        }
    }

    /// Everything that must hold of a case between two acts, or what is wrong.
    pub fn check(&self, run: usize) -> Result<(), String> {
        if let Some(wrong) = self.wrong.borrow().first() {
            return Err(wrong.clone());
        }
        let Run { case: Some(case), replayed: Some(replayed), .. } = &self.runs[run] else { return Err("no case".to_owned()) };
        let (state, folded) = (serde_json::to_vec(case).unwrap(), serde_json::to_vec(replayed).unwrap());
        if state != folded {
            return Err(format!("the replay differs:\n{}\n{}", String::from_utf8_lossy(&state), String::from_utf8_lossy(&folded)));
        }
        if serde_json::from_slice::<Case>(&state).ok().as_ref() != Some(case) {
            return Err("the state does not survive being written and read".to_owned());
        }
        invariants::check(case, self.pinned(run)).map_err(|wrong| wrong.join("; "))
    }

    /// Every state the case has been in, from its first act on.
    pub fn history(&self, run: usize) -> Vec<Case> {
        let mut state = None;
        let mut states = Vec::new();
        for act in &self.runs[run].acts {
            state = fold_act(state, act);
            states.extend(state.clone());
        }
        states
    }

    /// The whole log folded from nothing.
    pub fn replay(&self, run: usize) -> Case {
        self.runs[run].acts.iter().fold(None, |state, act| fold_act(state, act)).unwrap()
    }

    pub fn facts<'w>(&'w self, none: &'w Nothing) -> Facts<'w> {
        Facts {
            now: self.now,
            bundle: &self.bundle,
            target: None,
            calendar: &self.calendar,
            roster: &self.roster,
            bodies: &none.0,
            balances: &none.1,
            counters: &none.2,
            leases: &none.3,
        }
    }

    /// The same for one case, which may run an older version.
    pub fn facts_of<'w>(&'w self, run: usize, none: &'w Nothing) -> Facts<'w> {
        Facts { bundle: self.pinned(run), ..self.facts(none) }
    }

    // What people do, in words.

    pub fn task(&self, run: usize, step: &str) -> Local {
        let found = self.case(run).tasks.iter().find(|(_, task)| &*task.step == step);
        *found.unwrap_or_else(|| panic!("no open task at `{step}`; open: {:?}", self.open(run))).0
    }

    /// The steps with an open task.
    pub fn open(&self, run: usize) -> BTreeSet<String> {
        self.case(run).tasks.values().map(|task| task.step.to_string()).collect()
    }

    /// The steps where a token waits.
    pub fn standing(&self, run: usize) -> Vec<String> {
        self.case(run).tokens.values().map(|token| token.step.to_string()).collect()
    }

    pub fn complete(&mut self, run: usize, who: &str, (step, outcome): (&str, &str)) -> Result<Vec<Event>, Refusal> {
        let (task, body) = (self.task(run, step), Some(self.opinion()));
        let command = Command::Complete { task, outcome: outcome.into(), body, form: None };
        let done = self.act(run, &Actor::Person(person(who)), &command);
        self.check(run).unwrap();
        done
    }

    pub fn claim(&mut self, run: usize, who: &str, step: &str) -> Result<Vec<Event>, Refusal> {
        let task = self.task(run, step);
        self.act(run, &Actor::Person(person(who)), &Command::Claim { task })
    }

    pub fn send_back(&mut self, run: usize, who: &str, (step, to): (&str, &str)) -> Result<Vec<Event>, Refusal> {
        let (task, body) = (self.task(run, step), Some(self.opinion()));
        let done = self.act(run, &Actor::Person(person(who)), &Command::Return { task, to: to.into(), body });
        self.check(run).unwrap();
        done
    }

    pub fn message(&mut self, run: usize, name: &str) -> Vec<Event> {
        let done = self.act(run, &Actor::System, &Command::Message { name: name.into(), token: None }).unwrap();
        self.check(run).unwrap();
        done
    }

    /// The outside job of a step.
    pub fn job(&self, run: usize, step: &str) -> Local {
        let found = self.case(run).jobs.iter().find(|(_, job)| &*job.step == step);
        *found.unwrap_or_else(|| panic!("no outside job at `{step}`; jobs: {:?}", self.case(run).jobs)).0
    }

    /// A worker fetches a job: what the store does, whoever held it before.
    pub fn fetch(&mut self, run: usize, who: &str, job: Local) -> i64 {
        let lease = self.leases.entry((self.runs[run].case.as_ref().unwrap().id, job)).or_insert(Lease { fence: 0, worker: None });
        *lease = Lease { fence: lease.fence + 1, worker: Some(person(who)) };
        lease.fence
    }

    pub fn wake(&mut self, run: usize) -> Vec<Event> {
        let done = self.act(run, &Actor::System, &Command::Wake).unwrap();
        self.check(run).unwrap();
        done
    }

    /// The world's clock goes to the next thing the case waits for, and it is woken.
    pub fn sleep_until_due(&mut self, run: usize) -> Option<Moment> {
        let at = next_wake(self.case(run))?;
        self.now = self.now.max(at);
        self.wake(run);
        Some(at)
    }

    pub fn result(&self, run: usize) -> Option<String> {
        self.case(run).ended.as_ref().map(|(result, _)| result.to_string())
    }

    /// The notices of the last act, by kind.
    pub fn told(&self, run: usize) -> Vec<String> {
        let kind = |effect: &Effect| if let Effect::Notice(notice) = effect { Some(notice.kind.to_string()) } else { None };
        self.runs[run].effects.iter().filter_map(kind).collect()
    }

    /// Tokens that wait for a message of this name.
    pub fn waiting_for(&self, run: usize, name: &str) -> usize {
        self.case(run).tokens.values().filter(|token| matches!(&token.waits, Waits::Message(awaited) if &**awaited == name)).count()
    }
}

/// No bodies, balances, counters or leases.
pub type Nothing = (BTreeMap<Digest, serde_json::Value>, BTreeMap<String, Option<Balance>>, BTreeMap<String, u64>, BTreeMap<(CaseId, Local), Option<Lease>>);
