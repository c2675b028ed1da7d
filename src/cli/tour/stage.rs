//! The stage of the tour: its clock, its people with their tokens, what they ask of the API, and what was expected of it.

use std::path::PathBuf;

use chrono::{NaiveDate, NaiveTime};
use serde_json::{Value, json};

use crate::boot::Node;
use crate::calendar::weekday_zh;
use crate::cli::demo::Guest;
use crate::cli::{Trouble, say};
use crate::ids::Moment;

/// Moments of a day at which something of the story's workflows may be due: midnight, the morning's 08:30, and 09:00.
const STOPS: [(u32, u32); 3] = [(0, 5), (8, 31), (9, 1)];

/// The stage.
pub(super) struct Stage {
    node: Node,
    http: reqwest::Client,
    guests: Vec<Guest>,
    /// The data folder, with the outbox.
    pub home: PathBuf,
    day: Option<NaiveDate>,
    held: u32,
    missed: Vec<String>,
}

/// What a person answers beside the outcome.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub opinion: Option<&'static str>,
    pub fields: Option<Value>,
    pub form: Option<Value>,
}

/// An answer with an opinion.
pub(super) fn opinion(text: &'static str) -> Said {
    Said { opinion: Some(text), ..Said::default() }
}

/// An answer that needs no words.
pub(super) fn quiet() -> Said {
    Said::default()
}

impl Stage {
    pub(super) fn new(node: Node, guests: Vec<Guest>, home: PathBuf) -> Self {
        Self { node, http: reqwest::Client::new(), guests, home, day: None, held: 0, missed: Vec::new() }
    }

    /// Ends the play; answers how many expectations held, and which did not.
    pub(super) async fn close(self) -> (u32, Vec<String>) {
        self.node.stop().await;
        (self.held, self.missed)
    }

    /// Lets time pass until `hour:minute` of `date`, with every worker at work on the way.
    pub(super) async fn until(&mut self, date: &str, hour: u32, minute: u32) -> Result<(), Trouble> {
        let target = moment(date, hour, minute)?;
        let mut day = self.node.app.clock().now().date();
        while day <= target.date() {
            for (hour, minute) in STOPS {
                let stop = Moment::at(day, time(hour, minute));
                if stop > self.node.app.clock().now() && stop < target {
                    self.move_clock(stop).await?;
                }
            }
            day = day.succ_opt().unwrap_or(day);
        }
        self.move_clock(target).await?;
        if self.day != Some(target.date()) {
            self.day = Some(target.date());
            say("");
            say(&format!("—— {} {}", target.date(), weekday_zh(target.date())));
        }
        Ok(())
    }

    async fn move_clock(&mut self, to: Moment) -> Result<(), Trouble> {
        self.call(reqwest::Method::PUT, "/clock", "ez-zwzx.operator", Some(json!({"to": to.to_rfc3339()}))).await?;
        self.node.crew.drain().await?;
        Ok(())
    }

    /// Tells a line of the story.
    pub(super) fn tell(&self, zh: &str, en: &str) {
        say(&format!("  {zh}"));
        say(&format!("  {en}"));
    }

