//! The pure engine as a stage: cases, bodies, accounts and notices in memory, every fact handed over only when it is asked for.
//! Invariant: after each act the case replays to the same bytes and holds the engine's invariants; where it does not, the line fails.
//! Never: the store's work left out. What a commit does with an effect is done here, and a line that an account can serve is served.

use std::collections::{BTreeMap, VecDeque};

use crate::definition::graph::Settlement;
use crate::engine::case::{BodyRef, Case, Local};
use crate::engine::command::{Actor, Command};
use crate::engine::effect::{Effect, NoticeEffect, PostingKind};
use crate::engine::event::Event;
use crate::engine::facts::{Balance, Decision, Facts, Lease, Need, Waiting};
use crate::engine::refusal::Refusal;
use crate::engine::{decide, effects, fold_act, invariants, listening, next_wake};
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::ids::{CaseId, Digest, Moment, Name, Tenant};
use crate::notice::audience;
use crate::rehearsal::cast::Cast;
use crate::rehearsal::play::{Answer, Asked, Fetch, Play, Step, Verdict as Outcome};
use crate::rehearsal::seen::{AccountSeen, DoneSeen, JobSeen, Scene, Seen, TaskSeen, TermSeen};

mod look;

/// The tenant of a rehearsal.
const TENANT: Tenant = Tenant(420_700);
/// The message a waiting case hears when its account can serve it.
const QUOTA_FREED: &str = "quota-freed";
/// How often a decision may ask for more facts.
const ASKS_MAX: usize = 64;
/// How many things may fall due while time passes once.
const WAKES_MAX: usize = 10_000;

/// An account as the store would keep it.
#[derive(Clone, Debug, Default)]
struct Account {
    free: i64,
    reserved: i64,
    used: i64,
    waiting: Vec<Waiting>,
    postings: Vec<(String, i64)>,
}

/// A lease as the store would keep it.
#[derive(Clone, Copy, Debug)]
struct Held {
    lease: Lease,
    until: Moment,
}

/// A case with its log.
#[derive(Debug, Default)]
struct Run {
    case: Option<Case>,
    replayed: Option<Case>,
    seen: Log,
}

/// What the events of a case said, as a reader of the record sees it.
#[derive(Debug, Default)]
struct Log {
    done: Vec<DoneSeen>,
    record: Vec<(String, String, String)>,
    documents: Vec<(String, Option<String>)>,
    orders: Vec<(String, String, String)>,
    said: BTreeMap<String, (String, String)>,
}

/// The engine's stage.
struct World<'c> {
    cast: &'c Cast,
    now: Moment,
    accounts: BTreeMap<String, Account>,
    counters: BTreeMap<String, u64>,
    bodies: BTreeMap<Digest, serde_json::Value>,
    runs: BTreeMap<CaseId, Run>,
    /// Signals on their way to other cases: name, who gave it, who listened.
    signals: VecDeque<(Name, CaseId, CaseId)>,
    /// Who fetched each outside job last.
    leases: BTreeMap<(CaseId, Local), Held>,
    /// What went wrong beside the acts: a replay that differs, a balance below zero.
    wrong: Vec<String>,
}

/// Plays a file on the engine.
#[must_use]
pub fn play(cast: &Cast) -> Outcome {
    let mut play = Play::new(cast);
    let mut world = World::new(cast, play.now);
    while let Some(step) = play.next_step() {
        let mut answer = match step {
            Step::Act(asked) => {
                let answer = world.asked(&asked);
                if let (Answer::Done(Some(case)), true) = (&answer, asked.starts) {
                    play.began(&asked.name, *case);
                }
                answer
            }
            Step::Until(moment) => world.until(moment),
            Step::Issue(account, amount) => world.issue(&account, amount),
            Step::Fetch(fetch) => match world.fetch(&fetch) {
                Ok(fetched) => play.fetched(&fetch, &fetched),
                Err(refused) => refused,
            },
            Step::Look => Answer::Done(None),
        };
        if let Some(wrong) = world.wrong.first() {
            answer = Answer::Broken(wrong.clone());
        }
        play.judged(&answer, world.look(play.cases()));
    }
    play.verdict()
}

