//! Accounts over real HTTP: who gets in, who is kept out, how a session ends, and what is lost meanwhile (nothing).
//! Invariant: cookies are handled by hand, so that every attribute is seen. Never: a wait; what depends on real time is given a moment.

pub mod house;
mod kept;
mod links;
mod people;
mod walls;

use greenlane::clock::real;
use greenlane::ids::Moment;
use greenlane::limits::{SESSION_IDLE_MS_MAX, SESSION_MS_MAX};

use crate::spine::node::{Where, on_both};
use house::{House, PASSWORD, attempt, cookie};

const MINUTE_MS: i64 = 60_000;

fn later(ms: i64) -> Moment {
    Moment(real().0 + ms)
}

#[test]
fn somebody_with_a_password_gets_in_and_out_again() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        let entered = house.post("/sign-in", None, &[("login", " Chen "), ("password", PASSWORD), ("next", "/account")]).await;
        assert_eq!((entered.status, entered.location()), (303, Some("/account")));
        assert!(entered.set_cookie().ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{}", entered.set_cookie());
        let cookie = cookie(&entered);
        assert_eq!(house.get("/account", Some(&cookie)).await.status, 200);
        let again = house.post("/sign-in", Some(&cookie), &[("login", "chen"), ("password", PASSWORD)]).await;
        let second = house::cookie(&again);
        assert_ne!(cookie, second, "every sign-in gets a token of its own");
        assert_eq!(house.get("/account", Some(&cookie)).await.status, 303, "the session before in this browser is over");
        let left = house.post("/sign-out", Some(&second), &[]).await;
        assert_eq!((left.status, left.location(), left.header("clear-site-data")), (303, Some("/sign-in"), Some("\"cache\"")));
        assert!(left.set_cookie().contains("gl_session=; ") && left.set_cookie().contains("Max-Age=0"));
        assert_eq!(house.get("/account", Some(&second)).await.location(), Some("/sign-in?next=%2Faccount"), "a copy of the cookie is worth nothing");
    });
}

#[test]
fn five_failures_pause_a_login_on_every_node_until_the_time_is_up() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        for _ in 0..5 {
            assert_eq!(house.enter("chen", "wrong-password").await.status, 422);
        }
        let paused = house.enter("chen", PASSWORD).await;
        assert_eq!(paused.status, 429, "even with the right password");
        assert!(paused.body.contains("约 1 分钟后") && paused.body.contains("/reset"), "{}", paused.body);
        for app in &house.nodes {
            assert_eq!(house::code(app.sign_in(&attempt("chen", PASSWORD), later(30_000)).await), "sign_in_paused");
        }
        let node = house.nodes.last().unwrap();
        assert_eq!(house::code(node.sign_in(&attempt("chen", "wrong-password"), later(MINUTE_MS)).await), "sign_in_wrong", "the time is up");
        assert_eq!(house::code(node.sign_in(&attempt("chen", PASSWORD), later(2 * MINUTE_MS)).await), "sign_in_paused", "the next pause is longer");
        assert!(node.sign_in(&attempt("chen", PASSWORD), later(4 * MINUTE_MS)).await.is_ok());
        assert_eq!(house.enter("chen", "wrong-password").await.status, 422, "counted anew after a success");
        assert!(node.sign_in(&attempt("chen", PASSWORD), real()).await.is_ok());
    });
}

#[test]
fn an_unknown_login_is_answered_like_a_wrong_password() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        house.disable("lin").await;
        // Known, unknown, without a password, disabled: word for word the same page, and the same pause.
        for _ in 0..5 {
            let mut told = Vec::new();
            for login in ["chen", "nobody", "fang", "lin"] {
                let answer = house.enter(login, "wrong-password").await;
                told.push((answer.status, answer.body.replace(&format!("value=\"{login}\""), "")));
            }
            assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
        }
        assert_eq!([house.enter("chen", PASSWORD).await.status, house.enter("nobody", PASSWORD).await.status], [429, 429]);
    });
}

#[test]
fn an_address_that_fails_very_often_pauses_for_every_login() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        let app = &house.nodes[0];
        let now = real();
        for n in 0..60 {
            let wrong = app.sign_in(&attempt(&format!("n{n}"), "wrong-password"), now).await;
            assert_eq!(house::code(wrong), "sign_in_wrong", "{n}");
        }
        assert_eq!(house::code(app.sign_in(&attempt("chen", PASSWORD), now).await), "sign_in_paused");
        let elsewhere = greenlane::app::login::Attempt { address: "198.51.100.7".to_owned(), ..attempt("chen", PASSWORD) };
        assert!(app.sign_in(&elsewhere, now).await.is_ok(), "another address is let in");
        assert!(app.sign_in(&attempt("chen", PASSWORD), Moment(now.0 + 15 * MINUTE_MS)).await.is_ok());
    });
}

