//! Links that came by mail: once, for their time, for their person; and what somebody learns who only asks.

use greenlane::clock::real;
use greenlane::ids::Moment;
use greenlane::limits::{INVITATION_MS, RESET_MS};

use super::house::{House, PASSWORD, code, cookie};
use crate::spine::node::{Where, on_both};

#[test]
fn an_invitation_sets_the_first_password_once() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let operator = house.cookie_of("ez-zwzx.operator").await;
        let form = house.get("/system/people/new", Some(&operator)).await;
        let command = form.hidden("command").unwrap();
        let fields = [
            ("command", command.as_str()),
            ("login", "ez-sthj.zheng"),
            ("name", "郑新"),
            ("email", "zheng@example.invalid"),
            ("phone", "138 0000 0000"),
            ("language", "zh-CN"),
            ("office", "ez-sthj"),
            ("post", "handler"),
            ("from", "2025-03-01"),
            ("invite", "on"),
        ];
        let added = house.post("/system/people/new", Some(&operator), &fields).await;
        assert_eq!((added.status, added.location()), (303, Some("/system/people/ez-sthj.zheng?done=added")), "{}", added.body);
        let again = house.post("/system/people/new", Some(&operator), &fields).await;
        assert_eq!((again.status, again.location()), (303, added.location()), "a double click adds once");
        assert_eq!(house.mails().await.len(), 1, "and invites once");
        let link = house.link("zheng@example.invalid", "invitation").await.unwrap();
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(token.len(), 64);
        assert!(!house.whole_database().await.contains(token), "the token stands in the mail alone");
        // A program that reads mail looks at links; that uses nothing up.
        for _ in 0..2 {
            let page = house.get(&link, None).await;
            assert_eq!((page.status, page.header("cache-control"), page.header("referrer-policy")), (200, Some("no-store"), Some("no-referrer")));
        }
        let set = async |password: &str| house.post(&link, None, &[("password", password), ("password_again", password)]).await;
        assert_eq!(set("short").await.status, 422);
        let done = set(PASSWORD).await;
        assert!(done.status == 200 && done.body.contains("密码已设置"), "{}", done.body);
        let twice = set("another-password-1").await;
        assert!(twice.status == 404 && twice.body.contains("link_over"), "{}", twice.body);
        assert_eq!(house.get(&link, None).await.status, 404);
        let entered = house.enter("ez-sthj.zheng", PASSWORD).await;
        assert_eq!(entered.status, 303);
        let account = house.get("/account", Some(&cookie(&entered))).await;
        assert!(account.body.contains("郑新") && account.body.contains("13800000000"), "{}", account.body);
    });
}

#[test]
fn an_invitation_counts_for_seven_days_and_a_reset_for_an_hour() {
    on_both(async |place: Where| {
        use greenlane::notice::Kind;
        let house = House::open(place).await;
        let (app, person, now) = (&house.nodes[0], house.person("chen").await, real());
        let link = async |kind| {
            let link = app.link_for(kind, house.tenant, person, now).await.unwrap().unwrap();
            link.rsplit('/').next().unwrap().to_owned()
        };
        let (invitation, reset) = (link(Kind::Invitation).await, link(Kind::PasswordReset).await);
        let at = |ms: i64| Moment(now.0 + ms);
        assert_eq!((code(app.invited(&invitation, at(INVITATION_MS - 1)).await), code(app.invited(&invitation, at(INVITATION_MS)).await)), ("ok", "link_over"));
        assert_eq!((code(app.resetting(&reset, at(RESET_MS - 1)).await), code(app.resetting(&reset, at(RESET_MS)).await)), ("ok", "link_over"));
        assert_eq!((code(app.resetting(&invitation, now).await), code(app.invited(&reset, now).await)), ("link_over", "link_over"), "neither is the other");
        assert_eq!(code(app.reset_password(&reset, PASSWORD.to_owned(), at(RESET_MS)).await), "link_over");
        assert_eq!(code(app.reset_password(&reset, PASSWORD.to_owned(), at(RESET_MS - 1)).await), "ok");
        assert_eq!(code(app.invited(&invitation, now).await), "link_over", "a set password voids the other links");
    });
}

#[test]
fn asking_for_a_reset_tells_nobody_who_has_an_account() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        house.disable("lin").await;
        let mut told = Vec::new();
        for asked in ["chen", "nobody", "nobody@example.invalid", "lin", "FANG@example.invalid"] {
            let answer = house.post("/reset", None, &[("asked", asked)]).await;
            let page = house.get(answer.location().unwrap(), None).await;
            told.push((answer.status, answer.location().map(str::to_owned), answer.body, page.status, page.body));
        }
        assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
        let mut to: Vec<String> = house.mails().await.iter().filter_map(|mail| Some(mail.lines().find(|line| line.starts_with("To: "))?.to_owned())).collect();
        to.sort();
        assert_eq!(to, ["To: chen@example.invalid", "To: fang@example.invalid"]);
    });
}

#[test]
fn a_reset_sets_a_new_password_once_ends_every_session_and_lifts_the_pause() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        let elsewhere = house.cookie_of("chen").await;
        for _ in 0..6 {
            house.enter("chen", "wrong-password").await;
        }
        assert_eq!(house.enter("chen", PASSWORD).await.status, 429);
        assert_eq!(house.post("/reset", None, &[("asked", " Chen@Example.invalid ")]).await.status, 303);
        let link = house.link("chen@example.invalid", "reset").await.unwrap();
        assert!(!house.whole_database().await.contains(link.rsplit('/').next().unwrap()));
        let new = "qing-shan-lu-shui";
        let set = house.post(&link, None, &[("password", new), ("password_again", new)]).await;
        assert_eq!(set.status, 200, "{}", set.body);
        assert_eq!(house.post(&link, None, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.status, 404);
        assert_eq!(house.get("/account", Some(&elsewhere)).await.status, 303, "signed out everywhere");
        assert_eq!(house.enter("chen", new).await.status, 303, "at once, without waiting for the pause");
        assert!(house.mails().await.iter().any(|mail| mail.contains("的密码刚刚更改")));
    });
}

#[test]
fn three_resets_an_hour_are_sent_and_more_are_answered_alike() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        for _ in 0..5 {
            let answer = house.post("/reset", None, &[("asked", "chen")]).await;
            assert_eq!((answer.status, answer.location()), (303, Some("/reset?sent=1")));
        }
        assert_eq!(house.mails().await.len(), 3);
        let later = Moment(real().0 + 61 * 60_000);
        house.nodes[0].ask_reset(("chen", None), "203.0.113.5", later).await.unwrap();
        assert_eq!(house.mails().await.len(), 4, "the hour is over");
    });
}
