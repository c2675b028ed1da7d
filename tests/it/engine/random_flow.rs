//! Random workflows that an author could have written: sequences, choices, loops, nested regions with conditional branches and branches beside,
//! calls, parts with steps of their own, steps for each member of a list, events and what is thrown, locks, groups, timers, messages, reservations with their waiting line, returns in and out of regions, stops and terms.
//! Every one of them can be finished by people who answer `done`: what cannot be finished is then the engine's fault.

use std::collections::BTreeSet;

use greenlane::calendar::{Span, Unit};
use greenlane::definition::graph::{
    Audience, Ballots, Deem, ExtendRule, GroupPass, JoinRule, Manner, NumberRule, OnRefusal, Pool, Rest, ReturnThen, Rung, Settlement, TermEnd, TermKind,
    TermRule, TermStart, Thrown, Trigger, Verb, Vote,
};
use greenlane::expr::Table;

use super::chance::Chance;
use super::flow::{Block, BranchBlock, Does, EventBlock, Flow, HandlerBlock, StepBlock, Way, message, step, task};

/// Each post has four holders, and two posts share at most one of them, so that keeping people apart never leaves nobody.
pub const PEOPLE: &[(&str, &str, &str)] = &[
    ("ann", "office", "clerk"),
    ("bob", "office", "clerk"),
    ("cat", "office", "clerk"),
    ("dan", "office", "clerk"),
    ("dan", "office", "handler"),
    ("eve", "office", "handler"),
    ("fay", "office", "handler"),
    ("gil", "office", "handler"),
    ("ivy", "office", "handler_b"),
    ("gil", "office", "head"),
    ("hal", "office", "head"),
    ("ida", "office", "head"),
    ("jon", "office", "head"),
    ("wes", "outside", "connector"),
    ("wyn", "outside", "connector-outside"),
];
const POSTS: &[&str] = &["clerk", "handler", "head"];
const CAUSES: &[&str] = &["notice", "hearing", "quota-wait"];
/// Outcomes that lead back or out; whoever wants to finish avoids them.
pub const DETOURS: &[&str] = &["again", "no", "rejected"];

struct Maker {
    chance: Chance,
    next: usize,
    steps_left: usize,
    /// Workflows that may be called, with their results.
    callees: Vec<(String, BTreeSet<String>)>,
    /// The workflow it makes, and the parts with steps of their own made on the way.
    name: String,
    parts: Vec<Flow>,
}

