//! The engine in process: orders through `App::execute`, answered after their commit.
//! Invariant: nothing is left out that a surface's order goes through. Never: a worker beside it.

use std::sync::Arc;

use greenlane::app::App;
use greenlane::app::execute::Act;
use greenlane::clock::Clock;
use greenlane::ids::CaseId;
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use crate::Words;
use crate::drive::{Command, Peer, drive};
use crate::measure::{Growth, file_space, row, runtime};
use crate::node::{Addresses, MORNING, Place, Plan, act, complete, plant, rehearse, start};

/// A client that plays case after case.
pub struct Client {
    app: App,
    plan: Arc<Plan>,
    case: Option<CaseId>,
}

impl Client {
    pub fn new(app: App, plan: Arc<Plan>) -> Self {
        Self { app, plan, case: None }
    }

    pub async fn act(&mut self, command: Command) {
        let place = |task: i64| usize::try_from(task).unwrap();
        match command {
            Command::Start(_) => self.case = Some(act(&self.app, None, self.plan.applicant, start()).await.case),
            Command::Claim(_, task) => {
                let (id, person) = (self.plan.tasks[place(task)], self.plan.doers[place(task)]);
                act(&self.app, self.case, person, Act::Claim { task: id }).await;
            }
            Command::Complete(_, task) => {
                let (id, person) = (self.plan.tasks[place(task)], self.plan.doers[place(task)]);
                act(&self.app, self.case, person, complete(place(task), id)).await;
            }
        }
    }
}

pub fn sqlite(words: &Words) -> Value {
    let (clients, seconds, place) = (words.number(0, 32), words.number(1, 5), Place::sqlite(words, 2));
    runtime().block_on(async {
        let (app, _) = plant(&place, &Clock::moved_to(MORNING), Addresses::asked(words, 3)).await;
        let plan = rehearse(&app).await;
        let peers = (0..clients).map(|_| Peer::Engine(Client::new(app.clone(), plan.clone()))).collect();
        let seen = drive(peers, seconds).await;
        row("engine-sqlite", clients, seen, file_space(&place.home.join("greenlane.db")))
    })
}

pub fn postgres(words: &Words) -> Value {
    let (clients, seconds, place) = (words.number(0, 8), words.number(1, 5), Place::postgres(words, 2));
    runtime().block_on(async {
        let (app, _) = plant(&place, &Clock::moved_to(MORNING), Addresses::asked(words, 5)).await;
        let plan = rehearse(&app).await;
        let mut admin = PgConnection::connect(&words.text(2, "the owner's URL")).await.unwrap();
        let growth = Growth::from_here(&mut admin).await;
        let peers = (0..clients).map(|_| Peer::Engine(Client::new(app.clone(), plan.clone()))).collect();
        let seen = drive(peers, seconds).await;
        row("engine-pg", clients, seen, growth.until_here(&mut admin).await)
    })
}
