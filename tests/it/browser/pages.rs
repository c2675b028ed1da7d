//! Every address a person can type or reach, with the people who go there: the table `every_page` walks.
//! Invariant: whoever adds a page adds its row. Never: an address that only exists in one language or width.

use super::house::House;
use super::story::Project;

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
    anybody.into_iter().chain(accounts(page)).chain(clerks(page)).chain(watch(page)).chain(notices(page)).collect()
}

/// The outbox and the texts, for the operator.
fn notices(page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 9] {
    const OPERATOR: Option<&str> = Some("ez-zwzx.operator");
    [
        page("notices-waiting", OPERATOR, "/system/notices"),
        page("notices-sent", OPERATOR, "/system/notices?state=sent&medium=mail"),
        page("notices-parked", OPERATOR, "/system/notices?state=parked"),
        page("notices-one", OPERATOR, "/system/notices/{case}/{short}"),
        Page { status: 404, ..page("notices-nobodys", OPERATOR, "/system/notices/{case}/0") },
        page("texts-list", OPERATOR, "/system/texts"),
        page("texts-short", OPERATOR, "/system/texts/o.yellow"),
        page("texts-digest", OPERATOR, "/system/texts/mail.task-digest"),
        page("texts-account", OPERATOR, "/system/texts/account.invitation"),
    ]
}

/// One's own account, and everybody's for the operator.
fn accounts(page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 8] {
    const OPERATOR: Option<&str> = Some("ez-zwzx.operator");
    [
        page("account-reset", None, "/reset"),
        page("account-reset-sent", None, "/reset?sent=1"),
        Page { status: 404, ..page("account-link-over", None, "/invitation/0") },
        page("account-own", Some("ez-sthj.handler"), "/account"),
        page("people-list", OPERATOR, "/system/people"),
        page("people-nobody", OPERATOR, "/system/people?q=zzz"),
        page("people-add", OPERATOR, "/system/people/new"),
        page("people-person", OPERATOR, "/system/people/chen"),
    ]
}

/// The desk: lists, a case to do and to read, its papers on paper.
fn clerks(page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 10] {
    [
        page("inbox", Some("ez-jrb.handler"), "/inbox"),
        page("inbox-window", Some("ez-zwzx.receiver"), "/inbox?light=overdue"),
        page("inbox-none", Some("ez-ldxz.auditor"), "/inbox"),
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
fn watch(page: impl Fn(&'static str, Option<&'static str>, &str) -> Page) -> [Page; 18] {
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
        page("lights-digest", Some("ez-sthj.handler"), "/lights/digest"),
        page("lights-digest-of-all", SUPERVISOR, "/lights/digest"),
        page("accounts", SUPERVISOR, "/accounts"),
        page("accounts-one", AUDITOR, "/accounts/land/2025/420703/new"),
        page("accounts-post", OPERATOR, "/accounts/fund/2025/grant"),
        page("audit", AUDITOR, "/audit"),
        page("audit-find", AUDITOR, "/audit/find?case=GC20250001"),
        page("audit-find-nobody", AUDITOR, "/audit/find?person=nobody"),
        page("audit-act", AUDITOR, "/audit/act/{case}/3"),
        page("audit-exports", AUDITOR, "/audit/exports"),
        page("clock", SUPERVISOR, "/clock"),
        page("clock-moved", SUPERVISOR, "/clock?since=1745283600000"),
    ]
}
