//! Running cases taken over to another version through the application, on both databases: said first, then each whole or not at all, a second time nothing,
//! and a crash between two cases leaves each of them in one version or the other.

use std::collections::BTreeMap;
use std::process::Command;

use greenlane::app::App;
use greenlane::app::execute::{Act, Answer};
use greenlane::app::inspect;
use greenlane::app::migrate::{CaseReport, Migration};
use greenlane::app::operate::Operation;
use greenlane::engine::case::Waits;
use greenlane::engine::next_wake;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Digest, Moment, Tenant};

use super::node::{MORNING, Node, Where, on_both, open};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

const OLD: &str = "workflow: moving
title: {zh: 迁移演示件, en: Moving}
nature: service
basis: [测试用]
people:
  receiver: {office: ez-zwzx, post: receiver}
  planning: {office: ez-fgw, post: handler}
  land: {office: ez-gtj, post: handler}
  heads: {office: [ez-fgw, ez-gtj], post: head}
limits:
  promised: {within: 20 working days, from: entered, excludes: [notice]}
steps:
  accept:
    title: {zh: 受理, en: Accept}
    task: {by: planning, outcomes: [accepted, odd]}
    within: 2 working days
    next: {accepted: ask, odd: odd}
  odd:
    title: {zh: 另行处理, en: Odd}
    task: {by: planning, outcomes: [done]}
    next: granted
  ask:
    title: {zh: 征求意见, en: Ask}
    parallel:
      planning-says: {title: {zh: 发改意见, en: Planning}, task: {by: planning, outcomes: [agree]}}
      land-says:
        title: {zh: 国土意见, en: Land}
        task: {by: land, outcomes: [agree]}
        within: 3 working days
        remind: [{at: -1 working day, say: o.yellow, to: assignee}]
    join: all
    next: sign
  sign:
    title: {zh: 会签, en: Sign}
    approve: {by: heads, rule: all, on-refusal: end}
    next: {approved: notice, rejected: refused}
  notice:
    title: {zh: 公示, en: Notice}
    wait: {for: 5 working days}
    stops: notice
    next: granted
  granted: {title: {zh: 准予, en: Granted}, end: granted}
  refused: {title: {zh: 不予, en: Refused}, end: refused}
";

