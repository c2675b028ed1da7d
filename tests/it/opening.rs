//! What the demonstration opens on. Invariant: all of the five weeks happened, by whoever may do it and at its moment, on both databases. Never: a light or a figure written down here that the acts did not make.

use greenlane::app::App;
use greenlane::app::execute::{Act, Order};
use greenlane::app::inspect;
use greenlane::app::queries::CaseFilter;
use greenlane::app::seed::Seeds;
use greenlane::boot::Start;
use greenlane::cli::demo::opening::{self, Played};
use greenlane::cli::demo::{Demonstration, moment, plant};
use greenlane::clock::Clock;
use greenlane::config::Config;
use greenlane::identity::Actor;
use greenlane::store::Store;
use greenlane::supervision::Light;
use greenlane::workers::Crew;

use crate::spine::node::{MORNING, Where, on_both, open};

/// A demonstration nobody has filed anything in.
async fn planted(place: &Where, calendar: String) -> (App, Crew, Demonstration) {
    Store::migrate(&place.target, place.owner.as_deref()).await.unwrap();
    let (clock, home) = (Clock::standing(moment(opening::BEGINS).unwrap_or_else(|trouble| panic!("{}", trouble.0))), place.home.path().to_owned());
    let (app, crew) = open(place.target.clone(), clock.clone(), home.clone()).await;
    let start = Start { target: place.target.clone(), clock, config: Config::default(), home };
    let demonstration = Demonstration { calendar: (calendar, "cn.yaml".to_owned()), start };
    plant(&app, &demonstration).await.unwrap_or_else(|trouble| panic!("{}", trouble.0));
    (app, crew, demonstration)
}

#[test]
fn the_demonstration_opens_on_five_weeks_of_work_with_every_light_lit() {
    on_both(async |place: Where| {
        let (app, crew, demonstration) = planted(&place, greenlane::calendar::CN.to_owned()).await;
        let tenant = demonstration.start.config.tenant;
        let played = opening::play(&app, &crew, tenant, MORNING).await.unwrap_or_else(|trouble| panic!("{}", trouble.0));
        assert_eq!(played, Played::default(), "every act was possible");
        assert_eq!(app.clock().now(), MORNING);
        let board = app.lights(tenant, None).await.unwrap();
        for light in [Light::Green, Light::Grey, Light::Yellow, Light::Red, Light::DarkRed] {
            assert!(board.all.of(light).0 > 0, "{light:?} is lit: {:?}", board.all);
        }
        let filter = CaseFilter::default();
        let cases = app.case_lines(tenant, &filter, 50).await.unwrap();
        let orders = cases.iter().filter(|case| case.workflow == "supervision-order").count();
        assert_eq!((cases.len(), orders), (10, 2), "{cases:?}");
        let inspection = inspect::inspect(app.store(), inspect::keys(app.store()).await.unwrap(), Vec::new()).await.unwrap();
        assert!(inspection.holds(), "{:?} {:?}", inspection.report.findings, inspection.differences);

        // A second start finds it as it is.
        let played = opening::play(&app, &crew, tenant, MORNING).await.unwrap_or_else(|trouble| panic!("{}", trouble.0));
        assert_eq!((played.missed.len(), app.case_lines(tenant, &filter, 50).await.unwrap().len()), (0, 10));
    });
}

/// Somebody stopped the program while it opened: one case had been filed.
#[test]
fn an_opening_cut_short_comes_to_its_morning_and_files_nothing_more() {
    on_both(async |place: Where| {
        let (app, crew, demonstration) = planted(&place, greenlane::calendar::CN.to_owned()).await;
        let tenant = demonstration.start.config.tenant;
        let known = app.known(tenant).await.unwrap();
        let fang = known.roster.people.values().find(|person| person.login == "fang").unwrap().id;
        let seeds = Seeds::embedded().unwrap();
        let project = seeds.tenants[&tenant].projects.iter().find(|project| &*project.key == "N2").unwrap();
        let act = Act::Start { workflow: project.workflow.clone(), form: Some(project.form_after(0)), rank: 9 };
        app.execute(Order { tenant, case: None, actor: Actor::Person(fang), command_id: None, act }).await.unwrap_or_else(|failure| panic!("{failure}"));
        let played = opening::play(&app, &crew, tenant, MORNING).await.unwrap_or_else(|trouble| panic!("{}", trouble.0));
        assert_eq!(played, Played { cut_short: true, missed: Vec::new() });
        let cases = app.case_lines(tenant, &CaseFilter::default(), 50).await.unwrap();
        // What became late meanwhile had its order drafted, as anywhere.
        let filed = cases.iter().filter(|case| case.workflow != "supervision-order").count();
        assert_eq!((app.clock().now(), filed), (MORNING, 1), "{cases:?}");
    });
}

/// A calendar of somebody's own moves dates, so that a reason is given before its day has passed.
#[test]
fn an_act_another_calendar_makes_impossible_leaves_its_case_and_the_opening_goes_on() {
    on_both(async |place: Where| {
        let spring = "2025-01-28..2025-02-04, working: [2025-01-26, 2025-02-08]";
        assert!(greenlane::calendar::CN.contains(spring));
        let calendar = greenlane::calendar::CN.replace(spring, "2025-01-28..2025-02-05, working: [2025-01-26]");
        let (app, crew, demonstration) = planted(&place, calendar).await;
        let tenant = demonstration.start.config.tenant;
        let played = opening::play(&app, &crew, tenant, MORNING).await.unwrap_or_else(|trouble| panic!("{}", trouble.0));
        assert!(played.missed.contains(&"2025-02-21 16:00") && !played.cut_short, "{played:?}");
        let cases = app.case_lines(tenant, &CaseFilter::default(), 50).await.unwrap();
        assert!(app.clock().now() == MORNING && cases.iter().filter(|case| case.workflow != "supervision-order").count() == 8, "{cases:?}");
    });
}
