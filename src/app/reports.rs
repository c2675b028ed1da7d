//! Reports by cron: the leader's daily, the supervisors' week, the offices' month with the rows behind each number.
//! Invariant: a number in a report is the length of a list one can open; each report of a day is written once, whichever node does it.
//! Never: blame; a figure says what was promised and when it was decided (政府督查工作条例 21).

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use serde_json::json;

use crate::app::App;
use crate::app::execute::{Act, Order, RegisterRows};
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::app::lights::{LitWanted, SHOWN};
use crate::app::notices::short_name;
use crate::app::orders::ORDER_WORKFLOW;
use crate::app::queries::reading;
use crate::app::register::case_of;
use crate::identity::{Actor, Person};
use crate::ids::{CommandId, Moment, Name, Tenant, Text};
use crate::limits::{DIGEST_TASKS_MAX, LIGHTS_LISTED_MAX};
use crate::notice::{Context, Digest, Kind, Line, Medium, Occasion};
use crate::store::rows::NoticeRow;
use crate::store::{Held, Inbox, Late, Seat, TermView};
use crate::supervision::Light;

/// A report that leaves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// 亮灯周报.
    Weekly,
    /// 按期办结月报, of the month before.
    Monthly,
}

/// How an office kept its promises in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The office; empty when nobody is in charge.
    pub office: String,
    /// Its name.
    pub title: Text,
    /// Promises met in time.
    pub kept: Vec<PromiseLine>,
    /// Promises met late.
    pub late: Vec<PromiseLine>,
    /// Promises that were late and open at the month's end.
    pub open: Vec<PromiseLine>,
}

/// A promise behind a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromiseLine {
    /// The case's id.
    pub case: String,
    /// What people call the link.
    pub name: String,
    /// The link.
    pub link: Text,
    /// The promised date.
    pub due: Option<String>,
    /// When it was met; `None` while it is open.
    pub ended: Option<NaiveDate>,
}

impl Standing {
    /// The share met in time, in thousandths of all that were met; `None` when none was.
    #[must_use]
    pub fn kept_per_mille(&self) -> Option<usize> {
        let all = self.kept.len() + self.late.len();
        (all > 0).then(|| self.kept.len() * 1_000 / all)
    }
}

/// The first day of a month and of the next.
#[must_use]
pub fn month_of(day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = day.with_day(1).unwrap_or(day);
    (first, first.checked_add_months(Months::new(1)).unwrap_or(first))
}

impl App {
    /// How each office kept its promises in the month of a day, the best first.
    ///
    /// # Errors
    /// A fault.
    pub async fn ranking(&self, tenant: Tenant, day: NaiveDate) -> Result<Vec<Standing>, Fault> {
        let known = self.known(tenant).await?;
        let (first, next) = month_of(day);
        let (from, until) = (Moment::start_of(first), Moment::start_of(next));
        let asking = reading("reading how promises were kept");
        let ended = self.store().promises_ended(tenant, (from, until), LIGHTS_LISTED_MAX).await.map_err(&asking)?;
        let at = until.min(self.clock().now());
        let open = self.store().promises_late_at(tenant, at, LIGHTS_LISTED_MAX).await.map_err(&asking)?;
        let mut offices: BTreeMap<String, Standing> = BTreeMap::new();
        for term in ended {
            let standing = standing(&mut offices, &term, &known);
            let late = term.row.ended.zip(term.row.late_from).is_some_and(|(ended, late_from)| ended >= late_from);
            // What was withdrawn or ended without a decision kept no promise; it broke one only when it was late.
            if late {
                standing.late.push(promise_line(term, &known));
            } else if term.row.met {
                standing.kept.push(promise_line(term, &known));
            }
        }
        for term in open {
            let line = promise_line(term.clone(), &known);
            standing(&mut offices, &term, &known).open.push(PromiseLine { ended: None, ..line });
        }
        let mut all: Vec<Standing> = offices.into_values().filter(|one| !one.kept.is_empty() || !one.late.is_empty() || !one.open.is_empty()).collect();
        // The better share first, then whoever decided more, then whoever has fewer left open.
        all.sort_by_key(|one| (std::cmp::Reverse(one.kept_per_mille()), std::cmp::Reverse(one.kept.len()), one.open.len(), one.office.clone()));
        Ok(all)
    }

