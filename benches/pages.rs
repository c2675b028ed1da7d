//! Server time of every page with many open tasks and a long past: each page asked for in process, through the router with its sessions, its templates and its headers.
//! Invariant: every page answers 200 to somebody who may see it; one that is not there is told as such, not counted as fast.
//! Never: a network or a browser; what those add is theirs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use greenlane::app::App;
use greenlane::app::execute::Act;
use greenlane::app::operate::{Operation, embedded_workflows};
use greenlane::app::seed::Seeds;
use greenlane::audit::Leaf;
use greenlane::audit::leaf::{NO_LEAF, Who};
use greenlane::clock::Clock;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Digest, Moment, PersonId};
use greenlane::store::rows::{ActRow, CaseRow, CaseWrite, Commit, TaskRow};
use greenlane::store::{SessionRow, Writer};
use greenlane::web::{Door, Pages, Shared, router};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::Words;
use crate::measure::{percentile_ms, runtime};
use crate::node::{Addresses, MORNING, Place, TENANT, act, login, plant};

const BATCH: usize = 500;
const READS: usize = 60;
const DAY_MS: i64 = 86_400_000;
const NEVER: Moment = Moment(i64::MAX);
/// Steps of the seeds' workflows that stand open in the filling: (workflow, step, office, post).
const STEPS: [(&str, &str, &str, &str); 5] = [
    ("eia-report-form", "accept", "ez-sthj", "receiver"),
    ("eia-report-form", "examine", "ez-sthj", "handler"),
    ("land-quota", "park-check", "ez-gdkfq", "handler"),
    ("funding", "match", "ez-jrb", "handler"),
    ("filing", "accept", "ez-fgw", "liaison"),
];
const HANDLER: &str = "ez-sthj.handler";
const SUPERVISOR: &str = "ez-ldxz.sup-clerk";
const AUDITOR: &str = "ez-ldxz.auditor";
const OPERATOR: &str = "ez-zwzx.operator";
/// Every page, by whom it is asked for.
const PAGES: &[(&str, &str)] = &[
    (HANDLER, "/inbox"),
    (HANDLER, "/inbox?q=GC2025"),
    (HANDLER, "/inbox?light=overdue"),
    (SUPERVISOR, "/cases"),
    (SUPERVISOR, "/cases?number=GC2025"),
    (SUPERVISOR, "/cases/GC20250001"),
    (SUPERVISOR, "/cases/GC20250001/record"),
    (SUPERVISOR, "/cases/GC20250001/sheet/0"),
    ("chen", "/projects"),
    ("chen", "/projects/GC20250001"),
    ("chen", "/projects/GC20250001/withdraw"),
    ("chen", "/receipts/GC20250001"),
    ("chen", "/apply"),
    (SUPERVISOR, "/lights"),
    (HANDLER, "/lights"),
    (SUPERVISOR, "/lights/tasks"),
    (SUPERVISOR, "/lights/tasks?light=red"),
    (HANDLER, "/lights/digest"),
    (SUPERVISOR, "/accounts"),
    (SUPERVISOR, "/accounts/land/2025/420703/new"),
    (AUDITOR, "/audit"),
    (AUDITOR, "/audit/find?case=GC20250001"),
    (AUDITOR, "/audit/find?person=chen"),
    (AUDITOR, "/audit/find?from=2025-03-03&to=2025-03-03"),
    (AUDITOR, "/audit/act/GC20250001/1"),
    (AUDITOR, "/audit/exports"),
    (SUPERVISOR, "/clock"),
    (HANDLER, "/account"),
    (OPERATOR, "/system/people"),
    (OPERATOR, "/system/people/new"),
    (OPERATOR, "/system/people/chen"),
    (OPERATOR, "/system/notices"),
    (OPERATOR, "/system/notices?state=sent"),
    (OPERATOR, "/system/texts"),
    (OPERATOR, "/system/texts/o.yellow"),
];

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap()
}

/// A case of the past: it began some days ago, one act, ended.
fn past(n: usize, applicant: PersonId) -> CaseWrite {
    let at = Moment(MORNING.0 - DAY_MS - number(n) * 1_000);
    let mut case = case(n, at, applicant);
    case.row.ended = Some(at);
    case.row.result = Some("granted".to_owned());
    case
}

fn case(n: usize, at: Moment, applicant: PersonId) -> CaseWrite {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&n.to_be_bytes());
    let id = CaseId::new(at, random);
    let events = b"[]".to_vec();
    let leaf = Leaf {
        tenant: TENANT,
        case: id,
        seq: 1,
        prev: NO_LEAF,
        kind: Cow::Borrowed("start"),
        actor: Who::Person(applicant),
        on_behalf_of: None,
        post: None,
        at,
        events: Digest::of(&events),
    };
    let leaf = leaf.bytes();
    let row = CaseRow {
        tenant: TENANT,
        id,
        number: Some(format!("GC2025{n:07}")),
        title: Some("智能制造项目".to_owned()),
        workflow: "eia".to_owned(),
        revision: Digest([0; 32]),
        version: 1,
        applicant,
        rank: 9,
        started: at,
        ended: None,
        result: None,
        next_wake: None,
        head: Leaf::digest(&leaf),
    };
    let acts = vec![ActRow { seq: 1, at, kind: "start".to_owned(), events, leaf }];
    CaseWrite {
        row,
        expected: 0,
        provisional: 0,
        acts,
        bodies: Vec::new(),
        tasks: Vec::new(),
        waiting: Vec::new(),
        jobs: Vec::new(),
        listening: Vec::new(),
        broadcasts: Vec::new(),
        terms: Vec::new(),
        orders: Vec::new(),
        hooks: Vec::new(),
        notices: Vec::new(),
        settled: Vec::new(),
        documents: Vec::new(),
        receipts: Vec::new(),
        snapshot: None,
        reopened: Vec::new(),
    }
}

