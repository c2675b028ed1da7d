//! The API from outside: who gets in, what is refused and how, a command repeated, and its own description.

use greenlane::boot::Node as Server;
use greenlane::config::{Config, Role};
use greenlane::limits::BATCH_TASKS_MAX;
use serde_json::{Value, json};

use crate::spine::node::{Node, Where, on_both};

/// A node behind its listener, with a token for everybody.
struct Api {
    server: Server,
    tokens: Vec<(String, String)>,
    http: reqwest::Client,
    _place: Where,
}

impl Api {
    async fn open(place: Where) -> Self {
        let node = Node::open(place).await;
        let operator = greenlane::identity::Actor::Operator("test".to_owned());
        let files = greenlane::app::operate::embedded_workflows();
        let publish = greenlane::app::operate::Operation::Publish { files, workflows: Vec::new() };
        node.app.operate(node.tenant, operator.clone(), publish).await.unwrap_or_else(|failure| panic!("{failure}"));
        let handed = node.app.hand_out_tokens(node.tenant, operator, 1).await.unwrap();
        let tokens = handed.into_iter().map(|(person, token)| (person.login, token)).collect();
        let shared = greenlane::api::Shared { app: node.app.clone(), metrics: greenlane::telemetry::Metrics::install() };
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, ..Config::default() };
        let server = Server::listen(node.app, node.crew, shared, &config).await.unwrap();
        Self { server, tokens, http: reqwest::Client::new(), _place: node.place }
    }

    async fn call(&self, method: &str, path: &str, login: &str, body: Option<&str>, key: Option<&str>) -> (u16, Value) {
        let address = format!("http://{}{path}", self.server.address());
        let mut request = self.http.request(method.parse().unwrap(), address);
        if let Some((_, token)) = self.tokens.iter().find(|(known, _)| known == login) {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// What a refusal says, for a snapshot: status, code, both sentences, and each mistake.
    async fn refused(&self, method: &str, path: &str, login: &str, body: Option<&str>) -> String {
        let (status, problem) = self.call(method, path, login, body, None).await;
        let mut lines = vec![format!(
            "{status} {} | {} | {}",
            problem["code"].as_str().unwrap_or("-"),
            problem["title"].as_str().unwrap_or("-"),
            problem["detail"].as_str().unwrap_or("-")
        )];
        for error in problem["errors"].as_array().into_iter().flatten() {
            lines.push(format!(
                "  {} {} | {} | {}",
                error["path"].as_str().unwrap_or("-"),
                error["code"].as_str().unwrap_or("-"),
                error["zh"].as_str().unwrap_or("-"),
                error["en"].as_str().unwrap_or("-")
            ));
        }
        lines.join("\n")
    }
}

fn project() -> Value {
    let seeds = greenlane::app::seed::Seeds::embedded().unwrap();
    let project = seeds.tenants.values().flat_map(|tenant| &tenant.projects).find(|project| &*project.key == "P1").unwrap();
    Value::Object(project.form.clone())
}

#[test]
fn a_command_sent_twice_is_done_once_and_answered_twice() {
    on_both(async |place: Where| {
        let api = Api::open(place).await;
        let key = "6f1c7f0a-4a52-4a8e-9a59-6d0f2f1a7a11";
        let body = json!({"workflow": "green-channel", "form": project()}).to_string();
        let (first, receipt) = api.call("POST", "/api/v1/cases", "chen", Some(&body), Some(key)).await;
        let (second, again) = api.call("POST", "/api/v1/cases", "chen", Some(&body), Some(key)).await;
        assert_eq!((first, second), (201, 200), "{receipt} {again}");
        assert_eq!((receipt["case"].clone(), receipt["version"].clone()), (again["case"].clone(), again["version"].clone()));
        let (status, problem) = api.call("POST", "/api/v1/cases", "chen", Some(&body.replace("葛店", "鄂城")), Some(key)).await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("command_id_reused")));
        let (_, cases) = api.call("GET", "/api/v1/cases", "chen", None, None).await;
        assert_eq!(cases.as_array().map(Vec::len), Some(1), "{cases}");
    });
}

