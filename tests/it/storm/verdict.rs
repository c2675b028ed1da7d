//! What must hold when the storm is over.
//! Invariant: the journals of the clients and the record are held against each other in both directions, and every notice against the fold of the events.

use std::collections::{BTreeMap, BTreeSet};

use greenlane::app::App;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::known::Known;
use greenlane::app::{inspect, register, view};
use greenlane::clock::Clock;
use greenlane::engine;
use greenlane::engine::case::Case;
use greenlane::engine::effect::Effect;
use greenlane::engine::event::Event;
use greenlane::engine::facts::Facts;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, CommandId};
use greenlane::store::rows::CaseRow;
use greenlane::store::{CaseFilter, Target};

use super::client::{Acknowledged, Asked, Cast, Journal};
use super::{TENANT, server};
use crate::spine::node::{Where, open};

/// Reminders of the one open step of each prepared case.
const RUNGS: usize = 3;
const PAGE: u32 = 500;

/// Judges, and says in one line what there was.
pub async fn judge(place: &Where, cast: &Cast, due: &[CaseId], journals: &[Journal]) -> String {
    let surprises: Vec<&String> = journals.iter().flat_map(|journal| &journal.surprises).collect();
    assert!(surprises.is_empty(), "{} acknowledged commands were lost: {surprises:#?}", surprises.len());
    end_leases(place);
    let (app, crew) = open(place.target.clone(), Clock::Machine, server::home(place)).await;
    crew.drain().await.unwrap();
    let all: Vec<&Acknowledged> = journals.iter().flat_map(|journal| &journal.acknowledged).collect();
    once(&app, &all, due).await;
    same_answers(&app, cast, &all).await;
    let notices = notices(&app, place, due).await;
    let inspection = inspect::inspect(app.store(), vec![app.sealer().public()], Vec::new()).await.unwrap();
    assert!(inspection.holds(), "{:?} {:?}", inspection.report.findings, inspection.differences);
    let output = server::verify(place, &[]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let (unknown, repeated) = (all.iter().filter(|one| one.unknown).count(), all.iter().filter(|one| one.repeated).count());
    format!(
        "{} commands acknowledged, each in the record once; {unknown} answers came late, {repeated} of them for what was done already; {notices} notices recorded once; {} acts verified",
        all.len(),
        inspection.report.counts.acts
    )
}

/// A killed worker's claims end with its lease; here nobody waits for that.
pub fn end_leases(place: &Where) {
    let text = "update notices set lease_until = 0";
    match (&place.target, &place.database) {
        (_, Some(database)) => drop(database.sql(text)),
        (Target::Sqlite(folder), None) => drop(rusqlite::Connection::open(folder.join("greenlane.db")).unwrap().execute(text, []).unwrap()),
        (Target::Postgres { .. }, None) => panic!("a PostgreSQL place has its database"),
    }
}

/// Every acknowledged command is an act of its case, at the version acknowledged, and people did nothing else.
async fn once(app: &App, all: &[&Acknowledged], due: &[CaseId]) {
    let mut acknowledged: BTreeMap<(CaseId, i64), &str> = BTreeMap::new();
    for one in all {
        let kind = match one.asked {
            Asked::Start => "start",
            Asked::Claim(_) => "claim",
            Asked::Complete(_) => "complete",
        };
        let earlier = acknowledged.insert((one.case.parse().unwrap(), one.version), kind);
        assert_eq!(earlier, None, "two commands were answered with the same act: {one:?}");
    }
    let mut recorded = BTreeMap::new();
    for row in storm_cases(app).await.iter().filter(|row| !due.contains(&row.id)) {
        for act in app.store().acts(TENANT, row.id, 0, PAGE).await.unwrap() {
            if ["start", "claim", "complete"].contains(&act.kind.as_str()) {
                recorded.insert((row.id, act.seq), act.kind);
            }
        }
    }
    for (act, kind) in &acknowledged {
        assert_eq!(recorded.get(act).map(String::as_str), Some(*kind), "acknowledged, and not in the record: {act:?}");
    }
    let extra: Vec<_> = recorded.keys().filter(|act| !acknowledged.contains_key(act)).collect();
    assert!(extra.is_empty(), "in the record, and never acknowledged although every client asked until it was: {extra:?}");
}

async fn storm_cases(app: &App) -> Vec<CaseRow> {
    let mut filter = CaseFilter { workflow: Some("storm".to_owned()), ..CaseFilter::default() };
    let mut rows = Vec::new();
    loop {
        let page = app.store().cases(TENANT, &filter, PAGE).await.unwrap();
        let Some(last) = page.last() else { return rows };
        filter.before = Some(last.id);
        rows.extend(page);
    }
}

/// The same key once more gives the first answer, and does nothing.
async fn same_answers(app: &App, cast: &Cast, all: &[&Acknowledged]) {
    for one in all {
        let case: CaseId = one.case.parse().unwrap();
        let (person, act) = match one.asked {
            Asked::Start => (cast.applicant, Act::Start { workflow: "storm".into(), form: None, rank: 9 }),
            Asked::Claim(place) => (cast.hands[place].person, Act::Claim { task: cast.hands[place].task }),
            Asked::Complete(place) => {
                let hand = &cast.hands[place];
                let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
                (hand.person, Act::Complete { task: hand.task, outcome: hand.outcome.into(), answer })
            }
        };
        let named = (one.asked != Asked::Start).then_some(case);
        let order = Order { tenant: TENANT, case: named, actor: Actor::Person(person), command_id: Some(CommandId(one.key)), act };
        let receipt = app.execute(order).await.unwrap_or_else(|failure| panic!("{one:?}: {failure}"));
        assert_eq!((receipt.case, receipt.version, receipt.repeated), (case, one.version, true), "{one:?}");
    }
}

/// Every notice that the events ask for is in the outbox once, sent once, settled by one event and in the folder once; every reminder was due and given. Answers how many.
async fn notices(app: &App, place: &Where, due: &[CaseId]) -> usize {
    let known = app.known(TENANT).await.unwrap();
    let mut keys = BTreeSet::new();
    for row in storm_cases(app).await {
        let acts = view::acts(app.store(), TENANT, row.id, row.version).await.unwrap();
        let expected = asked_for(&acts, &known);
        let mut stored: BTreeMap<String, usize> = BTreeMap::new();
        let mut settled: BTreeMap<&str, usize> = BTreeMap::new();
        for event in acts.iter().flat_map(|act| &act.events) {
            if let Event::NoticeSettled { key, .. } = event {
                *settled.entry(key).or_default() += 1;
            }
        }
        let outbox = app.store().notices(TENANT, row.id).await.unwrap();
        for notice in &outbox {
            assert_eq!((notice.sent, settled.get(notice.notice.key.as_str())), (Some(true), Some(&1)), "{notice:?}");
            *stored.entry(notice.notice.kind.clone()).or_default() += 1;
            assert!(keys.insert(notice.notice.key.clone()), "one key, two cases");
        }
        assert_eq!((stored, settled.len()), (expected, outbox.len()), "case {}: the outbox is not what the events ask for", row.id);
        let fired = acts.iter().flat_map(|act| &act.events).filter(|event| matches!(event, Event::RungFired { .. })).count();
        if due.contains(&row.id) {
            assert_eq!(fired, RUNGS, "case {}: reminders given", row.id);
        }
    }
    let mut mails = BTreeSet::new();
    for entry in std::fs::read_dir(server::home(place).join("outbox")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(key) = name.strip_suffix(".eml").filter(|name| !name.starts_with('.')).and_then(|name| name.rsplit('-').next()) {
            assert!(mails.insert(key.to_owned()), "sent twice: {name}");
        }
    }
    let unsent: Vec<&String> = keys.difference(&mails).collect();
    assert!(unsent.is_empty(), "recorded as sent, and not in the folder: {unsent:?}");
    keys.len()
}

/// How many notices of each kind the events ask for. Each has one hearer with an address.
fn asked_for(acts: &[view::Act], known: &Known) -> BTreeMap<String, usize> {
    let (bodies, balances, counters) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    let mut state: Option<Case> = None;
    for act in acts {
        let after = engine::fold_act(state.clone(), &act.events).unwrap();
        let bundle = register::bundle_of(known, after.revision).unwrap();
        let facts = Facts {
            now: act.at,
            bundle: &bundle,
            target: None,
            calendar: &known.calendar,
            roster: &known.roster,
            bodies: &bodies,
            balances: &balances,
            counters: &counters,
            leases: &BTreeMap::new(),
        };
        for effect in engine::effects(state.as_ref(), &after, &act.events, &facts) {
            if let Effect::Notice(notice) = effect {
                *asked.entry(notice.kind.to_string()).or_default() += 1;
            }
        }
        state = Some(after);
    }
    asked
}
