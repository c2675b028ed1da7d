//! Workflows for tests, written as nested blocks and lowered to the token graph: what `definition` does for authors, done here by hand,
//! so that the engine is tested against graphs that its own room's neighbours did not make.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use greenlane::calendar::Span;
use greenlane::definition::graph::{
    Branch, Callee, Catch, Complete, EachRule, Edge, GroupPass, GroupRule, Heard, JobRule, JoinRule, Nature, Need, Node, NodeIx, NodeKind, NumberRule,
    OnRefusal, Pool, Program, Rest, ReturnRule, ReturnThen, Settlement, TaskRule, TermRule, Text, Thrown, Trigger, Verbs,
};
use greenlane::expr::{self, Expr};
use greenlane::ids::Name;

/// What follows an outcome.
#[derive(Clone, Debug)]
pub enum Way {
    /// Whatever comes after the block.
    On,
    /// First this, then whatever comes after the block.
    Via(Box<Block>),
    /// The step with this key: a loop.
    To(String),
    /// The step with this key, cancelling the rest of the innermost region.
    Reject(String),
    /// An end of its own with this result.
    End(String),
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Does {
    Task {
        by: Pool,
        not: Vec<String>,
        same_as: Option<String>,
        edits_form: bool,
    },
    Group {
        seats: Vec<(String, String)>,
        pass: GroupPass,
        on_refusal: OnRefusal,
        not: Vec<String>,
    },
    Timer(Span),
    Message {
        name: String,
        queue_for: Option<String>,
    },
    Post {
        account: Vec<String>,
        amount: String,
        settle: Vec<(String, Settlement)>,
        otherwise: Settlement,
    },
    Call(String),
    /// A part of this workflow, with the program of this name.
    Scope(String),
    Document {
        kind: String,
        number: Option<NumberRule>,
    },
    Decide(greenlane::expr::Table),
    Throw(Thrown, String),
    /// An outside job; it reports these errors.
    Job(Vec<String>),
    /// The program of this name for each member of the list; enough when `count` of them end `approved`.
    Each {
        list: String,
        body: String,
        sequential: bool,
        count: u16,
        rest: Rest,
    },
}

/// One step with its outcomes.
#[derive(Clone, Debug)]
pub struct StepBlock {
    pub key: String,
    pub does: Does,
    pub ways: Vec<(String, Way)>,
    pub stops: Option<String>,
    pub terms: Vec<TermRule>,
    pub may_return: Option<(Vec<String>, ReturnThen)>,
    pub verbs: Verbs,
    /// Steps of the caller one may return to.
    pub to_caller: Vec<String>,
    pub events: Vec<EventBlock>,
    pub lock: Option<String>,
}

/// What may happen to a step. What does not interrupt ends by itself.
#[derive(Clone, Debug)]
pub struct EventBlock {
    pub on: Trigger,
    pub interrupting: bool,
    pub way: Way,
}

/// What may happen to a whole workflow: the program of this name runs, with these results.
#[derive(Clone, Debug)]
pub struct HandlerBlock {
    pub key: String,
    pub on: Trigger,
    pub interrupting: bool,
    pub part: String,
    pub results: BTreeSet<String>,
}

/// A branch of a parallel block.
#[derive(Clone, Debug)]
pub struct BranchBlock {
    pub body: Block,
    pub when: Option<String>,
    pub beside: bool,
}

/// A piece of a workflow.
#[derive(Clone, Debug)]
pub enum Block {
    Step(Box<StepBlock>),
    Seq(Vec<Block>),
    /// Split `key`, join `key-join`.
    Par(String, Vec<BranchBlock>),
    /// The same with a join of its own rule; the last branch is the default one when `inclusive`.
    Some(String, Vec<BranchBlock>, JoinRule, bool),
}

/// A post in the only office the tests need.
pub fn post(post: &str) -> Pool {
    Pool::Posts { offices: vec!["office".into()], post: post.into() }
}

/// A step of any kind that goes on with each of these outcomes.
pub fn step(key: &str, does: Does, outcomes: &[&str]) -> StepBlock {
    let ways = outcomes.iter().map(|outcome| ((*outcome).to_owned(), Way::On)).collect();
    StepBlock {
        key: key.to_owned(),
        does,
        ways,
        stops: None,
        terms: Vec::new(),
        may_return: None,
        verbs: Verbs::default(),
        to_caller: Vec::new(),
        events: Vec::new(),
        lock: None,
    }
}

/// A task of one post with the outcome `done`.
pub fn task(key: &str, by: &str) -> StepBlock {
    step(key, Does::Task { by: post(by), not: Vec::new(), same_as: None, edits_form: false }, &["done"])
}

/// A wait for a message.
pub fn message(key: &str, name: &str) -> StepBlock {
    step(key, Does::Message { name: name.to_owned(), queue_for: None }, &["received"])
}

pub fn par(key: &str, bodies: Vec<Block>) -> Block {
    Block::Par(key.to_owned(), bodies.into_iter().map(|body| BranchBlock { body, when: None, beside: false }).collect())
}

impl StepBlock {
    pub fn way(mut self, outcome: &str, way: Way) -> Self {
        self.ways.retain(|(known, _)| known != outcome);
        self.ways.push((outcome.to_owned(), way));
        self
    }

