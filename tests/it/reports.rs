//! Reports by cron, on both databases: each once for its day whoever writes it, caught up once after a pause; and every figure of the ranking is that of a look at every case.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use greenlane::app::desk::DeskFilter;
use greenlane::app::register;
use greenlane::app::reports::{Report, Standing, month_of};
use greenlane::app::view;
use greenlane::definition::graph::{Bundle, Nature, TermKind};
use greenlane::engine::case::{Case, Term};
use greenlane::engine::event::Event;
use greenlane::engine::{evolve, in_charge_of};
use greenlane::ids::Moment;
use greenlane::store::NoticeView;

use crate::apply::desk::Desk;
use crate::browser::house::House;
use crate::browser::story::Project;
use crate::spine::node::{Node, Where, on_both};
use crate::tamper::meddler::Meddler;

const LATE: (&str, u32, u32) = ("2025-04-23", 9, 40);

async fn letters(house: &House, kind: &str) -> Vec<NoticeView> {
    let all = house.node.app.store().notices(house.tenant, register::case_of(house.tenant)).await.unwrap();
    all.into_iter().filter(|notice| notice.notice.kind == kind).collect()
}

fn context(letter: &NoticeView) -> serde_json::Value {
    serde_json::from_slice(&letter.notice.context).unwrap()
}

fn is_internal(case: &Case, bundle: &Bundle, term: &Term) -> bool {
    case.scopes.get(&term.scope).is_some_and(|scope| bundle.programs[&scope.program].nature == Nature::Internal)
}

/// By office: promises met in time, met late, late and open at the month's end; read off the logs of all cases.
async fn by_logs(house: &House, day: NaiveDate) -> BTreeMap<String, [usize; 3]> {
    let app = &house.node.app;
    let known = app.known(house.tenant).await.unwrap();
    let (first, next) = month_of(day);
    let at = Moment::start_of(next).min(house.clock.now());
    let mut found: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for row in app.store().cases_onward(house.tenant, None, 1_000).await.unwrap() {
        if row.id == register::case_of(house.tenant) {
            continue;
        }
        let bundle = register::bundle_of(&known, row.revision).unwrap();
        let mut state = None;
        for act in view::acts(app.store(), house.tenant, row.id, row.version).await.unwrap() {
            for event in &act.events {
                if let (Event::TermEnded { term, met }, Some(case)) = (event, &state) {
                    let case: &Case = case;
                    let ended = &case.terms[term];
                    let office = in_charge_of(case, &bundle, ended).map(|office| known.roster.current(&office, act.at.date()).to_string()).unwrap_or_default();
                    let late = ended.has_passed(act.at.date());
                    let of_month = act.at.date() >= first && act.at.date() < next;
                    if is_internal(case, &bundle, ended) {
                        // Promised to nobody outside.
                    } else if ended.kind == TermKind::Promised && of_month && (late || *met) {
                        found.entry(office).or_default()[usize::from(late)] += 1;
                    } else if ended.kind == TermKind::Promised && act.at >= at && ended.has_passed(at.date()) {
                        found.entry(office).or_default()[2] += 1;
                    }
                }
                state = evolve(state.take(), event);
            }
        }
        let Some(case) = state else { continue };
        for term in
            case.terms.values().filter(|term| term.kind == TermKind::Promised && term.due.is_some_and(|due| Moment::start_of(due.succ_opt().unwrap()) <= at))
        {
            if term.has_passed(at.date()) && !is_internal(&case, &bundle, term) {
                let office = in_charge_of(&case, &bundle, term).map(|office| known.roster.current(&office, at.date()).to_string()).unwrap_or_default();
                found.entry(office).or_default()[2] += 1;
            }
        }
    }
    found
}

#[test]
fn every_figure_of_the_ranking_is_that_of_the_logs_and_opens_its_rows() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(LATE).await;
        let mut seen = [0; 3];
        for month in ["2025-03-15", "2025-04-15"] {
            let day = month.parse().unwrap();
            let ranking = house.node.app.ranking(house.tenant, day).await.unwrap();
            let figures = |one: &Standing| (one.office.clone(), [one.kept.len(), one.late.len(), one.open.len()]);
            let found: BTreeMap<String, [usize; 3]> = ranking.iter().map(figures).collect();
            if month.starts_with("2025-04") {
                assert_eq!(found, by_logs(&house, day).await, "{month}");
            }
            found.values().for_each(|figures| seen.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure));
            let shares: Vec<Option<usize>> = ranking.iter().map(Standing::kept_per_mille).collect();
            assert!(shares.is_sorted_by(|left, right| left >= right), "{shares:?}");
        }
        println!("promises kept, late, late and open: {seen:?}");
        assert!(seen[0] > 0 && seen[2] > 0, "{seen:?}");
        house.close().await;
    });
}