/// What a block may refer to.
#[derive(Clone, Default)]
struct Around {
    /// Steps before this one in the same region: a loop may go there.
    level: Vec<String>,
    /// Every task before this one: a return may go there.
    trail: Vec<(String, &'static str)>,
    /// Every task before this one, those of the parts around and before included: whoever acted there may be kept apart.
    acted: Vec<(String, &'static str)>,
    /// Where a rejecting branch may send the case: a step before the split, or the end.
    outside: Vec<String>,
    depth: usize,
    inside: bool,
    beside: bool,
}

/// A root workflow and the ones it calls.
pub fn flows(seed: u64) -> Vec<Flow> {
    let mut chance = Chance(seed);
    let mut callees: Vec<(String, BTreeSet<String>)> = Vec::new();
    let mut flows = Vec::new();
    for name in ["leaf", "middle", "root"] {
        let size = 3 + chance.below(if name == "root" { 30 } else { 8 });
        let seed = chance.draw();
        let mut maker = Maker { chance: Chance(seed), next: 0, steps_left: size, callees: callees.clone(), name: name.to_owned(), parts: Vec::new() };
        let flow = maker.flow(name);
        callees.push((name.to_owned(), flow.results()));
        flows.extend(maker.parts);
        flows.insert(0, flow);
    }
    flows
}

impl Maker {
    fn flow(&mut self, name: &str) -> Flow {
        let mut around = Around { outside: vec!["end".to_owned()], ..Around::default() };
        let length = if name == "root" { 2 + self.chance.below(6) } else { 1 + self.chance.below(3) };
        let body = Block::Seq((0..length).map(|_| self.block(&mut around)).collect());
        let number = if name == "root" {
            NumberRule::Series { series: "GC".into(), pattern: "GC{year}{seq:4}".to_owned() }
        } else {
            NumberRule::Suffix(format!("-{name}"))
        };
        let mut flow = Flow { name: name.to_owned(), body, limits: Vec::new(), number: Some(number), handlers: Vec::new() };
        if self.chance.percent(40) {
            let handler = self.handler();
            flow.handlers.push(handler);
        }
        for key in ["promised", "statutory"] {
            if self.chance.percent(60) {
                let limit = self.limit(key, &around);
                flow = flow.limit(limit);
            }
        }
        flow
    }

    fn key(&mut self) -> String {
        self.next += 1;
        format!("k{}", self.next)
    }

    fn sequence(&mut self, around: &mut Around) -> Block {
        let length = 1 + self.chance.below(4);
        Block::Seq((0..length).map(|_| self.block(around)).collect())
    }

    fn block(&mut self, around: &mut Around) -> Block {
        self.steps_left = self.steps_left.saturating_sub(1);
        let wide = self.steps_left > 0 && around.depth < 3;
        match self.chance.below(100) {
            0..=9 => self.group(around),
            10..=13 => self.timer(around),
            14..=17 => self.wait(around),
            18..=22 => self.reservation(around),
            23..=26 => self.document(around),
            27..=31 if !self.callees.is_empty() => self.call(around),
            32..=37 if wide => self.part(around),
            38..=41 if wide => self.members(around),
            42..=43 => self.signal(around),
            44..=57 if wide => self.region(around),
            70..=73 => self.outside(around),
            58..=64 if wide => self.choice(around),
            65..=69 if wide => self.table(around),
            _ => self.task(around),
        }
    }

    fn task(&mut self, around: &mut Around) -> Block {
        let (key, by) = (self.key(), POSTS[self.chance.below(POSTS.len())]);
        let mut made = task(&key, by);
        if self.chance.percent(10) {
            made.does = Does::Task { by: Pool::Applicant, not: Vec::new(), same_as: None, edits_form: true };
            made.ways.push(("resubmitted".to_owned(), Way::On));
        } else {
            made = self.apart(made, by, around);
        }
        made = self.detours(made, around);
        made = self.clocks(made);
        around.level.push(key.clone());
        around.acted.push((key.clone(), by));
        around.trail.push((key, by));
        made.block()
    }

    /// Separation of duties, or its opposite.
    fn apart(&mut self, mut made: StepBlock, by: &str, around: &Around) -> StepBlock {
        let Some((other, its)) = self.chance.pick(&around.acted).cloned() else { return made };
        if let Does::Task { not, same_as, .. } = &mut made.does {
            if *its != *by && self.chance.percent(30) {
                not.push(other);
            } else if *its == *by && self.chance.percent(20) {
                *same_as = Some(other);
            }
        }
        made
    }

    /// Ways back and out: a loop, a rejection that cancels the rest of its region, a return, an end of its own.
    fn detours(&mut self, mut made: StepBlock, around: &Around) -> StepBlock {
        if self.chance.percent(15)
            && let Some(back) = self.chance.pick(&around.level).cloned()
        {
            made = made.way("again", Way::To(back));
        }
        if around.inside
            && !around.beside
            && self.chance.percent(20)
            && let Some(outside) = self.chance.pick(&around.outside).cloned()
        {
            made = made.way("no", Way::Reject(outside));
        } else if self.chance.percent(6) {
            made = made.way("no", Way::End("refused".to_owned()));
        }
        if self.chance.percent(35)
            && let Some((to, _)) = self.chance.pick(&around.trail).cloned()
        {
            let then = if self.chance.percent(50) { ReturnThen::WalkAgain } else { ReturnThen::StraightBack };
            made = made.returns(&[&to], then);
        }
        made
    }

    /// What the step stops, and its own term.
    fn clocks(&mut self, made: StepBlock) -> StepBlock {
        let mut made = self.events(made);
        // A part is not locked, because what is in it may be.
        if self.chance.percent(12) && !matches!(made.does, Does::Scope(_) | Does::Each { .. } | Does::Call(_)) {
            made.lock = Some(["stamp", "hall"][self.chance.below(2)].to_owned());
        }
        if self.chance.percent(15) {
            made = made.stops(CAUSES[self.chance.below(CAUSES.len())]);
        }
        if self.chance.percent(40) {
            let mut term = self.term(&made.key.clone(), TermKind::Step, TermStart::Entered, TermEnd::Left);
            let deems = made.ways.iter().any(|(outcome, _)| outcome == "done") && self.chance.percent(25);
            term.on_expiry = deems.then(|| Deem { outcome: "done".into(), basis: "行政许可法 32".to_owned(), from_receipt: true });
            made = made.term(term);
        }
        made
    }

    fn group(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let mut seats: Vec<(String, String)> = POSTS.iter().map(|post| ("office".to_owned(), (*post).to_owned())).collect();
        seats.remove(self.chance.below(3));
        seats.truncate(1 + self.chance.below(2));
        let share = 1 + self.chance.below(100) as u32;
        let pass = match self.chance.below(4) {
            0 => GroupPass::All,
            1 => GroupPass::Any,
            2 => GroupPass::Vote(Vote { passes: Ballots::Share(share), refusals: self.chance.percent(40).then_some(1) }),
            _ => GroupPass::InOrder,
        };
        let back = self.chance.pick(&around.trail).map(|(step, _)| step.clone()).filter(|_| self.chance.clone().percent(25));
        let on_refusal = match back {
            Some(_) => OnRefusal::Return,
            None if self.chance.percent(50) => OnRefusal::End,
            None => OnRefusal::Continue,
        };
        let mut made = step(&key, Does::Group { seats, pass, on_refusal, not: Vec::new() }, &["approved", "rejected"]);
        made.verbs.allowed.insert(Verb::RemoveSigner);
        if let Some(back) = back {
            let then = if self.chance.percent(50) { ReturnThen::WalkAgain } else { ReturnThen::StraightBack };
            made = made.returns(&[&back], then);
        }
        if self.chance.percent(40)
            && let Some(back) = self.chance.pick(&around.level).cloned()
        {
            made = made.way("rejected", Way::To(back));
        }
        made = self.detours(made, around);
        made.ways.retain(|(outcome, _)| outcome == "approved" || outcome == "rejected");
        made = self.clocks(made);
        around.level.push(key);
        made.block()
    }

    /// Work of an outside system, which may report that there is nothing to be done.
    fn outside(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let reports = self.chance.percent(40);
        let errors = if reports { vec!["gone".to_owned()] } else { Vec::new() };
        let mut made = step(&key, Does::Job(errors), &["done"]);
        if reports {
            let way = Way::Via(Box::new(self.simple()));
            made.events.push(EventBlock { on: Trigger::Error("gone".into()), interrupting: true, way });
        }
        let made = self.clocks(made);
        around.level.push(key);
        made.block()
    }

    fn timer(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let span = self.span(12);
        let mut made = step(&key, Does::Timer(span), &["elapsed"]);
        made = self.clocks(made);
        around.level.push(key);
        made.block()
    }

    fn wait(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let made = message(&key, ["letter", "call"][self.chance.below(2)]);
        let made = self.clocks(made);
        around.level.push(key);
        made.block()
    }

    fn reservation(&mut self, around: &mut Around) -> Block {
        let (key, queue) = (self.key(), self.key());
        let settle = vec![("approved".to_owned(), Settlement::Use), ("refused".to_owned(), Settlement::Release)];
        let account = vec!["\"land\"".to_owned(), "case.year".to_owned()];
        let otherwise = if self.chance.percent(80) { Settlement::Release } else { Settlement::Keep };
        let does = Does::Post { account, amount: "form.area".to_owned(), settle, otherwise };
        let wait = Does::Message { name: "quota-freed".to_owned(), queue_for: Some(key.clone()) };
        let line = step(&queue, wait, &[]).way("received", Way::To(key.clone())).stops("quota-wait").block();
        let made = step(&key, does, &["posted"]).way("short", Way::Via(Box::new(line)));
        around.level.push(key);
        made.block()
    }

    fn document(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let number = self.chance.percent(60).then(|| NumberRule::Series { series: "GC".into(), pattern: "文〔{year}〕{seq}号".to_owned() });
        around.level.push(key.clone());
        step(&key, Does::Document { kind: "approval".to_owned(), number }, &["issued"]).block()
    }

    fn call(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let (name, results) = self.callees[self.chance.below(self.callees.len())].clone();
        let results: Vec<&str> = results.iter().map(String::as_str).collect();
        let made = step(&key, Does::Call(name), &results);
        let made = self.clocks(made);
        around.level.push(key);
        made.block()
    }

    /// A part with steps of its own: a program beside this one.
    fn part(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let mut inner = Around { outside: vec!["end".to_owned()], acted: around.acted.clone(), depth: around.depth + 1, ..Around::default() };
        let body = self.sequence(&mut inner);
        let name = format!("{}#{key}", self.name);
        let (body, fails) = if self.chance.percent(30) { (Block::Seq(vec![body, self.failing()]), true) } else { (body, false) };
        let mut flow = Flow { name: name.clone(), body, limits: Vec::new(), number: None, handlers: Vec::new() };
        if self.chance.percent(20) {
            let handler = self.handler();
            flow.handlers.push(handler);
        }
        let results = flow.results();
        let mut made = step(&key, Does::Scope(name), &results.iter().map(String::as_str).collect::<Vec<_>>());
        if fails {
            let mending = Way::Via(Box::new(self.simple()));
            made.events.push(EventBlock { on: Trigger::Error("broken".into()), interrupting: true, way: mending });
            let telling = Way::Via(Box::new(self.simple()));
            made.events.push(EventBlock { on: Trigger::Escalation("odd".into()), interrupting: false, way: telling });
        }
        let made = self.clocks(made);
        self.parts.push(flow);
        around.acted = inner.acted;
        around.level.push(key);
        made.block()
    }

    /// A task of its own that refers to nothing.
    fn simple(&mut self) -> Block {
        let (key, by) = (self.key(), POSTS[self.chance.below(POSTS.len())]);
        task(&key, by).block()
    }

    /// Ends well, tells of something odd on the way, or fails.
    fn failing(&mut self) -> Block {
        let (key, by) = (self.key(), POSTS[self.chance.below(POSTS.len())]);
        let fail = step(&self.key(), Does::Throw(Thrown::Error, "broken".to_owned()), &[]).block();
        let tell = step(&self.key(), Does::Throw(Thrown::Escalation, "odd".to_owned()), &["thrown"]).block();
        task(&key, by).way("fail", Way::Via(Box::new(fail))).way("tell", Way::Via(Box::new(tell))).block()
    }

    /// A signal that reaches whatever in the case listens to it.
    fn signal(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        around.level.push(key.clone());
        // A loop of nothing but signals would never end.
        let what = if self.chance.percent(30) { Thrown::Broadcast } else { Thrown::Signal };
        Block::Seq(vec![step(&key, Does::Throw(what, "bell".to_owned()), &["thrown"]).block(), self.simple()])
    }

    /// The same for each member of a list in the form.
    fn members(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let mut inner = Around { outside: vec!["end".to_owned()], acted: around.acted.clone(), depth: around.depth + 1, ..Around::default() };
        let answer = self.simple();
        let Block::Step(answer) = answer else { panic!("a task is a step") };
        let answer = answer.way("object", Way::End("refused".to_owned())).block();
        let body = if self.chance.percent(40) { Block::Seq(vec![self.sequence(&mut inner), answer]) } else { answer };
        let name = format!("{}#{key}", self.name);
        self.parts.push(Flow { name: name.clone(), body, limits: Vec::new(), number: None, handlers: Vec::new() });
        let count = u16::try_from(1 + self.chance.below(3)).unwrap();
        let rest = if self.chance.percent(60) { Rest::Cancel } else { Rest::Continue };
        let does = Does::Each { list: "form.list".to_owned(), body: name, sequential: self.chance.percent(40), count, rest };
        let made = step(&key, does, &["approved", "refused"]);
        let made = self.clocks(made);
        around.acted = inner.acted;
        around.level.push(key);
        made.block()
    }

    /// What may happen to a step: it is left for another way, or something begins beside it.
    fn events(&mut self, mut made: StepBlock) -> StepBlock {
        if self.chance.percent(12) {
            let interrupting = self.chance.percent(50);
            let on = self.trigger();
            let way = Way::Via(Box::new(self.simple()));
            made.events.push(EventBlock { on, interrupting, way });
        }
        made
    }

    fn trigger(&mut self) -> Trigger {
        match self.chance.below(4) {
            0 => Trigger::After(self.span(20)),
            1 => Trigger::Signal("bell".into()),
            _ => Trigger::Message(["letter", "call"][self.chance.below(2)].into()),
        }
    }

    /// What may happen to the whole of a workflow or a part.
    fn handler(&mut self) -> HandlerBlock {
        let key = self.key();
        let interrupting = self.chance.percent(30);
        let mut inner = Around { outside: vec!["end".to_owned()], depth: 2, ..Around::default() };
        // It begins with somebody, so that a message handled does not wait for the same message at once.
        let body = Block::Seq(vec![self.simple(), self.task(&mut inner)]);
        let part = format!("{}#{key}", self.name);
        let flow = Flow { name: part.clone(), body, limits: Vec::new(), number: None, handlers: Vec::new() };
        let results = flow.results();
        self.parts.push(flow);
        HandlerBlock { key, on: self.trigger(), interrupting, part, results }
    }

    fn region(&mut self, around: &mut Around) -> Block {
        let key = self.key();
        let count = 2 + self.chance.below(2);
        let mut branches = Vec::new();
        let (mut trails, mut acted) = (Vec::new(), Vec::new());
        for index in 0..count {
            let beside = !around.beside && index > 0 && self.chance.percent(20);
            // A branch beside refers to nothing outside itself; what follows refers to nothing in it.
            let mut inner = Around {
                level: Vec::new(),
                trail: if beside { Vec::new() } else { around.trail.clone() },
                acted: around.acted.clone(),
                outside: if beside {
                    Vec::new()
                } else if around.inside {
                    around.level.clone()
                } else {
                    [around.level.clone(), vec!["end".to_owned()]].concat()
                },
                depth: around.depth + 1,
                inside: true,
                beside: beside || around.beside,
            };
            let (known, known_acted) = (inner.trail.len(), inner.acted.len());
            let body = self.sequence(&mut inner);
            if !beside {
                trails.extend(inner.trail.split_off(known));
                acted.extend(inner.acted.split_off(known_acted));
            }
            let when = self.chance.percent(30).then(|| format!("form.n > {}", self.chance.below(4)));
            branches.push(BranchBlock { body, when, beside });
        }
        around.level.push(key.clone());
        around.trail.extend(trails);
        around.acted.extend(acted);
        self.joined(key, branches)
    }

    /// How a region joins: all of it mostly; now and then the first few, or as many as their conditions chose.
    fn joined(&mut self, key: String, mut branches: Vec<BranchBlock>) -> Block {
        let awaited = branches.iter().filter(|branch| !branch.beside).count();
        let rest = if self.chance.percent(50) { Rest::Cancel } else { Rest::Continue };
        let first = JoinRule::First { count: u16::try_from(1 + self.chance.below(awaited)).unwrap(), rest };
        let rule = if self.chance.percent(30) { first } else { JoinRule::All };
        let inclusive = awaited == branches.len() && self.chance.percent(25);
        if inclusive {
            let last = branches.len() - 1;
            for (number, branch) in branches.iter_mut().enumerate() {
                branch.when = (number != last).then(|| format!("form.n > {}", number + 1));
            }
        }
        Block::Some(key, branches, rule, inclusive)
    }

    fn choice(&mut self, around: &mut Around) -> Block {
        let (key, by) = (self.key(), POSTS[self.chance.below(POSTS.len())]);
        let mut made = task(&key, by);
        for outcome in ["left", "right"] {
            // What only one way passes is not before what follows both.
            let mut way = Around { depth: around.depth + 1, ..around.clone() };
            let body = self.sequence(&mut way);
            made = made.way(outcome, Way::Via(Box::new(body)));
        }
        made = self.clocks(made);
        around.level.push(key.clone());
        around.acted.push((key.clone(), by));
        around.trail.push((key, by));
        made.block()
    }

    /// A decision table over the form, each of its outcomes a way of its own.
    fn table(&mut self, around: &mut Around) -> Block {
        let (key, least) = (self.key(), 1 + self.chance.below(3));
        let mut way = Around { depth: around.depth + 1, ..around.clone() };
        let body = self.sequence(&mut way);
        around.level.push(key.clone());
        step(&key, Does::Decide(decision(least)), &["small"]).way("large", Way::Via(Box::new(body))).block()
    }

    fn span(&mut self, most: usize) -> Span {
        let unit = if self.chance.percent(60) { Unit::Working } else { Unit::Calendar };
        Span { days: u32::try_from(self.chance.below(most)).unwrap(), unit }
    }

    fn term(&mut self, key: &str, kind: TermKind, from: TermStart, until: TermEnd) -> TermRule {
        let excludes: BTreeSet<_> = CAUSES.iter().filter(|_| self.chance.percent(40)).map(|cause| (*cause).into()).collect();
        let rung = |offset, notice: &str| Rung {
            offset,
            unit: Unit::Working,
            minute: 540,
            notice: notice.into(),
            to: vec![Audience::Assignee],
            order: None,
            urgent: false,
        };
        TermRule {
            key: key.into(),
            kind,
            within: self.span(25),
            by_class: std::collections::BTreeMap::new(),
            from,
            until,
            excludes,
            basis: None,
            extend: self.chance.percent(50).then(|| ExtendRule { by: Span { days: 10, unit: Unit::Working }, approved_by: "head".into() }),
            rungs: vec![rung(-2, "o.yellow"), rung(0, "o.today"), rung(1, "o.red")],
            on_expiry: None,
            manner: Manner::default(),
        }
    }

    fn limit(&mut self, key: &str, around: &Around) -> TermRule {
        let kind = if key == "promised" { TermKind::Promised } else { TermKind::Statutory };
        let step = self.chance.pick(&around.trail).map(|(step, _)| step.as_str().into());
        let from = match (step.clone(), self.chance.below(3)) {
            (Some(step), 0) => TermStart::Outcome { step, outcome: "done".into() },
            (Some(step), 1) => TermStart::Received { step, outcome: "done".into() },
            _ => TermStart::Entered,
        };
        let until = match (step, self.chance.below(2)) {
            (Some(step), 0) => TermEnd::Outcome { step, outcomes: vec!["done".into(), "no".into()] },
            _ => TermEnd::Left,
        };
        self.term(key, kind, from, until)
    }
}

/// Large from `least` on.
fn decision(least: usize) -> Table {
    let text = format!(
        "table: size\ntitle: {{zh: 规模, en: Size}}\nhit: F\ninputs:\n  - {{expr: form.n, title: {{zh: 数, en: Number}}}}\noutcomes: [small, large]\n\
         rows:\n  - {{when: ['>= {least}'], then: large}}\n  - {{when: ['-'], then: small}}\n"
    );
    Table::parse(&text, "size.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}
