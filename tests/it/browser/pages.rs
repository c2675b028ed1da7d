//! Every address a person can type or reach, with the people who go there: the table `every_page` walks.
//! Invariant: whoever adds a page adds its row, or a test is red. Never: an address that only exists in one language or width.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use greenlane::app::execute::{Act, Answer};
use greenlane::app::frozen::FreezeAsked;
use greenlane::app::operate::Operation;
use greenlane::app::webhooks::HookAct;
use greenlane::clock::real;
use greenlane::identity::Actor;
use greenlane::ids::CaseId;
use greenlane::notice::Kind;
use greenlane::workers::Crew;
use serde_json::json;

use super::house::{House, form};
use super::story::Project;
use crate::unlucky::deeds::WORKFLOW as DEEDS;

/// A page as somebody sees it.
#[derive(Clone, Debug)]
pub struct Page {
    /// The area and the page, for the name of its picture.
    pub name: &'static str,
    /// Whose it is; nobody's before signing in.
    pub login: Option<&'static str>,
    /// Its address.
    pub path: String,
    /// What it answers with.
    pub status: u16,
}

/// The table, for a house in which the story was played.
pub async fn all(house: &House) -> Vec<Page> {
    let case = house.case(Project::Main);
    let notices_of_case = house.node.app.notices(house.tenant, case).await.unwrap();
    let short = notices_of_case.iter().find(|line| line.channel == "sms").map(|line| line.key.clone()).expect("a short message of the story");
    let page = |name, login, path: &str| Page { name, login, path: path.replace("{case}", &case.to_string()).replace("{short}", &short), status: 200 };
    let anybody = [page("home-sign-in", None, "/sign-in"), Page { status: 404, ..page("home-missing", None, "/no-such-page") }];
    let applying = Applying::begin(house).await;
    let anybody = anybody.into_iter().chain(accounts(page)).chain(links(house).await).chain(clerks(page)).chain(term(house, page).await);
    let anybody = anybody.chain(deeds(house, page).await).chain(webhooks(house, page).await).chain(book(house, page).await);
    anybody.chain(watch(page)).chain(notices(page)).chain(applying.pages(page)).collect()
}

/// Links as they come by mail.
async fn links(house: &House) -> [Page; 3] {
    let person = house.person("chen").await;
    let clerk = house.person("ez-sthj.handler").await;
    let stop = house.node.app.stop_link(Kind::TaskDigest, house.tenant, clerk).await.unwrap().expect("a digest can be stopped");
    let link = async |kind| house.node.app.link_for(kind, house.tenant, person, real()).await.unwrap().unwrap();
    let page = |name, path| Page { name, login: None, path, status: 200 };
    [page("account-invitation", link(Kind::Invitation).await), page("account-reset-link", link(Kind::PasswordReset).await), page("account-stop", stop)]
}

