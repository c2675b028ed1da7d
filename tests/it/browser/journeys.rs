//! From the form to the certificate in the browser: applicant, clerk, head, supervisor and auditor, each signed in, each through their own pages.
//! Invariant: what a scene of the story says is done by pressing what the page offers. Never: an act past the page where the way says it goes through it.

use greenlane::ids::CaseId;
use serde_json::{Value, json};

use super::hand::{Hand, Worked};
use super::house::{form, project_seed};
use super::session::{PHONE, Settings};
use super::story::{Does, Project, SCENES, Said, Scene};
use super::{Visit, visit};
use crate::apply::desk::typed;
use crate::spine::node::Where;

const SUPERVISOR: &str = "ez-ldxz.sup-clerk";
const AUDITOR: &str = "ez-ldxz.auditor";
/// The morning on which the land link's promise is past.
const SUPERVISED: (&str, u32, u32) = ("2025-04-23", 9, 20);
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";

/// How somebody goes the way.
#[derive(Clone, Copy)]
struct Way {
    hand: Hand,
    settings: Settings,
    /// Every act of the main project goes through pages; else the first link, the head's decisions and the handing over.
    whole: bool,
}

impl Way {
    fn through_pages(&self, scene: &Scene) -> bool {
        let told = ["panel", "sign", "deliver"];
        let chosen = match scene.does {
            Does::Files => true,
            Does::Ends { step, .. } => scene.at <= ("2025-03-12", 10, 30) || told.contains(&step),
            Does::Withdraws(_) => false,
        };
        scene.project == Project::Main && (chosen || self.whole || std::env::var_os("GREENLANE_FULL").is_some())
    }
}

#[test]
fn a_project_goes_from_form_to_certificate_by_five_people_at_a_desk() {
    let way = Way { hand: Hand::Mouse, settings: Settings::default(), whole: true };
    go("journey-desk", way);
}

#[test]
fn a_project_goes_from_form_to_certificate_on_a_phone_in_english() {
    let settings = Settings { width: PHONE, language: "en", ..Settings::default() };
    go("journey-phone-english", Way { hand: Hand::Mouse, settings, whole: false });
}

#[test]
fn a_project_goes_from_form_to_certificate_without_scripts() {
    let settings = Settings { scripts: false, ..Settings::default() };
    go("journey-without-scripts", Way { hand: Hand::Mouse, settings, whole: false });
}

#[test]
fn a_project_goes_from_form_to_certificate_by_keyboard() {
    go("journey-keyboard", Way { hand: Hand::Keyboard, settings: Settings::default(), whole: false });
}

fn go(name: &str, way: Way) {
    visit(name, Where::sqlite, way.settings, async |visit| {
        let journey = Journey { visit, page: Worked { browser: &visit.browser, hand: way.hand } };
        journey.chooses_the_language(way.settings.language).await;
        let mut supervised = false;
        for scene in SCENES {
            if scene.at > SUPERVISED && !supervised {
                visit.house.until(SUPERVISED).await;
                journey.supervises().await;
                supervised = true;
            }
            visit.house.until(scene.at).await;
            if way.through_pages(scene) {
                journey.does(scene).await;
                visit.house.settle().await;
            } else {
                visit.house.perform(scene).await;
            }
        }
        assert!(supervised, "the story ends before the supervisor looked");
        journey.holds_the_certificate().await;
        journey.audits().await;
        visit.house.holds().await;
    });
}

struct Journey<'v> {
    visit: &'v Visit,
    page: Worked<'v>,
}

