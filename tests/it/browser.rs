//! The pages in a real Chromium: everybody's journeys, every page examined, every form sent in every unlucky way.
//! Invariant: a browser that complained (console, policy, network) fails its test. Never: a page of another host, a wait by sleeping.

mod door;
mod driver;
mod every_page;
mod examine;
mod hand;
pub mod house;
mod journeys;
mod log;
mod pages;
mod session;
mod shot;
pub mod story;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;

use futures::FutureExt;

use house::House;
use serde_json::json;
use session::{Browser, Settings};

use crate::spine::node::Where;

/// A house and a browser in it.
pub struct Visit {
    pub house: House,
    pub browser: Browser,
}

impl Visit {
    /// Signs somebody in, or out, without the sign-in page, and sets the language of the pages.
    pub async fn enter(&self, login: Option<&str>, language: &str) {
        let origin = self.house.origin();
        let cookie = |name: &str, value: &str| json!({"name": name, "value": value, "url": origin, "httpOnly": true, "sameSite": "Lax"});
        let tools = &self.browser;
        tools.tools("Network.setCookie", cookie("gl_language", language)).await;
        match login {
            Some(login) => tools.tools("Network.setCookie", cookie("gl_session", self.house.session(login))).await,
            None => tools.tools("Network.deleteCookies", json!({"name": "gl_session", "url": origin})).await,
        };
    }
}

/// Runs a test with a house and a browser. When it fails, what the browser showed last is kept in target/browser-failures under `name`.
pub fn visit(name: &str, place: fn() -> Where, settings: Settings, test: impl AsyncFnOnce(&Visit)) {
    greenlane::telemetry::log();
    let _turn = driver::Turn::take();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let house = House::open(place()).await;
        let browser = Browser::open(driver::driver(), &house.origin(), settings).await;
        let visit = Visit { house, browser };
        let ended = AssertUnwindSafe(async {
            test(&visit).await;
            assert_eq!(visit.browser.complaints().await, Vec::<String>::new(), "the browser complained");
        });
        let ended = ended.catch_unwind().await;
        if ended.is_err() {
            keep(name, &visit.browser).await;
        }
        let Visit { house, browser } = visit;
        browser.driver.quit().await.unwrap();
        house.close().await;
        resume(ended);
    });
}

fn resume(ended: Result<(), Box<dyn Any + Send>>) {
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

/// Keeps what the browser shows.
async fn keep(name: &str, browser: &Browser) {
    let picture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/browser-failures").join(format!("{name}.png"));
    let kept = AssertUnwindSafe(browser.picture(&picture)).catch_unwind().await;
    println!("{}", if kept.is_ok() { format!("shown last: {}", picture.display()) } else { "nothing could be shown any more".to_owned() });
}
