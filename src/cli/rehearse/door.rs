//! How a rehearsal acts and looks through HTTP: each act with its actor's token, each look with the onlooker's.
//! Invariant: what is seen is what the API answered. Never: a peek into the store, but for when the next thing falls due, so that time passes as it would for workers.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::drafts::Typist;
use crate::app::execute::{Act, Order};
use crate::app::failure::Failure;
use crate::app::files::named_in;
use crate::app::postings::ByDocument;
use crate::boot::Node;
use crate::cli::Trouble;
use crate::cli::place::operator;
use crate::clock::Clock;
use crate::engine::case::Local;
use crate::engine::command::Command;
use crate::engine::event::Between;
use crate::identity::Actor;
use crate::ids::{Moment, PersonId, Tenant};
use crate::rehearsal::cast::{Cast, ONLOOKER};
use crate::rehearsal::play::{Answer, Asked, Fetch, Play};
use crate::rehearsal::script::paper_text;
use crate::rehearsal::seen::{AccountSeen, DoneSeen, JobSeen, Scene, Seen, TaskSeen, TermSeen};
use crate::rehearsal::verbs::Request;
use crate::workers::Role;

/// How many things may fall due while time passes once.
const WAKES_MAX: usize = 10_000;

/// The server, as one tenant's people see it.
pub(super) struct Door<'h> {
    node: &'h Node,
    http: &'h reqwest::Client,
    clock: &'h Clock,
    tenant: Tenant,
    /// By name.
    tokens: Vec<(String, String)>,
}

impl<'h> Door<'h> {
    pub(super) fn new(node: &'h Node, http: &'h reqwest::Client, clock: &'h Clock, (tenant, tokens): (Tenant, Vec<(String, String)>)) -> Self {
        Self { node, http, clock, tenant, tokens }
    }

