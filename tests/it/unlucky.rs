//! Every form, sent in every unlucky way: twice at once, again from the back button, from two tabs, after the session ended, and with the connection gone.
//! Invariant: what a form does is done once for each time somebody meant it, and what was typed stands on the page that says no. Never: a form that is neither in the table nor shown by a test of its own.

pub mod deeds;
mod doors;
mod forms;

use std::collections::BTreeSet;
use std::path::Path;

use greenlane::app::operate::Operation;
use greenlane::identity::Actor;

use crate::apply::desk::{Answer, Body, Desk, urlencoded, with_file};
use crate::spine::node::{Where, on_both};
pub use forms::hidden as hidden_of;
use forms::{Ready, WORKFLOW, hidden};

const OTHER_WORDS: &str = "另一个标签页里写的话";
const PAPER: &str = "简介.pdf";
const OTHER_PAPER: &[u8] = b"%PDF-1.7\n2 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
/// Looks at what a form does before it is said not to be done: the second half of an act may follow its answer.
const LOOKS_MAX: usize = 50;

/// A form of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    BeginApplication,
    SaveSection,
    Upload,
    RemovePaper,
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
    EndPost,
    Contact,
    Disable,
    Enable,
    Invite,
    SubmitText,
    ApproveText,
    RejectText,
    SwitchTextOn,
    SwitchTextOff,
    SendAgain,
    OwnLanguage,
    OwnNotices,
    OwnPassword,
    EndSessions,
    MoveClock,
    Away,
    Back,
    Handover,
    SignHandover,
    Batch,
    ReportFigure,
    DropIndicator,
    /// An act with a page of its own, by its key.
    Deed(&'static str),
}

/// The forms with the routes they post to. The clock comes last: it moves.
const FORMS: [(Form, &str); 51] = [
    (Form::BeginApplication, "/apply"),
    (Form::SaveSection, "/apply/{draft}/sections/{section}"),
    (Form::Upload, "/apply/{draft}/papers/{key}"),
    (Form::RemovePaper, "/apply/{draft}/papers/{key}/remove"),
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
    (Form::EndPost, "/system/people/{login}"),
    (Form::Contact, "/system/people/{login}"),
    (Form::Disable, "/system/people/{login}"),
    (Form::Enable, "/system/people/{login}"),
    (Form::Invite, "/system/people/{login}"),
    (Form::SubmitText, "/system/texts/{kind}"),
    (Form::ApproveText, "/system/texts/{kind}"),
    (Form::RejectText, "/system/texts/{kind}"),
    (Form::SwitchTextOn, "/system/texts/{kind}"),
    (Form::SwitchTextOff, "/system/texts/{kind}"),
    (Form::SendAgain, "/system/notices/{case}/{key}"),
    (Form::OwnLanguage, "/account/language"),
    (Form::OwnNotices, "/account/notices"),
    (Form::OwnPassword, "/account/password"),
    (Form::EndSessions, "/account/sessions"),
    (Form::Away, "/office/away"),
    (Form::Back, "/office/back"),
    (Form::Handover, "/office/handovers"),
    (Form::SignHandover, "/office/handovers/{id}"),
    (Form::Batch, "/inbox/batch"),
    (Form::ReportFigure, "/indicators/{indicator}"),
    (Form::DropIndicator, "/indicators/{indicator}"),
    (Form::Deed("transfer"), "/cases/{case}/do/{deed}"),
    (Form::Deed("delegate"), "/cases/{case}/do/{deed}"),
    (Form::Deed("reply"), "/cases/{case}/do/{deed}"),
    (Form::Deed("recall"), "/cases/{case}/do/{deed}"),
    (Form::Deed("add-signers"), "/cases/{case}/do/{deed}"),
    (Form::Deed("remove-signer"), "/cases/{case}/do/{deed}"),
    (Form::Deed("take-back"), "/cases/{case}/do/{deed}"),
    (Form::Deed("ask-recusal"), "/cases/{case}/do/{deed}"),
    (Form::Deed("decide-recusal"), "/cases/{case}/do/{deed}"),
    (Form::Deed("copy"), "/cases/{case}/do/{deed}"),
    (Form::Deed("urge"), "/cases/{case}/do/{deed}"),
    (Form::Deed("comment"), "/cases/{case}/do/{deed}"),
    (Form::MoveClock, "/clock"),
];