    /// Writes a report for the day it is due; answers how many notices that made.
    ///
    /// # Errors
    /// A fault.
    pub async fn write_report(&self, tenant: Tenant, report: Report, on: NaiveDate) -> Result<usize, Fault> {
        let known = self.known(tenant).await?;
        let (kind, what, posts, context) = match report {
            Report::Weekly => (Kind::WeeklyLights, "weekly", &["sup_clerk", "sup_head"][..], self.weekly(tenant, &known, on).await?),
            Report::Monthly => (Kind::MonthlyRanking, "monthly", &["sup_clerk", "sup_head", "leader"][..], self.monthly(tenant, on).await?),
        };
        // One with nothing to say, or nobody to hear it, is on record as well: a later start does not write it with another day's figures.
        let mut notices = Vec::new();
        let hearing = holders(&known, posts, on).into_iter().filter(|person| known.hears(person.id, kind));
        for (person, context) in hearing.zip(context.iter().cycle()) {
            notices.extend(letter(tenant, kind, (person, on), context, self.clock().now())?);
        }
        if report == Report::Weekly {
            notices.extend(self.calendar_missing(tenant, &known, on).await?);
        }
        let count = notices.len();
        let rows = RegisterRows { notices, ..RegisterRows::default() };
        let act = Act::Record { what: "report-written".into(), details: Some(json!({"report": what, "on": on})), rows, after: None };
        let command_id = Some(CommandId::of(&format!("report {what} {tenant} {on}")));
        let order = Order { tenant, case: Some(case_of(tenant)), actor: Actor::System, command_id, act };
        let receipt = self.execute(order).await.map_err(|failure| Fault::new("writing a report", failure))?;
        Ok(if receipt.repeated { 0 } else { count })
    }

    /// The leaders' digests of a morning: what is late, with the orders issued about it and how far they have come.
    pub(in crate::app) async fn leader_digests(&self, tenant: Tenant, known: &Known, on: NaiveDate) -> Result<Vec<NoticeRow>, Fault> {
        let mut leaders = holders(known, &["leader"], on);
        leaders.retain(|leader| known.hears(leader.id, Kind::LeaderDigest));
        if leaders.is_empty() {
            return Ok(Vec::new());
        }
        let mut digest = self.lit_lists(tenant, known, &[Light::DarkRed, Light::Red, Light::Yellow]).await?;
        (digest.orders, digest.orders_more) = self.orders_in_hand(tenant, known).await?;
        (digest.opened, digest.closed) = self.moved_on(tenant, on).await?;
        let mut notices = Vec::new();
        for leader in leaders {
            let posts = known.roster.posts_of(leader.id, on);
            let seats = posts.iter().map(|(office, post)| Seat::Post { office: office.to_string(), post: post.to_string() }).collect();
            let asked = self.desk_size(tenant, seats).await?;
            let own = Digest { asked, ..digest.clone() };
            if own == Digest::default() {
                continue;
            }
            let context = Context { on: Some(on), digest: Some(own), path: Some("/lights".to_owned()), ..Context::default() };
            notices.extend(letter(tenant, Kind::LeaderDigest, (leader, on), &context, self.clock().now())?);
        }
        Ok(notices)
    }

    async fn weekly(&self, tenant: Tenant, known: &Known, on: NaiveDate) -> Result<Option<Context>, Fault> {
        let board = self.lights(tenant, None).await?;
        if board.all.total() == 0 {
            return Ok(None);
        }
        let mut digest = self.lit_lists(tenant, known, &[Light::DarkRed, Light::Red, Light::Yellow]).await?;
        let late = self.late_terms(tenant, None).await?.into_iter().filter(|line| line.expected.is_none());
        let unstated =
            late.map(|line| Line { no: line.name, item: line.link, project: line.project, office: line.office, due: line.due.parse().ok(), ..Line::default() });
        digest.unstated = unstated.take(usize::try_from(DIGEST_TASKS_MAX).unwrap_or(usize::MAX)).collect();
        (digest.orders, digest.orders_more) = self.orders_in_hand(tenant, known).await?;
        let office = |group: &crate::app::lights::Group| {
            let counts = SHOWN.iter().map(|light| (*light, group.tally.of(*light).0)).filter(|(_, count)| *count > 0);
            let (zh, en): (Vec<String>, Vec<String>) =
                counts.map(|(light, count)| (format!("{} {count}", light_zh(light)), format!("{count} {}", light_en(light)))).unzip();
            Line {
                no: group.tally.total().to_string(),
                item: group.title.clone(),
                step: Some(Text { zh: zh.join("、"), en: en.join(", ") }),
                ..Line::default()
            }
        };
        digest.offices = board.offices.iter().map(office).collect();
        let ahead = self.calendar_ahead(tenant, known).await?;
        let (count, until) = (ahead.and_then(|ahead| u32::try_from(ahead.dates).ok()), ahead.and_then(|ahead| ahead.until));
        Ok(Some(Context { on: Some(on), digest: Some(digest), path: Some("/lights".to_owned()), count, until, ..Context::default() }))
    }

