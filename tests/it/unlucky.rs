//! Every form, sent in every unlucky way: twice at once, again from the back button, from two tabs, after the session ended, and with the connection gone.
//! Invariant: what a form does is done once for each time somebody meant it, and what was typed stands on the page that says no. Never: a form that is not in the table.

use std::collections::BTreeSet;
use std::path::Path;

use greenlane::app::execute::{Act, Answer as Said};
use greenlane::app::operate::Operation;
use greenlane::identity::Actor;
use greenlane::ids::CaseId;
use serde_json::json;

use crate::apply::desk::{Answer, Desk};
use crate::browser::house::form;
use crate::browser::story::Project;
use crate::spine::node::{Where, on_both};

/// Two steps, the second may be returned, its term extended.
const WORKFLOW: &str = r#"
workflow: unlucky
title: {zh: 演示件, en: Demonstration}
nature: service
basis: [测试用]
people:
  handler: {office: ez-sthj, post: handler}
limits:
  promised: {within: 5 working days, from: accept.accepted, until: decide, extend: {by: 10 working days, approved-by: head}}
steps:
  accept:
    title: {zh: 受理, en: Accept}
    task: {by: handler, outcomes: [accepted]}
    next: decide
  decide:
    title: {zh: 决定, en: Decide}
    task: {by: handler, outcomes: [granted]}
    may-return: {to: [accept], then: walk-again}
    next: granted
  granted: {title: {zh: 办结, en: Done}, end: granted}
"#;

const HANDLER: &str = "ez-sthj.handler";
const HEAD: &str = "ez-sthj.head";
const OPERATOR: &str = "ez-zwzx.operator";
const OTHER_WORDS: &str = "另一个标签页里写的话";

/// A form of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    BeginApplication,
    SaveSection,
    SendApplication,
    DeleteDraft,
    AnswerWhatWasAsked,
    Withdraw,
    Claim,
    GiveBack,
    Decide,
    Return,
    Extend,
    Post,
    AddPerson,
    GivePost,
    Disable,
    SwitchTextOff,
    OwnLanguage,
}

/// The forms with the routes they post to.
const FORMS: [(Form, &str); 17] = [
    (Form::BeginApplication, "/apply"),
    (Form::SaveSection, "/apply/{draft}/sections/{section}"),
    (Form::SendApplication, "/apply/{draft}/check"),
    (Form::DeleteDraft, "/apply/{draft}/delete"),
    (Form::AnswerWhatWasAsked, "/projects/{case}/tasks/{task}"),
    (Form::Withdraw, "/projects/{case}/withdraw"),
    (Form::Claim, "/cases/{case}/tasks/{task}/claim"),
    (Form::GiveBack, "/cases/{case}/tasks/{task}/release"),
    (Form::Decide, "/cases/{case}/tasks/{task}/complete"),
    (Form::Return, "/cases/{case}/tasks/{task}/return"),
    (Form::Extend, "/cases/{case}/terms/{term}/extend"),
    (Form::Post, "/accounts/{*key}"),
    (Form::AddPerson, "/system/people/new"),
    (Form::GivePost, "/system/people/{login}"),
    (Form::Disable, "/system/people/{login}"),
    (Form::SwitchTextOff, "/system/texts/{kind}"),
    (Form::OwnLanguage, "/account/language"),
];

/// Routes that take a form and are tried elsewhere, or have nothing that could be doubled or lost.
const ELSEWHERE: [(&str, &str); 16] = [
    ("/language", "a choice: sent twice it is the same choice"),
    ("/sign-in", "two sign-ins are two sessions; what waits in the page is tried in accounts::kept"),
    ("/sign-in/demo", "the same door, for the demonstration"),
    ("/sign-out", "out is out"),
    ("/reset", "accounts::links: asked often, mailed within its bound"),
    ("/reset/{token}", "accounts::links: a link counts once"),
    ("/invitation/{token}", "accounts::links: a link counts once"),
    ("/account/password", "accounts: the old password no longer fits; a password never waits in a page"),
    ("/account/sessions", "ended is ended"),
    ("/clock", "a moment to go to: sent twice it is the same moment"),
    ("/audit/verify", "watch: one verification at a time"),
    ("/apply/{draft}/papers/{key}", "apply: kept by digest; a file cannot wait in a page, which says so (accounts::kept)"),
    ("/apply/{draft}/papers/{key}/remove", "gone is gone"),
    ("/system/notices/{case}/{key}", "sms::pages: sent again once by a form sent twice"),
    ("/system/people/{login}", "end, contact, enable, invite go the way of give and disable"),
    ("/system/texts/{kind}", "submit, approve, enable go the way of disable"),
];