/// The forms somebody sends who is not signed in, and those that change nothing that is kept: each has a test of its own in `doors`.
const ELSEWHERE: [(&str, &str); 18] = [
    ("/projects/{case}/rate", "a_rating_sent_unluckily_is_given_once_called_back_when_bad_and_anonymous_to_the_rated"),
    ("/ledger/freeze", "freezing_unluckily_freezes_one_ledger_for_each_time_it_was_meant"),
    ("/language", "another_language_is_the_same_choice_and_loses_no_form_that_waits"),
    ("/sign-in", "signing_in_and_out_unluckily_lets_its_person_in_and_out"),
    ("/sign-in/demo", "signing_in_and_out_unluckily_lets_its_person_in_and_out"),
    ("/sign-out", "signing_in_and_out_unluckily_lets_its_person_in_and_out"),
    ("/reset", "asking_for_a_link_unluckily_writes_one_mail_for_each_time_it_was_meant"),
    ("/reset/{token}", "a_link_used_unluckily_sets_one_password_and_says_where_to_go"),
    ("/invitation/{token}", "a_link_used_unluckily_sets_one_password_and_says_where_to_go"),
    ("/cases/{case}/terms/{term}/reason", "a_reason_sent_twice_and_again_is_stated_once_and_a_wrong_one_keeps_what_was_typed"),
    ("/unsubscribe/{token}", "stopping_a_mail_by_its_link_unluckily_stops_it_once_and_looking_stops_nothing"),
    ("/account/feed", "a_calendar_feed_made_unluckily_has_one_address_and_it_opens"),
    ("/audit/verify", "verifying_unluckily_changes_nothing_and_comes_to_a_result"),
    ("/system/calendars/preview", "whatever_befalls_the_forms_of_a_calendar_it_is_in_force_once"),
    ("/system/calendars", "whatever_befalls_the_forms_of_a_calendar_it_is_in_force_once"),
    ("/system/webhooks/new", "whatever_befalls_the_forms_of_a_webhook_each_is_done_once"),
    ("/system/webhooks/{id}", "whatever_befalls_the_forms_of_a_webhook_each_is_done_once"),
    ("/system/jobs/{case}/{job}", "an_operator_sees_a_parked_job_and_whatever_befalls_the_form_it_is_tried_again_once"),
];

struct Trial {
    desk: Desk,
}