    /// What whoever loads calendars is told once a week while dates lie past the one in force.
    async fn calendar_missing(&self, tenant: Tenant, known: &Known, on: NaiveDate) -> Result<Vec<NoticeRow>, Fault> {
        let Some(ahead) = self.calendar_ahead(tenant, known).await? else { return Ok(Vec::new()) };
        let count = u32::try_from(ahead.dates).ok();
        let context = Context { on: Some(on), count, until: ahead.until, path: Some("/system/calendars".to_owned()), ..Context::default() };
        let operators = holders(known, &["operator"], on).into_iter().filter(|person| known.hears(person.id, Kind::CalendarMissing));
        let letters = operators.map(|person| letter(tenant, Kind::CalendarMissing, (person, on), &context, self.clock().now()));
        letters.filter_map(Result::transpose).collect()
    }

    async fn monthly(&self, tenant: Tenant, on: NaiveDate) -> Result<Option<Context>, Fault> {
        let (first, next) = month_of(on.checked_sub_months(Months::new(1)).unwrap_or(on));
        let standings = self.ranking(tenant, first).await?;
        if standings.is_empty() {
            return Ok(None);
        }
        let line = |(place, one): (usize, &Standing)| Line { no: (place + 1).to_string(), item: one.title.clone(), step: Some(one.told()), ..Line::default() };
        let digest = Digest { offices: standings.iter().enumerate().map(line).collect(), ..Digest::default() };
        let path = Some(format!("/reports?month={}", first.format("%Y-%m")));
        Ok(Some(Context { on: Some(first), until: next.pred_opt(), digest: Some(digest), path, ..Context::default() }))
    }

    /// Open tasks with these lights, as lists of a digest.
    async fn lit_lists(&self, tenant: Tenant, known: &Known, lights: &[Light]) -> Result<Digest, Fault> {
        let mut digest = Digest::default();
        for light in lights {
            let wanted = LitWanted { light: Some(*light), ..LitWanted::default() };
            let found = self.lit(tenant, &wanted, DIGEST_TASKS_MAX).await.map_err(|failure| match failure {
                Failure::Fault(fault) => fault,
                Failure::Refused(refusal) => Fault::new("listing lights", refusal.en),
            })?;
            let now = self.clock().now().date();
            let lines = found.lines.into_iter().map(|line| {
                let due: Option<NaiveDate> = line.due.as_ref().and_then(|due| due.parse().ok());
                let late = due.filter(|due| *due < now).and_then(|due| known.calendar.working_days(due, now)).filter(|count| *count > 0);
                let late = late.map(|count| crate::notice::Days { count, unit: crate::calendar::Unit::Working });
                Line { no: line.name, item: line.link, project: line.project, step: Some(line.step), office: line.office, due, late, ..Line::default() }
            });
            let list = match light {
                Light::DarkRed => &mut digest.dark,
                Light::Red => &mut digest.red,
                Light::Yellow => &mut digest.yellow,
                Light::Green | Light::Grey => &mut digest.other,
            };
            list.extend(lines);
        }
        Ok(digest)
    }

    /// Cases that came in, and that ended, on the day before.
    async fn moved_on(&self, tenant: Tenant, on: NaiveDate) -> Result<(u32, u32), Fault> {
        let before = on.pred_opt().unwrap_or(on);
        let day = (Moment::start_of(before), Moment::start_of(on));
        let (opened, closed) = self.store().cases_moved(tenant, day).await.map_err(reading("counting cases of a day"))?;
        Ok((u32::try_from(opened).unwrap_or(u32::MAX), u32::try_from(closed).unwrap_or(u32::MAX)))
    }

    /// How many tasks lie with these seats, up to what a digest lists.
    async fn desk_size(&self, tenant: Tenant, seats: Vec<Seat>) -> Result<u32, Fault> {
        let now = self.clock().now();
        // How many there are depends on no rank.
        let inbox = Inbox { seats, now, lapsed: Vec::new(), program: None, text: None, held: Held::Any, late: Late::Any, after: None, limit: DIGEST_TASKS_MAX };
        let tasks = self.store().inbox(tenant, &inbox).await.map_err(reading("reading a leader's desk"))?;
        Ok(u32::try_from(tasks.len()).unwrap_or(u32::MAX))
    }

