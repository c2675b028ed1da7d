//! Each form of the table, prepared: a person, a page, what is typed, and how to see what the form did.
//! Invariant: a form is read off its page, with the fields the page hides in it, and each time is a form of its own. Never: a form put together past its page.

use greenlane::app::execute::{Act, Answer as Said};
use greenlane::app::people::Change;
use greenlane::app::register;
use greenlane::app::texts::{TextAct, TextChange};
use greenlane::clock::real;
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Digest};
use greenlane::notice::{Kind, Language};
use greenlane::store::SessionRow;
use serde_json::json;

use super::{Form, PAPER, Trial};
use crate::apply::desk::{Desk, sections};
use crate::browser::house::form;
use crate::browser::story::Project;

/// Two steps, the second may be returned, its term extended.
pub(super) const WORKFLOW: &str = r#"
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

pub(super) const HANDLER: &str = "ez-sthj.handler";
const HEAD: &str = "ez-sthj.head";
const OPERATOR: &str = "ez-zwzx.operator";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
const OLD_PASSWORD: &str = "juan-yun-shu-shan";
pub(super) const NEW_PASSWORD: &str = "qing-feng-ming-yue";
const HOUR_MS: i64 = 3_600_000;

/// A form before somebody, filled in.
#[derive(Clone)]
pub(super) struct Ready {
    pub login: &'static str,
    pub page: String,
    pub action: String,
    pub typed: Vec<(String, String)>,
    /// The file chosen in it.
    pub file: Option<&'static [u8]>,
    /// Whose acts are counted; where there is none, what a page shows.
    pub case: Option<CaseId>,
    /// What tells this one from the others of its kind.
    pub mark: String,
    pub before: usize,
}