    pub fn stops(mut self, cause: &str) -> Self {
        self.stops = Some(cause.to_owned());
        self
    }

    pub fn term(mut self, term: TermRule) -> Self {
        self.terms.push(term);
        self
    }

    pub fn returns(mut self, to: &[&str], then: ReturnThen) -> Self {
        self.may_return = Some((to.iter().map(|key| (*key).to_owned()).collect(), then));
        self
    }

    /// Whoever acted in `step` may not do this one.
    pub fn not(mut self, step: &str) -> Self {
        match &mut self.does {
            Does::Task { not, .. } | Does::Group { not, .. } => not.push(step.to_owned()),
            _ => panic!("only people are kept apart"),
        }
        self
    }

    pub fn block(self) -> Block {
        Block::Step(Box::new(self))
    }
}

/// A workflow: its block, and the end that follows it.
#[derive(Clone, Debug)]
pub struct Flow {
    pub name: String,
    pub body: Block,
    pub limits: Vec<TermRule>,
    pub number: Option<NumberRule>,
    pub handlers: Vec<HandlerBlock>,
}

impl Flow {
    pub fn new(name: &str, blocks: Vec<Block>) -> Self {
        Self { name: name.to_owned(), body: Block::Seq(blocks), limits: Vec::new(), number: None, handlers: Vec::new() }
    }

    pub fn limit(mut self, limit: TermRule) -> Self {
        self.limits.push(limit);
        self
    }

    pub fn numbered(mut self, number: NumberRule) -> Self {
        self.number = Some(number);
        self
    }

    /// The results this workflow can end with: its call's outcomes.
    pub fn results(&self) -> BTreeSet<String> {
        let program = self.program();
        program
            .nodes
            .iter()
            .filter(|node| !node.beside)
            .filter_map(|node| if let NodeKind::End { result, .. } = &node.kind { Some(result.to_string()) } else { None })
            .collect()
    }