#[test]
fn a_case_explains_where_it_is_who_may_act_why_not_you_and_how_its_date_came_about() {
    on_both(async |place: Where| {
        let api = Api::open(place).await;
        let body = json!({"workflow": "green-channel", "form": project()}).to_string();
        api.call("POST", "/api/v1/cases", "chen", Some(&body), None).await;
        let asked = async |login: &str| api.call("GET", "/api/v1/cases/GC20250001/explain", login, None, None).await.1;
        let (handler, supervisor) = (asked("ez-ldxz.handler").await, asked("ez-ldxz.sup-clerk").await);
        let place = &handler["places"][0];
        assert_eq!(place["step"], "check", "{handler}");
        assert_eq!(place["you"]["zh"], "您可以办理。");
        assert!(place["who"].as_array().is_some_and(|who| !who.is_empty()), "somebody may act: {handler}");
        let ok = place["next"].as_array().unwrap().iter().find(|next| next["outcome"] == "ok").expect("an answer");
        assert!(ok["follows"]["zh"].as_str().unwrap().ends_with('。') && ok["follows"]["en"].is_string(), "{ok}");
        let why = supervisor["places"][0]["you"]["zh"].as_str().unwrap();
        assert!(why.contains("不属于您的岗位"), "the reason is the one the engine would refuse with: {why}");
        let limit = &handler["limits"][0];
        let days = limit["days"].as_array().unwrap();
        let counted = days.iter().filter_map(|day| day["counted"].as_u64()).max();
        assert_eq!((days[0]["counted"].is_null(), counted), (true, Some(2)), "two working days from the day it came, which is not counted: {limit}");
        assert_eq!(days.last().unwrap()["date"], limit["due"], "{limit}");
        let (status, _) = api.call("GET", "/api/v1/cases/GC20250001/explain", "lin", None, None).await;
        assert_eq!(status, 403, "who may not read it is told nothing");
    });
}

#[test]
fn a_form_with_mistakes_is_refused_with_all_of_them_and_leaves_nothing() {
    on_both(async |place: Where| {
        let api = Api::open(place).await;
        let mut form = project();
        form["uscc"] = json!("91420700DEM000014X");
        form["total_fen"] = json!("a lot");
        form["area_m2"] = json!(-3);
        form["colour"] = json!("green");
        form.as_object_mut().unwrap().remove("project_name");
        let body = json!({"workflow": "green-channel", "form": form}).to_string();
        let told = api.refused("POST", "/api/v1/cases", "chen", Some(&body)).await;
        insta::assert_snapshot!("form_with_mistakes", told);
        let (_, cases) = api.call("GET", "/api/v1/cases", "chen", None, None).await;
        assert_eq!(cases, json!([]));
    });
}

