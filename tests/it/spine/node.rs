//! A node of a test: a fresh database with the seeds' people and a few small workflows, and acts by whoever may do them.

use std::future::Future;
use std::path::PathBuf;

use greenlane::app::App;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::failure::Failure;
use greenlane::app::inspect;
use greenlane::app::operate::Operation;
use greenlane::app::writer::Receipt;
use greenlane::boot::{self, Start};
use greenlane::clock::Clock;
use greenlane::config::Config;
use greenlane::engine::case::{Local, Task, TaskPool};
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment, PersonId, Tenant};
use greenlane::store::{Store, Target};
use greenlane::workers::Crew;
use serde_json::Value;

use crate::pg;

/// 2025-03-03 08:30 in China, a Monday.
pub const MORNING: Moment = Moment(1_740_961_800_000);

const WORKFLOWS: &[(&str, &str)] = &[
    ("thirteen.yaml", include_str!("thirteen.yaml")),
    ("pair.yaml", include_str!("pair.yaml")),
    ("relay.yaml", include_str!("relay.yaml")),
    ("plot.yaml", include_str!("plot.yaml")),
    ("accounts/plot.yaml", include_str!("plot_account.yaml")),
];

/// How often a storm repeats: a little by default, what was promised with `GREENLANE_FULL=1`.
pub fn times(reduced: usize, full: usize) -> usize {
    if std::env::var_os("GREENLANE_FULL").is_some() { full } else { reduced }
}

/// Where a test's data lives; dropped with it.
pub struct Where {
    /// The database.
    pub target: Target,
    /// The owner's URL, on PostgreSQL.
    pub owner: Option<String>,
    /// The folder of keys, mails and, on SQLite, the database.
    pub home: tempfile::TempDir,
    /// Kept so that the database lives as long as the test.
    pub database: Option<pg::Database>,
}

impl Where {
    /// A fresh SQLite folder.
    pub fn sqlite() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { target: Target::Sqlite(home.path().to_owned()), owner: None, home, database: None }
    }

    /// A fresh PostgreSQL database.
    pub fn postgres() -> Self {
        Self::on(pg::database())
    }

    /// That PostgreSQL database.
    pub fn on(database: pg::Database) -> Self {
        let target = Target::Postgres { writer_url: database.writer.clone(), reader_url: database.reader.clone() };
        Self { target, owner: Some(database.owner.clone()), home: tempfile::tempdir().unwrap(), database: Some(database) }
    }
}

/// Runs the same test on both databases.
pub fn on_both<F: Future<Output = ()>>(test: impl Fn(Where) -> F) {
    for place in [Where::sqlite as fn() -> Where, Where::postgres] {
        greenlane::telemetry::log();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(test(place()));
    }
}

/// Opens a node on what is there.
pub async fn open(target: Target, clock: Clock, home: PathBuf) -> (App, Crew) {
    open_with(Config::default(), target, clock, home).await
}

/// The same, with settings.
pub async fn open_with(config: Config, target: Target, clock: Clock, home: PathBuf) -> (App, Crew) {
    let start = Start { target, clock, config, home };
    boot::open(&start).await.unwrap_or_else(|fault| panic!("{fault}"))
}

/// An opened node.
pub struct Node {
    pub app: App,
    pub crew: Crew,
    pub clock: Clock,
    pub tenant: Tenant,
    pub place: Where,
}

impl Node {
    /// Migrates, opens, publishes, plants.
    pub async fn open(place: Where) -> Self {
        Self::open_with(Config::default(), place).await
    }

    /// The same, with settings.
    pub async fn open_with(config: Config, place: Where) -> Self {
        Store::migrate(&place.target, place.owner.as_deref()).await.unwrap();
        let node = Self::reopen_with(config, place).await;
        let operator = Actor::Operator("test".to_owned());
        let operations = [
            Operation::Calendar { text: greenlane::calendar::CN.to_owned(), file: "cn.yaml".to_owned() },
            Operation::Seed { files: greenlane::app::seed::embedded_files() },
            Operation::Publish { files: WORKFLOWS.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect(), workflows: Vec::new() },
        ];
        for operation in operations {
            node.app.operate(node.tenant, operator.clone(), operation).await.unwrap_or_else(|failure| panic!("{failure}"));
        }
        node
    }

