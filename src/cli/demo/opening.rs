//! What has happened when the demonstration opens: five weeks of invented projects, so that every light is lit, land and funds have figures and everybody has something to do.
//! Invariant: each act is done by the invented person whose post it is, at the moment it is said to have been done, through the same door as every act. Never: anything in a database
//! that has a case already, or an act that a changed calendar has made impossible.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Value;

use crate::app::App;
use crate::app::execute::{Act, Answer, Order};
use crate::app::failure::{Failure, Fault};
use crate::app::queries::CaseFilter;
use crate::app::register;
use crate::app::seed::{ProjectSeed, Seeds};
use crate::cli::Trouble;
use crate::cli::demo::moment;
use crate::definition::graph::ORDINARY;
use crate::engine::case::TaskPool;
use crate::identity::Actor;
use crate::ids::{CaseId, Moment, Name, PersonId, Tenant};
use crate::workers::Crew;

/// The first morning of the five weeks: the last working days before the Spring Festival of 2025.
pub const BEGINS: &str = "2025-01-27 08:30";

/// Moments of a day at which something may be due: after midnight, and when the morning's reminders leave.
const STOPS: [&str; 2] = ["00:05", "08:31"];

/// The workflow of supervision orders; the system files them.
const ORDERS: &str = "supervision-order";