    pub fn program(&self) -> Program {
        let mut lowering = Lowering::default();
        lowering.lower(&self.body, "end", &Place::default());
        lowering.end("end", "approved", &Place::default());
        let handlers: Vec<Catch> = self.handlers.iter().map(|handler| lowering.handler(handler)).collect();
        let (nodes, reach) = lowering.wired();
        Program {
            name: self.name.as_str().into(),
            title: Text::default(),
            nature: Nature::Service,
            basis: Vec::new(),
            basis_until: None,
            number: self.number.clone(),
            form: None,
            papers: None,
            progress: None,
            limits: self.limits.clone(),
            handlers,
            start: NodeIx(0),
            nodes,
            reach,
        }
    }
}

pub fn parsed(source: &str) -> Expr {
    expr::parse(source).unwrap_or_else(|errors| panic!("{source}: {errors:?}"))
}

/// Where a block lies.
#[derive(Clone, Debug, Default)]
struct Place {
    region: Option<String>,
    beside: bool,
}

struct Wire {
    from: usize,
    outcome: String,
    to: String,
    cancels: Option<String>,
}

/// A split: its node, its branches (first step, condition), its join, whether its last branch is the default.
type Parting = (usize, Vec<(String, Option<String>)>, String, bool);

#[derive(Default)]
struct Lowering {
    nodes: Vec<Node>,
    places: Vec<Place>,
    wires: Vec<Wire>,
    splits: Vec<Parting>,
    joins: Vec<(usize, String)>,
    queues: Vec<(usize, String)>,
    returns: Vec<(usize, (Vec<String>, ReturnThen))>,
    callers: BTreeMap<usize, Vec<Name>>,
    events: Vec<(usize, (Trigger, bool), String)>,
}

/// The key of a block's first step.
fn entry(block: &Block) -> String {
    match block {
        Block::Step(step) => step.key.clone(),
        Block::Seq(blocks) => entry(blocks.first().expect("a sequence has a step")),
        Block::Par(key, _) | Block::Some(key, ..) => key.clone(),
    }
}

impl Lowering {
    fn push(&mut self, key: &str, kind: NodeKind, place: &Place) -> usize {
        self.nodes.push(Node {
            key: key.into(),
            title: Text::default(),
            kind,
            next: BTreeMap::new(),
            terms: Vec::new(),
            stops: None,
            region: None,
            beside: place.beside,
            ranks: BTreeMap::new(),
            may_return: None,
            verbs: Verbs::default(),
            events: Vec::new(),
            lock: None,
        });
        self.places.push(place.clone());
        self.nodes.len() - 1
    }

    fn end(&mut self, key: &str, result: &str, place: &Place) {
        self.push(key, NodeKind::End { result: result.into(), terminate: false }, place);
    }

    fn lower(&mut self, block: &Block, then: &str, place: &Place) {
        match block {
            Block::Step(step) => self.step(step, then, place),
            Block::Seq(blocks) => {
                for (index, block) in blocks.iter().enumerate() {
                    let next = blocks.get(index + 1).map_or_else(|| then.to_owned(), entry);
                    self.lower(block, &next, place);
                }
            }
            Block::Par(key, branches) => self.par((key, branches), (JoinRule::All, false), then, place),
            Block::Some(key, branches, rule, inclusive) => self.par((key, branches), (*rule, *inclusive), then, place),
        }
    }

    fn par(&mut self, (key, branches): (&str, &[BranchBlock]), (rule, inclusive): (JoinRule, bool), then: &str, place: &Place) {
        let join_key = format!("{key}-join");
        let split = self.push(key, NodeKind::Split { branches: Vec::new(), join: NodeIx(0) }, place);
        let firsts = branches.iter().map(|branch| (entry(&branch.body), branch.when.clone())).collect();
        self.splits.push((split, firsts, join_key.clone(), inclusive));
        for (index, branch) in branches.iter().enumerate() {
            let inside = Place { region: Some(join_key.clone()), beside: place.beside || branch.beside };
            if branch.beside && !place.beside {
                let own_end = format!("{key}-beside-{index}");
                self.lower(&branch.body, &own_end, &inside);
                self.end(&own_end, "aside", &inside);
            } else {
                self.lower(&branch.body, &join_key, &inside);
            }
        }
        let join = self.push(&join_key, NodeKind::Join { split: index(split), region: BTreeSet::new(), rule }, place);
        self.joins.push((join, join_key));
        self.wires.push(Wire { from: join, outcome: "joined".to_owned(), to: then.to_owned(), cancels: None });
    }

    fn step(&mut self, step: &StepBlock, then: &str, place: &Place) {
        let outcomes: Vec<Name> = step.ways.iter().map(|(outcome, _)| outcome.as_str().into()).collect();
        let at = self.push(&step.key, kind(&step.does, outcomes), place);
        self.nodes[at].stops = step.stops.as_deref().map(Name::from);
        self.nodes[at].terms.clone_from(&step.terms);
        if let Does::Message { queue_for: Some(post), .. } = &step.does {
            self.queues.push((at, post.clone()));
        }
        self.returns.extend(step.may_return.clone().map(|rule| (at, rule)));
        self.nodes[at].verbs = step.verbs.clone();
        self.callers.insert(at, step.to_caller.iter().map(|key| Name::from(key.as_str())).collect());
        self.nodes[at].lock = step.lock.as_deref().map(Name::from);
        for (number, event) in step.events.iter().enumerate() {
            self.event((at, &step.key), (number, event), then, place);
        }
        for (outcome, way) in &step.ways {
            let region = place.region.clone();
            let (to, cancels) = match way {
                Way::On => (then.to_owned(), None),
                Way::Via(block) => {
                    self.lower(block, then, place);
                    (entry(block), None)
                }
                Way::To(key) => (key.clone(), None),
                Way::Reject(key) => (key.clone(), region),
                Way::End(result) => {
                    let key = format!("{}-{outcome}-end", step.key);
                    self.end(&key, result, place);
                    (key, None)
                }
            };
            self.wires.push(Wire { from: at, outcome: outcome.clone(), to, cancels });
        }
    }

