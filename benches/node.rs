//! A node of the bench: the real store, writers and register, the seeds' offices and people, and the thirteen-command workflow.
//! Invariant: the people have no address, so that the outbox stays as empty as the floor's, unless a mode says otherwise.
//! Never: workers beside a measured run of commands; they have modes of their own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use greenlane::app::App;
use greenlane::app::execute::{Act, Answer, Order};
use greenlane::app::known::Known;
use greenlane::app::operate::Operation;
use greenlane::app::seed::embedded_files;
use greenlane::app::writer::Receipt;
use greenlane::boot::{self, Start};
use greenlane::clock::Clock;
use greenlane::config::{Config, Role};
use greenlane::engine::case::{Local, Task, TaskPool};
use greenlane::identity::Actor;
use greenlane::ids::{CaseId, Moment, PersonId, Tenant};
use greenlane::store::{Store, Target};
use greenlane::workers::Crew;
use sqlx::{Connection, PgConnection};

use crate::Words;
use crate::drive::TASKS;
use crate::floor::{opinion, submission};

pub const TENANT: Tenant = Tenant(420_700);
/// 2025-03-03 08:30 in China, a Monday: everybody of the seeds holds a post.
pub const MORNING: Moment = Moment(1_740_961_800_000);
const WORKFLOW: &str = include_str!("thirteen.yaml");
const STEPS: [&str; TASKS as usize] = ["accept", "fgw", "hbj", "gtj", "czj", "decide"];

/// Where a node's data lies.
#[derive(Clone)]
pub struct Place {
    pub target: Target,
    pub owner: Option<String>,
    pub home: PathBuf,
}