    /// Something that must be so.
    pub(super) fn expect<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: T, found: T) {
        if expected == found {
            self.held += 1;
            say(&format!("    ✓ {what}"));
        } else {
            let miss = format!("{what}：期望 expected {expected:?}，实际 found {found:?}");
            say(&format!("    ✗ {miss}"));
            self.missed.push(miss);
        }
    }

    async fn call(&self, method: reqwest::Method, path: &str, login: &str, body: Option<Value>) -> Result<Value, Trouble> {
        let guest = self.guests.iter().find(|guest| guest.login == login).ok_or_else(|| Trouble(format!("nobody in the story is called {login}")))?;
        let address = format!("http://{}/api/v1{path}", self.node.address());
        let mut request = self.http.request(method.clone(), &address).bearer_auth(&guest.token);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|cause| Trouble(format!("{method} {path}: {cause}")))?;
        let status = response.status();
        let text = response.text().await.map_err(|cause| Trouble(format!("{method} {path}: {cause}")))?;
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if status.is_success() {
            Ok(answer)
        } else {
            Err(Trouble(format!("{login}: {method} {path}: {status} {}", answer["detail"].as_str().unwrap_or_default())))
        }
    }

    /// Reads something.
    pub(super) async fn get(&self, path: &str, login: &str) -> Result<Value, Trouble> {
        self.call(reqwest::Method::GET, path, login, None).await
    }

    /// Files an application.
    pub(super) async fn start(&self, login: &str, workflow: &str, form: Value) -> Result<Value, Trouble> {
        let receipt = self.call(reqwest::Method::POST, "/cases", login, Some(json!({"workflow": workflow, "form": form}))).await?;
        self.node.crew.drain().await?;
        Ok(receipt)
    }

    /// Withdraws an application.
    pub(super) async fn withdraw(&self, login: &str, case: &str, reason: &str) -> Result<(), Trouble> {
        self.call(reqwest::Method::POST, &format!("/cases/{case}/withdraw"), login, Some(json!({"opinion": reason}))).await?;
        self.node.crew.drain().await?;
        Ok(())
    }

    /// The office states why a link's date has passed.
    pub(super) async fn state_reason(&self, login: &str, case: &str, (term, expected): (&Value, &str), reason: &str) -> Result<(), Trouble> {
        let path = format!("/cases/{case}/terms/{term}/reason");
        self.call(reqwest::Method::POST, &path, login, Some(json!({"expected": expected, "opinion": reason}))).await?;
        self.node.crew.drain().await?;
        Ok(())
    }

    /// A case as the supervisors see it.
    pub(super) async fn case(&self, case: &str) -> Result<Value, Trouble> {
        self.get(&format!("/cases/{case}"), "ez-ldxz.sup-clerk").await
    }

    /// Whoever may do the open task of a step claims it and answers it.
    pub(super) async fn answer(&mut self, case: &str, step: &str, outcome: &str, said: Said) -> Result<(), Trouble> {
        let view = self.case(case).await?;
        let Some(task) = view["tasks"].as_array().and_then(|tasks| tasks.iter().find(|task| task["step"] == step)) else {
            let open: Vec<&str> = view["tasks"].as_array().into_iter().flatten().filter_map(|task| task["step"].as_str()).collect();
            self.missed.push(format!("{case}：步骤 step {step} 没有打开 is not open; open: {}", open.join(", ")));
            return Ok(());
        };
        let login = self.doer(task, &view)?;
        let path = format!("/cases/{case}/tasks/{}", task["task"]);
        self.call(reqwest::Method::POST, &format!("{path}/claim"), &login, None).await?;
        let body = json!({"outcome": outcome, "opinion": said.opinion, "fields": said.fields, "form": said.form});
        self.call(reqwest::Method::POST, &format!("{path}/complete"), &login, Some(body)).await?;
        self.node.crew.drain().await?;
        Ok(())
    }

    /// The login of somebody who holds the post a task asks for.
    fn doer(&self, task: &Value, view: &Value) -> Result<String, Trouble> {
        let post = task["post"].as_str().unwrap_or_default();
        if post == "applicant" {
            return Ok(if view["workflow"] == "land-quota" { "lin" } else { "chen" }.to_owned());
        }
        let office = task["offices"][0].as_str().unwrap_or_default();
        let seat = format!("{office}/{post}");
        let found = self.guests.iter().find(|guest| guest.posts.split(' ').any(|held| held == seat));
        found.map(|guest| guest.login.clone()).ok_or_else(|| Trouble(format!("nobody in the story holds {seat}")))
    }

    /// Walks the whole record, as `greenlane audit verify` does.
    pub(super) async fn verify(&mut self) -> Result<(), Trouble> {
        let store = self.node.app.store();
        let keys = crate::app::inspect::keys(store).await?;
        let inspection = crate::app::inspect::inspect(store, keys, Vec::new()).await?;
        let counts = inspection.report.counts;
        self.tell(
            &format!("审计：{} 件办件、{} 项操作、{} 条日志、{} 个检查点逐一核验。", counts.cases, counts.acts, counts.entries, counts.checkpoints),
            &format!("Audit: {} cases, {} acts, {} log entries and {} checkpoints are walked.", counts.cases, counts.acts, counts.entries, counts.checkpoints),
        );
        for finding in &inspection.report.findings {
            self.missed.push(format!("{} / {}", finding.zh(), finding.en()));
        }
        for difference in &inspection.differences {
            self.missed.push(format!("{} / {}", difference.zh, difference.en));
        }
        self.expect("记录全部相符 the record holds", true, inspection.holds());
        Ok(())
    }
}

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or(NaiveTime::MIN)
}

fn moment(date: &str, hour: u32, minute: u32) -> Result<Moment, Trouble> {
    let date: NaiveDate = date.parse().map_err(|cause| Trouble(format!("{date}: {cause}")))?;
    Ok(Moment::at(date, time(hour, minute)))
}
