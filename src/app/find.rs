//! Finding an act in the record and proving it: by case, by person, by day; from the act to its leaf, from the leaf to its place in the log, from there to a signed checkpoint.
//! Invariant: what is shown as proven was verified here and now with the log's public keys. Never: a body; events hold commitments only.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::register;
use crate::app::sealing::{signed, unsigned};
use crate::audit::leaf::{Leaf, Who};
use crate::audit::tile::ProofPlan;
use crate::audit::tree::Climbed;
use crate::audit::{ActProof, Checkpoint};
use crate::engine::refusal::Class;
use crate::identity::Actor;
use crate::ids::{CaseId, Digest, Moment, PersonId, Tenant, Text};
use crate::limits::SEARCH_ENTRIES_MAX;
use crate::store::{FoundAct, Searched, StoreFault};

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// In this case.
    pub case: Option<CaseId>,
    /// By this person.
    pub person: Option<PersonId>,
    /// On this day or later.
    pub from: Option<NaiveDate>,
    /// On this day or earlier.
    pub to: Option<NaiveDate>,
    /// Older than this place: an act's number in its case, else an index of the log.
    pub before: Option<i64>,
}

/// What was found, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The acts.
    pub acts: Vec<ActLine>,
    /// The entries of the log that were looked through, when the log was.
    pub searched: Option<(i64, i64)>,
    /// Where to look on for older ones.
    pub before: Option<i64>,
}

/// An act in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActLine {
    /// The case's id.
    pub case: CaseId,
    /// What it is called: its number, or the register.
    pub name: Text,
    /// Its place in the case.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// What kind of command.
    pub kind: String,
    /// Who.
    pub by: Text,
    /// Its index in the log; `None` until it is sealed.
    pub index: Option<i64>,
}

/// An act with everything that proves it.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The act.
    pub line: ActLine,
    /// The leaf's bytes: text.
    pub leaf: String,
    /// Its digest: what the tree holds and the next leaf names.
    pub digest: Digest,
    /// The digest of the leaf before it in the case.
    pub prev: Digest,
    /// The events' bytes: text.
    pub events: String,
    /// Whether the events are those the leaf was made for.
    pub events_fit: bool,
    /// The proof; `None` until it is sealed.
    pub proof: Option<Proven>,
}

/// A proof that was verified.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The proof as it travels.
    pub proof: ActProof,
    /// The checkpoint it leads to.
    pub checkpoint: Checkpoint,
    /// The way from the leaf to the root.
    pub steps: Vec<Climbed>,
}

/// Somebody took something out of the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The act on the register.
    pub line: ActLine,
    /// What it says of the file.
    pub details: serde_json::Value,
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("looking into the record", cause)
}

impl App {
    /// Looks for acts.
    ///
    /// # Errors
    /// A fault.
    pub async fn find_acts(&self, tenant: Tenant, search: &Search, limit: u32) -> Result<Found, Fault> {
        let known = self.known(tenant).await?;
        match search.case {
            Some(case) => self.acts_of_case(tenant, case, (search, limit), &known).await,
            None => self.acts_of_log(tenant, search, limit, &known).await,
        }
    }

    async fn acts_of_case(&self, tenant: Tenant, case: CaseId, (search, limit): (&Search, u32), known: &Known) -> Result<Found, Fault> {
        let before = search.before.unwrap_or(i64::MAX);
        let found = self.store().acts_before(tenant, case, before, limit).await.map_err(reading)?;
        let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let before = found.last().filter(|_| full).map(|last| last.act.seq);
        let fits = |line: &ActLine, act: &FoundAct| {
            let day = line.at.date();
            search.from.is_none_or(|from| from <= day)
                && search.to.is_none_or(|to| day <= to)
                && search.person.is_none_or(|person| acted(&act.act.leaf, person))
        };
        let acts = found.into_iter().map(|found| (line(tenant, &found, known), found)).filter(|(line, found)| fits(line, found)).map(|(line, _)| line);
        Ok(Found { acts: acts.collect(), searched: None, before })
    }