    /// A node that knows nothing yet, on what another left.
    pub async fn reopen(node: Self) -> Self {
        let Self { app, crew, place, .. } = node;
        drop((app, crew));
        Self::reopen_with(Config::default(), place).await
    }

    /// Opens what is there, with settings.
    async fn reopen_with(config: Config, place: Where) -> Self {
        let clock = Clock::standing(MORNING);
        let (app, crew) = open_with(config, place.target.clone(), clock.clone(), place.home.path().to_owned()).await;
        Self { app, crew, clock, tenant: Tenant(420_700), place }
    }

    /// Nodes to spread clients over: two where two can write at once, which SQLite does not allow.
    pub async fn nodes(&self) -> Vec<App> {
        let mut nodes = vec![self.app.clone()];
        if self.place.database.is_some() {
            nodes.push(open(self.place.target.clone(), self.clock.clone(), self.place.home.path().to_owned()).await.0);
        }
        nodes
    }

    /// The person with that login.
    pub async fn person(&self, login: &str) -> PersonId {
        let known = self.app.known(self.tenant).await.unwrap();
        known.roster.people.values().find(|person| person.login == login).unwrap_or_else(|| panic!("no {login}")).id
    }

    /// Starts a case as the demonstration's applicant.
    pub async fn start(&self, workflow: &str, form: Option<Value>) -> Result<CaseId, Failure> {
        self.start_ranked(&self.app, workflow, form, 9).await
    }

    /// As `start`, on one of the nodes and with a rank.
    pub async fn start_ranked(&self, app: &App, workflow: &str, form: Option<Value>, rank: i16) -> Result<CaseId, Failure> {
        let actor = Actor::Person(self.person("chen").await);
        let act = Act::Start { workflow: workflow.into(), form, rank };
        let order = Order { tenant: self.tenant, case: None, actor, command_id: None, act };
        app.execute(order).await.map(|receipt| receipt.case)
    }

    /// The open task of a step.
    pub async fn task(&self, case: CaseId, step: &str) -> (Local, Task) {
        let working = self.app.working(self.tenant, case).await.unwrap();
        let found = working.state.tasks.iter().find(|(_, task)| *task.step == *step);
        found.map(|(id, task)| (*id, task.clone())).unwrap_or_else(|| panic!("no open task of {step}: {:?}", working.state.tasks))
    }

    /// Whoever may do a task.
    pub async fn doer(&self, case: CaseId, task: &Task) -> PersonId {
        let known = self.app.known(self.tenant).await.unwrap();
        match &task.pool {
            TaskPool::Applicant => self.app.working(self.tenant, case).await.unwrap().state.applicant,
            TaskPool::Posts { offices, post } => {
                let on = self.clock.now().date();
                let held = offices.iter().find_map(|office| known.roster.holders(office, post, on).first().map(|person| person.id));
                held.unwrap_or_else(|| panic!("nobody holds {post} in {offices:?}"))
            }
        }
    }

    /// One act on a case.
    pub async fn act(&self, case: CaseId, person: PersonId, act: Act) -> Result<Receipt, Failure> {
        self.app.execute(Order { tenant: self.tenant, case: Some(case), actor: Actor::Person(person), command_id: None, act }).await
    }

    /// Claims and answers a step's task as whoever may do it.
    pub async fn answer(&self, case: CaseId, step: &str, outcome: &str) -> Result<Receipt, Failure> {
        let (task, open) = self.task(case, step).await;
        let person = self.doer(case, &open).await;
        self.act(case, person, Act::Claim { task }).await?;
        let answer = Answer { opinion: Some("同意。".to_owned()), ..Answer::default() };
        self.act(case, person, Act::Complete { task, outcome: outcome.into(), answer }).await
    }

    /// The whole record holds.
    pub async fn holds(&self) {
        let keys = vec![self.app.sealer().public()];
        let inspection = inspect::inspect(self.app.store(), keys, Vec::new()).await.unwrap();
        assert!(inspection.holds(), "{:?} {:?}", inspection.report.findings, inspection.differences);
    }
}
