//! The front door: who may not come in is told so on the page, by mouse and by keyboard, with scripts and without.
//! Invariant: what was typed wrongly costs nobody their place. Never: a page behind the door shown to somebody outside.

use super::hand::{Hand, Worked};
use super::session::{PHONE, Settings};
use super::{Visit, visit};
use crate::spine::node::Where;

async fn wrong_password(visit: &Visit, hand: Hand) {
    let page = Worked { browser: &visit.browser, hand };
    visit.browser.go("/").await;
    assert_eq!(visit.browser.place().await, "/sign-in");
    page.fill("login", "nobody").await;
    page.fill("password", "nobody's").await;
    visit.browser.expecting(422);
    page.press("form[action='/sign-in'] button").await;
    assert!(visit.browser.has("[role=alert]").await, "{}", visit.browser.words().await);
    assert_eq!(visit.browser.find("form[action='/sign-in'] input[name=next]").await.value().await.unwrap().as_deref(), Some("/"));
}

#[test]
fn a_wrong_password_opens_nothing_and_says_so() {
    visit("wrong-password", Where::sqlite, Settings::default(), async |visit| {
        wrong_password(visit, Hand::Mouse).await;
        wrong_password(visit, Hand::Keyboard).await;
    });
}

#[test]
fn the_door_works_without_scripts_on_a_phone() {
    let settings = Settings { scripts: false, width: PHONE, ..Settings::default() };
    visit("door-without-scripts", Where::sqlite, settings, async |visit| {
        visit.browser.go("/sign-in").await;
        let ran = visit.browser.driver.execute("return [...document.scripts].length > 0 && navigator.webdriver", vec![]).await.unwrap();
        assert_eq!(ran.json(), &serde_json::json!(true), "the page has a script, which the browser may not run");
        wrong_password(visit, Hand::Mouse).await;
    });
}