/// A form before somebody, filled in.
struct Ready {
    login: &'static str,
    page: String,
    action: String,
    typed: Vec<(String, String)>,
    case: Option<CaseId>,
    /// What tells this one from the others of its kind.
    mark: String,
    before: usize,
}

impl Ready {
    /// The page as it is now: its hidden fields with what is typed.
    async fn filled(&self, desk: &Desk) -> Vec<(String, String)> {
        let body = desk.get(self.login, &self.page).await.body();
        let start = format!("action=\"{}\"", self.action);
        let part =
            body.split("<form").skip(1).find(|part| part.contains(&start) || (self.action == self.page && part.contains("method=\"post\"") && self.own(part)));
        let part = part.and_then(|part| part.split("</form>").next()).unwrap_or_else(|| panic!("no form to {} on {}: {body}", self.action, self.page));
        let mut pairs = hidden(part);
        pairs.retain(|(name, _)| self.typed.iter().all(|(typed, _)| typed != name));
        pairs.extend(self.typed.iter().cloned());
        pairs
    }

    /// Of several forms that post to their own page, the one with this act.
    fn own(&self, part: &str) -> bool {
        let act = self.typed.iter().find(|(name, _)| name == "act");
        !part.split('>').next().unwrap_or_default().contains("action=") && act.is_none_or(|(_, act)| part.contains(&format!("name=\"act\" value=\"{act}\"")))
    }
}

