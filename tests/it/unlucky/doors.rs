//! The forms of somebody who is not signed in, and those that keep nothing, sent in every unlucky way.
//! Invariant: who they are for gets where they were going, and is told so. Never: two mails, two passwords, or a form lost on the way.

use greenlane::app::register;
use greenlane::clock::real;
use greenlane::notice::Kind;

use super::forms::hidden;
use crate::apply::desk::{Answer, Desk, urlencoded};
use crate::spine::node::{Where, on_both};

const PASSWORD: &str = "juan-yun-shu-shan";
const OTHER_PASSWORD: &str = "qing-feng-ming-yue";
/// Nobody's session.
const NOBODY: &str = "00";
/// Looks at what a form does whose answer never came.
const LOOKS_MAX: usize = 500;

impl Desk {
    async fn nobody(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send_too_late(path, &urlencoded(pairs)).await
    }

    async fn register_acts(&self) -> usize {
        self.house.acts(register::case_of(self.house.tenant)).await
    }

    /// A link as a mail carries it.
    async fn link(&self, kind: Kind, login: &str) -> String {
        let (app, tenant) = (&self.house.node.app, self.house.tenant);
        app.link_for(kind, tenant, self.house.person(login).await, real()).await.unwrap().unwrap()
    }

    async fn set_password(&self, login: &str) {
        let link = self.link(Kind::Invitation, login).await;
        assert_eq!(self.nobody(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.status, 200);
    }

    async fn enters(&self, login: &str, password: &str) -> Answer {
        self.nobody("/sign-in", &[("login", login), ("password", password), ("next", "/projects?from=mail")]).await
    }

    /// Mails so far whose text holds `text`.
    async fn mails(&self, text: &str) -> usize {
        self.house.settle().await;
        let Ok(entries) = std::fs::read_dir(self.house.home().join("outbox")) else { return 0 };
        entries.filter(|entry| std::fs::read_to_string(entry.as_ref().unwrap().path()).unwrap().contains(text)).count()
    }
}

fn session_of(answer: &Answer) -> String {
    answer.header("set-cookie").split_once('=').unwrap().1.split(';').next().unwrap().to_owned()
}

#[test]
fn signing_in_and_out_unluckily_lets_its_person_in_and_out() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.set_password("chen").await;
        let fields = urlencoded(&[("login", "chen"), ("password", PASSWORD), ("next", "/projects?from=mail")]);
        desk.send_and_lose(NOBODY, "/sign-in", &fields).await;
        let (first, second) = tokio::join!(desk.enters("chen", PASSWORD), desk.enters("chen", PASSWORD));
        let back = desk.enters("chen", PASSWORD).await;
        for entered in [&first, &second, &back] {
            assert_eq!(entered.to(), "/projects?from=mail", "each click leads to where somebody was going");
        }
        let wrong = desk.enters("chen", "wrong-password-1").await;
        wrong.says("value=\"chen\"").says("登录名或密码不正确");
        assert!(wrong.status == 422 && wrong.hidden("next") == "/projects?from=mail" && !wrong.body().contains("wrong-password-1"), "{}", wrong.body());
        let demo = urlencoded(&[("login", "chen"), ("next", "/projects?from=mail")]);
        desk.send_and_lose(NOBODY, "/sign-in/demo", &demo).await;
        let (one, other) = tokio::join!(desk.send_too_late("/sign-in/demo", &demo), desk.send_too_late("/sign-in/demo", &demo));
        assert_eq!((one.to(), other.to()), ("/projects?from=mail".to_owned(), "/projects?from=mail".to_owned()));
        // Out is out: twice, from a second tab, and when the answer never came.
        let session = session_of(&second);
        let nothing = urlencoded(&[]);
        desk.send_and_lose(&session, "/sign-out", &nothing).await;
        for _ in 0..2 {
            assert_eq!(desk.send_with(&session, "/sign-out", &nothing).await.to(), "/sign-in");
        }
        let after = desk.get_with(&session, "/projects").await;
        assert_eq!(after.to(), "/sign-in?next=%2Fprojects", "the session is over");
        assert_eq!(desk.get_with(&session_of(&back), "/projects").await.status, 200, "and no other");
        desk.close().await;
    });
}

