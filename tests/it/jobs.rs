//! Outside jobs through the API, on both databases: workers race, leases run out, failures are tried again and parked, an operator looks after them.

use greenlane::app::App;
use greenlane::app::operate::Operation;
use greenlane::app::people::{Change, Contact, Post};
use greenlane::boot::Node as Server;
use greenlane::config::{Config, Role};
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment, Tenant};
use serde_json::{Value, json};

use crate::spine::node::{Node, Where, on_both};

mod page;

const FILES: &[(&str, &str)] = &[("credit.yaml", include_str!("jobs/credit.yaml")), ("forms/credit.yaml", include_str!("jobs/credit_form.yaml"))];
const OPERATOR: &str = "ez-zwzx.operator";
const MINUTE_MS: i64 = 60_000;

/// Publishes the workflow and makes the outside systems' accounts.
async fn furnish(app: &App, tenant: Tenant) {
    let files = FILES.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    let contact = |name: &str| Contact { name: name.to_owned(), email: String::new(), phone: String::new(), language: "zh-CN".to_owned() };
    let account = |login: &str, post: &str| {
        let posts = vec![Post { office: "ez-zwzx".to_owned(), post: post.to_owned(), from: None, until: None }];
        Operation::People(Change::Add { login: login.to_owned(), contact: contact(login), posts, invite: false })
    };
    let operations = [
        Operation::Publish { files, workflows: Vec::new() },
        account("alpha", "connector"),
        account("beta", "connector-credit"),
        account("gamma", "connector-seal"),
    ];
    for operation in operations {
        app.operate(tenant, Actor::Operator("test".to_owned()), operation).await.unwrap_or_else(|failure| panic!("{failure}"));
    }
}

/// A node behind its listener with two outside systems, `alpha` for every topic and `beta` for one.
struct House {
    node: Node,
    server: Server,
    tokens: Vec<(String, String)>,
    http: reqwest::Client,
}

impl House {
    async fn open(place: Where) -> Self {
        let node = Node::open(place).await;
        furnish(&node.app, node.tenant).await;
        let handed = node.app.hand_out_tokens(node.tenant, Actor::Operator("test".to_owned()), 1).await.unwrap();
        let tokens = handed.into_iter().map(|(person, token)| (person.login, token)).collect();
        let shared = greenlane::api::Shared { app: node.app.clone(), metrics: greenlane::telemetry::Metrics::install() };
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, ..Config::default() };
        let server = Server::listen(node.app.clone(), node.crew.clone(), shared, &config).await.unwrap();
        Self { node, server, tokens, http: reqwest::Client::new() }
    }

    async fn call(&self, method: &str, login: &str, path: &str, body: &Value) -> (u16, Value) {
        let token = self.tokens.iter().find(|(known, _)| known == login).map(|(_, token)| token).unwrap();
        let address = format!("http://{}/api/v1{path}", self.server.address());
        let request = self.http.request(method.parse().unwrap(), address).bearer_auth(token);
        let request = if body.is_null() { request } else { request.json(body) };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn post(&self, login: &str, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", login, path, &body).await
    }

    async fn start(&self) -> CaseId {
        self.node.start("credit", None).await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    async fn fetch(&self, login: &str, minutes: i64) -> Vec<Value> {
        let (status, answer) = self.post(login, "/jobs/fetch", json!({"topic": "credit", "number": 10, "lease_seconds": minutes * 60})).await;
        assert_eq!(status, 200, "{answer}");
        answer["jobs"].as_array().unwrap().clone()
    }

    async fn say(&self, login: &str, job: &Value, act: &str, body: Value) -> (u16, Value) {
        let mut body = body;
        body["fence"] = job["fence"].clone();
        self.post(login, &format!("/cases/{}/jobs/{}/{act}", job["case"].as_str().unwrap(), job["job"]), body).await
    }

    async fn complete(&self, login: &str, job: &Value) -> (u16, Value) {
        self.say(login, job, "complete", json!({"fields": {"grade": "a"}})).await
    }

    fn later(&self, minutes: i64) {
        assert!(self.node.clock.set(Moment(self.node.clock.now().0 + minutes * MINUTE_MS)));
    }

    async fn standing(&self, case: CaseId) -> Vec<String> {
        let working = self.node.app.working(self.node.tenant, case).await.unwrap();
        working.state.tokens.values().map(|token| token.step.to_string()).collect()
    }

    async fn close(self) {
        self.node.holds().await;
        self.server.stop().await;
    }
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or("-"))
}

