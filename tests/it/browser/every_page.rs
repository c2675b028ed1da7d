//! Every page in the table, in both languages, on desk and phone, light and dark: examined, and photographed when asked to.
//! Invariant: a look that is left out in a short run is taken in the full one. Never: a page let off.

use std::path::PathBuf;

use super::examine::{FIRST_LOAD_BYTES_MAX, chinese_in_english, examine};
use super::pages::{self, Page};
use super::session::{Browser, DESK, PHONE, Settings};
use super::{Visit, visit};
use crate::spine::node::Where;

/// As late as it gets in the story: correction notices, a waiting place, a red light, mails in every state.
pub const LATE: (&str, u32, u32) = ("2025-04-23", 9, 40);

/// The looks of a run: two that differ in everything, or all eight.
fn looks() -> Vec<Settings> {
    let look = |language, width, dark| Settings { width, language, dark, scripts: true };
    if std::env::var_os("GREENLANE_FULL").is_none() {
        return vec![look("zh-CN", DESK, false), look("en", PHONE, true)];
    }
    every_look()
}

/// All eight.
pub fn every_look() -> Vec<Settings> {
    let languages = ["zh-CN", "en"].into_iter();
    let pairs = languages.flat_map(|language| [DESK, PHONE].map(|width| (language, width)));
    pairs.flat_map(|(language, width)| [false, true].map(|dark| Settings { width, language, dark, scripts: true })).collect()
}

#[test]
fn every_page_is_whole_in_both_languages_on_desk_and_phone_light_and_dark() {
    visit("every-page", Where::sqlite, Settings::default(), async |visit| {
        visit.house.play(LATE).await;
        let table = pages::all(&visit.house).await;
        pages::nothing_is_left_out(&table);
        let mut wrong = Vec::new();
        for look in looks() {
            visit.browser.set(look).await;
            for page in &table {
                wrong.extend(look_at(visit, page, look).await);
            }
        }
        println!("{} pages in {} looks", table.len(), looks().len());
        assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    });
}

/// Opens a page as whose it is; answers everything wrong with it, and keeps its picture when there is a folder for pictures.
pub async fn look_at(visit: &Visit, page: &Page, look: Settings) -> Vec<String> {
    let browser = &visit.browser;
    visit.enter(page.login, look.language).await;
    if page.status >= 400 {
        browser.expecting(page.status);
    }
    browser.tools("Network.clearBrowserCache", serde_json::json!({})).await;
    browser.bytes().await;
    browser.go(&page.path).await;
    let bytes = browser.bytes().await;
    let mut wrong = Vec::new();
    if bytes > FIRST_LOAD_BYTES_MAX || bytes == 0 {
        wrong.push(format!("the first load brings {bytes} bytes, at most {FIRST_LOAD_BYTES_MAX} are allowed"));
    }
    let shown = browser.place().await;
    if shown != page.path {
        wrong.push(format!("it leads to {shown}"));
    }
    if browser.text("document.documentElement.lang").await != look.language {
        wrong.push("the page is in another language".to_owned());
    }
    wrong.extend(examine(browser).await);
    if look.language == "en" {
        wrong.extend(chinese_in_english(browser).await);
    }
    photograph(browser, page.name, look).await;
    wrong.into_iter().map(|line| format!("{} {} ({}): {line}", page.path, page.name, look.name())).collect()
}

/// Where pictures go, when they are wanted.
pub fn pictures() -> Option<PathBuf> {
    std::env::var_os("GREENLANE_SHOTS").map(PathBuf::from)
}

async fn photograph(browser: &Browser, name: &str, look: Settings) {
    if let Some(folder) = pictures() {
        browser.picture(&folder.join(format!("{name}-{}.png", look.name()))).await;
    }
}
