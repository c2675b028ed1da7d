//! The working calendar of a tenant: proposed, previewed, put in force, kept version by version. Each version is an act of the register, by whoever did it.
//! Invariant: what is applied is what was previewed: a preview carries a stamp of both calendars, and applying refuses when either is another.
//! Never: a date written by a preview; a version taken out of the register.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::execute::{RegisterRows, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::operate::{raw, wrong_input};
use crate::app::register::{self, CALENDAR, CALENDAR_MOVES, CALENDAR_TEXT, CALENDAR_VERSION, put};
use crate::calendar::{Calendar, Closure, DayChange, Head};
use crate::engine::MOVED;
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::Actor;
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::ids::{CommandId, Digest, Moment, Tenant};

mod ahead;
mod finish;
mod foresee;
mod told;

pub use ahead::Ahead;
use foresee::Foreseen;
pub use foresee::{Move, Unread};

/// A file that somebody wants to be the calendar, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its text: a whole calendar or an addition in YAML, days as CSV or ICS.
    pub text: String,
    /// Its name.
    pub file: String,
    /// What a table of days does not say of itself.
    #[serde(default)]
    pub head: Head,
}

/// What a proposal would do, with nothing written.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The version in force; empty when there is none.
    pub before: String,
    /// The calendar it would be.
    pub calendar: Calendar,
    /// It is in force already.
    pub unchanged: bool,
    /// Where it was published: each notice and closure that the calendar in force does not have like this.
    pub origins: Vec<Origin>,
    /// Known days that become another.
    pub days: Vec<DayChange>,
    /// Open cases that were looked at.
    pub cases: usize,
    /// Every date that would be another, or would become certain.
    pub moves: Vec<Move>,
    /// Open cases whose dates could not be foreseen; recomputing passes them over as well, and an operator's log says why.
    pub unread: Vec<Unread>,
    /// What both calendars were, for applying just this.
    pub stamp: Digest,
}

/// Where something of a calendar was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Origin {
    /// A year, or the name of a closure.
    pub what: String,
    /// The number of what announced it.
    pub source: String,
    /// The day of that.
    #[schema(value_type = String)]
    pub published: NaiveDate,
}

/// A version of the calendar, as the register keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarVersion {
    /// The how manieth of this tenant, from 1.
    pub number: u32,
    /// What it calls itself, such as `2027.1`.
    pub version: String,
    /// What its text digests to.
    pub digest: Digest,
    /// When it was put in force.
    pub at: Moment,
    /// The same by the machine's clock, which a demonstration does not move.
    pub since: Moment,
    /// By whom, by name.
    pub by: String,
    /// The file it came from.
    pub file: String,
    /// The first and the last day it covers.
    pub covered: Option<(NaiveDate, NaiveDate)>,
    /// What is new in it, and where that was published.
    pub origins: Vec<Origin>,
    /// Known days that became another.
    pub days_changed: usize,
    /// What came of it, once every open case was recomputed and those concerned were told.
    pub done: Option<Done>,
}

/// What came of putting a calendar in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// When.
    pub at: Moment,
    /// Dates that moved or became certain.
    pub moved: usize,
    /// Cases they lie in.
    pub cases: usize,
    /// People who were told.
    pub told: usize,
}

impl App {
    /// What the proposal would do.
    ///
    /// # Errors
    /// Every mistake of the file, or that the actor may not.
    pub async fn preview_calendar(&self, tenant: Tenant, actor: &Actor, proposal: &Proposal) -> Result<Preview, Failure> {
        let known = self.known(tenant).await?;
        self.previewed(tenant, &known, actor, proposal).await
    }

    async fn previewed(&self, tenant: Tenant, known: &Known, actor: &Actor, proposal: &Proposal) -> Result<Preview, Failure> {
        self.permit_calendars(known, actor)?;
        let calendar = known.calendar.proposed(&proposal.text, &proposal.file, &proposal.head);
        let calendar = calendar.map_err(|mistakes| wrong_input("calendar_wrong", mistakes.iter().map(Detail::from)))?;
        let unchanged = calendar.to_yaml() == known.calendar.to_yaml();
        let Foreseen { moves, cases, unread } = if unchanged { Foreseen::default() } else { self.foreseen_moves(tenant, known, &calendar).await? };
        Ok(Preview {
            before: known.calendar.version().to_owned(),
            unchanged,
            origins: origins(&known.calendar, &calendar),
            days: known.calendar.changed_days(&calendar),
            cases,
            moves,
            unread,
            stamp: stamp(&known.calendar, &calendar),
            calendar,
        })
    }

