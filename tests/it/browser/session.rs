//! One Chromium with a fresh profile: opening addresses, asking the document, pictures, and everything the browser complained about.
//! Invariant: what a browser complained about and nobody expected fails the test. Never: a wait without a deadline.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};

use super::driver::Driver;
use super::log::Log;

/// For how long something that must come is waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Widths of the two kinds of machines people have.
pub const DESK: u32 = 1280;
pub const PHONE: u32 = 390;

/// How a browser is set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The width of its window.
    pub width: u32,
    /// The language it asks for.
    pub language: &'static str,
    /// It prefers dark.
    pub dark: bool,
    /// It runs scripts.
    pub scripts: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { width: DESK, language: "zh-CN", dark: false, scripts: true }
    }
}

impl Settings {
    /// `zh-390-dark`.
    pub fn name(&self) -> String {
        let language = if self.language == "en" { "en" } else { "zh" };
        format!("{language}-{}-{}", self.width, if self.dark { "dark" } else { "light" })
    }
}

/// A browser.
pub struct Browser {
    pub driver: WebDriver,
    pub settings: Cell<Settings>,
    origin: String,
    log: RefCell<Log>,
}

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// Starts a browser with a profile of its own.
pub async fn start(driver: &Driver, settings: &Settings) -> WebDriver {
    let mut wanted = DesiredCapabilities::chrome();
    for flag in FLAGS {
        wanted.add_arg(flag).unwrap();
    }
    wanted.add_arg(&format!("--user-data-dir={}", driver.profile().display())).unwrap();
    wanted.add_arg(&format!("--window-size={DESK},900")).unwrap();
    // Debian's Chromium would open its own first page, which asks the network for things.
    let (keep, prevent) = (4, 2);
    let mut preferences = json!({
        "session.restore_on_startup": keep,
        "session.startup_urls": ["about:blank"],
        "intl.accept_languages": settings.language,
    });
    if !settings.scripts {
        preferences["profile.managed_default_content_settings.javascript"] = json!(prevent);
    }
    wanted.add_experimental_option("prefs", preferences).unwrap();
    wanted.add_experimental_option("perfLoggingPrefs", json!({"enableNetwork": true, "enablePage": false})).unwrap();
    wanted.set_logging_prefs("browser", LoggingPrefsLogLevel::All).unwrap();
    wanted.set_logging_prefs("performance", LoggingPrefsLogLevel::All).unwrap();
    WebDriver::new(driver.url.as_str(), wanted).await.unwrap()
}

impl Browser {
    /// Opens a browser for a house at `origin`.
    pub async fn open(driver: &Driver, origin: &str, settings: Settings) -> Self {
        let driver = start(driver, &settings).await;
        driver.set_page_load_timeout(PATIENCE).await.unwrap();
        let browser = Self { driver, settings: Cell::new(settings), origin: origin.to_owned(), log: RefCell::new(Log::new(origin)) };
        browser.set(settings).await;
        browser
    }

    /// A command of the developer tools' protocol.
    pub async fn tools(&self, command: &str, parameters: Value) -> Value {
        let answer = self.driver.cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|cause| panic!("{command}: {cause}"))
    }

    /// Sets width and theme; the language is a setting of the browser's start.
    pub async fn set(&self, settings: Settings) {
        let phone = settings.width < 600;
        let metrics = json!({"width": settings.width, "height": if phone { 844 } else { 900 }, "deviceScaleFactor": 1, "mobile": phone});
        self.tools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.tools("Emulation.setTouchEmulationEnabled", json!({"enabled": phone})).await;
        let theme = if settings.dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.tools("Emulation.setEmulatedMedia", json!({"features": features})).await;
        self.settings.set(settings);
    }

    /// Types an address of the house into the address bar.
    pub async fn go(&self, path: &str) {
        let address = if path.starts_with('/') { format!("{}{path}", self.origin) } else { path.to_owned() };
        self.driver.goto(&address).await.unwrap_or_else(|cause| panic!("opening {path}: {cause}"));
    }

    /// The path and query shown.
    pub async fn place(&self) -> String {
        let address = self.driver.current_url().await.unwrap();
        match address.query() {
            Some(query) => format!("{}?{query}", address.path()),
            None => address.path().to_owned(),
        }
    }

    /// What an expression is in the document shown.
    pub async fn ask(&self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.tools("Runtime.evaluate", asked).await;
        assert!(answer["exceptionDetails"].is_null(), "{}: {}", expression.get(..200).unwrap_or(expression), answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// As `ask`, for a text.
    pub async fn text(&self, expression: &str) -> String {
        let found = self.ask(expression).await;
        found.as_str().map_or_else(|| found.to_string(), str::to_owned)
    }

    /// The words shown.
    pub async fn words(&self) -> String {
        self.text("document.body ? document.body.innerText : ''").await
    }

    /// Waits until an expression is true in the document shown; between two documents it is not.
    pub async fn until(&self, what: &str, expression: &str) {
        let begun = Instant::now();
        loop {
            let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
            let answer = self.driver.cdp().send_raw("Runtime.evaluate", asked).await;
            if answer.is_ok_and(|answer| answer["result"]["value"] == true) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {what} at {}; the page says:\n{}", self.place().await, self.words().await);
        }
    }

    /// Waits until a document other than the one begun at `origin_of_time` is there whole.
    pub async fn until_anew(&self, origin_of_time: &Value) {
        let expression = format!("performance.timeOrigin !== {origin_of_time} && document.readyState === 'complete'");
        self.until("the next page", &expression).await;
    }

    /// A mark of the document shown, for `until_anew`.
    pub async fn mark(&self) -> Value {
        self.ask("performance.timeOrigin").await
    }

    /// An element of the document.
    pub async fn find(&self, css: &str) -> WebElement {
        let found = self.driver.find(By::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(_) => panic!("expected {css} at {}, found:\n{}", self.place().await, self.words().await),
        }
    }

    /// Whether there is such an element.
    pub async fn has(&self, css: &str) -> bool {
        self.ask(&format!("document.querySelector({}) !== null", json!(css))).await == true
    }

    /// The document expected to answer with this status, which otherwise is a complaint.
    pub fn expecting(&self, status: u16) {
        self.log.borrow_mut().expected.push(status);
    }

    /// Reads what the browser recorded since the last time.
    pub async fn listen(&self) {
        let said = self.driver.get_log("browser").await.unwrap();
        let done = self.driver.get_log("performance").await.unwrap();
        self.log.borrow_mut().take(&said, &done);
    }

    /// What it complained about since the last time, and forgets it.
    pub async fn complaints(&self) -> Vec<String> {
        self.listen().await;
        std::mem::take(&mut self.log.borrow_mut().complaints)
    }

    /// Bytes that came over the wire since the last time.
    pub async fn bytes(&self) -> u64 {
        self.listen().await;
        std::mem::take(&mut self.log.borrow_mut().bytes)
    }

    /// A picture of the whole page.
    pub async fn picture(&self, path: &Path) {
        let size = self.tools("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let wanted = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let answer = self.tools("Page.captureScreenshot", wanted).await;
        let bytes = BASE64_STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