/// An act of the five weeks.
struct Happened {
    /// When, China time.
    at: &'static str,
    /// To which case.
    of: Of,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    /// A project of the seeds, by its key.
    Project(&'static str),
    /// The first supervision order; the system files it.
    FirstOrder,
}

enum What {
    Filed,
    /// A step's task answered: step, outcome, opinion.
    Done(&'static str, &'static str, &'static str),
    /// The same with fields, as JSON.
    With(&'static str, &'static str, &'static str, &'static str),
    /// The same with the form as it stands.
    Sent(&'static str, &'static str, &'static str),
    /// The reason for a passed date: the term's key, the day expected, the words.
    Reason(&'static str, &'static str, &'static str),
}

use Of::{FirstOrder, Project};
use What::{Done, Filed, Reason, Sent, With};

const fn at(at: &'static str, of: Of, what: What) -> Happened {
    Happened { at, of, what }
}

/// In the order of time.
const HAPPENED: [Happened; 44] = [
    // N2: past its promise and past the law; the first order about it is with the unit, the second with the head of supervision.
    at("2025-01-27 09:20", Project("N2"), Filed),
    at("2025-01-27 15:00", Project("N2"), Done("accept", "accepted", "材料齐全，符合法定形式，予以受理。")),
    at("2025-02-05 10:00", Project("N2"), Done("propose-evaluation", "not-needed", "工艺成熟，不委托技术评估。")),
    // P2: admitted, its links under way.
    at("2025-02-06 09:40", Project("P2"), Filed),
    at("2025-02-07 10:00", Project("P2"), Done("check", "ok", "材料齐全，符合条件，拟同意。")),
    at("2025-02-08 10:00", Project("P2"), Done("ask-planning", "agree", "")),
    at("2025-02-08 11:00", Project("P2"), Done("ask-zone", "agree", "")),
    at("2025-02-10 09:00", Project("P2"), Done("ask-land", "agree", "")),
    // P0: has reserved land and waits for the joint review.
    at("2025-02-10 09:30", Project("P0"), Filed),
    at("2025-02-10 10:00", Project("P2"), Done("ask-environment", "agree-with-conditions", "同意。开工前完成环评。")),
    at("2025-02-10 15:00", Project("P2"), Done("decide-admission", "admitted", "同意认定。")),
    // N3: past its promise this morning.
    at("2025-02-12 10:30", Project("N3"), Filed),
    at("2025-02-12 15:00", Project("N3"), Done("accept", "accepted", "材料齐全，符合法定形式，予以受理。")),
    at("2025-02-13 10:00", Project("N3"), Done("propose-evaluation", "not-needed", "不委托技术评估。")),
    at("2025-02-18 09:00", Project("P0"), Done("park-check", "support", "产业、投资强度、容积率符合要求，支持。")),
    at("2025-02-18 16:00", Project("P2"), Done("intake", "dispatched", "")),
    at("2025-02-19 10:00", Project("P2"), Done("kickoff", "plan-agreed", "路线图、时间表、责任人已商定。")),
    at("2025-02-19 15:00", Project("P2"), Done("check", "ok", "来源合计等于总投资，资本金比例符合规定。")),
    at("2025-02-20 09:00", Project("P0"), Done("one-map", "ok", "不涉永久基本农田和生态保护红线。")),
    at("2025-02-20 10:00", FirstOrder, Sent("draft", "propose", "超过承诺时限，拟发督办单。")),
    at("2025-02-20 15:00", FirstOrder, Done("audit", "pass", "同意。")),
    at("2025-02-20 16:00", Project("P2"), Done("park-check", "support", "支持。投资强度符合园区要求。")),
    at("2025-02-21 10:00", FirstOrder, Done("sign", "signed", "请按期反馈。")),
    at("2025-02-21 14:00", FirstOrder, Done("receipt-sthj", "received", "")),
    at("2025-02-21 16:00", Project("N2"), Reason("promised", "2025-03-07", "现状监测数据需要补测，延后审查。")),
    at("2025-02-24 09:20", Project("P0"), Done("match_idle", "none", "无合适存量用地。")),
    at("2025-02-24 09:30", Project("S-07"), Filed),
    at("2025-02-24 10:00", Project("N3"), Done("examine", "support", "经审查，符合审批条件，拟同意，请审议。")),
    at("2025-02-24 11:00", Project("P2"), Done("one-map", "ok", "城镇开发边界内，不涉保护红线。")),
    // N4: a special procedure has stopped its clock.
    at("2025-02-24 14:00", Project("N4"), Filed),
    at("2025-02-25 09:30", Project("N4"), Done("accept", "accepted", "材料齐全，符合法定形式，予以受理。")),
    at("2025-02-25 10:00", Project("S-07"), Done("survey", "idle", "现场查看，厂区停用两年以上。")),
    at("2025-02-25 11:00", Project("P2"), Done("accept", "accepted", "材料齐全，符合法定形式，予以受理。")),
    // P3: four offices are asked, two have replied.
    at("2025-02-26 09:30", Project("P3"), Filed),
    at(
        "2025-02-26 10:00",
        Project("N4"),
        With("propose-evaluation", "commission", "废气治理用了新工艺，拟委托技术评估。", r#"{"basis": "建设项目环境保护管理条例 9", "expected_days": 8}"#),
    ),
    at("2025-02-26 15:00", Project("N4"), Done("approve-evaluation", "approved", "同意启动特别程序。")),
    at("2025-02-26 16:00", Project("S-07"), Done("confirm", "confirmed", "符合闲置认定条件。")),
    at("2025-02-27 09:30", Project("P3"), Done("check", "ok", "材料齐全，符合条件，拟同意。")),
    at("2025-02-27 11:00", Project("S-07"), Done("audit", "pass", "同意认定。")),
    at("2025-02-28 09:30", Project("P3"), Done("ask-planning", "agree", "")),
    at("2025-02-28 10:00", Project("S-07"), Done("list", "listed", "材料齐全，挂牌公告。")),
    at("2025-02-28 14:00", Project("P3"), Done("ask-zone", "agree", "")),
    at("2025-02-28 15:00", Project("N1"), Filed),
    at("2025-02-28 16:00", Project("P2"), Done("match_idle", "none", "无合适存量用地。")),
];

/// The five weeks as they are played.
struct Play<'a> {
    app: &'a App,
    crew: &'a Crew,
    tenant: Tenant,
    projects: BTreeMap<&'static str, ProjectSeed>,
    cases: BTreeMap<Of, CaseId>,
    /// Whose story went another way, and is left where it is.
    left: BTreeSet<Of>,
}

/// How the five weeks went.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// Somebody had filed something already, and the morning had not come: an earlier opening was cut short.
    pub cut_short: bool,
    /// When something was to happen that did not.
    pub missed: Vec<&'static str>,
}

/// Plays the five weeks up to `until`, unless somebody has filed something already.
///
/// # Errors
/// What broke. An act that is not possible leaves its case where it is.
pub async fn play(app: &App, crew: &Crew, tenant: Tenant, until: Moment) -> Result<Played, Trouble> {
    let filed = app.store().cases(tenant, &CaseFilter::default(), 2).await.map_err(|cause| Fault::new("looking for cases", cause))?;
    let empty = filed.iter().all(|row| row.id == register::case_of(tenant));
    if app.clock().now() >= until {
        return Ok(Played::default());
    }
    let seeds = Seeds::embedded().map_err(|mistakes| Trouble(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let planted = seeds.tenants.get(&tenant).map_or(&[][..], |seeds| &seeds.projects);
    let named = |of: Of| match of {
        Project(key) => Some((key, planted.iter().find(|project| &*project.key == key)?.clone())),
        FirstOrder => None,
    };
    let projects = HAPPENED.iter().filter_map(|happened| named(happened.of)).collect();
    let mut play = Play { app, crew, tenant, projects, cases: BTreeMap::new(), left: BTreeSet::new() };
    let mut missed = Vec::new();
    // Where there are cases already, an earlier opening was cut short: the morning comes all the same.
    for happened in HAPPENED.iter().filter(|_| empty) {
        play.until(moment(happened.at)?).await?;
        if play.left.contains(&happened.of) || !play.happens(happened).await? {
            play.left.insert(happened.of);
            missed.push(happened.at);
        }
        crew.drain().await?;
    }
    play.until(until).await?;
    Ok(Played { cut_short: !empty, missed })
}

impl Play<'_> {
    /// Lets time pass, with every worker at work on the way.
    async fn until(&self, to: Moment) -> Result<(), Trouble> {
        let mut day: NaiveDate = self.app.clock().now().date();
        while day <= to.date() {
            for time in STOPS {
                let stop = moment(&format!("{day} {time}"))?;
                if stop > self.app.clock().now() && stop < to {
                    self.app.move_clock(stop).await?;
                    self.crew.drain().await?;
                }
            }
            day = day.succ_opt().unwrap_or(day);
        }
        // The clock runs on while acts are done: it may be there already.
        if to > self.app.clock().now() {
            self.app.move_clock(to).await?;
        }
        self.crew.drain().await?;
        Ok(())
    }

    /// Whether it could be done.
    async fn happens(&mut self, happened: &Happened) -> Result<bool, Trouble> {
        let Some(case) = self.case(happened.of).await? else { return self.file(happened.of).await };
        let (step, outcome, opinion, fields) = match happened.what {
            Filed => return Ok(false),
            Done(step, outcome, opinion) | Sent(step, outcome, opinion) => (step, outcome, opinion, None),
            With(step, outcome, opinion, fields) => (step, outcome, opinion, Some(json(fields)?)),
            Reason(term, expected, words) => return self.reason(case, (term, expected, words)).await,
        };
        let working = self.app.working(self.tenant, case).await?;
        let Some((task, pool)) = working.state.tasks.iter().find(|(_, task)| *task.step == *step).map(|(id, task)| (*id, &task.pool)) else {
            return Ok(false);
        };
        let Some(person) = self.holder(case, pool).await? else { return Ok(false) };
        let form = if matches!(happened.what, Sent(..)) { self.app.form(&working).await? } else { None };
        let answer = Answer { opinion: (!opinion.is_empty()).then(|| opinion.to_owned()), fields, form };
        Ok(self.act(Some(case), person, Act::Complete { task, outcome: outcome.into(), answer }).await?.is_some())
    }

    /// The case, once it is there.
    async fn case(&mut self, of: Of) -> Result<Option<CaseId>, Trouble> {
        if let Some(found) = self.cases.get(&of) {
            return Ok(Some(*found));
        }
        if of != FirstOrder {
            return Ok(None);
        }
        let filter = CaseFilter { workflow: Some(ORDERS.to_owned()), ..CaseFilter::default() };
        let orders = self.app.store().cases(self.tenant, &filter, 1).await.map_err(|cause| Fault::new("looking for a supervision order", cause))?;
        let found = orders.first().map(|order| order.id);
        self.cases.extend(found.map(|case| (of, case)));
        Ok(found)
    }

    fn project(&self, of: Of) -> Option<&ProjectSeed> {
        let Project(key) = of else { return None };
        self.projects.get(key)
    }

    async fn file(&mut self, of: Of) -> Result<bool, Trouble> {
        let Some(project) = self.project(of) else { return Ok(false) };
        let act = Act::Start { workflow: project.workflow.clone(), form: Some(project.form_after(project.amendments.len())), rank: ORDINARY };
        let filed = self.act(None, project.applicant, act).await?;
        self.cases.extend(filed.map(|case| (of, case)));
        Ok(filed.is_some())
    }

    async fn reason(&self, case: CaseId, (key, expected, words): (&str, &str, &str)) -> Result<bool, Trouble> {
        let working = self.app.working(self.tenant, case).await?;
        let Some(term) = working.state.terms.iter().find(|(_, term)| *term.key == *key).map(|(id, _)| *id) else { return Ok(false) };
        let expected = expected.parse().map_err(|cause| Trouble(format!("{expected}: {cause}")))?;
        let Some(person) = self.holds(&"ez-sthj".into(), &"section_head".into()).await? else { return Ok(false) };
        Ok(self.act(Some(case), person, Act::StateReason { term, expected, opinion: Some(words.to_owned()) }).await?.is_some())
    }

    async fn holder(&self, case: CaseId, pool: &TaskPool) -> Result<Option<PersonId>, Trouble> {
        match pool {
            TaskPool::Applicant => Ok(self.cases.iter().find(|(_, id)| **id == case).and_then(|(of, _)| Some(self.project(*of)?.applicant))),
            TaskPool::Posts { offices, post } => {
                for office in offices {
                    if let Some(person) = self.holds(office, post).await? {
                        return Ok(Some(person));
                    }
                }
                Ok(None)
            }
        }
    }

    async fn holds(&self, office: &Name, post: &Name) -> Result<Option<PersonId>, Trouble> {
        let known = self.app.known(self.tenant).await?;
        Ok(known.roster.holders(office, post, self.app.clock().now().date()).first().map(|person| person.id))
    }

    /// The case acted on; `None` where the act is refused, which another calendar can bring about.
    async fn act(&self, case: Option<CaseId>, person: PersonId, act: Act) -> Result<Option<CaseId>, Trouble> {
        let order = Order { tenant: self.tenant, case, actor: Actor::Person(person), command_id: None, act };
        match self.app.execute(order).await {
            Ok(receipt) => Ok(Some(receipt.case)),
            Err(Failure::Refused(refusal)) => {
                tracing::info!(code = %refusal.code, "the demonstration's opening: an act was refused");
                Ok(None)
            }
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }
}

fn json(text: &str) -> Result<Value, Trouble> {
    serde_json::from_str(text).map_err(|cause| Trouble(format!("{text}: {cause}")))
}
