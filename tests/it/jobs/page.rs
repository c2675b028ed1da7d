//! The operator's page of outside jobs: who sees it, what it shows, and trying one again by a form sent twice.

use greenlane::app::execute::{Act, Order};
use greenlane::app::jobs::Fetch;
use greenlane::engine::event::Event;
use greenlane::identity::Actor;

use super::{OPERATOR, furnish};
use crate::accounts::house::House;
use crate::spine::node::{Where, on_both};

#[test]
fn an_operator_sees_a_parked_job_and_whatever_befalls_the_form_it_is_tried_again_once() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let (app, tenant) = (&house.server.app, house.tenant);
        furnish(app, tenant).await;
        let chen = Actor::Person(house.person("chen").await);
        let start = Order { tenant, case: None, actor: chen, command_id: None, act: Act::Start { workflow: "credit".into(), form: None, rank: 9 } };
        let case = app.execute(start).await.unwrap_or_else(|failure| panic!("{failure}")).case;
        let alpha = Actor::Person(house.person("alpha").await);
        let (jobs, _) = app
            .fetch_jobs(tenant, &alpha, &Fetch { topic: "credit".into(), case: None, number: 1, lease_s: 60 })
            .await
            .unwrap_or_else(|failure| panic!("{failure}"));
        let (job, fence) = (jobs[0].job, jobs[0].fence);
        let fail = Act::JobFail { job, fence, message: Some("平台维护".to_owned()), retries: Some(0), pause_s: None };
        app.execute(Order { tenant, case: Some(case), actor: alpha, command_id: None, act: fail }).await.unwrap_or_else(|failure| panic!("{failure}"));
        for login in ["chen", "ez-sthj.head", "ez-ldxz.auditor"] {
            let cookie = house.cookie_of(login).await;
            let refused = house.get("/system/jobs", Some(&cookie)).await;
            assert!(refused.status == 403 && refused.body.contains("without_post"), "{login} {}", refused.status);
            assert_eq!(house.post(&format!("/system/jobs/{case}/{job}"), Some(&cookie), &[("command", "x")]).await.status, 403);
        }
        let cookie = house.cookie_of(OPERATOR).await;
        let page = house.get("/system/jobs", Some(&cookie)).await;
        assert!(page.body.contains("平台维护") && page.body.contains("核验信用") && page.body.contains("立即重试"), "{}", page.body);
        assert!(!page.body.contains("2025</"), "what the worker is handed stays out: {}", page.body);
        let command = page.hidden("command").unwrap();
        let other_tab = house.get("/system/jobs", Some(&cookie)).await.hidden("command").unwrap();
        assert_ne!(command, other_tab);
        // Signed out meanwhile: nothing is done, and the way back is kept.
        let signed_out = house.post(&format!("/system/jobs/{case}/{job}"), None, &[("command", &command)]).await;
        assert!(signed_out.body.contains(&command), "what was sent waits behind the sign-in: {} {}", signed_out.status, signed_out.body);
        // A double click, the back button, an answer lost on its way: the same form once more.
        for _ in 0..3 {
            let again = house.post(&format!("/system/jobs/{case}/{job}"), Some(&cookie), &[("command", &command)]).await;
            assert_eq!((again.status, again.location()), (303, Some("/system/jobs?done=1")));
        }
        // The other window asks for what is so already.
        let same = house.post(&format!("/system/jobs/{case}/{job}"), Some(&cookie), &[("command", &other_tab)]).await;
        assert_eq!((same.status, same.location()), (303, Some("/system/jobs?done=1")));
        let file = app.casefile(tenant, case).await.unwrap_or_else(|failure| panic!("{failure}"));
        let retried = file.entries.iter().flat_map(|entry| &entry.events).filter(|event| matches!(event, Event::JobRetried { .. }));
        assert_eq!(retried.count(), 1);
        assert!(house.get("/system/jobs?done=1", Some(&cookie)).await.body.contains("没有停投的外部作业"));
        let all = house.get("/system/jobs?state=all&topic=credit", Some(&cookie)).await.body;
        assert!(all.contains("等待领取") && !all.contains("立即重试"), "{all}");
        assert!(house.get("/system/jobs?state=all&topic=seal", Some(&cookie)).await.body.contains("没有未办完的外部作业"));
    });
}