#[test]
fn another_language_is_the_same_choice_and_loses_no_form_that_waits() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let english = [("language", "en"), ("back", "/projects")];
        desk.send_and_lose(NOBODY, "/language", &urlencoded(&english)).await;
        let (first, second) = tokio::join!(desk.nobody("/language", &english), desk.nobody("/language", &english));
        for chosen in [&first, &second, &desk.nobody("/language", &english).await] {
            assert!(chosen.to() == "/projects" && chosen.header("set-cookie").starts_with("gl_language=en;"), "{chosen:?}");
        }
        // A form waits for its owner to sign in, who then asks for the other language, before and after.
        let before = desk.get("chen", "/projects").await.body().matches("/delete\">").count();
        let begin = [("workflow", "green-channel"), ("opinion", "写了很久的话")];
        let late = desk.nobody("/apply", &begin).await;
        assert_eq!(late.status, 401);
        let choice = [("language", "en"), ("back", &*late.hidden("back")), ("kept", &*late.hidden("kept"))];
        let english = desk.nobody("/language", &choice).await;
        assert_eq!((english.status, english.hidden("kept"), english.hidden("next")), (200, late.hidden("kept"), "/apply".to_owned()), "{}", english.body());
        english.says("Sign in");
        let waiting = [("login", "chen"), ("next", &*english.hidden("next")), ("kept", &*english.hidden("kept"))];
        let entered = desk.nobody("/sign-in/demo", &waiting).await;
        let session = session_of(&entered);
        let choice = [("language", "en"), ("back", &*entered.hidden("back")), ("kept", &*entered.hidden("kept"))];
        let page = desk.send_with(&session, "/language", &urlencoded(&choice)).await;
        let body = page.body();
        let part = body.split("<form").find(|part| part.contains("action=\"/apply\"")).unwrap_or_else(|| panic!("{body}"));
        let kept = hidden(part.split("</form>").next().unwrap());
        assert_eq!(kept, begin.map(|(name, value)| (name.to_owned(), value.to_owned())), "{body}");
        assert_eq!(desk.get("chen", "/projects").await.body().matches("/delete\">").count(), before, "nothing was sent by itself");
        desk.close().await;
    });
}

#[test]
fn asking_for_a_link_unluckily_writes_one_mail_for_each_time_it_was_meant() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.set_password("chen").await;
        let (one, other) = (desk.get_as_nobody("/reset").await.hidden("command"), desk.get_as_nobody("/reset").await.hidden("command"));
        let ask = async |command: &str| desk.nobody("/reset", &[("command", command), ("asked", "chen")]).await;
        let (first, second) = tokio::join!(ask(&one), ask(&one));
        assert_eq!((first.to(), second.to()), ("/reset?sent=1".to_owned(), "/reset?sent=1".to_owned()));
        let mails = async || desk.mails("/reset/").await;
        assert_eq!(mails().await, 1, "a double click");
        assert_eq!(ask(&one).await.status, 303);
        assert_eq!(mails().await, 1, "the back button, after the mail has left");
        desk.send_and_lose(NOBODY, "/reset", &urlencoded(&[("command", &*other), ("asked", "chen")])).await;
        assert_eq!(ask(&other).await.status, 303);
        // What was sent before the connection broke may be done after the answer to what was sent again.
        let mut looks = 0;
        while mails().await < 2 && looks < LOOKS_MAX {
            looks += 1;
        }
        assert_eq!(mails().await, 2, "a second tab is asked in once, with the connection gone");
        desk.nobody("/reset", &[("command", &*other), ("asked", " ")]).await.says("请填写登录名或邮箱");
        desk.close().await;
    });
}