impl Journey<'_> {
    async fn says(&self, word: &str) {
        let words = self.visit.browser.words().await;
        assert!(words.contains(word), "expected “{word}” at {}, found:\n{words}", self.visit.browser.place().await);
    }

    async fn chooses_the_language(&self, language: &str) {
        self.visit.browser.go("/sign-in").await;
        if self.visit.browser.text("document.documentElement.lang").await != language {
            self.page.press(&format!("form[action='/language'] button[value='{language}']")).await;
        }
        assert_eq!(self.visit.browser.text("document.documentElement.lang").await, language);
    }

    /// Signs out whoever was in, and this person in, by the pages.
    async fn enters(&self, login: &str) {
        let browser = &self.visit.browser;
        if browser.has("form[action='/sign-out'] button").await {
            self.page.press("form[action='/sign-out'] button").await;
        }
        browser.go("/sign-in").await;
        self.page.fill("find", login).await;
        self.page.press("form[action='/sign-in/demo'] .filters button").await;
        self.page.press(&format!("button[name='login'][value='{login}']")).await;
        let named = browser.text("document.querySelector('.me').textContent").await;
        assert!(!named.trim().is_empty());
    }

    async fn does(&self, scene: &Scene) {
        match scene.does {
            Does::Files => self.files().await,
            Does::Ends { step, outcome, opinion, said } => self.ends(step, outcome, opinion, said).await,
            Does::Withdraws(_) => panic!("the followed project is not withdrawn"),
        }
    }

    /// The applicant: the task list, its short pages, a paper, the answers checked, the receipt.
    async fn files(&self) {
        let browser = &self.visit.browser;
        self.enters(Project::Main.seed().2).await;
        self.page.press("a.button[href='/apply']").await;
        self.page.press("form[action='/apply'] .actions button").await;
        let draft = browser.place().await;
        self.page.press("ol.tasks li:first-child a").await;
        let filled = form(Project::Main, 0);
        loop {
            let place = browser.place().await;
            let Some((_, section)) = place.split_once("/sections/") else { break };
            let section: usize = section.parse().unwrap_or_else(|_| panic!("{place}"));
            if browser.has("form[data-autosave]").await {
                self.types(&typed(&filled, section)).await;
                self.page.press("form[data-autosave] .actions button:not([name])").await;
            } else {
                self.uploads().await;
                self.page.press(&format!(".actions a[href='{draft}/check']")).await;
            }
            assert_ne!(browser.place().await, place, "it does not go on:\n{}", browser.words().await);
        }
        assert_eq!(browser.place().await, format!("{draft}/check"));
        self.says("32,000.00").await;
        self.page.press("form[action$='/check'] button").await;
        let receipt = browser.place().await;
        let case: CaseId = receipt.strip_prefix("/receipts/").unwrap_or_else(|| panic!("{receipt}:")).parse().unwrap();
        self.visit.house.filed(Project::Main, case);
        self.says("GC20250001").await;
        assert!(browser.has("figure.code svg").await, "the receipt has its code");
        self.page.press(&format!("a.button[href='/projects/{case}']")).await;
        self.says(project_seed(Project::Main).form["project_name"].as_str().unwrap()).await;
    }

    /// A paper, kept by its digest.
    async fn uploads(&self) {
        let browser = &self.visit.browser;
        let paper = self.visit.house.home().join("简介.pdf");
        std::fs::write(&paper, PDF).unwrap();
        self.page.attach("file", &paper).await;
        self.page.press(".paper-form button").await;
        self.says(&greenlane::ids::Digest::of(PDF).to_string()).await;
        assert!(browser.has(".paper-file a[href^='/files/']").await);
    }

    /// Types what a form's fields shall hold, adding rows where there are more than the page offers.
    async fn types(&self, pairs: &[(String, String)]) {
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            let field = format!("[name='{name}']");
            if !self.visit.browser.has(&field).await {
                let rows = name.split('.').nth(1).unwrap();
                self.page.press(&format!("button[value='add.{rows}']")).await;
            }
            // What was not asked for stands under a line that opens.
            let hidden = format!("document.querySelector({})?.closest('details:not([open])') !== null", json!(field));
            if self.visit.browser.ask(&hidden).await == true {
                self.page.act("form details:not([open]) > summary").await;
            }
            let kind = self.visit.browser.text(&format!("document.querySelector({}).type", json!(field))).await;
            match kind.as_str() {
                "radio" | "checkbox" | "select-one" => self.page.choose(name, value).await,
                _ => self.page.fill(name, value).await,
            }
        }
    }

    /// Whoever may end a step of the main project ends it on its page.
    async fn ends(&self, step: &str, outcome: &str, opinion: &str, said: Said) {
        let (house, browser) = (&self.visit.house, &self.visit.browser);
        let case = house.case(Project::Main);
        let (task, open) = house.task(case, step).await;
        let login = house.doer(case, &open).await;
        self.enters(&login).await;
        if login == Project::Main.seed().2 {
            self.page.press("nav a[href='/projects']").await;
            self.page.press(&format!("a[href='/projects/{case}/tasks/{task}']")).await;
            self.answers_what_was_asked(outcome, said).await;
        } else {
            self.page.press("nav a[href='/inbox']").await;
            self.page.press(&format!("table[data-keys] a[href*='task={task}']")).await;
            self.decides(outcome, opinion, said).await;
        }
        let words = browser.words().await;
        assert!(!house.node.app.working(house.tenant, case).await.unwrap().state.tasks.contains_key(&task), "{step} is still open:\n{words}");
    }

    async fn answers_what_was_asked(&self, outcome: &str, said: Said) {
        if let Said::Form(amendments) = said {
            let amended = project_seed(Project::Main).amendments;
            let set: Vec<(String, String)> = amended[amendments - 1].set.iter().map(|(key, value)| (format!("f.{key}"), plain(value))).collect();
            self.types(&set).await;
        }
        if !self.visit.browser.has("input[type=hidden][name='outcome']").await {
            self.page.choose("outcome", outcome).await;
        }
        self.page.press("button[name='do'][value='send']").await;
        assert!(self.visit.browser.has(".note.done[role=status]").await, "{}", self.visit.browser.words().await);
    }

    async fn decides(&self, outcome: &str, opinion: &str, said: Said) {
        self.page.choose("outcome", outcome).await;
        if !opinion.is_empty() {
            self.page.fill("opinion", opinion).await;
        }
        self.types(&fields(said)).await;
        // A field that needed another row was answered with the page shown anew: what was typed must still stand in it.
        if !opinion.is_empty() {
            let kept = self.visit.browser.text("document.querySelector('#opinion').value").await;
            assert_eq!(kept, opinion);
        }
        self.page.press("form[action$='/complete'] .actions button").await;
        assert!(self.visit.browser.has("#did").await, "{}", self.visit.browser.words().await);
    }

    /// The supervisor: what is late, whose it is, why that date, and the digest as it will be mailed.
    async fn supervises(&self) {
        let browser = &self.visit.browser;
        self.enters(SUPERVISOR).await;
        assert_eq!(browser.place().await, "/lights");
        self.page.press(".figures a.value[href*='dark-red']").await;
        self.page.press("table.list tbody th a[href^='/cases/']").await;
        assert!(!browser.has("form[action$='/complete']").await, "who supervises does not decide");
        self.page.press(".case-facts a").await;
        assert!(browser.place().await.contains("/terms/"));
        browser.go("/lights").await;
        self.page.press("a.button[href='/lights/digest']").await;
        assert_eq!(browser.place().await, "/lights/digest");
    }

    /// The applicant: everything is done, the letters are there.
    async fn holds_the_certificate(&self) {
        let browser = &self.visit.browser;
        let case = self.visit.house.case(Project::Main);
        self.enters(Project::Main.seed().2).await;
        self.page.press(&format!("h2 a[href='/projects/{case}']")).await;
        let letters = browser.text("[...document.querySelectorAll('table.list tbody tr')].map(row => row.innerText).join('\\n')").await;
        for number in ["鄂州自然资指标〔2025〕1号", "鄂州发改备〔2025〕1号"] {
            assert!(letters.contains(number), "expected {number}, found:\n{letters}");
        }
        assert!(letters.lines().count() >= 8, "{letters}");
        assert!(!browser.has("a.asked").await && !browser.has("a[href$='/withdraw']").await, "nothing is left to do");
    }

    /// The auditor: an act found, its proof, and the whole record verified.
    async fn audits(&self) {
        let browser = &self.visit.browser;
        self.enters(AUDITOR).await;
        assert_eq!(browser.place().await, "/audit");
        self.page.fill("case", "GC20250001").await;
        self.page.press("form[action='/audit/find'] button").await;
        self.page.press("table.acts tbody tr:last-child td:last-child a").await;
        assert!(browser.has("p.note.done").await && browser.has("a.button[href$='/proof']").await, "{}", browser.words().await);
        self.page.press(".crumbs a[href='/audit']").await;
        self.page.press("form[action='/audit/verify'] button").await;
        for _ in 0..LOOKS_MAX {
            if browser.has("#verified .holds").await {
                return;
            }
            browser.go("/audit").await;
        }
        panic!("it was not verified:\n{}", browser.words().await);
    }
}

/// How often the auditor looks whether the verification is done.
const LOOKS_MAX: usize = 200;

/// A value as somebody types or chooses it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What is said beside an outcome, as typed.
fn fields(said: Said) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (format!("f.{name}"), value.to_owned());
    match said {
        Said::Nothing | Said::Form(_) => Vec::new(),
        Said::Items(items) => {
            let rows = items.iter().enumerate();
            rows.flat_map(|(row, (item, why))| [pair(&format!("items.{row}.item"), item), pair(&format!("items.{row}.why"), why)]).collect()
        }
        Said::Special(basis, days) => vec![pair("basis", basis), pair("expected_days", &days.to_string())],
        Said::Funds(amounts) => {
            let names = ["own_fen", "equity_fen", "loan_fen", "grant_fen", "lease_fen"].into_iter();
            names.zip(amounts).map(|(name, amount)| pair(name, &amount.to_string())).collect()
        }
    }
}