impl Trial {
    async fn open(place: Where) -> Self {
        let desk = Desk::open(place).await;
        for (name, text) in [("unlucky.yaml", WORKFLOW), ("deeds.yaml", deeds::WORKFLOW)] {
            let publish = Operation::Publish { files: [(name.to_owned(), text.to_owned())].into(), workflows: Vec::new() };
            desk.house.node.app.operate(desk.house.tenant, Actor::Operator("test".to_owned()), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
        }
        Self { desk }
    }

    async fn done(&self, form: Form, ready: &Ready) -> usize {
        self.count(form, ready).await.saturating_sub(ready.before)
    }

    /// Done so often, by the time it could have been.
    async fn done_by_now(&self, form: Form, ready: &Ready, meant: usize) -> usize {
        for _ in 0..LOOKS_MAX {
            if self.done(form, ready).await >= meant {
                break;
            }
        }
        self.done(form, ready).await
    }

    async fn post(&self, ready: &Ready, pairs: &[(String, String)]) -> Answer {
        self.desk.send(ready.login, &ready.action, &sent(ready, pairs)).await
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
        assert_eq!(self.done_by_now(form, &ready, 1).await, 1, "{form:?} sent twice, and again from the back button");
    }

    /// Two tabs show the form; both are sent, the second with other words.
    async fn two_tabs(&self, form: Form) {
        let ready = self.ready(form, 1).await;
        let (one, mut other) = (ready.filled(&self.desk).await, ready.filled(&self.desk).await);
        for (name, value) in &mut other {
            if ["opinion", "f.project_name", "name"].contains(&name.as_str()) {
                OTHER_WORDS.clone_into(value);
            }
        }
        let other_ready = Ready { file: ready.file.map(|_| OTHER_PAPER), ..ready.clone() };
        let first = self.post(&ready, &one).await;
        assert_eq!(first.status, 303, "{form:?}: {}", first.body());
        let second = self.post(&other_ready, &other).await;
        calm(form, &second);
        // Two tabs of these are two things somebody means.
        let meant = if [Form::BeginApplication, Form::Post, Form::Invite, Form::Deed("copy"), Form::Deed("comment")].contains(&form) { 2 } else { 1 };
        assert_eq!(self.done_by_now(form, &ready, meant).await, meant, "{form:?} from two tabs: {}", second.status);
        if second.status != 303 && other.iter().any(|(_, value)| value == OTHER_WORDS) {
            assert!(second.body().contains(OTHER_WORDS), "{form:?}: what the second tab wrote is lost: {}", second.body());
        }
        if form == Form::Upload {
            second.says("另一个窗口刚刚上传了").says("重新选择文件");
        }
    }

    /// The session ended meanwhile: the form waits, its owner signs in and sends it by a click.
    async fn too_late(&self, form: Form) {
        let ready = self.ready(form, 2).await;
        let filled = ready.filled(&self.desk).await;
        let late = self.desk.send_too_late(&ready.action, &sent(&ready, &filled)).await;
        assert_eq!(late.status, 401, "{form:?}");
        if [Form::Upload, Form::OwnPassword].contains(&form) {
            return self.too_late_to_wait(form, &ready, &late).await;
        }
        let waiting = [("login", ready.login.to_owned()), ("next", late.hidden("next")), ("kept", late.hidden("kept"))];
        let entered = self.desk.send_too_late("/sign-in/demo", &urlencoded(&waiting.each_ref().map(|(name, value)| (*name, value.as_str())))).await;
        assert_eq!(entered.status, 200, "{form:?}: {}", entered.body());
        assert_eq!(self.done(form, &ready).await, 0, "{form:?}: nothing is sent by itself");
        let body = entered.body();
        let part = body.split("<form").find(|part| part.contains(&format!("action=\"{}\"", ready.action))).unwrap_or_else(|| panic!("{form:?}: {body}"));
        let kept = hidden(part.split("</form>").next().unwrap());
        assert_eq!(kept, filled, "{form:?}: what was typed");
        for _ in 0..2 {
            calm(form, &self.post(&ready, &kept).await);
        }
        assert_eq!(self.done_by_now(form, &ready, 1).await, 1, "{form:?} after signing in again");
    }

    /// A file or a password does not wait in a page: the page says so, and leads back to where it is chosen or typed again.
    async fn too_late_to_wait(&self, form: Form, ready: &Ready, late: &Answer) {
        late.says("未能保留").says("文件和密码不能在登录期间保留");
        assert!(!late.body().contains("name=\"kept\"") && !late.body().contains(forms::NEW_PASSWORD), "{form:?}: {}", late.body());
        let waiting = [("login", ready.login), ("next", &late.hidden("next"))];
        let to = self.desk.send_too_late("/sign-in/demo", &urlencoded(&waiting)).await.to();
        let back = self.desk.get(ready.login, &to).await.to();
        let page = self.desk.get(ready.login, &back).await;
        assert!(page.status == 200 && page.body().contains("<h1"), "{form:?}: {back} {}", page.status);
        assert_eq!(self.done(form, ready).await, 0, "{form:?}: nothing was done");
        let filled = ready.filled(&self.desk).await;
        assert_eq!(self.post(ready, &filled).await.status, 303, "{form:?} once more");
        assert_eq!(self.done_by_now(form, ready, 1).await, 1, "{form:?} once more");
    }

    /// The answer never arrives; the same form is sent again.
    async fn lost(&self, form: Form) {
        let ready = self.ready(form, 3).await;
        let filled = ready.filled(&self.desk).await;
        self.desk.send_and_lose(self.desk.house.session(ready.login), &ready.action, &sent(&ready, &filled)).await;
        calm(form, &self.post(&ready, &filled).await);
        assert_eq!(self.done_by_now(form, &ready, 1).await, 1, "{form:?} with the connection gone");
    }
}

/// What the browser sends: the fields, and the file where there is one.
fn sent(ready: &Ready, pairs: &[(String, String)]) -> Body {
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    match ready.file {
        Some(content) => with_file(&pairs, PAPER, content),
        None => urlencoded(&pairs),
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
fn every_form_is_in_the_table_or_has_a_test_of_its_own() {
    let mut found = BTreeSet::new();
    posts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut found);
    assert!(found.len() > 25, "the scan found {} routes", found.len());
    let read = |file: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let shown = [
        "tests/it/unlucky/doors.rs",
        "tests/it/jobs/page.rs",
        "tests/it/calendars/page.rs",
        "tests/it/webhooks/page.rs",
        "tests/it/reasons.rs",
        "tests/it/book/ledger.rs",
        "tests/it/book/assessment.rs",
    ]
    .map(read)
    .concat();
    for (route, test) in ELSEWHERE {
        assert!(shown.contains(&format!("#[test]\nfn {test}()")), "{route} is said to be shown by {test}, which is not there");
    }
    let told: BTreeSet<String> = FORMS.iter().map(|(_, route)| *route).chain(ELSEWHERE.iter().map(|(route, _)| *route)).map(str::to_owned).collect();
    assert_eq!(found.difference(&told).collect::<Vec<_>>(), Vec::<&String>::new(), "forms nobody tried");
    assert_eq!(told.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new(), "told of, but no route");
}