impl<'c> World<'c> {
    fn new(cast: &'c Cast, now: Moment) -> Self {
        let open = |opening: &crate::rehearsal::cast::Opening| {
            let postings = Some(("issue".to_owned(), opening.amount)).filter(|(_, amount)| *amount > 0).into_iter().collect();
            (opening.key.clone(), Account { free: opening.amount, postings, ..Account::default() })
        };
        Self {
            cast,
            now,
            accounts: cast.accounts.iter().map(open).collect(),
            counters: BTreeMap::new(),
            bodies: BTreeMap::new(),
            runs: BTreeMap::new(),
            signals: VecDeque::new(),
            leases: BTreeMap::new(),
            wrong: Vec::new(),
        }
    }

    fn asked(&mut self, asked: &Asked) -> Answer {
        let mut answer = serde_json::Map::new();
        answer.extend(asked.opinion.clone().map(|opinion| ("opinion".to_owned(), opinion.into())));
        answer.extend(asked.fields.clone().map(|fields| ("fields".to_owned(), fields.into())));
        let body = (!answer.is_empty()).then(|| self.body(answer.into()));
        let form = asked.form.clone().map(|form| self.body(form));
        let command = (asked.verb.command)(&asked.said(self.cast, TENANT, (body, form)));
        let actor = asked.who.map_or(Actor::System, Actor::Person);
        match self.act(asked.case, &actor, &command) {
            Ok(()) => {
                self.serve();
                Answer::Done(asked.starts.then_some(asked.case))
            }
            Err(refusal) => Answer::refused(refusal.code.to_owned(), &refusal.zh, refusal.details.into_iter().map(|detail| (detail.path, detail.zh))),
        }
    }

    /// A body beside the log.
    fn body(&mut self, json: serde_json::Value) -> BodyRef {
        let commit = Digest::of(format!("{} {json}", self.bodies.len()).as_bytes());
        self.bodies.insert(commit, json);
        BodyRef { commit }
    }

    fn act(&mut self, case: CaseId, actor: &Actor, command: &Command) -> Result<(), Refusal> {
        let events = self.decide(case, actor, command)?;
        if !events.is_empty() {
            self.fold(case, &events);
        }
        Ok(())
    }

    fn decide(&mut self, case: CaseId, actor: &Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let (mut bodies, mut balances, mut counters, mut leases) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for _ in 0..ASKS_MAX {
            let facts = Facts {
                now: self.now,
                bundle: &self.cast.bundle,
                target: None,
                calendar: &self.cast.calendar,
                roster: &self.cast.roster,
                bodies: &bodies,
                balances: &balances,
                counters: &counters,
                leases: &leases,
            };
            match decide(self.runs.get(&case).and_then(|run| run.case.as_ref()), actor, command, &facts) {
                Decision::Events(events) => return Ok(events),
                Decision::Refused(refusal) => return Err(refusal),
                Decision::Needs(needs) => {
                    for need in needs {
                        match need {
                            Need::Body(key) => _ = bodies.insert(key, self.bodies.get(&key).cloned().unwrap_or_default()),
                            Need::Balance(key) => {
                                let balance = self.accounts.get(&key).map(|account| Balance { free: account.free, waiting: self.line(account) });
                                balances.insert(key, balance);
                            }
                            Need::Lease(case, job) => _ = leases.insert((case, job), self.leases.get(&(case, job)).map(|held| held.lease)),
                            Need::Counter(key) => {
                                let last = self.counters.get(&key).copied().unwrap_or(0);
                                counters.insert(key, last);
                            }
                        }
                    }
                }
            }
        }
        self.wrong.push(format!("it asks for facts it has: {command:?}"));
        Ok(Vec::new())
    }

    fn fold(&mut self, id: CaseId, events: &[Event]) {
        let run = self.runs.entry(id).or_default();
        let before = run.case.clone();
        let Some(after) = fold_act(before.clone(), events) else { return self.wrong.push("an act left no case".to_owned()) };
        let none = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let facts = Facts {
            now: self.now,
            bundle: &self.cast.bundle,
            target: None,
            calendar: &self.cast.calendar,
            roster: &self.cast.roster,
            bodies: &none.0,
            balances: &none.1,
            counters: &none.2,
            leases: &BTreeMap::new(),
        };
        let asked = effects(before.as_ref(), &after, events, &facts);
        let stored = serde_json::to_vec(events).ok().and_then(|bytes| serde_json::from_slice::<Vec<Event>>(&bytes).ok());
        run.replayed = fold_act(run.replayed.take(), &stored.unwrap_or_default());
        if run.replayed.as_ref() != Some(&after) {
            self.wrong.push(format!("case {id} replays to another state"));
        }
        if let Err(wrong) = invariants::check(&after, &self.cast.bundle) {
            self.wrong.push(wrong.join("; "));
        }
        run.seen.events(events, self.cast);
        run.case = Some(after.clone());
        if events.iter().any(|event| matches!(event, Event::Ranked { .. })) {
            self.rank_anew(&after);
        }
        for effect in &asked {
            self.book((before.as_ref(), &after), effect);
        }
    }

