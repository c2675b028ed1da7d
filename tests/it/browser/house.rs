//! A demonstration node in this process behind its listener, with a clock that stands until it is moved and workers that work when told.
//! Invariant: what a test did before it looked is done: after each act and each move of the clock everything due has happened. Never: a wait for a worker.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use chrono::{NaiveDate, NaiveTime};
use greenlane::app::App;
use greenlane::app::clockwork::OFFSET_SETTING;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::failure::Failure;
use greenlane::app::operate::{self, Operation};
use greenlane::app::seed::{self, ProjectSeed, Seeds};
use greenlane::app::writer::Receipt;
use greenlane::app::{inspect, view};
use greenlane::boot::{Node, Start};
use greenlane::clock::Clock;
use greenlane::config::{Config, Role};
use greenlane::engine::case::{Local, Task, TaskPool};
use greenlane::identity::{Actor, Person};
use greenlane::ids::{CaseId, Digest, Moment, PersonId, Tenant};
use greenlane::store::{SessionRow, Store};
use serde_json::Value;

use super::story::{Does, Project, SCENES, Said, Scene};
use crate::spine::node::{MORNING, Where};

/// Moments of a day at which something may be due: midnight, the morning's 08:30, and 09:00.
const STOPS: [(u32, u32); 3] = [(0, 5), (8, 31), (9, 1)];

/// The node.
pub struct House {
    pub node: Node,
    pub clock: Clock,
    pub tenant: Tenant,
    cases: RefCell<BTreeMap<&'static str, CaseId>>,
    keys: BTreeMap<String, String>,
    pub place: Where,
}

/// Begins a session of somebody's as the sign-in page does; answers the cookie's value.
async fn begin_session(app: &App, tenant: Tenant, person: &Person) -> String {
    let token = format!("session of {}", person.login).bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let now = greenlane::clock::real();
    let row = SessionRow { digest: Digest::of(token.as_bytes()), tenant, person: person.id, begun: now, seen: now, agent: "test".to_owned() };
    app.store().begin_session(&row, None, None).await.unwrap();
    token
}