#[test]
fn every_refusal_says_what_was_expected_and_what_was_found() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let api = Api::open(Where::sqlite()).await;
        let body = json!({"workflow": "green-channel", "form": project()}).to_string();
        let (_, receipt) = api.call("POST", "/api/v1/cases", "chen", Some(&body), None).await;
        assert_eq!(receipt["number"], "GC20250001", "{receipt}");
        let (_, case) = api.call("GET", "/api/v1/cases/GC20250001", "ez-ldxz.sup-clerk", None, None).await;
        let task = format!("/api/v1/cases/GC20250001/tasks/{}", case["tasks"][0]["task"]);
        let asked = [
            ("no token", "GET", "/api/v1/inbox".to_owned(), "nobody", None),
            ("unknown workflow", "POST", "/api/v1/cases".to_owned(), "chen", Some(r#"{"workflow":"green-chanel"}"#)),
            ("an official starts nothing", "POST", "/api/v1/cases".to_owned(), "ez-sthj.head", Some(r#"{"workflow":"green-channel"}"#)),
            ("no JSON", "POST", "/api/v1/cases".to_owned(), "chen", Some("workflow: green-channel")),
            ("unknown key", "POST", "/api/v1/cases".to_owned(), "chen", Some(r#"{"workflow":"green-channel","from":{}}"#)),
            ("unknown case", "GET", "/api/v1/cases/GC20259999".to_owned(), "ez-ldxz.sup-clerk", None),
            ("somebody else's case", "GET", "/api/v1/cases/GC20250001".to_owned(), "lin", None),
            ("not one's task", "POST", format!("{task}/claim"), "ez-sthj.handler", None),
            ("unknown outcome", "POST", format!("{task}/complete"), "ez-ldxz.handler", Some(r#"{"outcome":"fine","opinion":"同意"}"#)),
            ("no opinion", "POST", format!("{task}/complete"), "ez-ldxz.handler", Some(r#"{"outcome":"ok"}"#)),
            ("fields missing", "POST", format!("{task}/complete"), "ez-ldxz.handler", Some(r#"{"outcome":"needs-correction","opinion":"请补正"}"#)),
            ("unknown account", "GET", "/api/v1/accounts/postings?account=land/1999".to_owned(), "ez-ldxz.sup-clerk", None),
            ("a key that is none", "GET", "/api/v1/inbox?after=yesterday".to_owned(), "ez-ldxz.handler", None),
            ("the clock backwards", "PUT", "/api/v1/clock".to_owned(), "ez-zwzx.operator", Some(r#"{"to":"2020-01-01T00:00:00+08:00"}"#)),
        ];
        let mut told = Vec::new();
        for (what, method, path, login, body) in asked {
            told.push(format!("{what}\n{}", api.refused(method, &path, login, body).await));
        }
        // The id of a case differs at every run.
        insta::assert_snapshot!("refusals", told.join("\n").replace(receipt["case"].as_str().unwrap(), "CASE"));
    });
}

#[test]
fn the_description_names_every_route_and_machines_get_their_answers() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let api = Api::open(Where::sqlite()).await;
        let (status, description) = api.call("GET", "/api/openapi.json", "nobody", None, None).await;
        assert_eq!((status, description["openapi"].as_str().is_some_and(|version| version.starts_with("3."))), (200, true));
        let source = include_str!("../../src/api/v1/mod.rs");
        let routes: Vec<&str> = source.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")?.split('"').next()).collect();
        assert!(routes.len() > 15, "{routes:?}");
        for route in routes {
            let path = format!("/api/v1{route}");
            assert!(description["paths"][&path].is_object(), "{path} is not described");
        }
        for path in ["/healthz", "/readyz", "/metrics"] {
            assert_eq!(api.call("GET", path, "nobody", None, None).await.0, 200, "{path}");
        }
    });
}

#[test]
fn what_people_do_beside_answering_goes_over_the_api_with_a_code_for_each_no() {
    on_both(async |place: Where| {
        let api = Api::open(place).await;
        let mut cases = Vec::new();
        for _ in 0..2 {
            let (_, receipt) = api.call("POST", "/api/v1/cases", "chen", Some(r#"{"workflow":"relay"}"#), None).await;
            cases.push(receipt["case"].as_str().unwrap_or_default().to_owned());
        }
        let case = format!("/api/v1/cases/{}", cases[0]);
        let said = async |path: &str, login: &str, body: Value| {
            let (status, told) = api.call("POST", path, login, Some(&body.to_string()), None).await;
            if status == 200 { "done".to_owned() } else { told["code"].as_str().unwrap_or("-").to_owned() }
        };
        let task = async |case: &str| {
            let (_, shown) = api.call("GET", &format!("/api/v1/cases/{case}"), "ez-ldxz.sup-clerk", None, None).await;
            shown["tasks"][0]["task"].to_string()
        };
        let draft = format!("{case}/tasks/{}", task(&cases[0]).await);
        let opinion = json!({"opinion": "请办理"});
        let (handler, other, head) = ("ez-fgw.handler", "ez-fgw.handler-b", "ez-fgw.head");
        assert_eq!(said(&format!("{draft}/urge"), "chen", json!({})).await, "done");
        assert_eq!(said(&format!("{draft}/urge"), "chen", json!({})).await, "urged_recently");
        assert_eq!(said(&format!("{draft}/transfer"), handler, json!({"person": "ez-sthj.handler", "opinion": "转办"})).await, "recipient_outside");
        assert_eq!(said(&format!("{draft}/delegate"), handler, json!({"person": "ez-fgw.legal", "opinion": "请提意见"})).await, "done");
        assert_eq!(said(&format!("{draft}/reply"), "ez-fgw.legal", opinion.clone()).await, "done");
        assert_eq!(said(&format!("{draft}/transfer"), handler, json!({"person": other, "opinion": "出差"})).await, "done");
        assert_eq!(said(&format!("{draft}/recusal"), other, json!({"person": other, "opinion": "亲属关系"})).await, "done");
        assert_eq!(said(&format!("{draft}/recusal/decide"), other, json!({"agreed": true, "opinion": "同意"})).await, "not_section_head");
        assert_eq!(said(&format!("{draft}/recusal/decide"), "ez-fgw.section-head", json!({"agreed": true, "opinion": "同意"})).await, "done");
        assert_eq!(said(&format!("{case}/copy"), head, json!({"to": ["ez-sthj.handler"], "opinion": "供了解"})).await, "done");
        assert_eq!(api.call("GET", &case, "ez-sthj.handler", None, None).await.0, 200, "who was told may read");
        assert_eq!(said(&format!("{case}/comment"), "chen", json!({"opinion": "已补充说明"})).await, "done");
        assert_eq!(said(&format!("{draft}/signers"), handler, json!({"place": "before", "seats": [], "rule": "all"})).await, "added_group_wrong");
        for each in &cases {
            let draft = format!("/api/v1/cases/{each}/tasks/{}/complete", task(each).await);
            assert_eq!(said(&draft, handler, json!({"outcome": "proposed", "opinion": "拟同意"})).await, "done");
        }
        assert_eq!(said(&format!("{case}/scopes/0/steps/draft/take-back"), head, json!({})).await, "not_own_act");
        assert_eq!(said(&format!("{case}/scopes/0/steps/draft/take-back"), handler, json!({})).await, "done");
        let mut items = Vec::new();
        for each in &cases {
            items.push(json!({"case": each, "task": task(each).await.parse::<u32>().unwrap()}));
        }
        let batch = json!({"items": items, "outcome": "granted", "opinion": "同意"});
        let (status, results) = api.call("POST", "/api/v1/batch", head, Some(&batch.to_string()), None).await;
        assert_eq!((status, results[0]["refused"]["code"].as_str()), (200, Some("claimed_by_another")), "{results}");
        assert!(results[1]["version"].is_i64(), "each for itself: {results}");
    });
}

#[test]
fn a_batch_tells_what_became_of_each_task_and_sent_again_does_nothing_again() {
    on_both(async |place: Where| {
        let api = Api::open(place).await;
        let (handler, head) = ("ez-fgw.handler", "ez-fgw.head");
        let mut items = vec![json!({"case": "GC20259999", "task": 1})];
        for _ in 0..2 {
            let (_, receipt) = api.call("POST", "/api/v1/cases", "chen", Some(r#"{"workflow":"relay"}"#), None).await;
            let case = receipt["case"].as_str().unwrap_or_default().to_owned();
            let task = async || api.call("GET", &format!("/api/v1/cases/{case}"), "ez-ldxz.sup-clerk", None, None).await.1["tasks"][0]["task"].clone();
            let proposed = json!({"outcome": "proposed", "opinion": "拟同意"}).to_string();
            api.call("POST", &format!("/api/v1/cases/{case}/tasks/{}/complete", task().await), handler, Some(&proposed), None).await;
            items.push(json!({"case": case, "task": task().await}));
        }
        let batch = |items: &[Value]| json!({"items": items, "outcome": "granted", "opinion": "同意"}).to_string();
        let key = "01890a5d-ac96-774b-bcce-b302099a8057";

        let many = vec![items[1].clone(); BATCH_TASKS_MAX + 1];
        let long = api.refused("POST", "/api/v1/batch", head, Some(&batch(&many))).await;
        assert!(long.contains("batch_too_long") && long.contains("found 101; none was answered"), "{long}");
        assert!(api.refused("POST", "/api/v1/batch", head, Some(&batch(&[]))).await.contains("batch_empty"));

        let (status, told) = api.call("POST", "/api/v1/batch", head, Some(&batch(&items)), Some(key)).await;
        assert_eq!((status, told[0]["refused"]["code"].as_str()), (200, Some("unknown_case")), "{told}");
        assert!(told[1]["version"].is_i64() && told[2]["version"].is_i64(), "the unknown one hides nothing: {told}");
        let (_, again) = api.call("POST", "/api/v1/batch", head, Some(&batch(&items)), Some(key)).await;
        assert_eq!(again, told, "the same key is the same commands");
        let (_, anew) = api.call("POST", "/api/v1/batch", head, Some(&batch(&items)), None).await;
        assert!(anew[1]["refused"]["code"].is_string(), "without it they are answered already: {anew}");

        let task = items[1]["case"].as_str().map(|case| format!("/api/v1/cases/{case}/tasks/first/claim")).unwrap_or_default();
        assert!(api.refused("POST", &task, head, None).await.contains("path_not_read"));
    });
}

#[test]
fn whoever_stands_in_is_written_down_with_dates_and_a_and_b_are_not_away_at_once() {
    on_both(async |place: Where| {
        let api = Api::open(place).await;
        let away = |login: &str, post: &str, until: &str| {
            json!({"login": login, "office": "ez-fgw", "post": post, "from": "2025-03-03", "until": until, "substitute": null}).to_string()
        };
        let first = away("ez-fgw.handler", "handler", "2025-03-05");
        // It is one's own, one's leader's or an operator's to write: no colleague's, and no other office's head's.
        for outsider in ["ez-fgw.handler-b", "ez-sthj.head"] {
            let told = api.refused("POST", "/api/v1/people/away", outsider, Some(&first)).await;
            assert!(told.starts_with("403 not_concerned"), "{outsider}: {told}");
        }
        let (_, receipt) = api.call("POST", "/api/v1/cases", "chen", Some(r#"{"workflow":"relay"}"#), None).await;
        let (_, shown) = api.call("GET", &format!("/api/v1/cases/{}", receipt["case"].as_str().unwrap()), "ez-ldxz.sup-clerk", None, None).await;
        let draft = format!("/api/v1/cases/{}/tasks/{}/complete", receipt["case"].as_str().unwrap(), shown["tasks"][0]["task"]);
        let answer = json!({"outcome": "proposed", "opinion": "拟同意"}).to_string();
        let (_, told) = api.call("POST", &draft, "ez-fgw.handler-b", Some(&answer), None).await;
        assert_eq!(told["code"], "not_assigned");
        let (status, told) = api.call("POST", "/api/v1/people/away", "ez-zwzx.operator", Some(&first), None).await;
        assert_eq!(status, 200, "{told}");
        let both = api.refused("POST", "/api/v1/people/away", "ez-zwzx.operator", Some(&away("ez-fgw.handler-b", "handler_b", "2025-03-04"))).await;
        assert!(both.contains("both-away"), "{both}");
        let (_, inbox) = api.call("GET", "/api/v1/inbox", "ez-fgw.handler-b", None, None).await;
        assert!(inbox.to_string().contains(receipt["case"].as_str().unwrap()), "offered to the B post: {inbox}");
        let (status, told) = api.call("POST", &draft, "ez-fgw.handler-b", Some(&answer), None).await;
        assert_eq!(status, 200, "{told}");
    });
}

#[test]
fn workflows_are_compared_published_and_cases_taken_over_by_who_may() {
    on_both(async |place: Where| {
        let api = Api::open(place).await;
        let (_, receipt) = api.call("POST", "/api/v1/cases", "chen", Some(r#"{"workflow":"relay"}"#), None).await;
        let case = receipt["case"].as_str().unwrap().to_owned();
        let old = include_str!("spine/relay.yaml");
        let new = old
            .replace("  draft:\n", "  write:\n")
            .replace("    task: {by: handler, outcomes: [proposed]}", "    task: {by: handler, outcomes: [proposed]}\n    within: 3 working days");
        let body = |dry_run: bool| json!({"files": {"relay.yaml": new}, "dry_run": dry_run}).to_string();
        let path = "/api/v1/workflows/publish";
        for login in ["chen", "ez-fgw.handler"] {
            assert_eq!(api.call("POST", path, login, Some(&body(true)), None).await.0, 403, "{login}");
        }
        let (status, told) = api.call("POST", path, "ez-zwzx.operator", Some(&json!({"files": {"relay.yaml": new}}).to_string()), None).await;
        let report = &told[0];
        assert_eq!((status, report["published"].as_bool(), report["changes"].as_array().map(Vec::len)), (200, Some(false), Some(2)), "{told}");
        assert!(report["changes"][0]["zh"].as_str().unwrap().contains("步骤 write「拟办」：新增"), "{told}");
        let from = report["before"].as_str().unwrap().to_owned();
        let (status, told) = api.call("POST", path, "ez-zwzx.operator", Some(&body(false)), None).await;
        assert_eq!((status, told[0]["published"].as_bool()), (200, Some(true)), "{told}");
        let wrong = json!({"files": {"relay.yaml": old.replace("next: sign", "next: sing")}, "dry_run": false}).to_string();
        let refused = api.refused("POST", path, "ez-zwzx.operator", Some(&wrong)).await;
        assert!(refused.starts_with("422 workflow_wrong") && refused.contains("relay.yaml:13:11 GL010"), "{refused}");

        let path = "/api/v1/workflows/relay/migrate";
        let asked = |map: &[&str], dry_run: bool| json!({"from": from, "to": "current", "map": map, "dry_run": dry_run}).to_string();
        assert_eq!(api.call("POST", path, "ez-fgw.handler", Some(&asked(&[], true)), None).await.0, 403);
        let (status, told) = api.call("POST", path, "ez-zwzx.operator", Some(&asked(&[], false)), None).await;
        assert_eq!((status, told[0]["fits"].as_bool(), told[0]["migrated"].as_bool()), (200, Some(false), Some(false)), "{told}");
        assert!(told[0]["obstacles"][0]["zh"].as_str().unwrap().contains("--map draft=…"), "{told}");
        for (dry_run, migrated) in [(true, false), (false, true)] {
            let (status, told) = api.call("POST", path, "ez-zwzx.operator", Some(&asked(&["draft=write"], dry_run)), None).await;
            assert_eq!(
                (status, told[0]["case"].as_str(), told[0]["fits"].as_bool(), told[0]["migrated"].as_bool()),
                (200, Some(case.as_str()), Some(true), Some(migrated)),
                "{told}"
            );
        }
        let (_, told) = api.call("POST", path, "ez-zwzx.operator", Some(&asked(&["draft=write"], false)), None).await;
        assert_eq!(told.as_array().map(Vec::len), Some(0), "a second time there is nothing left to do: {told}");
        let (_, explained) = api.call("GET", &format!("/api/v1/cases/{case}/explain"), "ez-fgw.handler", None, None).await;
        assert_eq!(explained["places"][0]["step"], "write", "{explained}");
        assert!(explained["places"][0]["waits"]["zh"].as_str().unwrap().ends_with("（承办人A岗）办理"), "posts are called by their titles: {explained}");
        assert!(explained["places"][0]["next"][0]["follows"]["zh"].as_str().unwrap().contains("主要负责人"), "{explained}");
    });
}
