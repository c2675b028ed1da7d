//! The operator's pages of subscriptions: who sees them, every mistake at once, the secret shown once, and each form sent in every unlucky way.

use greenlane::app::register;
use greenlane::app::view;

use crate::accounts::house::{Answer, House};
use crate::spine::node::{Where, on_both};

const OPERATOR: &str = "ez-zwzx.operator";
const URL: &str = "https://erp.example.com/greenlane";

fn secret(answer: &Answer) -> Option<String> {
    let (_, rest) = answer.body.split_once("whsec_")?;
    rest.split('<').next().map(str::to_owned)
}

/// The acts of the register of a kind.
async fn acts(house: &House, what: &str) -> usize {
    let (app, case) = (&house.server.app, register::case_of(house.tenant));
    let row = app.store().case(house.tenant, case).await.unwrap().unwrap();
    let acts = view::acts(app.store(), house.tenant, case, row.version).await.unwrap();
    acts.iter().filter(|act| format!("{:?}", act.events).contains(&format!("\"{what}\""))).count()
}

#[test]
fn whatever_befalls_the_forms_of_a_webhook_each_is_done_once() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        for login in ["chen", "ez-sthj.head", "ez-ldxz.auditor"] {
            let cookie = house.cookie_of(login).await;
            for path in ["/system/webhooks", "/system/webhooks/new", "/system/webhooks/wh_0"] {
                let refused = house.get(path, Some(&cookie)).await;
                assert!(refused.status == 403 && refused.body.contains("without_post"), "{login} {path} {}", refused.status);
            }
            assert_eq!(house.post("/system/webhooks/new", Some(&cookie), &[("url", URL), ("kinds", "case.started")]).await.status, 403);
            assert_eq!(house.post("/system/webhooks/wh_0", Some(&cookie), &[("act", "end")]).await.status, 403);
        }
        let cookie = house.cookie_of(OPERATOR).await;
        assert!(house.get("/system/webhooks", Some(&cookie)).await.body.contains("还没有订阅"));
        // Every mistake at once, and what was typed is still there.
        let command = house.get("/system/webhooks/new", Some(&cookie)).await.hidden("command").unwrap();
        let wrong = house.post("/system/webhooks/new", Some(&cookie), &[("command", &command), ("url", "ftp://erp.example.com/输入")]).await;
        assert!(wrong.status == 422 && wrong.body.contains("应为 https 网址") && wrong.body.contains("请至少选择一类事件"), "{}", wrong.body);
        assert!(
            wrong.body.contains("value=\"ftp:&#x2F;&#x2F;erp.example.com&#x2F;输入\"") || wrong.body.contains("value=\"ftp://erp.example.com/输入\""),
            "{}",
            wrong.body
        );
        // So does an address that nothing would ever be sent to.
        let inside = [("command", command.as_str()), ("url", "http://erp:s3cret@10.0.0.1:0/hook"), ("kinds", "case.ended")];
        let inside = house.post("/system/webhooks/new", Some(&cookie), &inside).await;
        let read = inside.body.replace("&#x60;", "`").replace("&#x2F;", "/");
        for said in ["实际以 `http` 开头", "应为公网地址，实际 `10.0.0.1`", "应不含用户名和密码", "端口应为 1 到 65535，实际 `0`"]
        {
            assert!(inside.status == 422 && read.contains(said), "{said}: {read}");
        }
        assert!(read.contains("value=\"http://erp:s3cret@10.0.0.1:0/hook\""), "{read}");
        assert_eq!(read.matches("s3cret").count(), 1, "what was typed is there, and is repeated in no sentence");
        let other = house.post("/system/webhooks/new", Some(&cookie), &[("command", &command), ("url", "x"), ("kinds", "case.ended")]).await;
        assert!(other.body.contains("value=\"case.ended\" checked") && !other.body.contains("value=\"case.started\" checked"), "{}", other.body);
        assert_eq!(other.hidden("command"), Some(command.clone()), "the form is still the same one");
        // Signed out meanwhile: nothing is done, and what was sent waits, each box of it.
        let fields = [("command", command.as_str()), ("url", URL), ("kinds", "case.started"), ("kinds", "case.ended")];
        let signed_out = house.post("/system/webhooks/new", None, &fields).await;
        assert!(signed_out.status == 401 && signed_out.body.contains("case.started") && signed_out.body.contains("case.ended"), "{}", signed_out.body);
        // A double click, the back button: one subscription, and whichever answer is seen has its secret.
        let (first, second) =
            tokio::join!(house.post("/system/webhooks/new", Some(&cookie), &fields), house.post("/system/webhooks/new", Some(&cookie), &fields));
        let back = house.post("/system/webhooks/new", Some(&cookie), &fields).await;
        let made = secret(&back).unwrap();
        for answer in [&first, &second, &back] {
            assert_eq!(
                (answer.status, secret(answer).as_deref(), answer.header("cache-control")),
                (200, Some(made.as_str()), Some("no-store")),
                "{}",
                answer.body
            );
        }
        let id = back.body.split_once("/system/webhooks/wh_").unwrap().1.split('"').next().unwrap().to_owned();
        let path = format!("/system/webhooks/wh_{id}");
        assert_eq!((acts(&house, "webhook-added").await, house.server.app.known(house.tenant).await.unwrap().webhooks.len()), (1, 1));
        for page in ["/system/webhooks", &path] {
            let shown = house.get(page, Some(&cookie)).await;
            assert!(shown.status == 200 && secret(&shown).is_none() && shown.body.contains("erp.example.com"), "{}", shown.body);
        }
        assert_eq!(house.get("/system/webhooks/wh_0", Some(&cookie)).await.status, 404);
        for (act, what) in [("test", "webhook-tested"), ("pause", "webhook-paused"), ("resume", "webhook-resumed"), ("retry", "webhook-retried")] {
            let command = house.get(&path, Some(&cookie)).await.hidden("command").unwrap();
            let fields = [("command", command.as_str()), ("act", act)];
            let signed_out = house.post(&path, None, &fields).await;
            assert!(signed_out.status == 401 && signed_out.body.contains(&command), "{act}");
            let (first, second) = tokio::join!(house.post(&path, Some(&cookie), &fields), house.post(&path, Some(&cookie), &fields));
            let back = house.post(&path, Some(&cookie), &fields).await;
            for answer in [first, second, back] {
                assert_eq!((answer.status, answer.location()), (303, Some(format!("{path}?done={act}").as_str())), "{act}: {}", answer.body);
            }
            assert_eq!(acts(&house, what).await, 1, "{act}");
        }
        // What is not so any more is said on the page.
        let stale = house.post(&path, Some(&cookie), &[("act", "pause")]).await;
        assert_eq!(stale.status, 303);
        let refused = house.post(&path, Some(&cookie), &[("act", "test")]).await;
        assert!(refused.status == 422 && refused.body.contains("请先恢复再试发"), "{} {}", refused.status, refused.body);
        rekeyed(&house, &cookie, &path, &made).await;
        ended(&house, &cookie, &path).await;
    });
}

