//! Two people decide in one parallel region at the same instant.
//! Invariant: both acts are in the record, one after the other, and the join fires once.

use std::process::Stdio;
use std::sync::Arc;

use futures::StreamExt;
use greenlane::app::App;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::view;
use greenlane::app::writer::Receipt;
use greenlane::clock::Clock;
use greenlane::engine::case::Local;
use greenlane::engine::event::Event;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, PersonId, Tenant};
use greenlane::store::Target;
use greenlane::workers::Role;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Barrier;

use super::node::{MORNING, Node, Where, on_both, open, times};

/// Tells the test binary that it is the second process, and where.
const SECOND: &str = "GREENLANE_TEST_SECOND_PROCESS";
const TENANT: Tenant = Tenant(420_700);
/// Commands that prepare a case: its start and two claims.
const PREPARED: i64 = 3;
/// Cases prepared at once.
const AT_ONCE: usize = 64;

/// One of the two, and the task he has claimed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Side {
    person: PersonId,
    task: Local,
}

#[test]
fn two_who_decide_at_the_same_instant_both_succeed_and_the_join_fires_once() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let (cases, sides) = prepare(&node, times(300, 10_000)).await;
        let nodes = node.nodes().await;
        let barrier = Arc::new(Barrier::new(2));
        let mut racers = Vec::new();
        for (side, app) in sides.into_iter().zip(nodes.iter().cycle().cloned()) {
            let (barrier, cases) = (barrier.clone(), cases.clone());
            racers.push(tokio::spawn(async move {
                let mut versions = Vec::new();
                for case in cases {
                    barrier.wait().await;
                    versions.push(decide(&app, case, side).await.version);
                }
                versions
            }));
        }
        let (right, left) = (racers.pop().unwrap().await.unwrap(), racers.pop().unwrap().await.unwrap());
        let second_first = judge(&node, &cases, &left, &right).await;
        println!("{} rounds in one process, {} nodes: the second was first in {second_first}", cases.len(), nodes.len());
        holds_sealed(&node).await;
    });
}

#[test]
fn two_processes_on_one_database_decide_at_the_same_instant() {
    greenlane::telemetry::log();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let node = Node::open(Where::postgres()).await;
        let (cases, [ours, theirs]) = prepare(&node, times(100, 10_000)).await;
        let mut second = Second::spawn(&node.place, theirs);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for case in &cases {
            second.say(&case.to_string()).await;
            assert_eq!(second.hear().await, "ready");
            second.say("go").await;
            let (first, other) = tokio::join!(decide(&node.app, *case, ours), second.hear());
            left.push(first.version);
            right.push(other.parse().unwrap());
        }
        second.end().await;
        let second_first = judge(&node, &cases, &left, &right).await;
        println!("{} rounds in two processes: the second was first in {second_first}", cases.len());
        holds_sealed(&node).await;
    });
}

/// What the second process runs; in the first one there is nothing for it to do.
#[test]
fn the_second_process_decides_what_it_is_told() {
    let Ok(told) = std::env::var(SECOND) else { return };
    let (writer_url, reader_url, home, side): (String, String, String, Side) = serde_json::from_str(&told).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (app, _) = open(Target::Postgres { writer_url, reader_url }, Clock::standing(MORNING), home.into()).await;
        app.known(TENANT).await.unwrap();
        // Waiting for a line blocks this thread only; the lanes have their own.
        let mut lines = std::io::stdin().lines();
        while let Some(case) = lines.next() {
            println!("@ready");
            assert_eq!(lines.next().unwrap().unwrap(), "go");
            println!("@{}", decide(&app, case.unwrap().parse().unwrap(), side).await.version);
        }
    });
}

/// Cases in which both have claimed their task. Local ids are the same in every case of a workflow.
async fn prepare(node: &Node, count: usize) -> (Vec<CaseId>, [Side; 2]) {
    let first = node.start("pair", None).await.unwrap();
    let mut sides = Vec::new();
    for step in ["fgw", "hbj"] {
        let (task, open) = node.task(first, step).await;
        sides.push(Side { person: node.doer(first, &open).await, task });
    }
    let sides: [Side; 2] = sides.try_into().unwrap();
    let claimed = |started: Option<CaseId>| async move {
        let case = match started {
            Some(case) => case,
            None => node.start("pair", None).await.unwrap(),
        };
        for side in sides {
            node.act(case, side.person, Act::Claim { task: side.task }).await.unwrap();
        }
        case
    };
    let starts = std::iter::once(Some(first)).chain(std::iter::repeat_n(None, count - 1));
    let cases = futures::stream::iter(starts.map(claimed)).buffer_unordered(AT_ONCE).collect().await;
    (cases, sides)
}

/// The whole record holds, once everything is sealed: a verifier asks of each act whether it still waits for the seal, which takes long over a long list.
async fn holds_sealed(node: &Node) {
    while node.crew.turn(Role::Seal).await.unwrap() > 0 {}
    node.holds().await;
}

async fn decide(app: &App, case: CaseId, side: Side) -> Receipt {
    let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
    let act = Act::Complete { task: side.task, outcome: "agree".into(), answer };
    let order = Order { tenant: TENANT, case: Some(case), actor: Actor::Person(side.person), command_id: None, act };
    app.execute(order).await.unwrap_or_else(|failure| panic!("case {case}: {failure}"))
}

/// Both acts stand in every case, in one order or the other, and the head was asked once; answers how often the second came first.
async fn judge(node: &Node, cases: &[CaseId], left: &[i64], right: &[i64]) -> usize {
    let mut second_first = 0;
    for ((case, left), right) in cases.iter().zip(left).zip(right) {
        let mut versions = [*left, *right];
        versions.sort_unstable();
        assert_eq!(versions, [PREPARED + 1, PREPARED + 2], "case {case}");
        second_first += usize::from(right < left);
        let acts = view::acts(node.app.store(), TENANT, *case, PREPARED + 2).await.unwrap();
        let events: Vec<&Event> = acts.iter().flat_map(|act| &act.events).collect();
        let done = |wanted: &str| events.iter().filter(|event| matches!(event, Event::StepDone { step, .. } if **step == *wanted)).count();
        let asked = events.iter().filter(|event| matches!(event, Event::TaskOpened { step, .. } if **step == *"decide")).count();
        assert_eq!((acts.len(), done("fgw"), done("hbj"), asked), (5, 1, 1, 1), "case {case}");
    }
    second_first
}

/// The test binary once more, in its other role.
struct Second {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Second {
    fn spawn(place: &Where, side: Side) -> Self {
        let Target::Postgres { writer_url, reader_url } = &place.target else { panic!("two processes need PostgreSQL") };
        let told = serde_json::to_string(&(writer_url, reader_url, place.home.path(), side)).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["spine::race::the_second_process_decides_what_it_is_told", "--exact", "--nocapture"])
            .env(SECOND, told)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, stdin, lines: BufReader::new(stdout).lines() }
    }

    async fn say(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line meant for us; the test harness writes some of its own.
    async fn hear(&mut self) -> String {
        loop {
            let line = self.lines.next_line().await.unwrap().expect("the second process goes on");
            if let Some((_, said)) = line.split_once('@') {
                return said.to_owned();
            }
        }
    }

    async fn end(self) {
        let Self { mut child, stdin, mut lines } = self;
        drop(stdin);
        while lines.next_line().await.unwrap().is_some() {}
        assert!(child.wait().await.unwrap().success());
    }
}