    /// Whoever stands in line keeps the place's time and takes the new rank along.
    fn rank_anew(&mut self, case: &Case) {
        for account in self.accounts.values_mut() {
            account.waiting.iter_mut().filter(|place| place.case == case.id).for_each(|place| place.rank = case.rank);
            account.waiting.sort_by_key(|place| (place.rank, place.since, place.case, place.token));
        }
    }

    /// Who waits today, first in line first: a rank whose basis has ended counts no more.
    fn line(&self, account: &Account) -> Vec<Waiting> {
        let today = |place: &Waiting| Waiting { rank: self.cast.bundle.rank_on(place.rank, self.now.date()), ..place.clone() };
        let mut line: Vec<Waiting> = account.waiting.iter().map(today).collect();
        line.sort_by_key(|place| (place.rank, place.since, place.case, place.token));
        line
    }

    /// What the store does with an effect in the same commit.
    fn book(&mut self, (before, after): (Option<&Case>, &Case), effect: &Effect) {
        match effect {
            Effect::Notice(notice) => self.tell(before, after, notice),
            Effect::Posting { account, kind, amount, hold: _ } => {
                let account = self.accounts.entry(account.clone()).or_default();
                let (from, to, word) = match kind {
                    PostingKind::Reserve => (&mut account.free, &mut account.reserved, "reserve"),
                    PostingKind::Settle(Settlement::Use) => (&mut account.reserved, &mut account.used, "use"),
                    PostingKind::Settle(Settlement::Release) => (&mut account.reserved, &mut account.free, "release"),
                    PostingKind::Settle(Settlement::Keep) => return,
                };
                *from -= amount;
                *to += amount;
                if *from < 0 {
                    self.wrong.push(format!("a balance fell to {from}"));
                }
                account.postings.push((word.to_owned(), *amount));
            }
            Effect::Queue { account, token, wants } => {
                let line = &mut self.accounts.entry(account.clone()).or_default().waiting;
                line.retain(|place| (place.case, place.token) != (after.id, *token));
                line.extend(wants.map(|(since, amount)| Waiting { case: after.id, token: *token, rank: after.rank, since, amount }));
                line.sort_by_key(|place| (place.rank, place.since, place.case, place.token));
            }
            Effect::Broadcast { name } => {
                let listens = |(id, run): (&CaseId, &Run)| {
                    let case = run.case.as_ref().filter(|_| *id != after.id)?;
                    listening(case, &self.cast.bundle).contains(name).then_some(*id)
                };
                let heard: Vec<CaseId> = self.runs.iter().filter_map(listens).collect();
                self.signals.extend(heard.into_iter().map(|id| (name.clone(), after.id, id)));
            }
            Effect::Order(order) => {
                let program = after.scopes.get(&order.scope).map_or_else(String::new, |scope| scope.program.to_string());
                let drafted = (program, order.term.to_string(), order.due.to_string());
                if let Some(run) = self.runs.get_mut(&after.id).filter(|run| !run.seen.orders.contains(&drafted)) {
                    run.seen.orders.push(drafted);
                }
            }
            Effect::Counter { key, value } => _ = self.counters.insert(key.clone(), *value),
        }
    }

    fn tell(&mut self, before: Option<&Case>, after: &Case, notice: &NoticeEffect) {
        // A link that closed with this act is in the state before it only.
        let case = before.filter(|_| !after.scopes.contains_key(&notice.scope)).unwrap_or(after);
        let heard = audience(notice, case, &self.cast.roster, self.now.date());
        let Some(run) = self.runs.get_mut(&after.id) else { return };
        for person in heard.values().filter(|person| !person.disabled && person.email.is_some()) {
            let occasion = format!("{} {:?} {:?} {:?} {:?} {:?} {}", notice.kind, notice.scope, notice.step, notice.entry, notice.rung, notice.due, person.id);
            run.seen.said.insert(occasion, (notice.kind.to_string(), person.name.clone()));
        }
    }