    async fn acts_of_log(&self, tenant: Tenant, search: &Search, limit: u32, known: &Known) -> Result<Found, Fault> {
        let since = search.from.map_or(Moment(i64::MIN), Moment::start_of);
        let until = search.to.and_then(|day| day.succ_opt()).map_or(Moment(i64::MAX), Moment::start_of);
        let (first, end) = match (search.from, search.to) {
            (None, None) => (0, self.store().log_size().await.map_err(reading)?),
            (_, _) => self.store().log_span(since, until).await.map_err(reading)?,
        };
        let to = search.before.map_or(end, |before| before.min(end));
        let from = first.max(to.saturating_sub(SEARCH_ENTRIES_MAX));
        let leaf_holds = search.person.map(|person| format!("\"actor\":\"{person}\""));
        let searched = Searched { from, to, since, before: until, leaf_holds, limit };
        let found = self.store().acts_in_log(tenant, &searched).await.map_err(reading)?;
        let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        // A full page ends where its last act lies; another one where this call stopped looking.
        let looked_from = found.last().filter(|_| full).and_then(|last| last.index).unwrap_or(from);
        let before = Some(looked_from).filter(|place| *place > first);
        let acts = found.iter().map(|found| line(tenant, found, known)).collect();
        Ok(Found { acts, searched: Some((looked_from, to)), before })
    }

    /// An act with its leaf and, once it is sealed, its verified proof.
    ///
    /// # Errors
    /// `unknown_act`, or a fault: also when the stored record gives no valid proof.
    pub async fn evidence(&self, tenant: Tenant, case: CaseId, seq: i64) -> Result<Evidence, Failure> {
        let known = self.known(tenant).await?;
        let found = self.store().acts_before(tenant, case, seq.saturating_add(1), 1).await.map_err(reading)?;
        let found = found.into_iter().find(|found| found.act.seq == seq).ok_or_else(|| {
            let (zh, en) = (format!("该办件没有第 {seq} 项操作。"), format!("cannot find act {seq} of this case"));
            refusal("unknown_act", Class::NotFound, zh, en)
        })?;
        let leaf = Leaf::parse(&found.act.leaf).map_err(|cause| Fault::new(format!("reading the leaf of act {seq} of case {case}"), cause))?;
        let proof = match found.index {
            Some(index) => Some(self.prove(&found.act.leaf, index).await?),
            None => None,
        };
        Ok(Evidence {
            line: line(tenant, &found, &known),
            digest: Leaf::digest(&found.act.leaf),
            leaf: String::from_utf8_lossy(&found.act.leaf).into_owned(),
            prev: leaf.prev,
            events_fit: Digest::of(&found.act.events) == leaf.events,
            events: String::from_utf8_lossy(&found.act.events).into_owned(),
            proof,
        })
    }

    /// The proof that a leaf is entry `index` of the newest checkpoint's log.
    async fn prove(&self, leaf: &[u8], index: i64) -> Result<Proven, Fault> {
        let proving = |cause: &dyn std::fmt::Display| Fault::new(format!("proving entry {index} of the log"), cause);
        let row = self.store().checkpoint().await.map_err(reading)?.ok_or_else(|| proving(&"expected a checkpoint that covers it, found none"))?;
        let size = unsigned(row.size);
        let plan = ProofPlan::inclusion(unsigned(index), size).ok_or_else(|| proving(&format!("the newest checkpoint covers {size} entries")))?;
        let mut tiles = BTreeMap::new();
        for id in plan.tiles() {
            let tile = self.store().tile(i64::from(id.level), signed(id.index)).await.map_err(reading)?;
            tiles.extend(tile.map(|tile| (id, tile.bytes)));
        }
        let path = plan.prove(&tiles).map_err(|cause| proving(&cause))?;
        let proof = ActProof { leaf: leaf.to_owned(), index: unsigned(index), path, checkpoint: row.note };
        let keys = crate::app::inspect::keys(self.store()).await?;
        let proven = proof.verify(&keys).map_err(|cause| proving(&cause))?;
        Ok(Proven { steps: proof.climb(size), proof, checkpoint: proven.checkpoint })
    }