    /// Puts the proposal in force, recomputes every open term and tells those concerned. What is in force already is left as it is, also when it came in force
    /// while this was under way: a button clicked twice makes one version.
    ///
    /// # Errors
    /// Every mistake of the file; `calendar_moved_on` when it is not what `expected` was a preview of; `calendar_version_taken` for another text under an old name.
    pub async fn apply_calendar(&self, tenant: Tenant, actor: Actor, proposal: &Proposal, expected: Option<Digest>) -> Result<Preview, Failure> {
        // Two people never write one number.
        let mut looks = register::Looks::default();
        loop {
            let answer = self.apply_once(tenant, actor.clone(), proposal, expected).await;
            if !looks.again(&answer) {
                return answer;
            }
            register::settles().await;
        }
    }

    async fn apply_once(&self, tenant: Tenant, actor: Actor, proposal: &Proposal, expected: Option<Digest>) -> Result<Preview, Failure> {
        let after = self.register_seq(tenant, &actor).await?;
        let known = self.known(tenant).await?;
        let preview = self.previewed(tenant, &known, &actor, proposal).await?;
        if preview.unchanged {
            return Ok(preview);
        }
        if expected.is_some_and(|expected| expected != preview.stamp) {
            return Err(moved_on().into());
        }
        let version = self.next_version(&known, &actor, proposal, &preview)?;
        let taken = self.store().registry(tenant, CALENDAR_VERSION, &key(version.number)).await;
        if taken.map_err(|cause| Fault::new("reading the versions of the calendar", cause))?.is_some() {
            // The reading was older than the count: another has the number. One that was newer is caught by the count itself.
            return Err(refusal(
                MOVED,
                Class::Conflict,
                "日历刚刚有了新的版本，请再提交一次。",
                "cannot put it in force: another version came first; send it again",
            )
            .into());
        }
        self.record_version((tenant, actor, after), &version, &preview).await?;
        self.finish_calendar(tenant, version.number).await?;
        Ok(preview)
    }

    fn next_version(&self, known: &Known, actor: &Actor, proposal: &Proposal, preview: &Preview) -> Result<CalendarVersion, Failure> {
        let (version, digest) = (preview.calendar.version().to_owned(), Digest::of(preview.calendar.to_yaml().as_bytes()));
        if known.calendars.values().any(|earlier| earlier.version == version && earlier.digest != digest) {
            let zh = format!("版本号“{version}”已用于另一份日历，请改 `version`。");
            let en = format!("cannot put the calendar in force: the version `{version}` was another calendar; change `version`");
            return Err(refusal("calendar_version_taken", Class::Conflict, zh, en).into());
        }
        Ok(CalendarVersion {
            number: known.calendars.keys().next_back().map_or(1, |number| number.saturating_add(1)),
            version,
            digest,
            at: self.clock().now(),
            since: crate::clock::real(),
            by: known.called(actor),
            file: proposal.file.clone(),
            covered: preview.calendar.covered(),
            origins: preview.origins.clone(),
            days_changed: preview.days.len(),
            done: None,
        })
    }

    /// Writes the version down, unless the register has moved since it was made.
    async fn record_version(&self, (tenant, actor, after): (Tenant, Actor, u64), version: &CalendarVersion, preview: &Preview) -> Result<(), Failure> {
        let text = preview.calendar.to_yaml().into_bytes();
        let key = key(version.number);
        let registry = vec![
            raw(self, tenant, "calendar", CALENDAR, text.clone()),
            raw(self, tenant, CALENDAR_TEXT, &key, text),
            put(self, tenant, CALENDAR_MOVES, &key, &preview.moves)?,
            put(self, tenant, CALENDAR_VERSION, &key, version)?,
        ];
        let until = version.covered.map(|(_, last)| last);
        let details = json!({"number": version.number, "version": version.version, "covered_until": until, "digest": version.digest,
            "file": version.file, "origins": version.origins, "stamp": preview.stamp});
        let id = CommandId::new(self.clock().now(), entropy()?);
        let rows = RegisterRows { registry, ..RegisterRows::default() };
        self.record_after((tenant, actor), (id, after), ("calendar-published", details), rows).await.map(drop)
    }