impl House {
    /// Migrates, plants what `greenlane demo` plants, listens.
    pub async fn open(place: Where) -> Self {
        Store::migrate(&place.target, place.owner.as_deref()).await.unwrap();
        let (clock, home) = (Clock::standing(MORNING), place.home.path().to_owned());
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, webhooks: vec!["127.0.0.1".to_owned()], ..Config::default() };
        let node = Node::start(Start { target: place.target.clone(), clock: clock.clone(), config, home }).await.unwrap_or_else(|fault| panic!("{fault}"));
        let tenant = Tenant(420_700);
        let operator = || Actor::Operator("test".to_owned());
        let operations = [
            Operation::Calendar { text: greenlane::calendar::CN.to_owned(), file: "cn.yaml".to_owned() },
            Operation::Seed { files: seed::embedded_files() },
            Operation::Publish { files: operate::embedded_workflows(), workflows: Vec::new() },
        ];
        for operation in operations {
            node.app.operate(tenant, operator(), operation).await.unwrap_or_else(|failure| panic!("{failure}"));
        }
        node.app.approve_every_text(tenant, operator(), "演示网关").await.unwrap_or_else(|failure| panic!("{failure}"));
        node.app.store().set_setting(OFFSET_SETTING, "0").await.unwrap();
        let known = node.app.known(tenant).await.unwrap();
        let mut keys = BTreeMap::new();
        for person in known.roster.people.values() {
            keys.insert(person.login.clone(), begin_session(&node.app, tenant, person).await);
        }
        Self { node, clock, tenant, cases: RefCell::default(), keys, place }
    }

    /// A session of somebody's, as the sign-in page would begin it: the cookie's value.
    pub fn session(&self, login: &str) -> &str {
        self.keys.get(login).unwrap_or_else(|| panic!("no {login}"))
    }

    /// Where it is.
    pub fn origin(&self) -> String {
        format!("http://{}", self.node.address())
    }

    /// Its folder.
    pub fn home(&self) -> &Path {
        self.place.home.path()
    }

    /// Everything due happens.
    pub async fn settle(&self) {
        self.node.crew.drain().await.unwrap();
    }

    /// Lets time pass until then, with every worker at work on the way.
    pub async fn until(&self, (date, hour, minute): (&str, u32, u32)) {
        let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        let date: NaiveDate = date.parse().unwrap();
        let target = Moment::at(date, time(hour, minute));
        let mut day = self.clock.now().date();
        while day <= date {
            for (hour, minute) in STOPS {
                let stop = Moment::at(day, time(hour, minute));
                if stop > self.clock.now() && stop < target {
                    assert!(self.clock.set(stop));
                    self.settle().await;
                }
            }
            day = day.succ_opt().unwrap();
        }
        assert!(self.clock.set(target));
        self.settle().await;
    }

    /// The person with that login.
    pub async fn person(&self, login: &str) -> PersonId {
        let known = self.node.app.known(self.tenant).await.unwrap();
        known.roster.people.values().find(|person| person.login == login).unwrap_or_else(|| panic!("no {login}")).id
    }

    /// The case of a project of the story.
    pub fn case(&self, project: Project) -> CaseId {
        let key = project.seed().0;
        self.cases.borrow().get(key).copied().unwrap_or_else(|| panic!("{key} is not filed yet"))
    }

    /// Names the case a test filed through a page.
    pub fn filed(&self, project: Project, case: CaseId) {
        self.cases.borrow_mut().insert(project.seed().0, case);
    }

    /// Plays the story through `app` up to that day and hour, and stops there.
    pub async fn play(&self, until: (&str, u32, u32)) {
        self.play_on(None, until).await;
    }

    /// Plays on from where an earlier call stopped.
    pub async fn play_on(&self, from: Option<(&str, u32, u32)>, until: (&str, u32, u32)) {
        for scene in SCENES.iter().filter(|scene| from.is_none_or(|from| scene.at > from) && scene.at <= until) {
            self.until(scene.at).await;
            self.perform(scene).await;
        }
        self.until(until).await;
    }

    /// Files a project's application under another name; the number of its case.
    pub async fn file_as(&self, project: Project, name: &str) -> String {
        let (_, workflow, applicant) = project.seed();
        let mut filed = form(project, 0);
        filed["project_name"] = name.into();
        let act = Act::Start { workflow: workflow.into(), form: Some(filed), rank: 9 };
        let case = self.act(None, applicant, act).await.unwrap_or_else(|failure| panic!("{failure}")).case;
        self.node.app.working(self.tenant, case).await.unwrap().row.number.expect("a number")
    }

    /// One scene through `app`.
    pub async fn perform(&self, scene: &Scene) {
        let project = scene.project;
        let (_, workflow, applicant) = project.seed();
        let done = match scene.does {
            Does::Files => {
                let act = Act::Start { workflow: workflow.into(), form: Some(form(project, 0)), rank: 9 };
                let receipt = self.act(None, applicant, act).await;
                if let Ok(receipt) = &receipt {
                    self.filed(project, receipt.case);
                }
                receipt
            }
            Does::Ends { step, outcome, opinion, said } => {
                let case = self.case(project);
                let (task, open) = self.task(case, step).await;
                let login = self.doer(case, &open).await;
                self.act(Some(case), &login, Act::Claim { task }).await.unwrap_or_else(|failure| panic!("{scene:?}: {failure}"));
                let changed = match said {
                    Said::Form(amendments) => Some(form(project, amendments)),
                    Said::Nothing | Said::Items(_) | Said::Special(..) | Said::Funds(_) => None,
                };
                let answer = Answer { opinion: (!opinion.is_empty()).then(|| opinion.to_owned()), fields: said.fields(), form: changed };
                self.act(Some(case), &login, Act::Complete { task, outcome: outcome.into(), answer }).await
            }
            Does::Withdraws(reason) => self.act(Some(self.case(project)), applicant, Act::Withdraw { opinion: Some(reason.to_owned()) }).await,
        };
        done.unwrap_or_else(|failure| panic!("{scene:?}: {failure}"));
        self.settle().await;
    }

    /// One act by somebody.
    pub async fn act(&self, case: Option<CaseId>, login: &str, act: Act) -> Result<Receipt, Failure> {
        let actor = Actor::Person(self.person(login).await);
        self.node.app.execute(Order { tenant: self.tenant, case, actor, command_id: None, act }).await
    }

    /// The open task of a step.
    pub async fn task(&self, case: CaseId, step: &str) -> (Local, Task) {
        let working = self.node.app.working(self.tenant, case).await.unwrap();
        let found = working.state.tasks.iter().find(|(_, task)| *task.step == *step);
        found.map(|(id, task)| (*id, task.clone())).unwrap_or_else(|| panic!("no open task of {step}: {:?}", working.state.tasks))
    }

    /// The login of whoever may do a task.
    pub async fn doer(&self, case: CaseId, task: &Task) -> String {
        let known = self.node.app.known(self.tenant).await.unwrap();
        match &task.pool {
            TaskPool::Applicant => {
                let applicant = self.node.app.working(self.tenant, case).await.unwrap().state.applicant;
                known.roster.people[&applicant].login.clone()
            }
            TaskPool::Posts { offices, post } => {
                let on = self.clock.now().date();
                let held = offices.iter().find_map(|office| known.roster.holders(office, post, on).first().map(|person| person.login.clone()));
                held.unwrap_or_else(|| panic!("nobody holds {post} in {offices:?}"))
            }
        }
    }

    /// How many acts a case has.
    pub async fn acts(&self, case: CaseId) -> usize {
        let working = self.node.app.working(self.tenant, case).await.unwrap();
        view::acts(self.node.app.store(), self.tenant, case, working.row.version).await.unwrap().len()
    }

    /// The whole record holds.
    pub async fn holds(&self) {
        let keys = vec![self.node.app.sealer().public()];
        let inspection = inspect::inspect(self.node.app.store(), keys, Vec::new()).await.unwrap();
        assert!(inspection.holds(), "{:?} {:?}", inspection.report.findings, inspection.differences);
    }

    /// Closes it.
    pub async fn close(self) {
        self.node.stop().await;
    }
}

/// The form of a project with the first `amendments` of its amendments.
pub fn form(project: Project, amendments: usize) -> Value {
    let project = project_seed(project);
    let mut form = Value::Object(project.form);
    for amendment in project.amendments.iter().take(amendments) {
        for (key, value) in &amendment.set {
            form[key] = value.clone();
        }
    }
    form
}

/// A project as the seeds have it.
pub fn project_seed(project: Project) -> ProjectSeed {
    let seeds = Seeds::embedded().unwrap();
    let found = seeds.tenants.values().flat_map(|tenant| &tenant.projects).find(|seed| &*seed.key == project.seed().0);
    found.unwrap().clone()
}
