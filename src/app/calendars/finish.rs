//! What follows a calendar that was put in force: every open case is recomputed, then one act of the register says so and tells those concerned.
//! Invariant: that act has the number's own command id, so whoever finishes, and however often, people are told once.
//! Never: left undone by a node that died; a worker finishes what it finds unfinished.

use std::collections::BTreeMap;

use serde_json::json;

use super::{CalendarVersion, Done, Move, by_case, key};
use crate::app::App;
use crate::app::execute::{Act, Order, RegisterRows};
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::app::register::{CALENDAR_VERSION, case_of, put};
use crate::identity::Actor;
use crate::ids::{CommandId, Moment, PersonId, Tenant};
use crate::limits::{CALENDAR_SWEPT_MS, CALENDAR_UNFINISHED_MS, DIGEST_TASKS_MAX};
use crate::notice::{Context, Digest, Kind, Line, Medium, Occasion};
use crate::store::rows::NoticeRow;

impl App {
    /// Recomputes every open case and writes down what came of the version; done already, it does nothing.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn finish_calendar(&self, tenant: Tenant, number: u32) -> Result<(), Failure> {
        let mut known = self.known(tenant).await?;
        if !known.calendars.contains_key(&number) {
            // The reading was shared with one that began before the version was written down; the next sees it.
            known = self.known(tenant).await?;
        }
        let Some(version) = known.calendars.get(&number).filter(|version| version.done.is_none()) else { return Ok(()) };
        self.recompute_terms(tenant).await?;
        self.retime_tasks(tenant).await?;
        let moves = self.calendar_moves(tenant, number).await?;
        let cases = by_case(&moves).len();
        let notices = self.calendar_notices(tenant, version, &moves, &known)?;
        let done = Done { at: self.clock().now(), moved: moves.len(), cases, told: notices.len() };
        let row = put(self, tenant, CALENDAR_VERSION, &key(number), &CalendarVersion { done: Some(done), ..version.clone() })?;
        let rows = RegisterRows { registry: vec![row], notices, ..RegisterRows::default() };
        let details = json!({"number": number, "version": version.version, "moved": moves.len(), "cases": cases});
        let act = Act::Record { what: "calendar-recomputed".into(), details: Some(details), rows, after: None };
        let command_id = Some(CommandId::of(&format!("calendar recomputed {tenant} {number}")));
        self.execute(Order { tenant, case: Some(case_of(tenant)), actor: Actor::System, command_id, act }).await?;
        Ok(())
    }

    /// A mail to every officer who holds a task of a link whose dates moved, with those dates, old beside new.
    fn calendar_notices(&self, tenant: Tenant, version: &CalendarVersion, moves: &[Move], known: &Known) -> Result<Vec<NoticeRow>, Fault> {
        let mut concerned: BTreeMap<PersonId, Vec<&Move>> = BTreeMap::new();
        for moved in moves {
            for person in &moved.people {
                concerned.entry(*person).or_default().push(moved);
            }
        }
        let now = self.clock().now();
        let mut rows = Vec::new();
        for (person, moves) in concerned {
            let Some(who) = known.roster.people.get(&person).filter(|who| !who.disabled && who.email.is_some()) else { continue };
            if !known.hears(person, Kind::CalendarChanged) {
                continue;
            }
            let context = serde_json::to_vec(&letter(version, &moves, now)).map_err(|cause| Fault::new("writing what a calendar moved", cause))?;
            rows.push(NoticeRow {
                key: Occasion::Calendar { tenant, number: version.number }.key(Kind::CalendarChanged, person, Medium::Mail),
                kind: Kind::CalendarChanged.key().to_owned(),
                recipient: person,
                channel: Medium::Mail.key().to_owned(),
                language: who.language.clone(),
                context,
                due: now,
                other: None,
                follows: None,
                folds: false,
            });
        }
        Ok(rows)
    }

    /// Finishes versions whose node died, and sweeps once more over cases that another node may have dated by the calendar before; answers how much that was.
    ///
    /// # Errors
    /// A fault.
    pub async fn finish_calendars(&self) -> Result<usize, Fault> {
        let mut done = 0;
        let now = crate::clock::real();
        for tenant in self.tenants().await? {
            let known = self.known(tenant).await?;
            for version in known.calendars.values() {
                let age = now.0.saturating_sub(version.since.0);
                if version.done.is_none() && age > CALENDAR_UNFINISHED_MS {
                    self.finish_calendar(tenant, version.number).await.map_err(|failure| Fault::new("finishing a calendar", failure))?;
                    done += 1;
                } else if (CALENDAR_SWEPT_MS.0..CALENDAR_SWEPT_MS.1).contains(&age) && self.sweeps_first(tenant, version.number) {
                    done += self.recompute_terms(tenant).await?;
                }
            }
        }
        Ok(done)
    }
}

/// What the mail says: where the calendar was published, and the reader's own dates.
fn letter(version: &CalendarVersion, moves: &[&Move], now: Moment) -> Context {
    let line = |moved: &&Move| Line {
        no: moved.number.clone().unwrap_or_else(|| moved.case.chars().skip(moved.case.chars().count().saturating_sub(8)).collect()),
        item: moved.item.clone(),
        step: moved.step.clone(),
        due: moved.new,
        was: moved.old,
        ..Line::default()
    };
    let origins: Vec<String> = version.origins.iter().map(|origin| format!("{}：{}（{}）", origin.what, origin.source, origin.published)).collect();
    let lines: Vec<Line> = moves.iter().take(DIGEST_TASKS_MAX as usize).map(line).collect();
    Context {
        on: Some(now.date()),
        document: Some(if origins.is_empty() { version.version.clone() } else { origins.join("；") }),
        count: u32::try_from(moves.len()).ok(),
        digest: Some(Digest { other: lines, ..Digest::default() }),
        ..Context::default()
    }
}