    fn event(&mut self, (at, key): (usize, &str), (number, event): (usize, &EventBlock), then: &str, place: &Place) {
        let to = match &event.way {
            Way::To(key) => key.clone(),
            Way::Via(block) if event.interrupting => {
                self.lower(block, then, place);
                entry(block)
            }
            Way::Via(block) => {
                let own_end = format!("{key}-beside-{number}");
                self.lower(block, &own_end, place);
                self.end(&own_end, "aside", place);
                entry(block)
            }
            Way::On | Way::Reject(_) | Way::End(_) => then.to_owned(),
        };
        self.events.push((at, (event.on.clone(), event.interrupting), to));
    }

    /// The node a handler begins at, and its ends.
    fn handler(&mut self, handler: &HandlerBlock) -> Catch {
        let call = Does::Scope(handler.part.clone());
        let at = self.push(&handler.key, kind(&call, Vec::new()), &Place::default());
        for result in &handler.results {
            let end = format!("{}-{result}", handler.key);
            self.end(&end, result, &Place::default());
            self.wires.push(Wire { from: at, outcome: result.clone(), to: end, cancels: None });
        }
        Catch { key: handler.key.as_str().into(), on: handler.on.clone(), interrupting: handler.interrupting, to: index(at) }
    }

    fn find(&self, key: &str) -> NodeIx {
        let at = self.nodes.iter().position(|node| &*node.key == key);
        index(at.unwrap_or_else(|| panic!("no step `{key}`")))
    }

    fn wired(mut self) -> (Vec<Node>, Vec<BTreeSet<NodeIx>>) {
        for wire in std::mem::take(&mut self.wires) {
            let edge = Edge { to: self.find(&wire.to), cancels: wire.cancels.map(|join| self.find(&join)) };
            self.nodes[wire.from].next.insert(wire.outcome.as_str().into(), edge);
        }
        for (split, firsts, join, inclusive) in std::mem::take(&mut self.splits) {
            let last = firsts.len();
            let branch = |(at, (key, when)): (usize, (String, Option<String>))| Branch {
                first: self.find(&key),
                when: when.map(|when| Arc::new(parsed(&when))),
                key: key.as_str().into(),
                default: inclusive && at + 1 == last,
            };
            let branches = firsts.into_iter().enumerate().map(branch).collect();
            self.nodes[split].kind = NodeKind::Split { branches, join: self.find(&join) };
        }
        for (at, post) in std::mem::take(&mut self.queues) {
            let found = self.find(&post);
            if let NodeKind::Message { queue_for, .. } = &mut self.nodes[at].kind {
                *queue_for = Some(found);
            }
        }
        for (at, (keys, then)) in std::mem::take(&mut self.returns) {
            let to = keys.iter().map(|key| self.find(key)).collect();
            self.nodes[at].may_return = Some(ReturnRule { to, caller: self.callers.remove(&at).unwrap_or_default(), then });
        }
        for (at, (on, interrupting), to) in std::mem::take(&mut self.events) {
            let catch = Catch { key: format!("{}-event", self.nodes[at].key).as_str().into(), on, interrupting, to: self.find(&to) };
            self.nodes[at].events.push(catch);
        }
        self.regions();
        let reach = reach(&self.nodes);
        (self.nodes, reach)
    }