#[test]
fn a_worker_fetches_does_and_hands_back_and_the_same_again_is_answered_with_its_receipt() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let case = house.start().await;
        let jobs = house.fetch("beta", 10).await;
        let job = &jobs[0];
        assert_eq!((jobs.len(), job["topic"].as_str(), job["input"]["year"].as_i64(), job["retries"].as_i64()), (1, Some("credit"), Some(2025), Some(1)));
        assert_eq!(job["case"].as_str(), Some(case.to_string().as_str()));
        let wrong = house.say("beta", job, "complete", json!({"fields": {"grade": "z"}})).await;
        assert_eq!((code(&wrong), wrong.1["errors"][0]["path"].as_str()), ((422, "form_wrong"), Some("/fields/grade")));
        let first = house.complete("beta", job).await;
        let again = house.complete("beta", job).await;
        assert_eq!((first.0, again.0), (200, 200), "{} {}", first.1, again.1);
        assert_eq!((first.1["version"].clone(), &first.1["repeated"], &again.1["repeated"]), (again.1["version"].clone(), &json!(false), &json!(true)));
        assert_eq!(house.standing(case).await, ["sign"]);
        let other = house.say("beta", job, "complete", json!({"fields": {"grade": "b"}})).await;
        assert_eq!(code(&other), (409, "job_over"), "other words are another command");
        house.close().await;
    });
}

#[test]
fn who_is_no_outside_system_of_the_topic_gets_nothing() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        house.start().await;
        let ask = |number: u32, lease: u32| json!({"topic": "credit", "number": number, "lease_seconds": lease});
        for login in ["chen", "ez-sthj.head", OPERATOR, "gamma"] {
            assert_eq!(code(&house.post(login, "/jobs/fetch", ask(1, 60)).await), (403, "not_connected"), "{login}");
        }
        for (asked, expected) in [
            (ask(0, 60), "number_out_of_range"),
            (ask(101, 60), "number_out_of_range"),
            (ask(1, 0), "lease_out_of_range"),
            (ask(1, 86_401), "lease_out_of_range"),
        ] {
            assert_eq!(code(&house.post("alpha", "/jobs/fetch", asked).await), (422, expected));
        }
        let job = house.fetch("alpha", 10).await.remove(0);
        assert_eq!(code(&house.complete("gamma", &job).await), (403, "not_connected"));
        assert_eq!(code(&house.complete("beta", &job).await), (409, "lease_lost"), "the topic's account, and another's lease");
        // An outside system sees nothing of cases, figures and people beside its jobs.
        for path in ["/jobs", "/accounts", &format!("/cases/{}", job["case"].as_str().unwrap())] {
            assert_eq!(house.call("GET", "alpha", path, &Value::Null).await.0, 403, "{path}");
        }
        house.close().await;
    });
}

#[test]
fn of_two_workers_who_race_for_one_job_one_gets_it() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        for _ in 0..8 {
            let case = house.start().await;
            let (left, right) = tokio::join!(house.fetch("alpha", 10), house.fetch("beta", 10));
            assert_eq!(left.len() + right.len(), 1, "{left:?} {right:?}");
            let (login, job) = if left.is_empty() { ("beta", &right[0]) } else { ("alpha", &left[0]) };
            // The winner says two things at once: one of them ends the job.
            let (done, failed) = tokio::join!(house.complete(login, job), house.say(login, job, "fail", json!({"message": "503"})));
            let codes = [code(&done), code(&failed)];
            assert!(codes == [(200, "-"), (409, "job_over")] || codes == [(409, "lease_lost"), (200, "-")], "{codes:?}");
            assert_eq!(house.standing(case).await, [if done.0 == 200 { "sign" } else { "check" }]);
        }
        house.close().await;
    });
}

#[test]
fn a_lease_runs_out_another_gets_the_job_and_the_first_comes_too_late() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let case = house.start().await;
        let slow = house.fetch("alpha", 10).await.remove(0);
        house.later(9);
        let extended = house.say("alpha", &slow, "extend", json!({"lease_seconds": 600})).await;
        assert_eq!(extended.0, 200, "{}", extended.1);
        house.later(9);
        assert_eq!(house.fetch("beta", 10).await, [] as [Value; 0], "extended");
        house.later(1);
        let quick = house.fetch("beta", 10).await.remove(0);
        assert!(quick["fence"].as_i64() > slow["fence"].as_i64());
        let late = house.complete("alpha", &slow).await;
        assert_eq!(code(&late), (409, "lease_lost"));
        assert!(late.1["title"].as_str().unwrap().contains("已到期并被重新领取"), "{}", late.1);
        assert_eq!(code(&house.say("alpha", &slow, "extend", json!({"lease_seconds": 60})).await), (409, "lease_lost"));
        assert_eq!(code(&house.say("alpha", &slow, "fail", json!({"message": "x"})).await), (409, "lease_lost"));
        assert_eq!(house.complete("beta", &quick).await.0, 200);
        assert_eq!(house.standing(case).await, ["sign"]);
        house.close().await;
    });
}