/// Why a date is that date.
async fn term(house: &House, page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> Option<Page> {
    let working = house.node.app.working(house.tenant, house.case(Project::Main)).await.unwrap();
    let term = working.state.terms.keys().next().copied();
    term.map(|term| page("term", Some("ez-jrb.handler"), &format!("/cases/{{case}}/terms/{term}")))
}

/// The ledger, frozen and not, and what anybody may read.
async fn book(house: &House, page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> Vec<Page> {
    let asked = FreezeAsked { period: "2025Q1".to_owned(), ..FreezeAsked::default() };
    let frozen = house.node.app.freeze_ledger(house.tenant, Actor::Operator("test".to_owned()), None, &asked).await.unwrap();
    house.node.app.ledger_copy(house.tenant, Actor::Operator("test".to_owned()), &frozen.id, 1).await.unwrap();
    vec![
        page("ledger", Some("ez-ldxz.sup-clerk"), "/ledger?period=2025Q1"),
        page("ledger-own-office", Some("ez-sthj.handler"), "/ledger"),
        page("ledger-frozen", Some("ez-ldxz.sup-clerk"), &format!("/ledger/frozen/{}", frozen.id)),
        page("assessment", Some("ez-ldxz.sup-clerk"), "/assessment?period=2025Q2"),
        page("assessment-rows", Some("ez-ldxz.sup-clerk"), "/assessment/rows?period=2025Q2&unit=ez-sthj&key=kept"),
        page("assessment-words", Some("ez-ldxz.sup-clerk"), "/assessment/words?period=2025Q2&unit=ez-sthj"),
        page("rate", Some("chen"), "/projects/{case}/rate"),
        page("public", None, "/public/420700"),
        page("public-item", None, "/public/420700/items/eia-report-form"),
        page("public-projects", None, "/public/420700/projects"),
        page("public-project", None, "/public/420700/projects/GC20250001"),
        page("public-check", None, "/public/420700/check?number=GC20250001"),
        page("public-check-unknown", None, "/public/420700/check?number=GC20259999"),
    ]
}

/// Subscriptions of outside systems: one that can be changed, with a message that was turned away, and one that ended.
async fn webhooks(house: &House, page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 4] {
    const OPERATOR: Option<&str> = Some("ez-zwzx.operator");
    let change = async |act: HookAct| house.node.app.change_webhook(house.tenant, Actor::Operator("test".to_owned()), None, &act).await.unwrap();
    let add = async |url: &str| change(HookAct::Add { url: url.to_owned(), kinds: vec!["case.started".to_owned(), "document.issued".to_owned()] }).await.id;
    let (open, over) = (add("https://127.0.0.1/receives/what/happens/in/the/green/channel").await, add("https://erp.example.com/hook").await);
    change(HookAct::Test { id: open.clone() }).await;
    // The address was listed as one inside when somebody subscribed, and is no more.
    Crew { webhooks: Arc::default(), ..house.node.crew.clone() }.drain().await.unwrap();
    change(HookAct::End { id: over.clone() }).await;
    [
        page("webhooks", OPERATOR, "/system/webhooks"),
        page("webhooks-add", OPERATOR, "/system/webhooks/new"),
        page("webhooks-one", OPERATOR, &format!("/system/webhooks/{open}")),
        page("webhooks-ended", OPERATOR, &format!("/system/webhooks/{over}")),
    ]
}

/// The pages of the rarer acts, on a case in which each may be done.
async fn deeds(house: &House, page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> Vec<Page> {
    const HANDLER: &str = "ez-sthj.handler";
    let publish = Operation::Publish { files: [("deeds.yaml".to_owned(), DEEDS.to_owned())].into(), workflows: Vec::new() };
    house.node.app.operate(house.tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
    let start = async || house.act(None, "lin", Act::Start { workflow: "deeds".into(), form: None, rank: 9 }).await.unwrap().case;
    let does = async |case, act| drop(house.act(Some(case), HANDLER, act).await.unwrap_or_else(|failure| panic!("{failure}")));
    let words = || Some("请您看看。".to_owned());
    let (fresh, asked, signing) = (start().await, start().await, start().await);
    let task = house.task(fresh, "examine").await.0;
    let (handler, colleague) = (house.person(HANDLER).await, house.person("ez-sthj.handler-b").await);
    does(fresh, Act::AskRecusal { task, of: handler, opinion: words() }).await;
    let lent = house.task(asked, "examine").await.0;
    does(asked, Act::Claim { task: lent }).await;
    does(asked, Act::Delegate { task: lent, to: colleague, opinion: words() }).await;
    let examined = house.task(signing, "examine").await.0;
    does(signing, Act::Complete { task: examined, outcome: "ok".into(), answer: Answer { opinion: words(), ..Answer::default() } }).await;
    let seat = house.task(signing, "sign").await.0;
    let at = |name, login, case: CaseId, rest: String| page(name, Some(login), &format!("/cases/{case}{rest}"));
    vec![
        page("inbox-batch", Some(HANDLER), "/inbox/batch?link=deeds&step=examine"),
        at("case-more", HANDLER, fresh, String::new()),
        at("case-asked", "ez-sthj.handler-b", asked, String::new()),
        at("deed-transfer", HANDLER, fresh, format!("/do/transfer?task={task}")),
        at("deed-delegate", HANDLER, fresh, format!("/do/delegate?task={task}")),
        at("deed-reply", "ez-sthj.handler-b", asked, format!("/do/reply?task={lent}")),
        at("deed-recall", HANDLER, asked, format!("/do/recall?task={lent}")),
        at("deed-add-signers", HANDLER, signing, format!("/do/add-signers?task={seat}")),
        at("deed-remove-signer-none", HANDLER, signing, "/do/remove-signer".to_owned()),
        at("deed-take-back", HANDLER, signing, "/do/take-back?scope=0&step=examine".to_owned()),
        at("deed-ask-recusal", HANDLER, signing, format!("/do/ask-recusal?task={seat}")),
        at("deed-decide-recusal", "ez-sthj.section-head", fresh, format!("/do/decide-recusal?task={task}")),
        at("deed-copy", HANDLER, fresh, "/do/copy".to_owned()),
        at("deed-urge", "lin", fresh, "/do/urge".to_owned()),
        at("deed-comment", HANDLER, fresh, "/do/comment".to_owned()),
    ]
}

/// What an applicant has on the desk: an application begun, one filed, one asked to be completed.
struct Applying {
    draft: String,
    asked: String,
    task: String,
}

const APPLICANT: Option<&str> = Some("chen");

impl Applying {
    async fn begin(house: &House) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let post = async |path: &str, body: &'static str| {
            let request = http.post(format!("{}{path}", house.origin())).header("cookie", format!("gl_session={}", house.session("chen")));
            let request = request.header("sec-fetch-site", "same-origin").header("content-type", "application/x-www-form-urlencoded");
            let answer = request.body(body).send().await.unwrap();
            assert_eq!(answer.status(), 303, "{path}");
            answer.headers()["location"].to_str().unwrap().to_owned()
        };
        let draft = post("/apply", "workflow=green-channel").await;
        post(&format!("{draft}/sections/2"), "f.project_name=%E7%A4%BA%E4%BE%8B%E9%A1%B9%E7%9B%AE&do=later").await;
        let filed = Act::Start { workflow: "green-channel".into(), form: Some(form(Project::Main, 0)), rank: 9 };
        let case = house.act(None, "chen", filed).await.unwrap().case;
        let (check, _) = house.task(case, "check").await;
        let fields = json!({"items": [{"item": "符合产业政策的声明", "why": "申请人签署"}]});
        let answer = Answer { opinion: Some("请补充声明。".to_owned()), fields: Some(fields), form: None };
        let asks = Act::Complete { task: check, outcome: "needs-correction".into(), answer };
        house.act(Some(case), "ez-ldxz.handler", asks).await.unwrap_or_else(|failure| panic!("{failure}"));
        let (task, _) = house.task(case, "correct").await;
        Self { draft, asked: case.to_string(), task: task.to_string() }
    }

    fn pages(&self, page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> Vec<Page> {
        let (draft, asked, task) = (&self.draft, &self.asked, &self.task);
        let own = |name, path: String| page(name, APPLICANT, &path);
        const SECTIONS: [&str; 10] = [
            "apply-section-0",
            "apply-section-1",
            "apply-section-2",
            "apply-section-3",
            "apply-section-4",
            "apply-section-5",
            "apply-section-6",
            "apply-section-7",
            "apply-section-8",
            "apply-section-9",
        ];
        let sections = SECTIONS.iter().enumerate().map(|(place, name)| own(name, format!("{draft}/sections/{place}")));
        let others = [
            own("apply", "/apply".to_owned()),
            own("apply-secret", "/apply/secret".to_owned()),
            own("apply-draft", draft.clone()),
            own("apply-check", format!("{draft}/check")),
            own("apply-delete", format!("{draft}/delete")),
            own("apply-receipt", format!("/receipts/{asked}")),
            own("projects", "/projects".to_owned()),
            page("projects-none", Some("ez-zwzx.receiver"), "/projects"),
            own("project", "/projects/{case}".to_owned()),
            own("project-asked", format!("/projects/{asked}")),
            own("project-task", format!("/projects/{asked}/tasks/{task}")),
            own("project-withdraw", format!("/projects/{asked}/withdraw")),
        ];
        others.into_iter().chain(sections).collect()
    }
}

/// Addresses that answer with a file, or lead elsewhere: every other one is a page.
const NO_PAGES: [&str; 21] = [
    "/",
    "/account/feed",
    "/account/language",
    "/account/password",
    "/account/sessions",
    "/assets/{digest}/{name}",
    "/audit/act/{case}/{seq}/proof",
    "/audit/checkpoint",
    "/audit/keys",
    "/audit/log.jsonl",
    "/cases/{case}/picture/{scope}",
    "/exports/ledger.csv",
    "/exports/ledger.xlsx",
    "/feeds/{token}",
    "/files/{digest}",
    "/inbox.csv",
    "/ledger/frozen/{id}/{copy}",
    "/lights/tasks.csv",
    "/public",
    "/sign-in/demo",
    "/sign-out",
];

/// Every route of the pages that answers GET, as the source registers it.
fn routes(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for rest in text.split(".route(\"").skip(1) {
            let (route, handlers) = rest.split_once('"').unwrap();
            let end = handlers.find(".route(").unwrap_or(handlers.len()).min(handlers.find(".merge(").unwrap_or(handlers.len()));
            let line = handlers[..end].lines().next().unwrap_or_default();
            if line.contains("get(") {
                found.insert(route.to_owned());
            }
        }
    }
}

/// Whether an address is one of a route's.
fn fits(route: &str, address: &str) -> bool {
    let address = address.split('?').next().unwrap_or_default();
    let (mut wanted, mut shown) = (route.split('/'), address.split('/'));
    loop {
        match (wanted.next(), shown.next()) {
            (None, None) => return true,
            (Some(part), Some(_)) if part.starts_with("{*") => return true,
            (Some(part), Some(given)) if part.starts_with('{') || part == given => {}
            _ => return false,
        }
    }
}

/// Asserts that the table has a page of every route, and that what it is excused from is still there.
pub fn nothing_is_left_out(table: &[Page]) {
    let mut routes_found = BTreeSet::new();
    routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut routes_found);
    assert!(routes_found.len() > 40, "the scan found {} routes", routes_found.len());
    let walked = |route: &String| table.iter().any(|page| page.status == 200 && fits(route, &page.path) && best(&routes_found, &page.path) == Some(route));
    let left_out: Vec<&String> = routes_found.iter().filter(|route| !NO_PAGES.contains(&route.as_str()) && !walked(route)).collect();
    assert_eq!(left_out, Vec::<&String>::new(), "pages that no browser walks: add their rows");
    let gone: Vec<&&str> = NO_PAGES.iter().filter(|route| !routes_found.contains(**route)).collect();
    assert_eq!(gone, Vec::<&&str>::new(), "excused, but no route");
}

/// The route that answers an address: the one with the fewest parts left open.
fn best<'r>(routes: &'r BTreeSet<String>, address: &str) -> Option<&'r String> {
    routes.iter().filter(|route| fits(route, address)).min_by_key(|route| route.matches('{').count())
}