#[test]
fn a_session_ends_when_it_is_not_used_and_when_it_lasted_long_enough() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let (app, begun) = (&house.nodes[0], real());
        let token = house.session("chen").await;
        let counts = async |ms: i64| app.session(&token, Moment(begun.0 + ms)).await.unwrap().is_some();
        let mut ms = 0;
        while ms < SESSION_MS_MAX - SESSION_IDLE_MS_MAX {
            ms += SESSION_IDLE_MS_MAX - MINUTE_MS;
            assert!(counts(ms).await, "in use after {ms} ms");
        }
        assert!(!counts(SESSION_MS_MAX + MINUTE_MS).await, "twelve hours are enough");
        assert!(!counts(0).await, "and the row is gone");
        let unused = house.session("chen").await;
        assert!(app.session(&unused, later(SESSION_IDLE_MS_MAX + MINUTE_MS)).await.unwrap().is_none());
    });
}

#[test]
fn looking_at_pages_writes_at_most_once_a_minute() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let (app, token) = (&house.nodes[0], house.session("chen").await);
        let person = house.person("chen").await;
        let seen = async || app.store().sessions_of(house.tenant, person).await.unwrap()[0].seen;
        let first = seen().await;
        app.session(&token, Moment(first.0 + MINUTE_MS - 1)).await.unwrap();
        assert_eq!(seen().await, first);
        app.session(&token, Moment(first.0 + MINUTE_MS)).await.unwrap();
        assert_eq!(seen().await, Moment(first.0 + MINUTE_MS));
    });
}

#[test]
fn who_is_disabled_is_out_at_once_on_every_node() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        let token = house.session("chen").await;
        let cookie = format!("gl_session={token}");
        assert_eq!(house.get("/account", Some(&cookie)).await.status, 200);
        house.disable("chen").await;
        assert_eq!(house.get("/account", Some(&cookie)).await.status, 303);
        for app in &house.nodes {
            assert!(app.session(&token, real()).await.unwrap().is_none());
        }
        assert_eq!(house.nodes[0].store().sessions_of(house.tenant, house.person("chen").await).await.unwrap(), []);
        assert_eq!(house.enter("chen", PASSWORD).await.status, 422, "nor does the password let them in");
    });
}

#[test]
fn a_changed_password_ends_the_other_sessions_and_keeps_this_one() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        let [here, there] = [house.session("chen").await, house.session("chen").await].map(|token| format!("gl_session={token}"));
        let change = async |old: &str, new: &str, again: &str| {
            house.post("/account/password", Some(&here), &[("password_old", old), ("password", new), ("password_again", again)]).await
        };
        let (new, other) = ("qing-shan-lu-shui", "qing-shan-lv-shui");
        assert!(change("wrong-password", new, new).await.body.contains("原密码不正确"));
        assert!(change(PASSWORD, new, other).await.body.contains("两次输入的密码不一致"));
        assert!(change(PASSWORD, "chen1234567", "chen1234567").await.body.contains("登录名"));
        assert_eq!(house.get("/account", Some(&there)).await.status, 200, "nothing has changed so far");
        let changed = change(PASSWORD, new, new).await;
        assert_eq!((changed.status, changed.location()), (303, Some("/account?done=password")));
        assert_eq!((house.get("/account", Some(&here)).await.status, house.get("/account", Some(&there)).await.status), (200, 303));
        assert_eq!((house.enter("chen", PASSWORD).await.status, house.enter("chen", new).await.status), (422, 303));
        let mails = house.mails().await;
        assert!(mails.iter().any(|mail| mail.contains("chen@example.invalid") && mail.contains("的密码刚刚更改")), "{mails:?}");
    });
}

#[test]
fn the_other_sessions_end_by_a_button() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let [here, there] = [house.session("chen").await, house.session("chen").await].map(|token| format!("gl_session={token}"));
        let page = house.get("/account", Some(&here)).await;
        assert!(page.body.contains("退出其余 1 处") && page.body.contains("这一处"), "{}", page.body);
        assert_eq!(house.post("/account/sessions", Some(&here), &[]).await.status, 303);
        assert_eq!((house.get("/account", Some(&here)).await.status, house.get("/account", Some(&there)).await.status), (200, 303));
    });
}