async fn rekeyed(house: &House, cookie: &str, path: &str, made: &str) {
    let fields = [("act", "rekey"), ("seen", "0")];
    let (first, second) = tokio::join!(house.post(path, Some(cookie), &fields), house.post(path, Some(cookie), &fields));
    let again = secret(&first).unwrap();
    assert_ne!(again, made);
    assert_eq!((secret(&second), acts(house, "webhook-rekeyed").await), (Some(again.clone()), 1));
    // The other window, and a number nobody was shown.
    let next = house.post(path, Some(cookie), &[("act", "rekey"), ("seen", "1")]).await;
    assert_ne!(secret(&next), Some(again));
    for seen in ["0", "9"] {
        let stale = house.post(path, Some(cookie), &[("act", "rekey"), ("seen", seen)]).await;
        assert!(stale.status == 422 && secret(&stale).is_none() && stale.body.contains("刚刚已被更换"), "{seen} {} {}", stale.status, stale.body);
    }
    assert!(house.get(path, Some(cookie)).await.body.contains("旧密钥同时签名至"));
}

async fn ended(house: &House, cookie: &str, path: &str) {
    for _ in 0..2 {
        let ended = house.post(path, Some(cookie), &[("act", "end")]).await;
        assert_eq!((ended.status, ended.location()), (303, Some("/system/webhooks?done=end")), "{}", ended.body);
    }
    assert_eq!(acts(house, "webhook-ended").await, 1);
    let page = house.get(path, Some(cookie)).await;
    assert!(page.status == 200 && page.body.contains("已停用") && !page.body.contains("name=\"act\""), "{}", page.body);
    let late = house.post(path, Some(cookie), &[("act", "resume")]).await;
    assert!(late.status == 422 && late.body.contains("已停用"), "{}", late.status);
    assert!(
        house.get("/system/webhooks", Some(cookie)).await.body.contains("最近停用")
            || house.get("/system/webhooks", Some(cookie)).await.body.contains("已停用的")
    );
}
