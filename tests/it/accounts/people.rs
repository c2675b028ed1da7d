//! The operator's pages: who may, what a mistake says, what a change does.

use super::house::{House, PASSWORD};
use crate::spine::node::{Where, on_both};

#[test]
fn only_an_operator_sees_and_changes_people() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        for login in ["chen", "ez-sthj.head", "ez-ldxz.auditor"] {
            let cookie = house.cookie_of(login).await;
            for path in ["/system/people", "/system/people/new", "/system/people/chen"] {
                let refused = house.get(path, Some(&cookie)).await;
                assert!(refused.status == 403 && refused.body.contains("without_post"), "{login} {path} {}", refused.status);
            }
            for (path, fields) in [("/system/people/new", vec![("login", "x1")]), ("/system/people/lin", vec![("act", "disable")])] {
                assert_eq!(house.post(path, Some(&cookie), &fields).await.status, 403, "{login} {path}");
            }
        }
        assert_eq!(house.get("/system/people", None).await.location(), Some("/sign-in?next=%2Fsystem%2Fpeople"));
        let lin = house.nodes[0].known(house.tenant).await.unwrap();
        assert!(lin.roster.people.values().all(|person| !person.disabled));
    });
}

#[test]
fn the_list_is_found_counted_and_paged() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        let operator = house.cookie_of("ez-zwzx.operator").await;
        let all = house.nodes[0].known(house.tenant).await.unwrap().roster.people.len();
        let first = house.get("/system/people", Some(&operator)).await;
        assert!(first.body.contains(&format!("找到 {all} 人")) && first.body.contains("page&#x3D;2"), "{}", first.body);
        let found = house.get("/system/people?q=chen", Some(&operator)).await;
        assert!(found.body.contains("/system/people/chen") && found.body.contains("未设置密码"), "{}", found.body);
        house.set_password("chen").await;
        assert!(house.get("/system/people?state=active", Some(&operator)).await.body.contains("找到 1 人"));
        assert!(house.get("/system/people?q=zzz", Some(&operator)).await.body.contains("没有符合条件的人员"));
    });
}

#[test]
fn every_mistake_of_a_new_person_is_named_and_nothing_typed_is_lost() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let operator = house.cookie_of("ez-zwzx.operator").await;
        let fields = [
            ("login", "Wang Gong"),
            ("name", ""),
            ("email", "wang@"),
            ("phone", "123"),
            ("office", "ez-sthj"),
            ("post", "handler"),
            ("from", "2025-05-01"),
            ("until", "2025-04-01"),
            ("invite", "on"),
        ];
        let wrong = house.post("/system/people/new", Some(&operator), &fields).await;
        assert_eq!(wrong.status, 422, "{}", wrong.body);
        for part in
            ["href=\"#login\"", "href=\"#name\"", "href=\"#email\"", "href=\"#phone\"", "终止日早于起始日", "value=\"Wang Gong\"", "value=\"2025-05-01\""]
        {
            assert!(wrong.body.contains(part), "{part}: {}", wrong.body);
        }
        let taken = house.post("/system/people/new", Some(&operator), &[("login", "chen"), ("name", "陈二"), ("language", "zh-CN")]).await;
        assert!(taken.status == 422 && taken.body.contains("已有人使用"), "{}", taken.body);
    });
}

#[test]
fn posts_are_given_and_ended_and_take_effect_at_once() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let operator = house.cookie_of("ez-zwzx.operator").await;
        let form = house.get("/system/people/chen", Some(&operator)).await;
        let command = form.hidden("command").unwrap();
        let change = async |fields: &[(&str, &str)]| {
            let fields: Vec<_> = [("command", command.as_str())].into_iter().chain(fields.iter().copied()).collect();
            house.post("/system/people/chen", Some(&operator), &fields).await
        };
        let give = [("act", "give"), ("office", "ez-zwzx"), ("post", "operator"), ("from", "2025-03-01"), ("until", "")];
        assert_eq!(change(&give).await.location(), Some("/system/people/chen?done=give"));
        let chen = house.cookie_of("chen").await;
        assert_eq!(house.get("/system/people", Some(&chen)).await.status, 200);
        let overlapping = change(&[("act", "give"), ("office", "ez-zwzx"), ("post", "operator"), ("from", "2025-03-02"), ("until", "")]).await;
        assert!(overlapping.status == 422 && overlapping.body.contains("重复担任"), "{}", overlapping.body);
        let end = [("act", "end"), ("office", "ez-zwzx"), ("post", "operator"), ("from", "2025-03-01"), ("until", "2025-03-02")];
        assert_eq!(change(&end).await.location(), Some("/system/people/chen?done=end"), "the form of the same page, another change");
        assert_eq!(house.get("/system/people", Some(&chen)).await.status, 403);
    });
}

#[test]
fn who_is_disabled_by_the_operator_can_come_back_and_nobody_disables_themselves() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("chen").await;
        let operator = house.cookie_of("ez-zwzx.operator").await;
        let act = async |login: &str, act: &str| house.post(&format!("/system/people/{login}"), Some(&operator), &[("act", act)]).await;
        assert_eq!(act("chen", "disable").await.status, 303);
        assert_eq!(house.enter("chen", PASSWORD).await.status, 422);
        assert_eq!(act("chen", "enable").await.status, 303);
        assert_eq!(house.enter("chen", PASSWORD).await.status, 303);
        let own = act("ez-zwzx.operator", "disable").await;
        assert!(own.status == 422 && own.body.contains("不能停用自己的账号"), "{} {}", own.status, own.body);
        assert_eq!(house.get("/account", Some(&operator)).await.status, 200);
    });
}
