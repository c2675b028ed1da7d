//! The operator's pages about notices and their texts, over HTTP: who may, what is shown, what a form does when it is sent twice or filled in badly.

use greenlane::app::execute::{Act, Order};
use greenlane::identity::Actor;
use greenlane::notice::{Kind, Language, preview};

use super::leaves::operator;
use crate::accounts::house::House;
use crate::spine::node::{Where, on_both};

const OPERATOR: &str = "ez-zwzx.operator";

async fn start(house: &House) {
    let actor = Actor::Person(house.person("chen").await);
    let act = Act::Start { workflow: "pair".into(), form: None, rank: 9 };
    let order = Order { tenant: house.tenant, case: None, actor, command_id: None, act };
    house.server.app.execute(order).await.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn only_who_looks_after_notices_sees_them() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let paths = ["/system/notices", "/system/notices/01955969-05b1-77ce-b784-1018ae7faccd/0", "/system/texts", "/system/texts/o.task"];
        for login in ["chen", "ez-sthj.head", "ez-ldxz.auditor"] {
            let cookie = house.cookie_of(login).await;
            for path in paths {
                let refused = house.get(path, Some(&cookie)).await;
                assert!(refused.status == 403 && refused.body.contains("without_post"), "{login} {path} {}", refused.status);
            }
            assert_eq!(house.post(paths[3], Some(&cookie), &[("act", "submit"), ("language", "zh-CN")]).await.status, 403);
            assert_eq!(house.post(paths[1], Some(&cookie), &[("command", "x")]).await.status, 403);
        }
        assert_eq!(house.get("/system/notices", None).await.location(), Some("/sign-in?next=%2Fsystem%2Fnotices"));
        let cookie = house.cookie_of(OPERATOR).await;
        for path in [paths[1], "/system/notices/x/0", "/system/texts/o.purple"] {
            assert_eq!(house.get(path, Some(&cookie)).await.status, 404, "{path}");
        }
    });
}

#[test]
fn a_parked_message_is_found_told_and_sent_again_by_a_form_sent_twice() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let cookie = house.cookie_of(OPERATOR).await;
        house.server.app.approve_every_text(house.tenant, operator(), "演示网关").await.unwrap();
        start(&house).await;
        let waiting = house.get("/system/notices", Some(&cookie)).await;
        assert!(waiting.body.contains("共 2 条") && waiting.body.contains("周承办") && waiting.body.contains("新待办"), "{}", waiting.body);
        let texts = "/system/texts/o.task";
        let command = house.get(texts, Some(&cookie)).await.hidden("command").unwrap();
        let turn = |act: &'static str| [("command", command.clone()), ("act", act.to_owned()), ("language", "zh-CN".to_owned())];
        let post = async |act| {
            let fields = turn(act);
            house.post(texts, Some(&cookie), &fields.each_ref().map(|(name, value)| (*name, value.as_str()))).await
        };
        assert_eq!(post("disable").await.location(), Some("/system/texts/o.task?done=disable"));
        house.server.crew.drain().await.unwrap();
        assert_eq!(post("enable").await.location(), Some("/system/texts/o.task?done=enable"));
        let parked = house.get("/system/notices?state=parked&medium=sms&kind=o.task", Some(&cookie)).await;
        assert!(parked.body.contains("共 2 条"), "{}", parked.body);
        let (_, rest) = parked.body.split_once("<th scope=\"row\"><a href=\"").unwrap();
        let path = rest.split('"').next().unwrap();
        let page = house.get(path, Some(&cookie)).await;
        assert!(page.body.contains("not sent: the text is switched off") && page.body.contains("未能发出"), "{}", page.body);
        assert!(!page.body.contains("+999") && !page.body.contains("GC2025"), "neither number nor content");
        let command = page.hidden("command").unwrap();
        for _ in 0..2 {
            let again = house.post(path, Some(&cookie), &[("command", &command)]).await;
            assert_eq!((again.status, again.location()), (303, Some(format!("{path}?done=1").as_str())));
        }
        house.server.crew.drain().await.unwrap();
        let page = house.get(path, Some(&cookie)).await;
        assert!(page.body.contains("共 2 次") && page.body.contains("已发出") && page.body.contains("还没有收到短信网关的回执"), "{}", page.body);
        let late = house.post(path, Some(&cookie), &[("command", "01955969-05b1-77ce-b784-1018ae7faccd")]).await;
        assert!(late.status == 409 && late.body.contains("notice_sent"), "{} {}", late.status, late.body);
        assert!(house.get("/system/notices?state=parked", Some(&cookie)).await.body.contains("共 1 条"));
        assert!(house.get("/system/notices?state=waiting", Some(&cookie)).await.body.contains("没有等待发送的通知"));
    });
}