/// Hidden fields of a piece of a page.
fn hidden(part: &str) -> Vec<(String, String)> {
    let fields = part.split("<input type=\"hidden\" name=\"").skip(1);
    let unescaped =
        |text: &str| text.replace("&#x3D;", "=").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&#x27;", "'").replace("&amp;", "&");
    fields.filter_map(|rest| Some((rest.split_once("\" value=\"")?.0.to_owned(), unescaped(rest.split_once("\" value=\"")?.1.split('"').next()?)))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

struct Trial {
    desk: Desk,
}

impl Trial {
    async fn open(place: Where) -> Self {
        let desk = Desk::open(place).await;
        let publish = Operation::Publish { files: [("unlucky.yaml".to_owned(), WORKFLOW.to_owned())].into(), workflows: Vec::new() };
        desk.house.node.app.operate(desk.house.tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
        Self { desk }
    }

    /// A case at its second step when `further`, else at its first.
    async fn case(&self, further: bool) -> CaseId {
        let house = &self.desk.house;
        let case = house.act(None, "chen", Act::Start { workflow: "unlucky".into(), form: None, rank: 9 }).await.unwrap().case;
        if further {
            let (task, _) = house.task(case, "accept").await;
            let answer = Said { opinion: Some("予以受理。".to_owned()), ..Said::default() };
            house.act(Some(case), HANDLER, Act::Complete { task, outcome: "accepted".into(), answer }).await.unwrap_or_else(|failure| panic!("{failure}"));
        }
        case
    }

    async fn on_a_case(&self, login: &'static str, (step, act): (&str, &str), typed: &[(&str, &str)]) -> Ready {
        let house = &self.desk.house;
        let case = self.case(step == "decide").await;
        let (task, _) = house.task(case, step).await;
        if act == "release" {
            house.act(Some(case), login, Act::Claim { task }).await.unwrap();
        }
        let page = format!("/cases/{case}");
        let action = match act {
            "extend" => {
                let working = house.node.app.working(house.tenant, case).await.unwrap();
                format!("{page}/terms/{}/extend", working.state.terms.keys().next().unwrap())
            }
            _ => format!("{page}/tasks/{task}/{act}"),
        };
        Ready { login, page, action, typed: pairs(typed), case: Some(case), mark: String::new(), before: house.acts(case).await }
    }

    async fn on_a_draft(&self, filled: bool, (page, action): (&str, &str), typed: &[(&str, &str)]) -> Ready {
        let draft = self.desk.begin("chen").await;
        if filled {
            self.desk.fill("chen", &draft, &form(Project::Main, 0)).await;
        }
        let (page, action) = (format!("{draft}/{page}"), format!("{draft}/{action}"));
        Ready { login: "chen", page, action, typed: pairs(typed), case: None, mark: draft, before: 0 }
    }

    async fn asked(&self) -> Ready {
        let house = &self.desk.house;
        let start = Act::Start { workflow: "green-channel".into(), form: Some(form(Project::Main, 0)), rank: 9 };
        let case = house.act(None, "chen", start).await.unwrap().case;
        let (check, _) = house.task(case, "check").await;
        let answer =
            Said { opinion: Some("请补充。".to_owned()), fields: Some(json!({"items": [{"item": "产业政策声明", "why": "签署"}]})), form: None };
        house.act(Some(case), "ez-ldxz.handler", Act::Complete { task: check, outcome: "needs-correction".into(), answer }).await.unwrap();
        let (task, _) = house.task(case, "correct").await;
        let page = format!("/projects/{case}/tasks/{task}");
        let typed = pairs(&[("f.policy_statement", "true"), ("opinion", "已补充"), ("outcome", "resubmitted"), ("do", "send")]);
        Ready { login: "chen", action: page.clone(), page, typed, case: Some(case), mark: String::new(), before: house.acts(case).await }
    }

    /// A form of its own for each time.
    async fn ready(&self, form: Form, nth: usize) -> Ready {
        let plain = |login, page: &str, typed: Vec<(String, String)>, mark: String| Ready {
            login,
            page: page.to_owned(),
            action: page.to_owned(),
            typed,
            case: None,
            mark,
            before: 0,
        };
        let mut ready = match form {
            Form::BeginApplication => plain("chen", "/apply", pairs(&[("workflow", "green-channel")]), String::new()),
            Form::SaveSection => self.on_a_draft(false, ("sections/2", "sections/2"), &[("f.project_name", "甲项目"), ("do", "later")]).await,
            Form::SendApplication => self.on_a_draft(true, ("check", "check"), &[]).await,
            Form::DeleteDraft => self.on_a_draft(false, ("delete", "delete"), &[]).await,
            Form::AnswerWhatWasAsked => self.asked().await,
            Form::Withdraw => {
                let case = self.case(false).await;
                let before = self.desk.house.acts(case).await;
                let page = format!("/projects/{case}/withdraw");
                Ready { case: Some(case), before, ..plain("chen", &page, pairs(&[("opinion", "项目取消")]), String::new()) }
            }
            Form::Claim => self.on_a_case(HANDLER, ("accept", "claim"), &[]).await,
            Form::GiveBack => self.on_a_case(HANDLER, ("accept", "release"), &[]).await,
            Form::Decide => self.on_a_case(HANDLER, ("accept", "complete"), &[("outcome", "accepted"), ("opinion", "予以受理。")]).await,
            Form::Return => self.on_a_case(HANDLER, ("decide", "return"), &[("to", "accept"), ("opinion", "请重新受理。")]).await,
            Form::Extend => self.on_a_case(HEAD, ("decide", "extend"), &[("by", "3"), ("opinion", "情况复杂。")]).await,
            Form::Post => {
                let document = format!("鄂州财〔2025〕{nth}号");
                let typed = pairs(&[("kind", "add"), ("amount", "1"), ("document", &document)]);
                plain(OPERATOR, "/accounts/fund/2025/grant", typed, document)
            }
            Form::AddPerson => {
                let login = format!("new-{nth}");
                let typed = pairs(&[
                    ("login", &login),
                    ("name", "新人"),
                    ("email", ""),
                    ("phone", ""),
                    ("language", "zh-CN"),
                    ("office", ""),
                    ("post", ""),
                    ("from", ""),
                    ("until", ""),
                ]);
                plain(OPERATOR, "/system/people/new", typed, login)
            }
            Form::GivePost => {
                let from = format!("2025-07-{:02}", nth + 1);
                let post = ["archivist", "liaison", "receiver", "head"][nth];
                let typed = pairs(&[("act", "give"), ("office", "ez-sthj"), ("post", post), ("from", &from), ("until", "")]);
                plain(OPERATOR, "/system/people/lin", typed, from)
            }
            Form::Disable => {
                let login = ["ez-gdkfq.liaison", "ez-jxj.liaison", "ez-kjj.head", "ez-kjj.receiver", "ez-jrb.seal"][nth];
                plain(OPERATOR, &format!("/system/people/{login}"), pairs(&[("act", "disable")]), login.to_owned())
            }
            Form::SwitchTextOff => {
                let kind = ["o.yellow", "o.red", "a.accepted", "a.correction", "a.late"][nth];
                plain(OPERATOR, &format!("/system/texts/{kind}"), pairs(&[("act", "disable"), ("language", "zh-CN")]), kind.to_owned())
            }
            Form::OwnLanguage => {
                let language = if nth.is_multiple_of(2) { "en" } else { "zh-CN" };
                Ready { page: "/account".to_owned(), ..plain("fang", "/account/language", pairs(&[("language", language)]), language.to_owned()) }
            }
        };
        if ready.case.is_none() {
            ready.before = self.count(form, &ready).await;
        }
        ready
    }

    /// How much of what the form does is there.
    async fn count(&self, form: Form, ready: &Ready) -> usize {
        if let Some(case) = ready.case {
            return self.desk.house.acts(case).await;
        }
        let seen = async |path: &str, text: &str| self.desk.get(ready.login, path).await.body().matches(text).count();
        match form {
            Form::BeginApplication => seen("/projects", "/delete\">").await,
            Form::SaveSection => seen(&ready.page, "value=\"甲项目\"").await,
            Form::SendApplication => seen("/projects", "<article").await,
            Form::DeleteDraft => usize::from(self.desk.get("chen", &ready.mark).await.status == 404),
            Form::Post => seen(&ready.page, &ready.mark).await,
            Form::AddPerson => seen(&format!("/system/people?q={}", ready.mark), &format!("href=\"/system/people/{}\"", ready.mark)).await,
            Form::GivePost => seen(&ready.page, &format!("name=\"from\" value=\"{}\"", ready.mark)).await,
            Form::Disable => seen(&ready.page, "name=\"act\" value=\"enable\"").await,
            Form::SwitchTextOff => usize::from(seen(&ready.page, "name=\"act\" value=\"disable\"").await == 1),
            Form::OwnLanguage => seen("/account", &format!("value=\"{}\" checked", ready.mark)).await,
            Form::AnswerWhatWasAsked | Form::Withdraw | Form::Claim | Form::GiveBack | Form::Decide | Form::Return | Form::Extend => 0,
        }
    }

    async fn done(&self, form: Form, ready: &Ready) -> usize {
        self.count(form, ready).await.saturating_sub(ready.before)
    }

    async fn post(&self, ready: &Ready, pairs: &[(String, String)]) -> Answer {
        self.desk.post(ready.login, &ready.action, &borrowed(pairs)).await
    }

    /// Two clicks before the first answer, then the back button and once more.
    async fn twice_and_back(&self, form: Form) {
        let ready = self.ready(form, 0).await;
        let filled = ready.filled(&self.desk).await;
        let (first, second) = tokio::join!(self.post(&ready, &filled), self.post(&ready, &filled));
        assert!([first.status, second.status].contains(&303), "{form:?}: {} {}", first.body(), second.body());
        let back = self.post(&ready, &filled).await;
        for again in [first, second, back] {
            calm(form, &again);
        }
        assert_eq!(self.done(form, &ready).await, 1, "{form:?} sent twice, and again from the back button");
    }

    /// Two tabs show the form; both are sent, the second with other words.
    async fn two_tabs(&self, form: Form) {
        let ready = self.ready(form, 1).await;
        let (one, mut other) = (ready.filled(&self.desk).await, ready.filled(&self.desk).await);
        for (name, value) in &mut other {
            if ["opinion", "f.project_name"].contains(&name.as_str()) {
                OTHER_WORDS.clone_into(value);
            }
        }
        let first = self.post(&ready, &one).await;
        assert_eq!(first.status, 303, "{form:?}: {}", first.body());
        let second = self.post(&ready, &other).await;
        calm(form, &second);
        // Two tabs of these are two things somebody means.
        let meant = if [Form::BeginApplication, Form::Post].contains(&form) { 2 } else { 1 };
        assert_eq!(self.done(form, &ready).await, meant, "{form:?} from two tabs: {}", second.status);
        if second.status != 303 && other.iter().any(|(_, value)| value == OTHER_WORDS) {
            assert!(second.body().contains(OTHER_WORDS), "{form:?}: what the second tab wrote is lost: {}", second.body());
        }
    }

    /// The session ended meanwhile: the form waits, its owner signs in and sends it by a click.
    async fn too_late(&self, form: Form) {
        let ready = self.ready(form, 2).await;
        let filled = ready.filled(&self.desk).await;
        let late = self.desk.post_too_late(&ready.action, &borrowed(&filled)).await;
        assert_eq!(late.status, 401, "{form:?}");
        let waiting = [("login", ready.login.to_owned()), ("next", late.hidden("next")), ("kept", late.hidden("kept"))];
        let entered = self.desk.post_too_late("/sign-in/demo", &waiting.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
        assert_eq!(entered.status, 200, "{form:?}: {}", entered.body());
        assert_eq!(self.done(form, &ready).await, 0, "{form:?}: nothing is sent by itself");
        let body = entered.body();
        let part = body.split("<form").find(|part| part.contains(&format!("action=\"{}\"", ready.action))).unwrap_or_else(|| panic!("{form:?}: {body}"));
        let kept = hidden(part.split("</form>").next().unwrap());
        assert_eq!(kept, filled, "{form:?}: what was typed");
        for _ in 0..2 {
            calm(form, &self.post(&ready, &kept).await);
        }
        assert_eq!(self.done(form, &ready).await, 1, "{form:?} after signing in again");
    }

    /// The answer never arrives; the same form is sent again.
    async fn lost(&self, form: Form) {
        let ready = self.ready(form, 3).await;
        let filled = ready.filled(&self.desk).await;
        self.desk.post_and_lose(ready.login, &ready.action, &borrowed(&filled)).await;
        calm(form, &self.post(&ready, &filled).await);
        assert_eq!(self.done(form, &ready).await, 1, "{form:?} with the connection gone");
    }
}

/// An answer that says what is the matter, if anything is.
fn calm(form: Form, answer: &Answer) {
    assert!(answer.status < 500 && ![401, 403].contains(&answer.status), "{form:?}: {} {}", answer.status, answer.body());
}

#[test]
fn no_form_sent_unluckily_is_done_twice_or_loses_what_was_typed() {
    on_both(async |place: Where| {
        let trial = Trial::open(place).await;
        for (form, _) in FORMS {
            trial.twice_and_back(form).await;
            trial.two_tabs(form).await;
            trial.too_late(form).await;
            trial.lost(form).await;
        }
        trial.desk.house.holds().await;
        trial.desk.close().await;
    });
}

/// Every route of the pages that takes a form, as the source registers it.
fn posts(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            posts(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for rest in text.split(".route(\"").skip(1) {
            let (route, handlers) = rest.split_once('"').unwrap();
            let handlers = handlers.lines().next().unwrap_or_default().split(".route(").next().unwrap_or_default();
            if handlers.contains("post(") {
                found.insert(route.to_owned());
            }
        }
    }
}

#[test]
fn every_form_is_in_the_table_or_said_to_be_tried_elsewhere() {
    let mut found = BTreeSet::new();
    posts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut found);
    assert!(found.len() > 25, "the scan found {} routes", found.len());
    let told: BTreeSet<String> = FORMS.iter().map(|(_, route)| *route).chain(ELSEWHERE.iter().map(|(route, _)| *route)).map(str::to_owned).collect();
    assert_eq!(found.difference(&told).collect::<Vec<_>>(), Vec::<&String>::new(), "forms nobody tried");
    assert_eq!(told.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new(), "told of, but no route");
}