    /// Who took what out of the house, newest first: acts of the register whose record begins with one of `kinds`.
    ///
    /// # Errors
    /// A fault.
    pub async fn exported(&self, tenant: Tenant, before: Option<i64>, limit: u32) -> Result<Vec<Exported>, Fault> {
        let known = self.known(tenant).await?;
        let register = register::case_of(tenant);
        let found = self.store().acts_that_say(tenant, register, "-exported\"", (before.unwrap_or(i64::MAX), limit)).await.map_err(reading)?;
        let mut exported = Vec::new();
        for found in found {
            let body = recorded_body(&found.act.events);
            let details = match body {
                Some(commit) => self.body(tenant, register, commit).await?.unwrap_or_default(),
                None => serde_json::Value::Null,
            };
            exported.push(Exported { line: ActLine { kind: recorded_as(&found.act.events), ..line(tenant, &found, &known) }, details });
        }
        Ok(exported)
    }
}

impl App {
    /// How many entries the log has, and how many acts wait to be sealed.
    ///
    /// # Errors
    /// A fault.
    pub async fn log_stands(&self) -> Result<(i64, i64), Fault> {
        let size = self.store().log_size().await.map_err(reading)?;
        Ok((size, self.store().unsealed_count().await.map_err(reading)?))
    }

    /// The public keys of the log, one a line.
    ///
    /// # Errors
    /// A fault.
    pub async fn log_keys(&self) -> Result<String, Fault> {
        let keys = crate::app::inspect::keys(self.store()).await?;
        Ok(keys.iter().map(|key| format!("{key}\n")).collect())
    }
}

/// The commitment of the body a `Recorded` event carries.
fn recorded_body(events: &[u8]) -> Option<Digest> {
    recorded(events).and_then(|(_, body)| body)
}

fn recorded_as(events: &[u8]) -> String {
    recorded(events).map(|(what, _)| what).unwrap_or_default()
}

fn recorded(events: &[u8]) -> Option<(String, Option<Digest>)> {
    let events: Vec<crate::engine::event::Event> = serde_json::from_slice(events).ok()?;
    events.into_iter().find_map(|event| match event {
        crate::engine::event::Event::Recorded { what, body } => Some((what.to_string(), body.map(|body| body.commit))),
        _ => None,
    })
}

fn acted(leaf: &[u8], person: PersonId) -> bool {
    Leaf::parse(leaf).is_ok_and(|leaf| leaf.actor == Who::Person(person) || leaf.on_behalf_of == Some(person))
}

fn line(tenant: Tenant, found: &FoundAct, known: &Known) -> ActLine {
    let by = match Leaf::parse(&found.act.leaf).map(|leaf| leaf.actor) {
        Ok(Who::Person(person)) => same(known.called(&Actor::Person(person))),
        Ok(Who::System) => Text { zh: "系统".to_owned(), en: "the system".to_owned() },
        Ok(Who::Operator) => Text { zh: "运维人员".to_owned(), en: "an operator".to_owned() },
        Err(_) => Text { zh: "无法读出".to_owned(), en: "cannot be read".to_owned() },
    };
    let name = match &found.number {
        Some(number) => same(number.clone()),
        None if found.case == register::case_of(tenant) => Text { zh: "登记簿".to_owned(), en: "the register".to_owned() },
        None => same(crate::app::notices::short_name(found.case)),
    };
    ActLine { case: found.case, name, seq: found.act.seq, at: found.act.at, kind: found.act.kind.clone(), by, index: found.index }
}

fn same(text: String) -> Text {
    Text { en: text.clone(), zh: text }
}