/// The outbox and the texts, for the operator.
fn notices(page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 14] {
    const OPERATOR: Option<&str> = Some("ez-zwzx.operator");
    [
        page("notices-waiting", OPERATOR, "/system/notices"),
        page("notices-sent", OPERATOR, "/system/notices?state=sent&medium=mail"),
        page("notices-parked", OPERATOR, "/system/notices?state=parked"),
        page("notices-one", OPERATOR, "/system/notices/{case}/{short}"),
        Page { status: 404, ..page("notices-nobodys", OPERATOR, "/system/notices/{case}/0") },
        page("calendars", OPERATOR, "/system/calendars"),
        page("calendars-one", OPERATOR, "/system/calendars/1?year=2025"),
        page("calendars-propose", OPERATOR, "/system/calendars/propose"),
        page("jobs-parked", OPERATOR, "/system/jobs"),
        page("jobs-all", OPERATOR, "/system/jobs?state=all"),
        page("texts-list", OPERATOR, "/system/texts"),
        page("texts-short", OPERATOR, "/system/texts/o.yellow"),
        page("texts-digest", OPERATOR, "/system/texts/mail.task-digest"),
        page("texts-account", OPERATOR, "/system/texts/account.invitation"),
    ]
}

/// One's own account, and everybody's for the operator.
fn accounts(page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 9] {
    const OPERATOR: Option<&str> = Some("ez-zwzx.operator");
    [
        page("account-reset", None, "/reset"),
        page("account-reset-sent", None, "/reset?sent=1"),
        Page { status: 404, ..page("account-link-over", None, "/invitation/0") },
        page("account-own", Some("ez-sthj.handler"), "/account"),
        page("account-notices", Some("ez-sthj.handler"), "/account/notices"),
        page("people-list", OPERATOR, "/system/people"),
        page("people-nobody", OPERATOR, "/system/people?q=zzz"),
        page("people-add", OPERATOR, "/system/people/new"),
        page("people-person", OPERATOR, "/system/people/chen"),
    ]
}