#[test]
fn a_link_used_unluckily_sets_one_password_and_says_where_to_go() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        for (kind, login) in [(Kind::Invitation, "chen"), (Kind::PasswordReset, "chen"), (Kind::Invitation, "lin"), (Kind::PasswordReset, "lin")] {
            let (link, before) = (desk.link(kind, login).await, desk.register_acts().await);
            let fields = |password| [("password", password), ("password_again", password)];
            if login == "chen" {
                let twice = fields(PASSWORD);
                let (first, second) = tokio::join!(desk.nobody(&link, &twice), desk.nobody(&link, &twice));
                assert!([first.status, second.status].contains(&200), "{}", first.body());
            } else {
                desk.send_and_lose(NOBODY, &link, &urlencoded(&fields(PASSWORD))).await;
                let again = desk.nobody(&link, &fields(PASSWORD)).await;
                assert!([200, 404].contains(&again.status), "{}", again.body());
            }
            // The back button, and a second tab with another password.
            let back = desk.nobody(&link, &fields(PASSWORD)).await;
            back.says("刚刚设好密码的，直接登录即可");
            assert_eq!((back.status, desk.nobody(&link, &fields(OTHER_PASSWORD)).await.status), (404, 404));
            // The act may follow the answer to another click.
            let mut looks = 0;
            while desk.register_acts().await == before && looks < LOOKS_MAX {
                looks += 1;
            }
            assert_eq!(desk.register_acts().await, before + 1, "{kind} of {login}: one password was set");
            assert_eq!((desk.enters(login, PASSWORD).await.status, desk.enters(login, OTHER_PASSWORD).await.status), (303, 422));
        }
        desk.close().await;
    });
}

#[test]
fn verifying_unluckily_changes_nothing_and_comes_to_a_result() {
    on_both(async |place: Where| {
        const AUDITOR: &str = "ez-ldxz.auditor";
        let desk = Desk::open(place).await;
        let before = desk.register_acts().await;
        let late = desk.nobody("/audit/verify", &[]).await;
        assert_eq!((late.status, late.hidden("next"), late.hidden("kept")), (401, "/audit/verify".to_owned(), "form:".to_owned()));
        assert_eq!(desk.get(AUDITOR, "/audit/verify").await.to(), "/audit", "who is led back finds the page of the button");
        desk.send_and_lose(desk.house.session(AUDITOR), "/audit/verify", &urlencoded(&[])).await;
        let (first, second) = tokio::join!(desk.post(AUDITOR, "/audit/verify", &[]), desk.post(AUDITOR, "/audit/verify", &[]));
        assert_eq!((first.to(), second.to(), desk.post(AUDITOR, "/audit/verify", &[]).await.to()), {
            let to = || "/audit#verified".to_owned();
            (to(), to(), to())
        });
        let mut looks = 0;
        while !desk.get(AUDITOR, "/audit").await.body().contains("class=\"value holds\"") {
            looks += 1;
            assert!(looks < LOOKS_MAX, "no result");
        }
        assert_eq!(desk.register_acts().await, before);
        desk.close().await;
    });
}

#[test]
fn a_form_whose_sender_left_half_way_is_done_to_its_end() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        desk.house.play(("2025-03-24", 9, 0)).await;
        let to = desk.house.clock.now().0 + 30 * 86_400_000;
        let connection = desk.send_and_stay(desk.house.session("chen"), "/clock", &urlencoded(&[("to", &to.to_string())])).await;
        // The first half is done once the clock shows the moment; the second, everything that fell due, is under way.
        while desk.house.clock.now().0 < to {
            tokio::task::yield_now().await;
        }
        drop(connection);
        let mut looks = 0;
        while !desk.house.node.app.due_cases(10).await.unwrap().is_empty() {
            looks += 1;
            assert!(looks < LOOKS_MAX, "what fell due waits for ever");
            desk.get("chen", "/projects").await;
        }
        desk.house.holds().await;
        desk.close().await;
    });
}