impl Place {
    /// An empty folder, named by the word at `place`.
    pub fn sqlite(words: &Words, place: usize) -> Self {
        let home = PathBuf::from(words.text(place, "a folder"));
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).unwrap();
        Self { target: Target::Sqlite(home.clone()), owner: None, home }
    }

    /// A database whose owner, writer and reader are the words from `place` on, and a folder for the log's key.
    pub fn postgres(words: &Words, place: usize) -> Self {
        let owner = words.text(place, "the owner's URL");
        let target = Target::Postgres { writer_url: words.text(place + 1, "the writer's URL"), reader_url: words.text(place + 2, "the reader's URL") };
        let home = std::env::temp_dir().join(format!("greenlane-bench-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        Self { target, owner: Some(owner), home }
    }

    /// How the program is started here.
    pub fn start(&self, clock: &Clock) -> Start {
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, ..Config::default() };
        Start { target: self.target.clone(), clock: clock.clone(), config, home: self.home.clone() }
    }

    /// Opens what is there; waits while a writer of the same file that was dropped is still closing.
    pub async fn open(&self, clock: &Clock) -> (App, Crew) {
        self.open_with(self.start(clock)).await
    }

    /// The same with other settings.
    pub async fn open_with(&self, start: Start) -> (App, Crew) {
        for _ in 0..200 {
            match boot::open(&start).await {
                Ok(opened) => return opened,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        boot::open(&start).await.unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// What a query with one column of whole numbers answers.
    pub async fn figures(&self, query: &'static str) -> Vec<i64> {
        match &self.target {
            // Row-level security shows the owner nothing; the writer's workers see every tenant.
            Target::Postgres { writer_url, .. } => sqlx::query_scalar(query).fetch_all(&mut PgConnection::connect(writer_url).await.unwrap()).await.unwrap(),
            Target::Sqlite(home) => {
                let file = rusqlite::Connection::open(home.join("greenlane.db")).unwrap();
                let mut statement = file.prepare(query).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
        }
    }
}

/// Whether the people of a node have the seeds' addresses, and so an outbox.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    Without,
    /// Only the person of this login has one.
    OfOne(&'static str),
    With,
}

impl Addresses {
    /// `mail` as the word at `place`.
    pub fn asked(words: &Words, place: usize) -> Self {
        if words.0.get(place).is_some_and(|word| word == "mail") { Self::With } else { Self::Without }
    }
}

/// An empty schema, the seeds and the thirteen-command workflow.
pub async fn plant(place: &Place, clock: &Clock, addresses: Addresses) -> (App, Crew) {
    plant_with(place, clock, addresses, ("thirteen.yaml", WORKFLOW)).await
}

/// The same with another workflow: its file's name and its text.
pub async fn plant_with(place: &Place, clock: &Clock, addresses: Addresses, (file, text): (&str, &str)) -> (App, Crew) {
    if let Some(owner) = &place.owner {
        let mut admin = PgConnection::connect(owner).await.unwrap();
        sqlx::raw_sql("drop schema public cascade; create schema public").execute(&mut admin).await.unwrap();
    }
    Store::migrate(&place.target, place.owner.as_deref()).await.unwrap();
    let (app, crew) = place.open(clock).await;
    let mut seeds = embedded_files();
    let kept = match addresses {
        Addresses::Without => Some(None),
        Addresses::OfOne(login) => Some(Some(format!("login: {login},"))),
        Addresses::With => None,
    };
    if let Some(kept) = kept {
        let people = seeds.get_mut("people.yaml").unwrap();
        let line = |line: &str| if kept.as_ref().is_some_and(|kept| line.contains(kept)) { line.to_owned() } else { without_address(line) };
        *people = people.lines().map(line).collect::<Vec<_>>().join("\n");
    }
    let operations = [
        Operation::Calendar { text: greenlane::calendar::CN.to_owned(), file: "cn.yaml".to_owned() },
        Operation::Seed { files: seeds },
        Operation::Publish { files: [(file.to_owned(), text.to_owned())].into(), workflows: Vec::new() },
    ];
    for operation in operations {
        app.operate(TENANT, Actor::Operator("bench".to_owned()), operation).await.unwrap_or_else(|failure| panic!("{failure}"));
    }
    (app, crew)
}

/// A row of the seeds without `email: …,`.
fn without_address(line: &str) -> String {
    let Some((before, rest)) = line.split_once("email: ") else { return line.to_owned() };
    let after = rest.split_once(", ").map_or("", |(_, after)| after);
    format!("{before}{after}")
}

/// What a case of the workflow consists of: the same local ids in every case, because every client answers in the same order.
pub struct Plan {
    pub applicant: PersonId,
    pub tasks: [Local; TASKS as usize],
    pub doers: [PersonId; TASKS as usize],
}

pub fn start() -> Act {
    Act::Start { workflow: "thirteen".into(), form: Some(submission()), rank: 9 }
}

pub fn complete(place: usize, task: Local) -> Act {
    Act::Complete { task, outcome: outcome(place).into(), answer: answer() }
}

pub fn outcome(place: usize) -> &'static str {
    match place {
        0 => "accepted",
        1..=4 => "agree",
        _ => "granted",
    }
}

fn answer() -> Answer {
    Answer { opinion: Some("documents complete".to_owned()), fields: Some(opinion()), form: None }
}

pub async fn act(app: &App, case: Option<CaseId>, person: PersonId, act: Act) -> Receipt {
    let order = Order { tenant: TENANT, case, actor: Actor::Person(person), command_id: None, act };
    app.execute(order).await.unwrap_or_else(|failure| panic!("{failure}"))
}

/// Plays one case to learn who does what.
pub async fn rehearse(app: &App) -> Arc<Plan> {
    let known = app.known(TENANT).await.unwrap();
    let applicant = login(&known, "chen");
    let case = act(app, None, applicant, start()).await.case;
    let (mut tasks, mut doers) = ([0; STEPS.len()], [applicant; STEPS.len()]);
    for (place, step) in STEPS.iter().enumerate() {
        let working = app.working(TENANT, case).await.unwrap_or_else(|failure| panic!("{failure}"));
        let (id, task) = working.state.tasks.iter().find(|(_, task)| *task.step == **step).unwrap();
        (tasks[place], doers[place]) = (*id, doer(&known, task));
        act(app, Some(case), doers[place], Act::Claim { task: *id }).await;
        act(app, Some(case), doers[place], complete(place, *id)).await;
    }
    let working = app.working(TENANT, case).await.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((working.row.version, working.row.result.as_deref()), (13, Some("granted")));
    Arc::new(Plan { applicant, tasks, doers })
}

pub fn login(known: &Known, login: &str) -> PersonId {
    known.roster.people.values().find(|person| person.login == login).unwrap().id
}

fn doer(known: &Known, task: &Task) -> PersonId {
    let TaskPool::Posts { offices, post } = &task.pool else { panic!("expected a task of an office") };
    offices.iter().find_map(|office| known.roster.holders(office, post, MORNING.date()).first().map(|person| person.id)).unwrap()
}