    /// Supervision orders in hand, each with its documents and where it stands: the chain from draft to leader.
    /// Those nobody has replied to come first, the oldest first, and what is not listed is counted.
    async fn orders_in_hand(&self, tenant: Tenant, known: &Known) -> Result<(Vec<Line>, u32), Fault> {
        let (rows, all) = self.store().orders_running(tenant, ORDER_WORKFLOW, DIGEST_TASKS_MAX).await.map_err(reading("listing orders"))?;
        let more = u32::try_from(all - i64::try_from(rows.len()).unwrap_or(all)).unwrap_or(0);
        let mut lines = Vec::new();
        for (case, number, subject) in rows {
            let working = match self.working(tenant, case).await {
                Ok(working) => working,
                // One that cannot be read keeps nobody from their morning.
                Err(Failure::Fault(fault)) => {
                    tracing::error!(%case, %fault, "an order in hand could not be read");
                    continue;
                }
                // It ended meanwhile, or is gone.
                Err(Failure::Refused(_)) => continue,
            };
            let state = &working.state;
            let title = |scope: u32, step: &Name| state.scopes.get(&scope).map(|scope| known.step_title(&scope.program, step)).unwrap_or_default();
            let open: Vec<Text> = state.tasks.values().map(|task| title(task.scope, &task.step)).collect();
            let numbers = self.store().documents(tenant, case).await.map_err(reading("listing the documents of an order"))?;
            let numbers: Vec<String> = numbers.into_iter().filter_map(|document| document.number).collect();
            let told = |open: Vec<&str>, between: &str| numbers.iter().map(String::as_str).chain(open).collect::<Vec<_>>().join(between);
            let step = Text {
                zh: told(open.iter().map(|text| text.zh.as_str()).collect(), "、"),
                en: told(open.iter().map(|text| text.en.as_str()).collect(), ", "),
            };
            let about = self.order_causes(tenant, case).await?.into_iter().next();
            // An order about a case is read by that case's project; its own subject only says again which date passed.
            let late = match about.as_ref().and_then(|about| about.about.parse().ok()) {
                Some(late) => self.store().case(tenant, late).await.map_err(reading("reading what an order is about"))?,
                None => None,
            };
            let project = late.and_then(|late| late.title).or(subject);
            let item = about.map_or_else(
                || known.link_title(ORDER_WORKFLOW),
                |about| Text { zh: format!("{} {}", about.about_name, about.link.zh), en: format!("{} {}", about.about_name, about.link.en) },
            );
            let no = number.unwrap_or_else(|| short_name(case));
            lines.push(Line { no, item, project, step: Some(step).filter(|step| !step.zh.is_empty()), ..Line::default() });
        }
        Ok((lines, more))
    }
}

impl Standing {
    /// The figures in words.
    #[must_use]
    pub fn told(&self) -> Text {
        let all = self.kept.len() + self.late.len();
        let share = self.kept_per_mille().map_or_else(|| "—".to_owned(), |share| format!("{}.{} %", share / 10, share % 10));
        let (kept, open) = (self.kept.len(), self.open.len());
        Text {
            zh: format!("按期 {kept}／{all}（{share}），月末超期未结 {open}"),
            en: format!("{kept} of {all} on time ({share}), {open} late and open at the month's end"),
        }
    }
}

fn standing<'o>(offices: &'o mut BTreeMap<String, Standing>, term: &TermView, known: &Known) -> &'o mut Standing {
    let office = term.row.office.clone().unwrap_or_default();
    let title = known.office(&office);
    offices.entry(office.clone()).or_insert_with(|| Standing { office, title, kept: Vec::new(), late: Vec::new(), open: Vec::new() })
}

fn promise_line(term: TermView, known: &Known) -> PromiseLine {
    PromiseLine {
        case: term.case.to_string(),
        name: term.row.number.unwrap_or_else(|| short_name(term.case)),
        link: known.link_title(&term.row.program),
        due: term.row.due,
        ended: term.row.ended.map(Moment::date),
    }
}

/// Everybody who holds one of the posts in any office, each once.
fn holders<'k>(known: &'k Known, posts: &[&str], on: NaiveDate) -> Vec<&'k Person> {
    let holds = |person: &&Person| known.roster.posts_of(person.id, on).iter().any(|(_, post)| posts.contains(&&**post));
    known.roster.people.values().filter(|person| !person.disabled && person.email.is_some()).filter(holds).collect()
}

fn letter(tenant: Tenant, kind: Kind, (who, on): (&Person, NaiveDate), context: &Context, now: Moment) -> Result<Option<NoticeRow>, Fault> {
    let context = serde_json::to_vec(context).map_err(|cause| Fault::new("writing a report", cause))?;
    Ok(Some(NoticeRow {
        key: Occasion::Digest { tenant, on }.key(kind, who.id, Medium::Mail),
        kind: kind.key().to_owned(),
        recipient: who.id,
        channel: Medium::Mail.key().to_owned(),
        language: who.language.clone(),
        context,
        due: now,
        other: None,
        follows: None,
        folds: false,
    }))
}

const fn light_zh(light: Light) -> &'static str {
    match light {
        Light::DarkRed => "深红",
        Light::Red => "红",
        Light::Yellow => "黄",
        Light::Grey => "灰",
        Light::Green => "绿",
    }
}

const fn light_en(light: Light) -> &'static str {
    match light {
        Light::DarkRed => "dark red",
        Light::Red => "red",
        Light::Yellow => "yellow",
        Light::Grey => "grey",
        Light::Green => "green",
    }
}
