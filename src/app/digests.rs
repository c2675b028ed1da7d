//! Writing the morning digests: what lies on each desk, the most urgent first, as notices of the register.
//! Invariant: one digest a person and morning, however many nodes try; the command's id is made of tenant and morning.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;

use crate::app::App;
use crate::app::execute::{Act, Order, RegisterRows};
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::notices::short_name;
use crate::app::register::case_of;
use crate::identity::Actor;
use crate::ids::{CommandId, Moment, PersonId, Tenant, Text};
use crate::limits::DIGEST_TASKS_MAX;
use crate::notice::{self, Context, Kind, Medium, Occasion};
use crate::store::rows::NoticeRow;
use crate::store::{Held, Inbox, InboxTask, Late, Seat};

impl App {
    /// Writes the digests of a morning; answers how many notices that made.
    ///
    /// # Errors
    /// A fault.
    pub async fn write_digests(&self, tenant: Tenant, morning: NaiveDate) -> Result<usize, Fault> {
        let known = self.known(tenant).await?;
        if known.calendar.is_working(morning) == Some(false) {
            return Ok(0);
        }
        let mut notices = Vec::new();
        for (person, seats) in desks(&known, morning) {
            notices.extend(self.digest_of(tenant, &known, person, seats, morning).await?);
        }
        notices.extend(self.leader_digests(tenant, &known, morning).await?);
        if notices.is_empty() {
            return Ok(0);
        }
        let count = notices.len();
        let rows = RegisterRows { notices, ..RegisterRows::default() };
        // The details are part of the command's digest, so they name the morning only: a second node's lists may differ by a task.
        let act = Act::Record { what: "digests-written".into(), details: Some(json!({"morning": morning})), rows, after: None };
        let order =
            Order { tenant, case: Some(case_of(tenant)), actor: Actor::System, command_id: Some(CommandId::of(&format!("digests {tenant} {morning}"))), act };
        let receipt = self.execute(order).await.map_err(|failure| Fault::new("writing the digests", failure))?;
        Ok(if receipt.repeated { 0 } else { count })
    }

    /// The digest somebody would get this morning.
    ///
    /// # Errors
    /// A fault.
    pub async fn desk_digest(&self, tenant: Tenant, person: PersonId) -> Result<Desk, Fault> {
        let known = self.known(tenant).await?;
        let on = self.clock().now().date();
        let seats = known.roster.posts_of(person, on).iter().flat_map(|(office, post)| Seat::of_post(office, post)).collect();
        Ok(Desk { person, on, context: self.digest_context(tenant, &known, seats, on).await? })
    }

    async fn digest_context(&self, tenant: Tenant, known: &Known, seats: Vec<Seat>, morning: NaiveDate) -> Result<Option<Context>, Fault> {
        let now = self.clock().now();
        let inbox = Inbox {
            seats,
            now,
            lapsed: known.lapsed(now.date()),
            program: None,
            text: None,
            held: Held::Any,
            late: Late::Any,
            after: None,
            limit: DIGEST_TASKS_MAX,
        };
        let tasks = self.store().inbox(tenant, &inbox).await.map_err(|cause| Fault::new("reading a desk", cause))?;
        let lists = (!tasks.is_empty()).then(|| lists(tasks, now, known));
        Ok(lists.map(|lists| Context { on: Some(morning), digest: Some(lists), ..Context::default() }))
    }

    async fn digest_of(&self, tenant: Tenant, known: &Known, person: PersonId, seats: Vec<Seat>, morning: NaiveDate) -> Result<Option<NoticeRow>, Fault> {
        let Some(who) = known.roster.people.get(&person).filter(|who| !who.disabled && who.email.is_some() && known.hears(who.id, Kind::TaskDigest)) else {
            return Ok(None);
        };
        let Some(context) = self.digest_context(tenant, known, seats, morning).await? else { return Ok(None) };
        let now = self.clock().now();
        let context = serde_json::to_vec(&context).map_err(|cause| Fault::new("writing a digest", cause))?;
        let kind = Kind::TaskDigest;
        Ok(Some(NoticeRow {
            key: Occasion::Digest { tenant, on: morning }.key(kind, person, Medium::Mail),
            kind: kind.key().to_owned(),
            recipient: person,
            channel: Medium::Mail.key().to_owned(),
            language: who.language.clone(),
            context,
            due: now,
            other: None,
            follows: None,
            folds: false,
        }))
    }
}

/// Somebody's digest before it is written.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Whose.
    pub person: PersonId,
    /// Of which morning.
    pub on: NaiveDate,
    /// What the letter says; `None` when nothing lies on the desk.
    pub context: Option<Context>,
}

/// Everybody with a post that has a desk, and the seats of it.
fn desks(known: &Known, on: NaiveDate) -> BTreeMap<PersonId, Vec<Seat>> {
    let mut desks: BTreeMap<PersonId, Vec<Seat>> = BTreeMap::new();
    for person in known.roster.people.keys() {
        for (office, post) in known.roster.posts_of(*person, on) {
            desks.entry(*person).or_default().extend(Seat::of_post(&office, &post));
        }
    }
    desks
}

/// The lists of a digest. The inbox is in the order of urgency already.
fn lists(tasks: Vec<InboxTask>, now: Moment, known: &Known) -> notice::Digest {
    let mut digest = notice::Digest::default();
    for found in tasks {
        let task = found.task;
        let program = known.bundles.values().find_map(|bundle| bundle.programs.get(task.program.as_str()));
        let node = program.and_then(|program| program.nodes.iter().find(|node| *node.key == *task.step));
        let line = notice::Line {
            no: task.number.clone().unwrap_or_else(|| short_name(found.case)),
            item: program.map(|program| program.title.clone()).unwrap_or_default(),
            project: found.title,
            step: node.map(|node| node.title.clone()),
            office: known.roster.offices.get(task.office.as_str()).map(|office| Text { zh: office.zh.clone(), en: office.en.clone() }),
            due: task.due.as_ref().and_then(|due| due.parse().ok()),
            ..notice::Line::default()
        };
        let passed = line.due.is_some_and(|due| due < now.date());
        if passed && node.is_some_and(|node| node.stops.is_some()) {
            // A special procedure past its expected end is not grey for ever (PROCEDURES 1.5, 4).
            digest.special.push(line);
        } else if task.dark_red_from <= now {
            digest.dark.push(line);
        } else if task.red_from <= now {
            digest.red.push(line);
        } else if task.yellow_from <= now {
            digest.yellow.push(line);
        } else {
            digest.other.push(line);
        }
    }
    digest
}