/// The desk: lists, a case to do and to read, its papers on paper.
fn clerks(page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 11] {
    [
        page("inbox", Some("ez-jrb.handler"), "/inbox"),
        page("inbox-window", Some("ez-zwzx.receiver"), "/inbox?light=overdue"),
        page("inbox-none", Some("ez-ldxz.auditor"), "/inbox"),
        page("office", Some("ez-sthj.section-head"), "/office"),
        page("cases", Some("ez-ldxz.sup-clerk"), "/cases"),
        page("cases-none", Some("ez-ldxz.sup-clerk"), "/cases?q=nothing"),
        page("case-to-do", Some("ez-jrb.handler"), "/cases/{case}"),
        page("case-to-read", Some("ez-ldxz.sup-clerk"), "/cases/{case}?papers=2"),
        Page { status: 403, ..page("case-refused", Some("lin"), "/cases/{case}") },
        page("record", Some("ez-ldxz.auditor"), "/cases/{case}/record"),
        page("sheet", Some("ez-ldxz.auditor"), "/cases/{case}/sheet/0"),
    ]
}

/// Lights, accounts, audit, clock.
fn watch(page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 29] {
    const SUPERVISOR: Option<&str> = Some("ez-ldxz.sup-clerk");
    const AUDITOR: Option<&str> = Some("ez-ldxz.auditor");
    const OPERATOR: Option<&str> = Some("ez-zwzx.operator");
    [
        page("lights", SUPERVISOR, "/lights"),
        page("lights-own-office", Some("ez-sthj.handler"), "/lights"),
        page("lights-one-office", SUPERVISOR, "/lights?office=ez-sthj"),
        page("lights-tasks", SUPERVISOR, "/lights/tasks"),
        page("lights-tasks-red", SUPERVISOR, "/lights/tasks?light=red"),
        page("lights-tasks-none", SUPERVISOR, "/lights/tasks?light=dark-red&link=nowhere"),
        page("reports", SUPERVISOR, "/reports"),
        page("reports-cases", SUPERVISOR, "/reports/cases?month=2025-04&office=ez-sthj&which=open"),
        page("lights-late", SUPERVISOR, "/lights/late"),
        page("lights-late-none", SUPERVISOR, "/lights/late?office=ez-jrb"),
        page("lights-digest", Some("ez-sthj.handler"), "/lights/digest"),
        page("lights-digest-of-all", SUPERVISOR, "/lights/digest"),
        page("land", SUPERVISOR, "/land"),
        page("funds", SUPERVISOR, "/funds"),
        page("accounts-one", AUDITOR, "/accounts/land/2025/420703/new"),
        page("accounts-post", OPERATOR, "/accounts/fund/2025/grant"),
        page("verify", None, "/verify/GT-420700-2025-0001"),
        Page { status: 404, ..page("verify-unknown", None, "/verify/GT-420700-2025-9999") },
        page("offices", SUPERVISOR, "/offices"),
        page("items", SUPERVISOR, "/items"),
        page("indicators", SUPERVISOR, "/indicators"),
        page("indicator", Some("ez-ldxz.handler"), "/indicators/EZ-K04"),
        page("audit", AUDITOR, "/audit"),
        page("audit-find", AUDITOR, "/audit/find?case=GC20250001"),
        page("audit-find-nobody", AUDITOR, "/audit/find?person=nobody"),
        page("audit-act", AUDITOR, "/audit/act/{case}/3"),
        page("audit-exports", AUDITOR, "/audit/exports"),
        page("clock", SUPERVISOR, "/clock"),
        page("clock-moved", SUPERVISOR, "/clock?since=1745283600000"),
    ]
}