#[test]
fn a_failure_is_tried_again_after_its_pause_then_parked_and_an_operator_has_it_tried_again() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let case = house.start().await;
        let list = async || house.call("GET", OPERATOR, "/jobs?parked=true", &Value::Null).await.1;
        let job = house.fetch("alpha", 10).await.remove(0);
        assert_eq!(code(&house.say("alpha", &job, "fail", json!({})).await), (422, "message_required"));
        let failed = house.say("alpha", &job, "fail", json!({"message": "平台维护"})).await;
        assert_eq!(failed.0, 200, "{}", failed.1);
        let again = house.say("alpha", &job, "fail", json!({"message": "平台维护"})).await;
        assert_eq!((again.0, again.1["repeated"].as_bool()), (200, Some(true)), "said twice, failed once");
        assert_eq!(list().await, json!([]));
        house.later(9);
        assert_eq!(house.fetch("alpha", 10).await.len(), 0, "ten minutes, the workflow says");
        house.later(1);
        let job = house.fetch("alpha", 10).await.remove(0);
        assert_eq!((job["failures"].as_i64(), job["retries"].as_i64()), (Some(1), Some(0)));
        house.say("alpha", &job, "fail", json!({"message": "仍在维护"})).await;
        let parked = list().await;
        assert_eq!(
            (parked[0]["state"].as_str(), parked[0]["message"].as_str(), parked[0]["worker"].as_str()),
            (Some("parked"), Some("仍在维护"), Some("alpha"))
        );
        house.later(60);
        assert_eq!(house.fetch("alpha", 10).await.len(), 0);
        let retry = format!("/cases/{case}/jobs/{}/retry", job["job"]);
        assert_eq!(code(&house.post("ez-sthj.head", &retry, Value::Null).await), (403, "without_post"));
        assert_eq!(house.post(OPERATOR, &retry, Value::Null).await.0, 200);
        assert_eq!(list().await, json!([]));
        let job = house.fetch("beta", 10).await.remove(0);
        assert_eq!(house.complete("beta", &job).await.0, 200);
        assert_eq!(code(&house.post(OPERATOR, &retry, Value::Null).await), (409, "job_over"));
        // Every act stands in the record of the case.
        let view = house.call("GET", "ez-ldxz.auditor", &format!("/cases/{case}"), &Value::Null).await.1;
        let told: Vec<&str> =
            view["history"].as_array().unwrap().iter().filter_map(|line| line["what"].as_str()).filter(|what| what.starts_with("job")).collect();
        assert_eq!(told, ["job-offered", "job-failed", "job-parked", "job-retried", "job-ended"]);
        house.close().await;
    });
}

#[test]
fn a_step_that_is_left_while_its_job_is_held_takes_the_job_with_it() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let case = house.start().await;
        let job = house.fetch("alpha", 10).await.remove(0);
        let (status, answer) = house.post("chen", &format!("/cases/{case}/withdraw"), json!({"opinion": "撤回"})).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(code(&house.complete("alpha", &job).await), (409, "job_over"));
        assert_eq!(code(&house.say("alpha", &job, "extend", json!({"lease_seconds": 60})).await), (409, "lease_lost"));
        house.later(60);
        assert_eq!(house.fetch("alpha", 10).await.len(), 0);
        // By a timer on the step, too.
        let case = house.start().await;
        let job = house.fetch("alpha", 1_000).await.remove(0);
        house.later(5 * 24 * 60);
        house.node.crew.drain().await.unwrap();
        assert_eq!(house.standing(case).await, ["manual"]);
        assert_eq!(code(&house.complete("alpha", &job).await), (409, "job_over"));
        house.close().await;
    });
}

#[test]
fn an_error_of_the_matter_goes_where_the_author_says() {
    on_both(async |place: Where| {
        let house = House::open(place).await;
        let case = house.start().await;
        let job = house.fetch("alpha", 10).await.remove(0);
        let wrong = house.say("alpha", &job, "error", json!({"error": "no-such-error"})).await;
        assert_eq!(code(&wrong), (422, "unknown_error"));
        let told = house.say("alpha", &job, "error", json!({"error": "unknown-company", "message": "查无此企业"})).await;
        assert_eq!(told.0, 200, "{}", told.1);
        assert_eq!(house.standing(case).await, ["manual"]);
        house.close().await;
    });
}
