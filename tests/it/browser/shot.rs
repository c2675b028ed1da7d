//! Pictures of one page as one person, for whoever works on it:
//! `GREENLANE_SHOT=/inbox GREENLANE_AS=ez-sthj.handler cargo test --test it browser::shot -- --nocapture`.
//! Invariant: it looks through the same browser, at the same story, as the tests. Never: a judgement that fails; it tells what `every_page` would say.

use std::path::PathBuf;

use super::every_page::{LATE, every_look, look_at, pictures};
use super::pages::Page;
use super::session::Settings;
use super::story::Project;
use super::visit;
use crate::spine::node::Where;

/// `GREENLANE_UNTIL=2025-03-10T14:00` plays the story up to then; the days it stands on by itself are late ones.
fn until(asked: &str) -> Option<(&str, u32, u32)> {
    let (date, time) = asked.split_once('T')?;
    let (hour, minute) = time.split_once(':')?;
    Some((date, hour.parse().ok()?, minute.parse().ok()?))
}

#[test]
fn a_page_is_photographed_in_every_look() {
    let asked = |name: &str| std::env::var(name).ok();
    let path = asked("GREENLANE_SHOT");
    let (login, moment) = (asked("GREENLANE_AS"), asked("GREENLANE_UNTIL"));
    let moment = moment.as_deref().map_or(LATE, |asked| until(asked).expect("GREENLANE_UNTIL looks like 2025-03-10T14:00"));
    visit("shot", Where::sqlite, Settings::default(), async |visit| {
        let Some(path) = path.clone() else {
            // Nothing is asked for: that the front door can be photographed is all there is to say.
            visit.browser.go("/sign-in").await;
            let picture = visit.house.home().join("sign-in.png");
            visit.browser.picture(&picture).await;
            assert!(std::fs::metadata(&picture).unwrap().len() > 1_000);
            return;
        };
        visit.house.play(moment).await;
        let path = path.replace("{case}", &visit.house.case(Project::Main).to_string());
        let login: Option<&'static str> = login.clone().map(|login| &*login.leak());
        let name: &'static str = path.trim_matches('/').replace(['/', '?', '&', '='], "-").leak();
        let page = Page { name: if name.is_empty() { "home" } else { name }, login, path, status: 200 };
        let folder = pictures().unwrap_or_else(|| PathBuf::from("target/shots"));
        for look in every_look() {
            visit.browser.set(look).await;
            for wrong in look_at(visit, &page, look).await {
                println!("{wrong}");
            }
            let picture = folder.join(format!("{}-{}.png", page.name, look.name()));
            visit.browser.picture(&picture).await;
            println!("{}", picture.display());
        }
    });
}