/// Another pool accepts, a branch has another key and limit, there is a step before signing, the periods are longer, and `odd` is gone.
fn new() -> String {
    let replaced = [
        (
            "accept:\n    title: {zh: 受理, en: Accept}\n    task: {by: planning, outcomes: [accepted, odd]}",
            "accept:\n    title: {zh: 受理, en: Accept}\n    task: {by: receiver, outcomes: [accepted]}",
        ),
        (
            "    next: {accepted: ask, odd: odd}\n  odd:\n    title: {zh: 另行处理, en: Odd}\n    task: {by: planning, outcomes: [done]}\n    next: granted\n",
            "    next: ask\n",
        ),
        ("land-says:", "survey:"),
        ("within: 3 working days", "within: 6 working days"),
        (
            "join: all\n    next: sign\n",
            "join: all\n    next: look\n  look:\n    title: {zh: 复核, en: Look}\n    task: {by: receiver, outcomes: [done]}\n    next: sign\n",
        ),
        ("within: 20 working days", "within: 30 working days"),
        ("for: 5 working days", "for: 10 working days"),
    ];
    replaced.iter().fold(OLD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

async fn publish(app: &App, tenant: Tenant, text: &str) -> Digest {
    let files = BTreeMap::from([("moving.yaml".to_owned(), text.to_owned())]);
    let publish = Operation::Publish { files, workflows: vec!["moving".to_owned()] };
    app.operate(tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
    app.known(tenant).await.unwrap().current["moving"]
}

fn asked(from: Digest, dry_run: bool) -> Migration {
    let map = vec!["land-says=survey".to_owned()];
    Migration { workflow: "moving".to_owned(), from: from.to_string(), to: "current".to_owned(), map, dry_run }
}

async fn migrated(app: &App, tenant: Tenant, asked: &Migration) -> BTreeMap<String, CaseReport> {
    let reports = app.migrate_cases(tenant, &Actor::Operator("test".to_owned()), asked).await.unwrap_or_else(|failure| panic!("{failure}"));
    reports.into_iter().map(|report| (report.case.clone(), report)).collect()
}

/// Cases at: acceptance, one branch at the join and the other claimed, a group with one answer, a period that stops the promise, a step that is gone.
async fn five(node: &Node) -> [CaseId; 5] {
    let mut cases = Vec::new();
    for _ in 0..5 {
        cases.push(node.start("moving", None).await.unwrap());
    }
    let cases: [CaseId; 5] = cases.try_into().unwrap();
    let [_, joining, group, stopped, odd] = cases;
    for case in [joining, group, stopped] {
        node.answer(case, "accept", "accepted").await.unwrap();
        node.answer(case, "planning-says", "agree").await.unwrap();
    }
    let (task, open) = node.task(joining, "land-says").await;
    node.act(joining, node.doer(joining, &open).await, Act::Claim { task }).await.unwrap();
    for case in [group, stopped] {
        node.answer(case, "land-says", "agree").await.unwrap();
        node.answer(case, "sign", "approved").await.unwrap();
    }
    node.answer(stopped, "sign", "approved").await.unwrap();
    node.answer(odd, "accept", "odd").await.unwrap();
    node.crew.drain().await.unwrap();
    cases
}

fn en(report: &CaseReport) -> String {
    report.changes.iter().chain(&report.obstacles).map(|text| text.en.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_case_is_told_first_and_then_goes_over_whole_with_its_tasks_terms_timers_and_reminders() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let from = publish(&node.app, node.tenant, OLD).await;
        let cases = five(&node).await;
        let [accepting, joining, group, stopped, odd] = cases;
        let to = publish(&node.app, node.tenant, &new()).await;
        let versions = async |app: &App| {
            let mut rows = Vec::new();
            for case in cases {
                let row = app.working(node.tenant, case).await.unwrap().row;
                rows.push((row.version, row.revision));
            }
            rows
        };
        let before = versions(&node.app).await;

        let told = migrated(&node.app, node.tenant, &asked(from, true)).await;
        assert_eq!(told.len(), 5);
        assert_eq!(versions(&node.app).await, before, "a dry run changes nothing");
        let fits = |case: CaseId| (told[&case.to_string()].fits, told[&case.to_string()].migrated);
        assert_eq!(cases.map(fits), [(true, false), (true, false), (true, false), (true, false), (false, false)]);
        let of = |case: CaseId| en(&told[&case.to_string()]);
        assert!(of(accepting).contains("the task at accept is closed and offered anew"), "{}", of(accepting));
        assert!(of(joining).contains("step land-says -> survey"), "{}", of(joining));
        assert!(of(stopped).contains("the minimum period of notice ends"), "{}", of(stopped));
        assert!(of(odd).contains("expected a step `odd` in the new version"), "{}", of(odd));

        let done = migrated(&node.app, node.tenant, &asked(from, false)).await;
        for case in [accepting, joining, group, stopped] {
            assert!(done[&case.to_string()].migrated, "{}", en(&done[&case.to_string()]));
            assert_eq!(done[&case.to_string()].changes, told[&case.to_string()].changes, "it does what it said");
        }
        let after = versions(&node.app).await;
        let moved: Vec<_> = before.iter().take(4).map(|(version, _)| (version + 1, to)).collect();
        assert_eq!((&after[..4], after[4]), (&moved[..], before[4]), "one act a case, and what cannot go is as it was");
        rows_follow(&node, cases).await;

        let again = migrated(&node.app, node.tenant, &asked(from, false)).await;
        assert_eq!(again.keys().cloned().collect::<Vec<_>>(), [odd.to_string()], "a second run finds only what stayed");
        assert_eq!(versions(&node.app).await, after);
        node.holds().await;
        to_the_end(&node, cases).await;
    });
}

/// The inbox, the next wake-up and the terms are those of the new version, in the act that took the case over.
async fn rows_follow(node: &Node, [accepting, joining, group, stopped, _]: [CaseId; 5]) {
    let open = async |case: CaseId| {
        let rows = node.app.store().tasks(node.tenant, case).await.unwrap();
        rows.into_iter().filter(|row| row.closed.is_none()).map(|row| (row.step, row.office, row.post, row.claimed.is_some())).collect::<Vec<_>>()
    };
    let row = |step: &str, office: &str, post: &str, claimed| (step.to_owned(), office.to_owned(), post.to_owned(), claimed);
    assert_eq!(open(accepting).await, [row("accept", "ez-zwzx", "receiver", false)]);
    assert_eq!(open(joining).await, [row("survey", "ez-zrzy", "handler", true)], "a claim stays; the land bureau has a successor");
    assert_eq!(open(group).await.len(), 1, "one seat is still open");
    for case in [accepting, joining, group, stopped] {
        let working = node.app.working(node.tenant, case).await.unwrap();
        assert_eq!(working.row.next_wake, next_wake(&working.state));
        let promised = working.state.terms.values().find(|term| &*term.key == "promised").unwrap();
        assert_eq!((promised.within.days, promised.stopped_on.is_some()), (30, case == stopped));
    }
    let working = node.app.working(node.tenant, stopped).await.unwrap();
    let (timer, _) = working.state.timers.iter().next().unwrap();
    assert!(working.state.tokens.values().any(|token| token.waits == Waits::Timer(*timer)));
}

/// What stood at a reminder is reminded by the new limit, and everything that moved can be finished by the new version.
async fn to_the_end(node: &Node, [accepting, joining, group, stopped, odd]: [CaseId; 5]) {
    let yellow = async || {
        let notices = node.app.notices(node.tenant, joining).await.unwrap();
        notices.into_iter().filter(|notice| notice.kind == "o.yellow").count()
    };
    for (days, said) in [(2, false), (7, true)] {
        // Rungs speak at nine.
        assert!(node.clock.set(Moment(MORNING.0 + days * DAY_MS + HOUR_MS)));
        node.crew.drain().await.unwrap();
        assert_eq!(yellow().await > 0, said, "day {days}: two days of three have passed, and five of six");
    }
    node.answer(accepting, "accept", "accepted").await.unwrap();
    node.answer(accepting, "planning-says", "agree").await.unwrap();
    for case in [accepting, joining] {
        let (task, open) = node.task(case, "survey").await;
        let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
        node.act(case, node.doer(case, &open).await, Act::Complete { task, outcome: "agree".into(), answer }).await.unwrap();
        node.answer(case, "look", "done").await.unwrap();
        node.answer(case, "sign", "approved").await.unwrap();
        node.answer(case, "sign", "approved").await.unwrap();
    }
    node.answer(group, "sign", "approved").await.unwrap();
    node.answer(odd, "odd", "done").await.unwrap();
    assert!(node.clock.set(Moment(MORNING.0 + 60 * DAY_MS)));
    node.crew.drain().await.unwrap();
    for case in [accepting, joining, group, stopped, odd] {
        assert_eq!(node.app.working(node.tenant, case).await.unwrap().row.result.as_deref(), Some("granted"));
    }
    node.holds().await;
}

/// A process that ends in the middle leaves some cases in the new version and the rest in the old; the next run takes the rest, and none twice.
#[test]
fn a_crash_between_two_cases_leaves_each_in_one_version_and_the_next_run_finishes() {
    const CASES: usize = 60;
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let from = publish(&node.app, node.tenant, OLD).await;
        let mut cases = Vec::new();
        for _ in 0..CASES {
            cases.push(node.start("moving", None).await.unwrap());
        }
        let to = publish(&node.app, node.tenant, &new()).await;
        let tenant = node.tenant;
        let gone_over = async |app: &App| {
            let mut count = 0;
            for case in &cases {
                count += usize::from(app.working(tenant, *case).await.unwrap().row.revision == to);
            }
            count
        };
        let app = node.app.clone();
        let running = tokio::spawn(async move { migrated(&app, tenant, &asked(from, false)).await });
        // One of the ends goes first; to look at all of them would take as long as the rest of the way.
        let went = async |case: CaseId| node.app.working(tenant, case).await.unwrap().row.revision == to;
        while !went(cases[0]).await && !went(cases[CASES - 1]).await {
            tokio::task::yield_now().await;
        }
        running.abort();
        let _ = running.await;
        let Node { app, crew, clock, place, .. } = node;
        drop((app, crew));
        let (other, _) = open(place.target.clone(), clock, place.home.path().to_owned()).await;
        let first = gone_over(&other).await;
        let rest = migrated(&other, tenant, &asked(from, false)).await;
        println!("{first} of {CASES} had gone over when it was stopped, {} then", rest.len());
        assert!(first < CASES, "it was stopped before the last");
        // One that was being written when it was stopped may have gone over after the count.
        assert!(rest.len() <= CASES - first && gone_over(&other).await == CASES);
        for case in &cases {
            let acts = other.store().acts(tenant, *case, 0, 10).await.unwrap();
            let moves = acts.iter().filter(|act| String::from_utf8_lossy(&act.events).contains("migrated")).count();
            assert_eq!((acts.len(), moves), (2, 1), "started, and taken over once");
        }
        let inspection = inspect::inspect(other.store(), vec![other.sealer().public()], Vec::new()).await.unwrap();
        assert!(inspection.holds(), "{:?} {:?}", inspection.report.findings, inspection.differences);
    });
}