    /// The calendar of a version, as it was put in force.
    ///
    /// # Errors
    /// `unknown_calendar_version`, or a fault.
    pub async fn calendar_of(&self, tenant: Tenant, number: u32) -> Result<(CalendarVersion, Calendar, String), Failure> {
        let known = self.known(tenant).await?;
        let version = known.calendars.get(&number).cloned().ok_or_else(|| unknown(number))?;
        let reading = |cause: &dyn std::fmt::Display| Fault::new(format!("reading version {number} of the calendar"), cause);
        let entry = self.store().registry(tenant, CALENDAR_TEXT, &key(number)).await.map_err(|cause| reading(&cause))?;
        let text = String::from_utf8(entry.ok_or_else(|| unknown(number))?.value).map_err(|cause| reading(&cause))?;
        let calendar = Calendar::parse(&text, "calendar").map_err(|_| reading(&"its text has mistakes"))?;
        Ok((version, calendar, text))
    }

    /// The dates that a version moved, old beside new.
    ///
    /// # Errors
    /// A fault.
    pub async fn calendar_moves(&self, tenant: Tenant, number: u32) -> Result<Vec<Move>, Fault> {
        let reading = |cause: &dyn std::fmt::Display| Fault::new(format!("reading what version {number} of the calendar moved"), cause);
        let entry = self.store().registry(tenant, CALENDAR_MOVES, &key(number)).await.map_err(|cause| reading(&cause))?;
        entry.map_or(Ok(Vec::new()), |entry| serde_json::from_slice(&entry.value).map_err(|cause| reading(&cause)))
    }

    /// Whether the actor looks after calendars.
    fn permit_calendars(&self, known: &Known, actor: &Actor) -> Result<(), Failure> {
        let standing = match actor {
            Actor::Person(person) => Standing {
                disabled: known.roster.people.get(person).is_none_or(|person| person.disabled),
                ..Standing::of(known.roster.posts_of(*person, self.clock().now().date()))
            },
            Actor::System | Actor::Operator(_) => Standing::default(),
        };
        match may(actor, Act::Publish, &standing) {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(why) => Err(Refusal { code: why.code, class: Class::Forbidden, zh: why.zh, en: why.en, details: Vec::new() }.into()),
        }
    }
}

/// The key of a version's rows: in the order of the numbers.
fn key(number: u32) -> String {
    format!("{number:06}")
}

/// What both calendars are.
fn stamp(before: &Calendar, after: &Calendar) -> Digest {
    Digest::of(format!("{}\n---\n{}", before.to_yaml(), after.to_yaml()).as_bytes())
}

fn moved_on() -> Refusal {
    let zh = "预览之后现行日历或文件已有变化，请重新预览。";
    refusal("calendar_moved_on", Class::Conflict, zh, "cannot put the calendar in force: the calendar or the file is not what was previewed; preview it again")
}

fn unknown(number: u32) -> Refusal {
    refusal("unknown_calendar_version", Class::NotFound, format!("没有第 {number} 版工作日历。"), format!("cannot find version {number} of the calendar"))
}

/// Notices and closures of `after` that `before` does not have like this.
fn origins(before: &Calendar, after: &Calendar) -> Vec<Origin> {
    let notices = after.notices().iter().filter(|notice| !before.notices().contains(notice));
    let notices = notices.map(|notice| Origin { what: notice.year.to_string(), source: notice.source.clone(), published: notice.published });
    let closures = after.closures().iter().filter(|closure| !before.closures().contains(closure)).map(|closure| (String::new(), closure));
    let of_district = |code: &str, closure: &Closure| before.districts().get(code).is_some_and(|district| district.closures.contains(closure));
    let districts = after.districts().iter().flat_map(|(code, district)| district.closures.iter().map(move |closure| (code, closure)));
    let districts = districts.filter(|(code, closure)| !of_district(code, closure)).map(|(code, closure)| (format!("{code} "), closure));
    let closed = closures.chain(districts);
    let closed =
        closed.map(|(code, closure)| Origin { what: format!("{code}{}", closure.days.label.zh), source: closure.source.clone(), published: closure.published });
    notices.chain(closed).collect()
}

/// The cases of moves, each with how many of its dates moved.
fn by_case(moves: &[Move]) -> BTreeMap<&str, usize> {
    moves.iter().fold(BTreeMap::new(), |mut cases, moved| {
        *cases.entry(moved.case.as_str()).or_default() += 1;
        cases
    })
}