#[test]
fn a_long_list_is_paged_without_leaving_anything_out() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        let cookie = house.cookie_of(OPERATOR).await;
        for _ in 0..30 {
            start(&house).await;
        }
        let first = house.get("/system/notices?medium=mail", Some(&cookie)).await.body;
        assert!(first.contains("共 60 条"), "{first}");
        let links = |body: &str| body.split("<th scope=\"row\"><a href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>();
        let (_, rest) = first.split_once("<a class=\"button secondary\" href=\"").unwrap();
        let next = rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#x3D;", "=");
        let second = house.get(&next, Some(&cookie)).await.body;
        let all: std::collections::BTreeSet<String> = links(&first).into_iter().chain(links(&second)).collect();
        assert_eq!((links(&first).len(), links(&second).len(), all.len()), (50, 10, 60));
        assert!(second.contains("回到最前"));
    });
}

#[test]
fn every_text_is_shown_as_it_leaves_in_both_languages() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        let cookie = house.cookie_of(OPERATOR).await;
        let list = house.get("/system/texts", Some(&cookie)).await;
        let escaped = |text: &str| {
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;")
                .replace('=', "&#x3D;")
                .replace('`', "&#x60;")
        };
        let templates = house.server.app.templates();
        for kind in Kind::ALL {
            assert!(list.body.contains(&format!("/system/texts/{kind}\"")), "{kind}");
            let page = house.get(&format!("/system/texts/{kind}"), Some(&cookie)).await;
            for language in Language::ALL {
                let letter = templates.letter(*kind, language, &preview::sample(*kind)).unwrap();
                assert!(page.body.contains(&escaped(&letter.subject)) && page.body.contains(&escaped(&letter.text)), "{kind}: {}", page.body);
                if kind.has_short() {
                    let short = templates.short(*kind, language, &preview::sample(*kind)).unwrap();
                    assert!(page.body.contains(&escaped(&short)) && page.body.contains("1 条计费"), "{kind}: {}", page.body);
                }
            }
        }
    });
}

#[test]
fn a_text_is_registered_by_forms_that_keep_what_was_typed_and_count_once() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let cookie = house.cookie_of(OPERATOR).await;
        let path = "/system/texts/o.red";
        let version = async || house.server.app.store().registry_version(house.tenant).await.unwrap();
        let command = house.get(path, Some(&cookie)).await.hidden("command").unwrap();
        let post = async |more: &[(&str, &str)]| {
            let fields: Vec<(&str, &str)> = [("command", command.as_str()), ("language", "en")].into_iter().chain(more.iter().copied()).collect();
            house.post(path, Some(&cookie), &fields).await
        };
        let early = post(&[("act", "enable")]).await;
        assert!(early.status == 422 && early.body.contains("尚未审核通过，不能启用"), "{} {}", early.status, early.body);
        let before = version().await;
        for _ in 0..2 {
            assert_eq!(post(&[("act", "submit")]).await.location(), Some("/system/texts/o.red?done=submit"));
        }
        assert_eq!(version().await, before + 1, "a double click is one act");
        let wrong = post(&[("act", "approve"), ("template", ""), ("by", "某运营商<b>"), ("on", "someday")]).await;
        assert!(wrong.status == 422 && wrong.body.contains("value=\"某运营商&lt;b&gt;\"") && wrong.body.contains("href=\"#approve-on-en\""), "{}", wrong.body);
        let right = post(&[("act", "approve"), ("template", "T-9"), ("by", "某运营商"), ("on", "2025-03-01")]).await;
        assert_eq!(right.location(), Some("/system/texts/o.red?done=approve"));
        assert_eq!(post(&[("act", "enable")]).await.location(), Some("/system/texts/o.red?done=enable"));
        let page = house.get("/system/texts/o.red?done=enable", Some(&cookie)).await;
        assert!(["T-9", "某运营商", "2025-03-01 周六", "已启用"].iter().all(|word| page.body.contains(word)), "{}", page.body);
        let known = house.server.app.known(house.tenant).await.unwrap();
        assert!(known.texts.speaks(Kind::ORed, Language::En) && !known.texts.speaks(Kind::ORed, Language::Zh));
    });
}