/// A case with one open task; the lights in turn.
fn open(n: usize, applicant: PersonId) -> CaseWrite {
    let at = Moment(MORNING.0 - number(n % 5_000) * 60_000);
    let mut open = case(1_000_000 + n, at, applicant);
    let (program, step, office, post) = STEPS[n % STEPS.len()];
    let (past, soon) = (Moment(MORNING.0 - number(n % 9) * DAY_MS), Moment(MORNING.0 + number(n % 30 + 1) * DAY_MS));
    let (yellow_from, red_from, dark_red_from, grey_from) = match n % 10 {
        0 => (past, past, past, NEVER),
        1 => (past, past, soon, NEVER),
        2 | 3 => (past, soon, NEVER, NEVER),
        4 => (NEVER, NEVER, soon, past),
        _ => (soon, soon, soon, NEVER),
    };
    open.tasks.push(TaskRow {
        task: 3,
        number: open.row.number.clone(),
        program: program.to_owned(),
        step: step.to_owned(),
        office: office.to_owned(),
        post: post.to_owned(),
        backup: None,
        asked: None,
        claimed: None,
        closed: None,
        rank: [0, 1, 2, 9][n % 4],
        opened: at,
        red_from,
        yellow_from,
        dark_red_from,
        grey_from,
        lead: true,
        due: Some("2025-03-14".to_owned()),
    });
    open
}

async fn fill(writer: &mut Writer, count: usize, make: impl Fn(usize) -> CaseWrite) {
    for first in (0..count).step_by(BATCH) {
        let cases = (first..count.min(first + BATCH)).map(&make).collect();
        writer.write_alone(&Commit { cases, ..Commit::default() }).await.unwrap();
    }
}

/// The seeds, one real case that is followed, the filling, everything sealed.
async fn furnish(place: &Place, (tasks, closed): (usize, usize)) -> App {
    let clock = Clock::standing(MORNING);
    let (app, crew) = plant(place, &clock, Addresses::Without).await;
    let publish = Operation::Publish { files: embedded_workflows(), workflows: Vec::new() };
    app.operate(TENANT, Actor::Operator("bench".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
    let known = app.known(TENANT).await.unwrap();
    let (applicant, other) = (login(&known, "chen"), login(&known, "lin"));
    let seeds = Seeds::embedded().unwrap();
    let project = seeds.tenants.values().flat_map(|tenant| &tenant.projects).find(|project| &*project.key == "P1").unwrap().clone();
    act(&app, None, applicant, Act::Start { workflow: "green-channel".into(), form: Some(Value::Object(project.form)), rank: 9 }).await;
    drop((app, crew));
    // On SQLite the lane's writer must have gone before another may write.
    let store = greenlane::store::Store::open(place.target.clone()).await.unwrap();
    let mut writer = loop {
        match store.writer().await {
            Ok(writer) => break writer,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    };
    fill(&mut writer, closed, |n| past(n, other)).await;
    fill(&mut writer, tasks, |n| open(n, other)).await;
    drop((writer, store));
    let (app, _) = place.open(&clock).await;
    while app.seal().await.unwrap() > 0 {}
    app
}

async fn session(app: &App, name: &str) -> String {
    let known = app.known(TENANT).await.unwrap();
    let token = format!("session-of-{name}");
    let now = greenlane::clock::real();
    let person = login(&known, name);
    let row = SessionRow { digest: Digest::of(token.as_bytes()), tenant: TENANT, person, begun: now, seen: now, agent: "bench".to_owned() };
    app.store().begin_session(&row, None, None).await.unwrap();
    format!("gl_session={token}; gl_language=zh-CN")
}

/// One page asked for again and again.
async fn page(pages: &Router, cookie: &str, path: &str) -> Value {
    let mut latencies = Vec::new();
    let (mut status, mut bytes) = (0, 0);
    for _ in 0..READS {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        let asked = Instant::now();
        let response = pages.clone().oneshot(request).await.unwrap();
        status = response.status().as_u16();
        bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap().len();
        latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap());
        if status != 200 {
            return json!({ "page": path, "status": status });
        }
    }
    latencies.sort_unstable();
    json!({ "page": path, "status": status, "bytes": bytes, "p50_ms": percentile_ms(&latencies, 0.5), "p95_ms": percentile_ms(&latencies, 0.95) })
}

async fn ask(peer: &str, place: &Place, (tasks, closed): (usize, usize)) -> Value {
    let app = furnish(place, (tasks, closed)).await;
    let texts = Pages::embedded().unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let door = Arc::new(Door { secure: false, proxies: Vec::new() });
    let pages = router(Shared { app: app.clone(), pages: Arc::new(texts), door });
    let mut cookies = BTreeMap::new();
    let mut rows = Vec::new();
    for (name, path) in PAGES {
        if !cookies.contains_key(name) {
            cookies.insert(name, session(&app, name).await);
        }
        rows.push(page(&pages, &cookies[name], path).await);
    }
    json!({ "peer": peer, "open": tasks, "closed": closed, "pages": rows })
}

pub fn sqlite(words: &Words) -> Value {
    let (tasks, closed, place) = (words.number(0, 10_000), words.number(1, 100_000), Place::sqlite(words, 2));
    runtime().block_on(ask("pages-sqlite", &place, (tasks, closed)))
}

pub fn postgres(words: &Words) -> Value {
    let (tasks, closed, place) = (words.number(0, 10_000), words.number(1, 100_000), Place::postgres(words, 2));
    runtime().block_on(ask("pages-pg", &place, (tasks, closed)))
}