/// At a terminal: what differs, what it would do to each case, then the same done.
#[test]
fn the_command_line_compares_publishes_and_takes_over() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let from = publish(&node.app, node.tenant, OLD).await;
        five(&node).await;
        let Node { place, app, crew, .. } = node;
        drop((app, crew));
        let file = place.home.path().join("moving.yaml");
        std::fs::write(&file, new()).unwrap();
        let mut at = vec!["--data".to_owned(), place.home.path().display().to_string()];
        if let Some(database) = &place.database {
            at = ["--database", &database.writer, "--reader", &database.reader].map(str::to_owned).to_vec();
        }
        let says = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_greenlane"));
            let said = command.args(arguments).args(&at).env_remove("GREENLANE_DATA").current_dir(place.home.path()).output().unwrap();
            let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
            (said.status.success(), text)
        };
        let file = file.display().to_string();
        let (went, said) = says(&["publish", &file, "--diff"]);
        assert!(went && said.contains("moving 有 10 处改动") && said.contains("分支 survey「国土意见」：新增"), "{said}");
        assert!(said.contains("limit promised · within: 20 working days -> 30 working days"), "{said}");
        let (went, said) = says(&["publish", &file]);
        assert!(went && said.contains("moving is published"), "{said}");
        for arguments in [&["publish", &file, "--diff"][..], &["publish", &file][..]] {
            let (went, said) = says(arguments);
            assert!(went && said.contains("没有改动，无须发布") && said.contains("nothing to publish"), "{said}");
        }
        let from = from.to_string();
        let run = ["migrate-cases", "moving", "--from", &from[..12], "--map", "land-says=survey"];
        let (went, said) = says(&[&run[..], &["--dry-run"]].concat());
        assert!(went && said.contains("共 5 件，4 件可以迁移；没有改变任何办件"), "{said}");
        assert!(said.contains("步骤 `odd` 在新版中没有：请写明它对应的步骤（--map odd=…）"), "{said}");
        let (went, said) = says(&run);
        assert!(went && said.contains("共 5 件，已迁移 4 件"), "{said}");
        let (went, said) = says(&run);
        assert!(went && said.contains("共 1 件，已迁移 0 件"), "{said}");
        let (went, said) = says(&["migrate-cases", "moving", "--from", "ffff"]);
        assert!(!went && said.contains("没有唯一以“ffff”开头的版本"), "{said}");
    });
}
