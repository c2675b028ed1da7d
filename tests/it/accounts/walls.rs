//! What keeps strangers out: other sites, other hosts, pages' headers, the demonstration's door.

use greenlane::app::clockwork::OFFSET_SETTING;
use greenlane::config::Config;

use super::house::{House, PASSWORD, cookie};
use crate::spine::node::{Where, on_both};

#[test]
fn a_form_on_another_site_is_refused_and_changes_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        house.set_password("chen").await;
        let chen = house.cookie_of("chen").await;
        let foreign: [&[(&str, &str)]; 4] =
            [&[("sec-fetch-site", "cross-site")], &[("sec-fetch-site", "same-site")], &[("origin", "https://evil.example")], &[("origin", "null")]];
        for headers in foreign {
            for (path, fields) in
                [("/account/language", vec![("language", "en")]), ("/sign-out", vec![]), ("/sign-in", vec![("login", "chen"), ("password", PASSWORD)])]
            {
                let refused = house.post_from(path, Some(&chen), headers, &fields).await;
                assert_eq!((refused.status, refused.header("set-cookie")), (403, None), "{path} {headers:?}");
            }
        }
        assert!(house.get("/account", Some(&chen)).await.body.contains("value=\"zh-CN\" checked"));
        let origin = house.origin();
        for headers in [&[("sec-fetch-site", "same-origin")][..], &[("origin", origin.as_str())][..]] {
            assert_eq!(house.post_from("/account/language", Some(&chen), headers, &[("language", "en")]).await.status, 303, "{headers:?}");
        }
    });
}

#[test]
fn nobody_is_sent_on_to_another_host() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        house.set_password("chen").await;
        for next in ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "\\\\evil.example"] {
            let entered = house.post("/sign-in", None, &[("login", "chen"), ("password", PASSWORD), ("next", next)]).await;
            assert_eq!((entered.status, entered.location()), (303, Some("/")), "{next}");
            let chosen = house.post("/language", None, &[("language", "en"), ("back", next)]).await;
            assert_eq!(chosen.location(), Some("/"), "{next}");
        }
        let entered = house.post("/sign-in", None, &[("login", "chen"), ("password", PASSWORD), ("next", "/projects?x=1")]).await;
        assert_eq!(entered.location(), Some("/projects?x=1"));
        let again = house.get("/sign-in?next=//evil.example", Some(&cookie(&entered))).await;
        assert_eq!((again.status, again.location()), (303, Some("/")));
    });
}

#[test]
fn every_answer_carries_the_policy_and_nothing_inline() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        let operator = house.cookie_of("ez-zwzx.operator").await;
        let pages = ["/sign-in", "/reset", "/reset/0", "/no-such-page", "/account", "/system/people", "/system/people/new", "/system/people/chen"];
        for path in pages {
            let answer = house.get(path, Some(&operator).filter(|_| path != "/sign-in").map(String::as_str)).await;
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert!(answer.header("referrer-policy").is_some(), "{path}");
            assert!(answer.header("cache-control").is_some_and(|cache| cache.contains("no-")), "{path}");
            for inline in [" style=\"", "<style", "javascript:", " onclick", "<script>"] {
                assert!(!answer.body.contains(inline), "{path}: {inline}");
            }
            assert_eq!(answer.header("strict-transport-security"), None, "only over https: {path}");
        }
    });
}

#[test]
fn behind_https_the_cookie_is_secure_and_the_browser_stays_there() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = Config { public_url: Some("https://lvtong.example.gov.cn".to_owned()), ..Config::default() };
        let house = House::open_with(Where::sqlite(), config).await;
        house.set_password("chen").await;
        let entered = house.enter("chen", PASSWORD).await;
        let set = entered.set_cookie();
        assert!(set.starts_with("__Host-gl_session=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
        assert_eq!(entered.header("strict-transport-security"), Some("max-age=31536000"));
        let value = cookie(&entered);
        assert_eq!(house.get("/account", Some(&value)).await.status, 200);
        let plain = value.replace("__Host-", "");
        assert_eq!(house.get("/account", Some(&plain)).await.status, 303, "a cookie another host could plant is not looked at");
    });
}

#[test]
fn a_bearer_token_of_the_api_is_no_session() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        let operator = greenlane::identity::Actor::Operator("test".to_owned());
        let handed = house.nodes[0].hand_out_tokens(house.tenant, operator, 1).await.unwrap();
        let token = &handed.iter().find(|(person, _)| person.login == "chen").unwrap().1;
        assert_eq!(house.get("/account", Some(&format!("gl_session={token}"))).await.status, 303);
        let session = house.session("chen").await;
        let bearer = format!("Bearer {session}");
        assert_eq!(house.send("GET", "/api/v1/me", None, &[("authorization", &bearer)], None).await.status, 401, "nor a session a token");
    });
}

#[test]
fn a_demonstration_lets_anybody_in_as_anybody_and_nothing_else_does() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let entering = [("login", "chen"), ("next", "/account")];
        assert!(!house.get("/sign-in", None).await.body.contains("/sign-in/demo"));
        let refused = house.post("/sign-in/demo", None, &entering).await;
        assert_eq!((refused.status, refused.header("set-cookie")), (403, None), "a clock that can be moved is not enough");
        house.nodes[0].store().set_setting(OFFSET_SETTING, "0").await.unwrap();
        let page = house.get("/sign-in", None).await;
        assert!(page.body.contains("以陈工身份进入") && page.body.contains("value=\"ez-zwzx.operator\""), "{}", page.body);
        let found = house.post("/sign-in/demo", None, &[("find", "李档案"), ("next", "/account")]).await;
        assert!(found.status == 200 && found.body.contains("以李档案身份进入") && found.body.contains("找到 1 人"), "{}", found.body);
        let entered = house.post("/sign-in/demo", None, &entering).await;
        assert_eq!((entered.status, entered.location()), (303, Some("/account")));
        assert!(house.get("/account", Some(&cookie(&entered))).await.body.contains("还没有设置密码"));
    });
}