impl Ready {
    /// The page as it is now: its hidden fields with what is typed.
    pub async fn filled(&self, desk: &Desk) -> Vec<(String, String)> {
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
pub fn hidden(part: &str) -> Vec<(String, String)> {
    let fields = part.split("<input type=\"hidden\" name=\"").skip(1);
    let unescaped =
        |text: &str| text.replace("&#x3D;", "=").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&#x27;", "'").replace("&amp;", "&");
    fields.filter_map(|rest| Some((rest.split_once("\" value=\"")?.0.to_owned(), unescaped(rest.split_once("\" value=\"")?.1.split('"').next()?)))).collect()
}

pub(super) fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A form on the page it posts to.
pub(super) fn plain(login: &'static str, page: &str, typed: &[(&str, &str)]) -> Ready {
    let page = page.to_owned();
    Ready { login, action: page.clone(), page, typed: pairs(typed), file: None, case: None, mark: String::new(), before: 0 }
}

pub(super) fn operator() -> Actor {
    Actor::Operator("test".to_owned())
}

impl Trial {
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
        Ready { action, case: Some(case), ..plain(login, &page, typed) }
    }

    async fn on_a_draft(&self, filled: bool, (page, action): (&str, &str), typed: &[(&str, &str)]) -> Ready {
        let draft = self.desk.begin("chen").await;
        if filled {
            self.desk.fill("chen", &draft, &form(Project::Main, 0)).await;
        }
        let (page, action) = (format!("{draft}/{page}"), format!("{draft}/{action}"));
        Ready { action, mark: draft, ..plain("chen", &page, typed) }
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
        let typed = [("f.policy_statement", "true"), ("opinion", "已补充"), ("outcome", "resubmitted"), ("do", "send")];
        Ready { case: Some(case), ..plain("chen", &page, &typed) }
    }

    /// A form of its own for each time.
    pub async fn ready(&self, form: Form, nth: usize) -> Ready {
        let mut ready = match form {
            Form::BeginApplication => plain("chen", "/apply", &[("workflow", "green-channel")]),
            Form::SaveSection => self.on_a_draft(false, ("sections/2", "sections/2"), &[("f.project_name", "甲项目"), ("do", "later")]).await,
            Form::Upload | Form::RemovePaper => self.paper(form).await,
            Form::SendApplication => self.on_a_draft(true, ("check", "check"), &[]).await,
            Form::DeleteDraft => self.on_a_draft(false, ("delete", "delete"), &[]).await,
            Form::AnswerWhatWasAsked => self.asked().await,
            Form::Withdraw => {
                let case = self.case(false).await;
                Ready { case: Some(case), ..plain("chen", &format!("/projects/{case}/withdraw"), &[("opinion", "项目取消")]) }
            }
            Form::Away | Form::Back | Form::Handover | Form::SignHandover | Form::Batch => self.in_the_office(form, nth).await,
            Form::Deed(key) => self.deed(key).await,
            Form::Claim => self.on_a_case(HANDLER, ("accept", "claim"), &[]).await,
            Form::GiveBack => self.on_a_case(HANDLER, ("accept", "release"), &[]).await,
            Form::Decide => self.on_a_case(HANDLER, ("accept", "complete"), &[("outcome", "accepted"), ("opinion", "予以受理。")]).await,
            Form::Return => self.on_a_case(HANDLER, ("decide", "return"), &[("to", "accept"), ("opinion", "请重新受理。")]).await,
            Form::Extend => self.on_a_case(HEAD, ("decide", "extend"), &[("by", "3"), ("opinion", "情况复杂。")]).await,
            Form::Post => {
                let document = format!("鄂州财〔2025〕{nth}号");
                let form = plain(OPERATOR, "/accounts/fund/2025/grant", &[("kind", "add"), ("amount", "1"), ("document", &document)]);
                Ready { mark: document, ..form }
            }
            Form::ReportFigure | Form::DropIndicator => {
                let case = Some(register::case_of(self.desk.house.tenant));
                let form = if form == Form::ReportFigure {
                    let on = format!("2020-12-{}", 10 + nth);
                    let typed = [("act", "report"), ("on", on.as_str()), ("amount", "28"), ("document", "2020年统计公报")];
                    plain("ez-tjj.liaison", "/indicators/EZ-K07", &typed)
                } else {
                    let page = format!("/indicators/EZ-K0{}", 1 + nth);
                    plain("ez-ldxz.handler", &page, &[("act", "drop"), ("drop_reason", "统计口径取消。"), ("drop_document", "鄂州统〔2025〕1号")])
                };
                Ready { case, ..form }
            }
            Form::AddPerson | Form::GivePost | Form::EndPost | Form::Contact | Form::Disable | Form::Enable | Form::Invite => self.of_people(form, nth).await,
            Form::SubmitText | Form::ApproveText | Form::RejectText | Form::SwitchTextOn | Form::SwitchTextOff => self.of_a_text(form, nth).await,
            Form::SendAgain => self.parked().await,
            Form::OwnLanguage => {
                let language = if nth.is_multiple_of(2) { "en" } else { "zh-CN" };
                Ready { page: "/account".to_owned(), mark: language.to_owned(), ..plain("fang", "/account/language", &[("language", language)]) }
            }
            Form::OwnNotices => {
                let choice = ["off", "mail", "sms", "both"][nth % 4];
                Ready { page: "/account/notices".to_owned(), mark: choice.to_owned(), ..plain("fang", "/account/notices", &[("progress", choice)]) }
            }
            Form::OwnPassword => self.own_password(["chen", "lin", "fang", HEAD][nth]).await,
            Form::EndSessions => self.own_sessions(["chen", "lin", "fang", HEAD][nth]).await,
            Form::MoveClock => {
                let to = (self.desk.house.clock.now().0 + HOUR_MS).to_string();
                Ready { mark: to.clone(), ..plain("chen", "/clock", &[("to", &to)]) }
            }
        };
        ready.before = self.count(form, &ready).await;
        ready
    }

    async fn paper(&self, form: Form) -> Ready {
        let draft = self.desk.begin("chen").await;
        let (page, upload) = (format!("{draft}/sections/{}", sections() - 1), format!("{draft}/papers/intro_file"));
        if form == Form::Upload {
            return Ready { file: Some(PDF), action: upload, ..plain("chen", &page, &[]) };
        }
        self.desk.upload("chen", &upload, PAPER, PDF).await.to();
        Ready { action: format!("{upload}/remove"), ..plain("chen", &page, &[]) }
    }

    async fn of_people(&self, form: Form, nth: usize) -> Ready {
        let register = Some(register::case_of(self.desk.house.tenant));
        let of = |login: &str| format!("/system/people/{login}");
        let in_zone = |posts: [&str; 4]| of(&format!("ez-gdkfq.{}", posts[nth]));
        let ready = match form {
            Form::AddPerson => {
                let login = format!("new-{nth}");
                let typed = [
                    ("login", login.as_str()),
                    ("name", "新人"),
                    ("email", ""),
                    ("phone", ""),
                    ("language", "zh-CN"),
                    ("office", ""),
                    ("post", ""),
                    ("from", ""),
                    ("until", ""),
                ];
                plain(OPERATOR, "/system/people/new", &typed)
            }
            Form::GivePost => {
                let from = format!("2025-07-{:02}", nth + 1);
                let post = ["archivist", "liaison", "receiver", "head"][nth];
                plain(OPERATOR, &of("lin"), &[("act", "give"), ("office", "ez-sthj"), ("post", post), ("from", &from), ("until", "")])
            }
            Form::EndPost => {
                let login = ["ez-kjj.section-head", "ez-jxj.section-head", "ez-kjj.handler", "ez-jxj.handler"][nth];
                plain(OPERATOR, &of(login), &[("act", "end"), ("until", "2025-12-31")])
            }
            Form::Contact => {
                let (name, email) = (format!("新名{nth}"), format!("new-{nth}@example.invalid"));
                let typed = [("act", "contact"), ("name", &name), ("email", &email), ("phone", ""), ("language", "en")];
                plain(OPERATOR, &in_zone(["handler", "handler-b", "head", "deputy-head"]), &typed)
            }
            Form::Disable => {
                let login = ["ez-gdkfq.liaison", "ez-jxj.liaison", "ez-kjj.head", "ez-kjj.receiver"][nth];
                plain(OPERATOR, &of(login), &[("act", "disable")])
            }
            Form::Enable => {
                let page = in_zone(["section-head", "deputy-head", "receiver", "handler-b"]);
                let login = page.rsplit('/').next().unwrap().to_owned();
                let house = &self.desk.house;
                house.node.app.manage(house.tenant, operator(), None, &Change::Disable { login }).await.unwrap_or_else(|failure| panic!("{failure}"));
                plain(OPERATOR, &page, &[("act", "enable")])
            }
            Form::Invite => plain(OPERATOR, &of(["ez-fgw.legal", "ez-fgw.seal", "ez-fgw.head", "ez-fgw.liaison"][nth]), &[("act", "invite")]),
            other => panic!("{other:?} is not about people"),
        };
        Ready { case: register, ..ready }
    }

    async fn text_step(&self, kind: Kind, act: TextAct) {
        let house = &self.desk.house;
        let change = TextChange { kind, language: Language::Zh, act, command_id: None };
        house.node.app.change_text(house.tenant, operator(), change).await.unwrap_or_else(|failure| panic!("{failure}"));
    }

    async fn of_a_text(&self, form: Form, nth: usize) -> Ready {
        let reject = || TextAct::Reject { by: "演示网关".to_owned(), reason: "测试".to_owned(), on: None };
        let day = self.desk.house.clock.now().date().to_string();
        let (kinds, before, typed): ([&str; 4], Vec<TextAct>, Vec<(&str, &str)>) = match form {
            Form::SubmitText => (["a.extended", "a.resumed", "a.special", "a.ready"], vec![reject()], vec![("act", "submit")]),
            Form::ApproveText => (
                ["a.closed", "a.refused", "a.terminated", "a.hearing"],
                vec![reject(), TextAct::Submit],
                vec![("act", "approve"), ("template", "T-9"), ("by", "某运营商"), ("on", &day)],
            ),
            Form::RejectText => {
                (["o.today", "o.dark", "o.urged", "o.copied"], Vec::new(), vec![("act", "reject"), ("by", "某运营商"), ("reason", "含有网址"), ("on", &day)])
            }
            Form::SwitchTextOn => (["a.urged", "a.deemed", "a.received", "a.admitted"], vec![TextAct::Disable], vec![("act", "enable")]),
            Form::SwitchTextOff => (["o.yellow", "o.red", "a.accepted", "a.correction"], Vec::new(), vec![("act", "disable")]),
            other => panic!("{other:?} is not about a text"),
        };
        for act in before {
            self.text_step(kinds[nth].parse().unwrap(), act).await;
        }
        let register = Some(register::case_of(self.desk.house.tenant));
        Ready { case: register, ..plain(OPERATOR, &format!("/system/texts/{}", kinds[nth]), &typed) }
    }

    /// A short message that was not sent, because its text was switched off while it waited.
    async fn parked(&self) -> Ready {
        let case = self.case(false).await;
        self.text_step(Kind::OTask, TextAct::Disable).await;
        self.desk.house.settle().await;
        self.text_step(Kind::OTask, TextAct::Enable).await;
        let key = self.in_the_list(case).await;
        Ready { case: Some(case), ..plain(OPERATOR, &format!("/system/notices/{case}/{key}"), &[]) }
    }

    /// The key of the case's notice, found as an operator finds it: page by page, since those that were parked at one moment stand in no order of theirs.
    async fn in_the_list(&self, case: CaseId) -> String {
        let (first, start) = ("/system/notices?state=parked&medium=sms&kind=o.task", format!("href=\"/system/notices/{case}/"));
        let mut page = first.to_owned();
        loop {
            let list = self.desk.get(OPERATOR, &page).await.body();
            if let Some((_, rest)) = list.split_once(&start) {
                return rest.split('"').next().unwrap().to_owned();
            }
            let on = list
                .rsplit_once("href=\"/system/notices?")
                .and_then(|(_, rest)| rest.split('"').next())
                .map(|query| query.replace("&#x3D;", "=").replace("&amp;", "&"));
            let on = on.filter(|query| query.contains("after=")).unwrap_or_else(|| panic!("nothing of {case} is parked: {list}"));
            assert_ne!(page, format!("/system/notices?{on}"), "a page that leads to itself");
            page = format!("/system/notices?{on}");
        }
    }

    async fn own_password(&self, login: &'static str) -> Ready {
        let (house, app) = (&self.desk.house, &self.desk.house.node.app);
        let person = house.person(login).await;
        let link = app.link_for(Kind::Invitation, house.tenant, person, real()).await.unwrap().unwrap();
        let token = link.rsplit('/').next().unwrap();
        app.accept_invitation(token, OLD_PASSWORD.to_owned(), real()).await.unwrap_or_else(|failure| panic!("{failure}"));
        // A new password ended the session of everybody's key.
        self.begin_session(login, house.session(login)).await;
        let typed = [("password_old", OLD_PASSWORD), ("password", NEW_PASSWORD), ("password_again", NEW_PASSWORD)];
        let register = Some(register::case_of(house.tenant));
        Ready { page: "/account".to_owned(), case: register, ..plain(login, "/account/password", &typed) }
    }

    async fn own_sessions(&self, login: &'static str) -> Ready {
        self.begin_session(login, &format!("another browser of {login}")).await;
        Ready { page: "/account".to_owned(), ..plain(login, "/account/sessions", &[]) }
    }

    async fn begin_session(&self, login: &str, token: &str) {
        let (house, now) = (&self.desk.house, real());
        let person = house.person(login).await;
        let row = SessionRow { digest: Digest::of(token.as_bytes()), tenant: house.tenant, person, begun: now, seen: now, agent: "test".to_owned() };
        house.node.app.store().begin_session(&row, None, None).await.unwrap();
    }

    /// How much of what the form does is there.
    pub async fn count(&self, form: Form, ready: &Ready) -> usize {
        if let Some(case) = ready.case {
            return self.desk.house.acts(case).await;
        }
        let seen = async |path: &str, text: &str| self.desk.get(ready.login, path).await.body().matches(text).count();
        match form {
            Form::BeginApplication => seen("/projects", "/delete\">").await,
            Form::SaveSection => seen(&ready.page, "value=\"甲项目\"").await,
            Form::Upload => seen(&ready.page, &format!("<code>{}</code>", Digest::of(PDF))).await,
            Form::RemovePaper => usize::from(seen(&ready.page, "<p class=\"paper-file\">").await == 0),
            Form::SendApplication => seen("/projects", "<article").await,
            Form::DeleteDraft => usize::from(self.desk.get("chen", &ready.mark).await.status == 404),
            Form::Post => seen(&ready.page, &ready.mark).await,
            Form::OwnLanguage => seen("/account", &format!("value=\"{}\" checked", ready.mark)).await,
            Form::OwnNotices => seen("/account/notices", &format!("name=\"progress\" value=\"{}\" checked", ready.mark)).await,
            Form::EndSessions => usize::from(seen("/account", "action=\"/account/sessions\"").await == 0),
            Form::MoveClock => usize::from(self.desk.house.clock.now().0.to_string() == ready.mark),
            other => panic!("the acts of a case say whether {other:?} was done"),
        }
    }
}
