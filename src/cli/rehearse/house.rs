//! The server a rehearsal goes through: a node with its listener on a fresh database, and for each file a tenant of its own.
//! Invariant: files do not see each other, because everything in the store is led by the tenant. Never: a database that has served; a clock that runs by itself.

use std::path::PathBuf;

use crate::app::clockwork::OFFSET_SETTING;
use crate::app::failure::Fault;
use crate::app::operate::Operation;
use crate::app::people::Change;
use crate::app::seed::{AccountSeed, IssueSeed, TenantSeeds};
use crate::boot::{Node, Start};
use crate::cli::Trouble;
use crate::cli::place::operator;
use crate::cli::rehearse::door::Door;
use crate::clock::Clock;
use crate::config::{Config, Role};
use crate::identity::absence::Absence;
use crate::ids::{Moment, Tenant, Text};
use crate::rehearsal::Verdict;
use crate::rehearsal::cast::{Cast, Opening};
use crate::rehearsal::play::{Answer, Play, Step};
use crate::store::rows::PostingKind;
use crate::store::{Store, Target};

/// The first tenant of a rehearsal; no place has such a code.
const FIRST: i32 = 990_001;
/// For how many days tokens are valid.
const TOKEN_DAYS: u32 = 30;

/// A server that rehearses.
pub struct House {
    node: Node,
    clock: Clock,
    http: reqwest::Client,
    next: i32,
}

impl House {
    /// Makes the database and starts the server.
    ///
    /// # Errors
    /// A database that has served, or one that cannot be opened.
    pub async fn open(target: Target, owner: Option<&str>, home: PathBuf) -> Result<Self, Trouble> {
        Store::migrate(&target, owner).await.map_err(|cause| Fault::new("making the database", cause))?;
        let store = Store::open(target.clone()).await.map_err(|cause| Fault::new("opening the database", cause))?;
        let served = !store.tenants().await.map_err(|cause| Fault::new("reading the register", cause))?.is_empty();
        if served {
            return Err(Trouble(
                "该数据库已有数据，演练须用空数据库。\ncannot rehearse here: expected an empty database, found one that has served".to_owned(),
            ));
        }
        // With a movable clock's offset in it, `serve` refuses this database for good.
        store.set_setting(OFFSET_SETTING, "0").await.map_err(|cause| Fault::new("storing the clock", cause))?;
        store.close().await;
        let clock = Clock::standing(Moment(0));
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), role: Role::Web, ..Config::default() };
        let node = Node::start(Start { target, clock: clock.clone(), config, home }).await?;
        Ok(Self { node, clock, http: reqwest::Client::new(), next: FIRST })
    }

    /// Plays a file.
    ///
    /// # Errors
    /// A server that does not answer, or that refuses what the file is furnished with.
    pub async fn play(&mut self, cast: &Cast) -> Result<Verdict, Trouble> {
        let mut play = Play::new(cast);
        // Each file has a day of its own, and no two share a tenant: the clock may go back between them.
        let _ = self.clock.set(play.now);
        let tenant = Tenant(self.next);
        self.next += 1;
        let tokens = self.furnish(cast, tenant).await?;
        let door = Door::new(&self.node, &self.http, &self.clock, (tenant, tokens));
        while let Some(step) = play.next_step() {
            let answer = match step {
                Step::Act(asked) => {
                    let answer = door.act(cast, &asked).await?;
                    if let (Answer::Done(Some(case)), true) = (&answer, asked.starts) {
                        play.began(&asked.name, *case);
                    }
                    answer
                }
                Step::Until(moment) => door.until(moment).await?,
                Step::Issue(account, amount) => door.issue(&account, amount).await?,
                Step::Fetch(fetch) => match door.fetch(&fetch).await? {
                    Ok(fetched) => play.fetched(&fetch, &fetched),
                    Err(refused) => refused,
                },
                Step::Look => Answer::Done(None),
            };
            let scene = door.look(&play).await?;
            play.judged(&answer, scene);
        }
        Ok(play.verdict())
    }

    /// Calendar, people, accounts, the workflow, and a token for everybody, by name.
    async fn furnish(&self, cast: &Cast, tenant: Tenant) -> Result<Vec<(String, String)>, Trouble> {
        let app = &self.node.app;
        app.operate(tenant, operator(), Operation::Calendar { text: crate::calendar::CN.to_owned(), file: "cn.yaml".to_owned() }).await?;
        let mut roster = cast.roster.clone();
        for person in roster.people.values_mut() {
            person.login = format!("{tenant}-{}", person.login);
        }
        let accounts = cast.accounts.iter().map(|opening| self.account(opening)).collect();
        let seeds = TenantSeeds { title: Text { zh: "演练".to_owned(), en: "Rehearsal".to_owned() }, roster, accounts, ..TenantSeeds::default() };
        app.plant_tenant(tenant, operator(), &seeds, None).await?;
        for away in &cast.roster.absences {
            let login = |person| cast.roster.people.get(&person).map_or_else(String::new, |person| format!("{tenant}-{}", person.login));
            let Absence { person, office, post, from, until, substitute, called_off: _ } = away.clone();
            let (office, post) = (office.to_string(), post.to_string());
            let change = Change::Away { login: login(person), office, post, from, until, substitute: substitute.map(login) };
            app.manage(tenant, operator(), None, &change).await?;
        }
        let files = cast.files.iter().map(|file| (file.key.clone(), file.text.clone())).collect();
        let workflows = std::iter::once(&cast.procedure).chain(&cast.orders).map(ToString::to_string).collect();
        app.operate(tenant, operator(), Operation::Publish { files, workflows }).await?;
        let handed = app.hand_out_tokens(tenant, operator(), TOKEN_DAYS).await?;
        Ok(handed.into_iter().map(|(person, token)| (person.name, token)).collect())
    }

    fn account(&self, opening: &Opening) -> AccountSeed {
        let Opening { key, unit, title, amount } = opening.clone();
        let issue = IssueSeed { kind: PostingKind::Issue, on: self.clock.now().date(), amount, document: "演练".to_owned() };
        AccountSeed { key, title, unit, seed: "none".to_owned(), postings: Some(issue).filter(|issue| issue.amount > 0).into_iter().collect() }
    }

    /// Stops the server.
    pub async fn close(self) {
        self.node.stop().await;
    }
}