    async fn call(&self, method: Method, path: &str, name: &str, body: Option<&Value>) -> Result<(u16, Value), Trouble> {
        let address = format!("http://{}/api/v1{path}", self.node.address());
        let token = self.tokens.iter().find(|(known, _)| known == name).map_or("", |(_, token)| token);
        let mut request = self.http.request(method, &address).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let broken = |cause: reqwest::Error| Trouble(format!("{path}: {cause}"));
        let response = request.send().await.map_err(broken)?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(broken)?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    pub(super) async fn act(&self, cast: &Cast, asked: &Asked) -> Result<Answer, Trouble> {
        let answer = match (asked.verb.request)(&asked.said(cast, self.tenant, (None, None))) {
            Request::Api { path, body } => {
                let name = asked.who.map(|who| cast.name_of(who)).unwrap_or_default();
                self.upload(asked.who, &body).await?;
                let (status, answer) = self.call(Method::POST, &path, &name, Some(&body)).await?;
                answered(status, &answer)
            }
            Request::Machine(command) => self.machine(asked, command).await,
        };
        self.serve().await?;
        Ok(answer)
    }

    /// The papers an act names are uploaded by whoever sends it.
    async fn upload(&self, who: Option<PersonId>, body: &Value) -> Result<(), Trouble> {
        let Some(person) = who else { return Ok(()) };
        for named in named_in(body) {
            let mut upload = self.node.app.begin_upload(Typist { tenant: self.tenant, person }).await?;
            self.node.app.take(&mut upload, paper_text(&named.name).as_bytes()).await?;
            self.node.app.keep(upload, &named.name).await?;
        }
        Ok(())
    }

    /// A worker program fetches the jobs of a topic in a case; answers each with the number of its lease.
    pub(super) async fn fetch(&self, fetch: &Fetch) -> Result<Result<Vec<(Local, i64)>, Answer>, Trouble> {
        let body = json!({"topic": fetch.topic, "case": fetch.case.to_string(), "number": 100, "lease_seconds": fetch.lease_s});
        let (status, answer) = self.call(Method::POST, "/jobs/fetch", &fetch.name, Some(&body)).await?;
        if status != 200 {
            return Ok(Err(answered(status, &answer)));
        }
        Ok(Ok(list(&answer["jobs"]).map(|job| (local(&job["job"]), job["fence"].as_i64().unwrap_or_default())).collect()))
    }

    /// What the API has no door for is what the machine does by itself.
    async fn machine(&self, asked: &Asked, command: Command) -> Answer {
        let act = match command {
            Command::Message { name, token } => Act::Message { name, token },
            Command::HandOverDesk { from, to, overseer } => Act::HandOverDesk { from, to, overseer },
            other => return Answer::Broken(format!("the machine has no door for {other:?}")),
        };
        let order = Order { tenant: self.tenant, case: Some(asked.case), actor: Actor::System, command_id: None, act };
        match self.node.app.execute(order).await {
            Ok(_) => Answer::Done(None),
            Err(Failure::Refused(refusal)) => Answer::Refused(refusal.code.to_owned(), refusal.zh),
            Err(Failure::Fault(fault)) => Answer::Broken(fault.to_string()),
        }
    }

    /// The workers' turns until there is nothing left to do.
    async fn drain(&self, roles: &[Role]) -> Result<usize, Trouble> {
        let mut total = 0;
        for _ in 0..WAKES_MAX {
            let mut done = 0;
            for role in roles {
                done += self.node.crew.turn(*role).await?;
            }
            total += done;
            if done == 0 {
                return Ok(total);
            }
        }
        Err(Trouble("the workers never come to an end".to_owned()))
    }

    async fn serve(&self) -> Result<(), Trouble> {
        self.drain(&[Role::Rescue, Role::Signals, Role::Orders]).await.map(|_| ())
    }

    /// Time passes: the clock stops wherever something falls due, and the workers take their turns.
    pub(super) async fn until(&self, target: Moment) -> Result<Answer, Trouble> {
        for _ in 0..WAKES_MAX {
            let due = self.node.app.store().due_cases(target, 1).await.map_err(|cause| Trouble(format!("looking for what is due: {cause}")))?;
            let Some((_, _, at)) = due.first() else {
                let _ = self.clock.set(target);
                return Ok(Answer::Done(None));
            };
            let _ = self.clock.set(self.clock.now().max(*at));
            if self.drain(&[Role::Deadlines, Role::Rescue, Role::Signals, Role::Orders]).await? == 0 {
                return Ok(Answer::Broken("something is due and nobody does it".to_owned()));
            }
        }
        Ok(Answer::Broken("it never stops falling due".to_owned()))
    }

    pub(super) async fn issue(&self, account: &str, amount: i64) -> Result<Answer, Trouble> {
        let posting = ByDocument { account: account.to_owned(), kind: "add".to_owned(), amount, document: "演练".to_owned(), case: None };
        let answer = match self.node.app.post_by_document(self.tenant, operator(), &posting).await {
            Ok(_) => Answer::Done(None),
            Err(Failure::Refused(refusal)) => Answer::Refused(refusal.code.to_owned(), refusal.zh),
            Err(Failure::Fault(fault)) => Answer::Broken(fault.to_string()),
        };
        self.serve().await?;
        Ok(answer)
    }

    pub(super) async fn look(&self, play: &Play<'_>) -> Result<Scene, Trouble> {
        let mut scene = Scene::default();
        for (name, case) in play.cases() {
            let view = self.read(&format!("/cases/{case}")).await?;
            let mut seen = case_of(&view);
            if play.looks().notices {
                let notices = self.read(&format!("/notices?case={case}")).await?;
                let text = |notice: &Value, key: &str| notice[key].as_str().unwrap_or_default().to_owned();
                seen.said = list(&notices).map(|notice| (text(notice, "key"), (text(notice, "kind"), text(notice, "recipient")))).collect();
            }
            scene.cases.insert(name.clone(), seen);
        }
        if play.looks().accounts {
            let accounts = self.read("/accounts").await?;
            scene.accounts = list(&accounts).map(account_of).collect();
        }
        if play.looks().postings {
            for (account, seen) in &mut scene.accounts {
                let postings = self.read(&format!("/accounts/postings?account={account}")).await?;
                let posting = |line: &Value| Some((line["kind"].as_str()?.to_owned(), line["amount"].as_i64()?));
                seen.postings = list(&postings).filter_map(posting).collect();
            }
        }
        Ok(scene)
    }

    async fn read(&self, path: &str) -> Result<Value, Trouble> {
        let (status, answer) = self.call(Method::GET, path, ONLOOKER, None).await?;
        if status == 200 { Ok(answer) } else { Err(Trouble(format!("GET {path}: {status} {answer}"))) }
    }
}

fn answered(status: u16, answer: &Value) -> Answer {
    match status {
        // A batch answers for each of its tasks; a line has one.
        200..=299 if answer[0]["refused"].is_object() => {
            let text = |key: &str| answer[0]["refused"][key].as_str().unwrap_or("-").to_owned();
            Answer::Refused(text("code"), text("zh"))
        }
        200..=299 => Answer::Done(answer["case"].as_str().and_then(|case| case.parse().ok())),
        400..=499 => {
            let code = answer["code"].as_str().unwrap_or("-").to_owned();
            let text = |error: &Value, key: &str| error[key].as_str().unwrap_or_default().to_owned();
            let details = list(&answer["errors"]).map(|error| (text(error, "path"), text(error, "zh")));
            Answer::refused(code, answer["title"].as_str().unwrap_or_default(), details)
        }
        _ => Answer::Broken(format!("{status} {answer}")),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> Vec<String> {
    list(value).filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn local(value: &Value) -> Local {
    value.as_u64().and_then(|id| Local::try_from(id).ok()).unwrap_or(Local::MAX)
}

fn case_of(view: &Value) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let optional = |value: &Value| value.as_str().map(str::to_owned);
    let program = |scope: &Value| list(&view["links"]).find(|link| link["scope"] == *scope).map(|link| text(&link["workflow"])).unwrap_or_default();
    let task = |task: &Value| {
        let (offices, outcomes) = (texts(&task["offices"]), texts(&task["outcomes"]));
        let seen = TaskSeen {
            program: program(&task["scope"]),
            step: text(&task["step"]),
            offices,
            post: text(&task["post"]),
            backup: optional(&task["backup"]),
            claimed: optional(&task["claimed"]),
            outcomes,
        };
        (local(&task["task"]), seen)
    };
    let job = |job: &Value| {
        let seen = JobSeen { program: program(&job["scope"]), step: text(&job["step"]), parked: job["parked"] == true };
        (local(&job["job"]), seen)
    };
    let term = |term: &Value| {
        let due = term["due"].as_str().and_then(|due| due.parse().ok());
        (local(&term["term"]), TermSeen { program: program(&term["scope"]), key: text(&term["key"]), due, stopped: !term["stopped_on"].is_null() })
    };
    let history = |what: &'static str| list(&view["history"]).filter(move |line| line["what"] == what);
    let done = |line: &Value| DoneSeen {
        step: text(&line["step"]["step"]),
        outcome: text(&line["detail"]),
        by: optional(&line["by"]),
        deemed: !line["deemed"].is_null(),
    };
    let record = |line: &Value| (text(&line["what"]), text(&line["by"]), text(&line["detail"]));
    let between = list(&view["history"]).filter(|line| Between::WORDS.iter().any(|what| line["what"] == *what));
    let scopes = list(&view["links"]).filter(|link| link["closed"].is_null()).map(|link| (local(&link["scope"]), text(&link["workflow"])));
    let document = |line: &Value| {
        let detail = text(&line["detail"]);
        let (kind, number) = detail.split_once(' ').map_or((detail.as_str(), None), |(kind, number)| (kind, Some(number.to_owned())));
        (kind.to_owned(), number)
    };
    let here = list(&view["links"]).flat_map(|link| list(&link["here"]).map(|step| (text(&link["workflow"]), text(&step["step"]))));
    Seen {
        number: optional(&view["number"]),
        applicant: history("started").next().map(|line| text(&line["by"])).unwrap_or_default(),
        ended: optional(&view["result"]),
        rank: view["rank"].as_i64().and_then(|rank| i16::try_from(rank).ok()).unwrap_or_default(),
        tasks: list(&view["tasks"]).map(task).collect(),
        jobs: list(&view["jobs"]).map(job).collect(),
        terms: list(&view["terms"]).map(term).collect(),
        at: here.collect(),
        done: history("step-done").map(done).collect(),
        record: between.map(record).collect(),
        scopes: scopes.collect(),
        documents: history("document-issued").map(document).collect(),
        orders: list(&view["orders"]).map(|order| (text(&order["workflow"]), text(&order["term"]), text(&order["due"]))).collect(),
        said: BTreeMap::new(),
    }
}

fn account_of(line: &Value) -> (String, AccountSeen) {
    let figure = |key: &str| line[key].as_i64().unwrap_or_default();
    let waiting = list(&line["waiting"]).filter_map(|place| place["case"].as_str().map(str::to_owned)).collect();
    let seen = AccountSeen { free: figure("free"), reserved: figure("reserved"), used: figure("used"), waiting, postings: Vec::new() };
    (line["account"].as_str().unwrap_or_default().to_owned(), seen)
}