    /// Time passes, and whatever falls due on the way is fired at its moment.
    fn until(&mut self, target: Moment) -> Answer {
        for _ in 0..WAKES_MAX {
            let due = self.runs.iter().filter_map(|(id, run)| Some((next_wake(run.case.as_ref()?)?, *id))).min();
            let Some((at, case)) = due.filter(|(at, _)| *at <= target) else {
                self.now = target;
                self.serve();
                return Answer::Done(None);
            };
            self.now = self.now.max(at);
            if let Err(refusal) = self.act(case, &Actor::System, &Command::Wake) {
                return Answer::Broken(format!("the clock was refused: {}", refusal.en));
            }
            self.serve();
        }
        Answer::Broken("it never stops falling due".to_owned())
    }

    /// What the store does when a worker program fetches: jobs of the topic that may be fetched now, each under a number higher than before.
    fn fetch(&mut self, fetch: &Fetch) -> Result<Vec<(Local, i64)>, Answer> {
        let who = fetch.who.map_or(Actor::System, Actor::Person);
        let posts = fetch.who.map(|who| self.cast.roster.posts_of(who, self.now.date())).unwrap_or_default();
        let standing = Standing { topic: Some(fetch.topic.clone()), ..Standing::of(posts) };
        if let Verdict::Denied(why) = may(&who, Act::WorkJobs, &standing) {
            return Err(Answer::Refused(why.code.to_owned(), why.zh));
        }
        let Some(case) = self.runs.get(&fetch.case).and_then(|run| run.case.as_ref()) else { return Ok(Vec::new()) };
        let mut fetched = Vec::new();
        for (id, _) in case.jobs.iter().filter(|(_, job)| job.topic == fetch.topic && job.due.is_some_and(|due| due <= self.now)) {
            let spent = case.jobs.get(id).map_or(0, |job| job.spent);
            let held = self.leases.entry((fetch.case, *id)).or_insert(Held { lease: Lease { fence: 0, worker: None }, until: Moment(0) });
            if held.until > self.now && held.lease.fence > spent {
                continue;
            }
            held.lease = Lease { fence: held.lease.fence + 1, worker: fetch.who };
            held.until = Moment(self.now.0 + i64::from(fetch.lease_s) * 1_000);
            fetched.push((*id, held.lease.fence));
        }
        Ok(fetched)
    }

    /// 下达 or 追加: an account gets more, and whoever waits first is served.
    fn issue(&mut self, account: &str, amount: i64) -> Answer {
        if amount <= 0 {
            return Answer::Refused("posting_wrong".to_owned(), "期望大于零的整数".to_owned());
        }
        let opened = self.accounts.entry(account.to_owned()).or_default();
        opened.free += amount;
        opened.postings.push(("add".to_owned(), amount));
        self.serve();
        Answer::Done(None)
    }

    /// What the workers do after an act: signals reach the cases that listened, and waiting lists are served.
    fn serve(&mut self) {
        for _ in 0..WAKES_MAX {
            self.serve_lines();
            let Some((name, from, to)) = self.signals.pop_front() else { return };
            if let Err(refusal) = self.act(to, &Actor::System, &Command::Signal { name, from }) {
                return self.wrong.push(format!("a signal could not be delivered: {}", refusal.en));
            }
        }
        self.wrong.push("the signals never end".to_owned());
    }

    /// Heads of waiting lists whose account covers them hear of it, one after another.
    fn serve_lines(&mut self) {
        for _ in 0..WAKES_MAX {
            let head = self.accounts.values().find_map(|account| self.line(account).into_iter().next().filter(|head| head.amount <= account.free));
            let Some(Waiting { case, token, .. }) = head else { return };
            let command = Command::Message { name: QUOTA_FREED.into(), token: Some(token) };
            if let Err(refusal) = self.act(case, &Actor::System, &command) {
                return self.wrong.push(format!("a waiting case could not be served: {}", refusal.en));
            }
        }
        self.wrong.push("a waiting list never ends".to_owned());
    }
}