    fn regions(&mut self) {
        for at in 0..self.nodes.len() {
            let mut around = self.places[at].region.clone();
            self.nodes[at].region = around.as_deref().map(|join| self.find(join));
            while let Some(join) = around {
                let join = usize::from(self.find(&join).0);
                if let NodeKind::Join { region, .. } = &mut self.nodes[join].kind {
                    region.insert(index(at));
                }
                around = self.places[join].region.clone();
            }
        }
    }
}

fn index(at: usize) -> NodeIx {
    NodeIx(u16::try_from(at).expect("a test workflow is small"))
}

fn kind(does: &Does, outcomes: Vec<Name>) -> NodeKind {
    let names = |keys: &[String]| keys.iter().map(|key| Name::from(key.as_str())).collect::<Vec<_>>();
    match does {
        Does::Task { by, not, same_as, edits_form } => NodeKind::Task(TaskRule {
            least: None,
            by: by.clone(),
            // Handlers have a B post in the random office; nobody else's tasks are asked of one.
            backup_after: matches!(by, Pool::Posts { post, .. } if &**post == "handler").then(|| "2 working days".parse().expect("a span")),
            of: None,
            not: names(not),
            same_as: same_as.as_deref().map(Name::from),
            outcomes,
            fields: None,
            edits_form: *edits_form,
            needs: std::collections::BTreeMap::new(),
            after: None,
            without_opinion: BTreeSet::new(),
        }),
        Does::Group { seats, pass, on_refusal, not } => NodeKind::Approve(GroupRule {
            seats: seats.iter().map(|(office, post)| (office.as_str().into(), post.as_str().into())).collect(),
            pass: *pass,
            on_refusal: *on_refusal,
            powers: BTreeMap::new(),
            not: names(not),
        }),
        Does::Timer(span) => NodeKind::Timer { span: *span, publishes: None },
        Does::Message { name, .. } => NodeKind::Message { name: name.as_str().into(), heard: Heard::Message, queue_for: None },
        Does::Post { account, amount, settle, otherwise } => NodeKind::Post {
            account: account.iter().map(|part| parsed(part)).collect(),
            amount: Arc::new(parsed(amount)),
            settle: settle.iter().map(|(result, what)| (result.as_str().into(), *what)).collect(),
            otherwise: *otherwise,
        },
        Does::Call(workflow) => NodeKind::Call { callee: Callee::Fixed(workflow.as_str().into()), with: Vec::new(), returns: Vec::new() },
        Does::Scope(part) => NodeKind::Call { callee: Callee::Embedded(part.as_str().into()), with: Vec::new(), returns: Vec::new() },
        Does::Document { kind, number } => NodeKind::Document { kind: kind.as_str().into(), number: number.clone() },
        Does::Job(errors) => NodeKind::Job(JobRule {
            topic: "outside".into(),
            with: vec![("case".into(), Arc::new(parsed("case.year")))],
            fields: None,
            errors: names(errors),
            retries: 2,
            pauses_s: vec![60, 86_400],
        }),
        Does::Throw(what, name) => NodeKind::Throw { what: *what, name: name.as_str().into() },
        Does::Each { list, body, sequential, count, rest } => NodeKind::Each(EachRule {
            list: Arc::new(parsed(list)),
            item: "member".into(),
            body: body.as_str().into(),
            sequential: *sequential,
            complete: Some(Complete { need: Need::Count(*count), of: "approved".into(), otherwise: "refused".into(), rest: *rest, none: "approved".into() }),
        }),
        Does::Decide(table) => NodeKind::Decide(Arc::new(table.clone())),
    }
}

/// For each node what lies ahead of it.
fn reach(nodes: &[Node]) -> Vec<BTreeSet<NodeIx>> {
    let next = |at: NodeIx| {
        let node = &nodes[usize::from(at.0)];
        let mut next: Vec<NodeIx> = node.next.values().map(|edge| edge.to).chain(node.events.iter().map(|event| event.to)).collect();
        if let NodeKind::Split { branches, join } = &node.kind {
            next.extend(branches.iter().map(|branch| branch.first));
            next.push(*join);
        }
        next
    };
    let from = |start: usize| {
        let mut seen = BTreeSet::new();
        let mut open = next(index(start));
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(next(at));
            }
        }
        seen
    };
    (0..nodes.len()).map(from).collect()
}
