//! A form posted after its session had ended: it waits in the sign-in page and is sent by its owner's click, once.

use super::house::{House, PASSWORD, cookie};
use crate::spine::node::{Where, on_both};

#[test]
fn a_form_posted_too_late_waits_and_is_sent_by_a_click() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.set_password("ez-zwzx.operator").await;
        let before = house.cookie_of("ez-zwzx.operator").await;
        let form = house.get("/system/people/new", Some(&before)).await;
        let command = form.hidden("command").unwrap();
        house.post("/sign-out", Some(&before), &[]).await;
        let fields = [("command", command.as_str()), ("login", "wang"), ("name", "王 \"工\" <a>&b"), ("language", "en"), ("password", "never-kept")];
        let late = house.post("/system/people/new", Some(&before), &fields).await;
        assert_eq!(late.status, 401);
        assert!(late.body.contains("您填写的内容还在") && !late.body.contains("never-kept"), "{}", late.body);
        let waiting = [("next", late.hidden("next").unwrap()), ("kept", late.hidden("kept").unwrap())];
        let wrong = house.enter_waiting("wrong-password", &waiting).await;
        assert_eq!((wrong.status, wrong.hidden("kept")), (422, late.hidden("kept")), "a wrong password loses nothing");
        let entered = house.enter_waiting(PASSWORD, &waiting).await;
        assert!(entered.status == 200 && entered.body.contains("将以“李运维”的身份提交"), "{}", entered.body);
        assert!(entered.body.contains("action=\"/system/people/new\""));
        let now = cookie(&entered);
        let list = house.get("/system/people?q=wang", Some(&now)).await;
        assert!(!list.body.contains("/system/people/wang"), "nothing was sent by itself");
        let sent: Vec<(String, String)> = ["command", "login", "name", "language"].map(|name| (name.to_owned(), entered.hidden(name).unwrap())).into();
        assert_eq!((sent[0].1.as_str(), sent[2].1.as_str()), (command.as_str(), "王 \"工\" <a>&b"));
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for _ in 0..2 {
            let done = house.post("/system/people/new", Some(&now), &sent).await;
            assert_eq!((done.status, done.location()), (303, Some("/system/people/wang?done=added")), "{}", done.body);
        }
        assert!(house.get("/system/people/wang", Some(&now)).await.body.contains("王 &quot;工&quot; &lt;a&gt;&amp;b"));
    });
}

#[test]
fn what_cannot_wait_in_a_page_is_said_to_be_lost() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        let same = ("sec-fetch-site", "same-origin");
        let upload = house.send("POST", "/apply/1/file", None, &[same, ("content-type", "multipart/form-data; boundary=x")], Some("--x--".into())).await;
        assert!(upload.status == 401 && upload.body.contains("未能保留"), "{}", upload.body);
        let large = format!("a={}", "x".repeat(600 * 1024));
        let long = house.send("POST", "/apply/1", None, &[same, ("content-type", "application/x-www-form-urlencoded")], Some(large)).await;
        assert!(long.status == 401 && long.body.contains("未能保留"), "{}", long.status);
    });
}

impl House {
    async fn enter_waiting(&self, password: &str, waiting: &[(&str, String)]) -> super::house::Answer {
        let mut fields = vec![("login", "ez-zwzx.operator"), ("password", password)];
        fields.extend(waiting.iter().map(|(name, value)| (*name, value.as_str())));
        self.post("/sign-in", None, &fields).await
    }
}