#[test]
fn cases_that_were_running_before_limits_were_kept_get_their_rows_from_a_worker() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(LATE).await;
        let day = "2025-04-15".parse().unwrap();
        let open = |standings: Vec<Standing>| standings.iter().map(|one| one.open.len()).sum::<usize>();
        let before = open(house.node.app.ranking(house.tenant, day).await.unwrap());
        // As a database looks that was just migrated: every running case on the list, no row of any limit.
        let sql = Meddler::into(&house.place);
        sql.run("delete from terms; insert into terms_unfilled (tenant, case_id) select tenant, id from cases where ended is null");
        drop(sql);
        assert_eq!(open(house.node.app.ranking(house.tenant, day).await.unwrap()), 0);
        assert!(before > 0 && house.node.app.fill_terms().await.unwrap() > 0);
        assert_eq!(open(house.node.app.ranking(house.tenant, day).await.unwrap()), before);
        assert_eq!(house.node.app.fill_terms().await.unwrap(), 0, "each once");
        house.close().await;
    });
}

#[test]
fn a_week_with_nothing_to_say_is_on_record_and_no_later_start_writes_it_with_another_days_figures() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let on = "2025-03-03".parse().unwrap();
        for report in [Report::Weekly, Report::Monthly] {
            assert_eq!(node.app.write_report(node.tenant, report, on).await.unwrap(), 0, "nothing is open yet");
        }
        node.start("pair", None).await.unwrap();
        assert_eq!(node.app.write_report(node.tenant, Report::Weekly, on).await.unwrap(), 0, "the week of that Monday had nothing to say");
        let monday = "2025-03-10".parse().unwrap();
        assert!(node.app.write_report(node.tenant, Report::Weekly, monday).await.unwrap() > 0, "the next one has");
        node.holds().await;
    });
}

#[test]
fn the_week_the_month_and_the_leaders_day_are_written_once_and_caught_up_once_after_a_pause() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.play(LATE).await;
        let leader = letters(&house, "mail.leader-digest").await;
        let today: Vec<serde_json::Value> = leader.iter().map(context).filter(|context| context["on"] == "2025-04-23").collect();
        let leaders: std::collections::BTreeSet<_> = leader.iter().map(|letter| letter.notice.recipient).collect();
        assert_eq!(today.len(), leaders.len(), "each leader one letter a working morning");
        assert!(today[0]["digest"]["red"].as_array().is_some_and(|red| !red.is_empty()), "{}", today[0]);
        let orders = today[0]["digest"]["orders"].to_string();
        assert!(orders.contains("HP"), "the order about the date that passed stands in the same morning's letter: {orders}");
        let weekly = letters(&house, "mail.weekly-lights").await;
        let mondays: std::collections::BTreeSet<String> = weekly.iter().map(|letter| context(letter)["on"].to_string()).collect();
        let people: std::collections::BTreeSet<_> = weekly.iter().map(|letter| letter.notice.recipient).collect();
        assert_eq!(weekly.len(), mondays.len() * people.len(), "each supervisor once a week");
        // A pause over the holiday: on the way back the month is written once, and the last Monday's week, not each that was missed.
        let missed = Moment::at("2025-05-14".parse().unwrap(), chrono::NaiveTime::from_hms_opt(10, 0, 0).unwrap());
        assert!(house.clock.set(missed));
        house.settle().await;
        house.settle().await;
        let monthly = letters(&house, "mail.monthly-ranking").await;
        let april: Vec<serde_json::Value> = monthly.iter().map(context).filter(|context| context["on"] == "2025-04-01").collect();
        let readers: std::collections::BTreeSet<_> = monthly.iter().map(|letter| letter.notice.recipient).collect();
        assert_eq!(april.len(), readers.len());
        assert!(april[0]["digest"]["offices"].as_array().is_some_and(|offices| !offices.is_empty()));
        let after: Vec<String> = letters(&house, "mail.weekly-lights")
            .await
            .iter()
            .map(|letter| context(letter)["on"].to_string())
            .filter(|on| on.as_str() > "\"2025-04-23\"")
            .collect();
        assert!(!after.is_empty() && after.iter().all(|on| on == "\"2025-05-12\""), "{after:?}");
        let orders = letters(&house, "mail.leader-digest")
            .await
            .iter()
            .map(context)
            .filter(|context| context["on"] == "2025-05-14")
            .map(|context| context["digest"]["orders"].to_string())
            .collect::<String>();
        assert!(orders.contains("HP"), "the chain stands in the leader's letter: {orders}");
        // Another node, or this one again, writes neither a second time.
        for report in [Report::Weekly, Report::Monthly] {
            let on = if report == Report::Weekly { "2025-05-12" } else { "2025-05-01" };
            assert_eq!(house.node.app.write_report(house.tenant, report, on.parse().unwrap()).await.unwrap(), 0);
        }
        house.close().await;
    });
}