#[test]
fn stopping_a_mail_by_its_link_unluckily_stops_it_once_and_looking_stops_nothing() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let (app, tenant) = (desk.house.node.app.clone(), desk.house.tenant);
        let person = desk.house.person("ez-fgw.handler").await;
        let link = app.stop_link(Kind::TaskDigest, tenant, person).await.unwrap().unwrap();
        let off = async || !app.known(tenant).await.unwrap().preferences.is_empty();
        let before = desk.register_acts().await;
        desk.get_as_nobody(&link).await.says("停止接收");
        assert!(!off().await, "programs that read mail look at links, too");
        // A mail program's own button: one POST, nobody signed in, and no page it came from.
        let click = urlencoded(&[("List-Unsubscribe", "One-Click")]);
        desk.send_and_lose(NOBODY, &link, &click).await;
        let (one, other) = tokio::join!(desk.send_too_late(&link, &click), desk.send_too_late(&link, &click));
        assert_eq!((one.status, other.status), (200, 200), "no redirect in answer to one click");
        assert!(off().await);
        assert_eq!(desk.register_acts().await, before + 1, "recorded once");
        // A link with another person's id, another group, or a letter less opens nothing.
        let stranger = desk.house.person("ez-sthj.handler").await;
        let wrong = [
            link.replace(&person.0.simple().to_string(), &stranger.0.simple().to_string()),
            link.replace("digests", "reports"),
            link[..link.len() - 2].to_owned(),
        ];
        for wrong in wrong {
            assert_eq!(desk.send_too_late(&wrong, &click).await.status, 404, "{wrong}");
        }
        assert_eq!(desk.register_acts().await, before + 1);
        assert!(app.stop_link(Kind::OYellow, tenant, person).await.unwrap().is_none(), "what must be told has no such link");
        desk.close().await;
    });
}

#[test]
fn a_calendar_feed_made_unluckily_has_one_address_and_it_opens() {
    on_both(async |place: Where| {
        let desk = Desk::open(place).await;
        let page = desk.get("ez-fgw.handler", "/account/notices").await;
        let make = urlencoded(&[("command", &page.hidden("command")), ("act", "renew")]);
        let address = |answer: &Answer| {
            let body = answer.body();
            let (_, rest) = body.split_once("/feeds/").unwrap_or_else(|| panic!("{body}"));
            format!("/feeds/{}", rest.split('<').next().unwrap())
        };
        let first = address(&desk.send("ez-fgw.handler", "/account/feed", &make).await);
        let again = address(&desk.send("ez-fgw.handler", "/account/feed", &make).await);
        assert_eq!(first, again, "the same form again shows the same address");
        let read = desk.get_as_nobody(&first).await;
        assert_eq!((read.status, read.header("content-type")), (200, "text/calendar; charset=utf-8"));
        assert!(read.body().starts_with("BEGIN:VCALENDAR\r\n") && read.body().ends_with("END:VCALENDAR\r\n"), "{}", read.body());
        assert_eq!(desk.get_as_nobody(&first).await.header("etag"), read.header("etag"));
        // Another time somebody means it, the old address is dead.
        let page = desk.get("ez-fgw.handler", "/account/notices").await;
        let renew = urlencoded(&[("command", &page.hidden("command")), ("act", "renew")]);
        let second = address(&desk.send("ez-fgw.handler", "/account/feed", &renew).await);
        assert_ne!(first, second);
        assert_eq!((desk.get_as_nobody(&first).await.status, desk.get_as_nobody(&second).await.status), (404, 200));
        let end = urlencoded(&[("command", ""), ("act", "end")]);
        for _ in 0..2 {
            assert_eq!(desk.send("ez-fgw.handler", "/account/feed", &end).await.to(), "/account/notices?done=feed");
        }
        assert_eq!(desk.get_as_nobody(&second).await.status, 404);
        desk.send_too_late("/account/feed", &renew).await.says("登录已过期");
        desk.close().await;
    });
}