/// The lines of some lists of a letter, as number and project.
fn named(context: &serde_json::Value, lists: &[&str]) -> Vec<(String, Option<String>)> {
    let of = |line: &serde_json::Value| (line["no"].as_str().unwrap().to_owned(), line["project"].as_str().map(str::to_owned));
    lists.iter().flat_map(|list| context["digest"][list].as_array().unwrap().iter().map(of)).collect()
}

#[test]
fn every_line_of_a_digest_names_the_project_or_the_subject_as_the_inbox_does() {
    on_both(async |place: Where| {
        let page = Desk::open(place).await;
        let house = &page.house;
        house.play(LATE).await;
        let app = &house.node.app;
        let known = app.known(house.tenant).await.unwrap();
        let (today, mut shown) = (house.clock.now().date(), Vec::new());
        for person in known.roster.people.values() {
            let posts = known.roster.posts_of(person.id, today);
            let Some(letter) = app.desk_digest(house.tenant, person.id).await.unwrap().context else { continue };
            let desk = app.desk(house.tenant, person.id, &posts, &DeskFilter::default(), 200).await.unwrap();
            // What is an applicant's own in the inbox is in no digest of a post.
            let inbox: BTreeMap<String, Option<String>> = desk.lines.into_iter().filter_map(|line| Some((line.task.number?, line.project))).collect();
            for (no, project) in named(&serde_json::to_value(&letter).unwrap(), &["dark", "red", "yellow", "other", "special"]) {
                if let Some(own) = inbox.get(&no) {
                    assert_eq!(&project, own, "{}: {no}", person.login);
                    shown.extend(project.map(|project| (person.login.clone(), format!("{no} {project}"))));
                }
            }
        }
        assert!(shown.len() > 5, "{shown:?}");
        let project = app.store().case(house.tenant, house.case(Project::Main)).await.unwrap().unwrap().title.expect("a name");
        let late = |line: &(String, Option<String>)| line.0 == "GC20250001-HP";
        for kind in ["mail.leader-digest", "mail.weekly-lights"] {
            let letters = letters(house, kind).await;
            let letter = letters.last().map(context).unwrap();
            let lines = named(&letter, &["dark", "red", "yellow"]);
            assert!(!lines.is_empty() && lines.iter().all(|(_, project)| project.is_some()), "{kind}: {lines:?}");
        }
        let today = letters(house, "mail.leader-digest").await.iter().map(context).find(|context| context["on"] == "2025-04-23").unwrap();
        let red = named(&today, &["red"]);
        assert_eq!(red.iter().find(|line| late(line)).and_then(|line| line.1.clone()), Some(project.clone()), "{red:?}");
        // An order about a case is read by that case's project.
        let orders = today["digest"]["orders"].as_array().unwrap();
        let about = orders.iter().find(|line| line["item"]["zh"].as_str().unwrap().starts_with("GC20250001-HP")).expect("an order is in hand");
        assert_eq!(about["project"], project.as_str(), "{about}");
        let passed = app.late_terms(house.tenant, None).await.unwrap();
        assert_eq!(passed.iter().find(|line| line.name == "GC20250001-HP").and_then(|line| line.project.clone()), Some(project.clone()));
        // The pages say it, too; to whoever has the task, and to whoever watches over all.
        page.get(&shown[0].0, "/lights/digest").await.says(&shown[0].1);
        page.get("ez-ldxz.sup-clerk", "/lights/tasks?light=red").await.says(&project);
        page.get("ez-ldxz.sup-clerk", "/lights/late").await.says(&project);
        page.get("ez-ldxz.sup-clerk", "/lights/tasks.csv").await.says(&project);
        page.close().await;
    });
}
