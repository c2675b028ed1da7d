//! A date that can be asked why: the terms of a case, and each day by day.
//! Invariant: the days are the calendar's own explanation of the date that stands in the record. Never: a date computed here.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use serde::Serialize;

use super::case::spoken::Spoken;
use super::case::telling::kind_key;
use super::case::{Asking, Refused, fresh_command, opened};
use crate::app::casework::{Casefile, Opinion};
use crate::app::failure::Fault;
use crate::calendar::{DayNote, DayWhy, Explanation, Roll};
use crate::definition::graph::TermStart;
use crate::engine::case::{Local, Term};
use crate::engine::event::Event;
use crate::engine::refusal::Refusal;
use crate::identity::may::Verdict;
use crate::ids::Text;
use crate::supervision::{Light, Watch};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/cases/{case}/terms/{term}", get(show))
}

/// A term in the table of a case.
#[derive(Serialize)]
pub struct TermLine {
    kind: String,
    link: String,
    step: String,
    within: String,
    extended: Option<String>,
    due: Option<String>,
    provisional: bool,
    left: String,
    late: bool,
    light: Light,
    stopped: Option<String>,
    href: String,
    extension: Option<Extension>,
    reason: Option<Reason>,
}

/// Why its date has passed: what was stated, and the form to state it.
#[derive(Serialize)]
struct Reason {
    said: Option<String>,
    expected_by: Option<String>,
    form: Option<ReasonForm>,
}

#[derive(Serialize)]
struct ReasonForm {
    action: String,
    command: String,
    id: String,
    expected: String,
    opinion: String,
    lacks: bool,
    open: bool,
}

/// Extending it.
#[derive(Serialize)]
struct Extension {
    action: String,
    command: String,
    id: String,
    most: u32,
    unit: String,
    may: bool,
    why_not: String,
    by: String,
    opinion: String,
    open: bool,
}

impl TermLine {
    /// Whether what was typed for its extension stands in its form.
    pub fn shows_what_was_typed(&self) -> bool {
        let reason = self.reason.as_ref().and_then(|reason| reason.form.as_ref()).is_some_and(|form| form.open);
        reason || self.extension.as_ref().is_some_and(|extension| extension.may && extension.open)
    }
}

/// The running terms, the next due first.
pub fn lines(asking: &Asking<'_>, refused: Option<&Refused>) -> Result<Vec<TermLine>, Fault> {
    let mut terms: Vec<(&Local, &Term)> = asking.file.working.state.terms.iter().collect();
    terms.sort_by_key(|(id, term)| (term.due.is_none(), term.due, **id));
    terms.into_iter().map(|(id, term)| line(asking, *id, term, refused.filter(|refused| refused.term == Some(*id)))).collect()
}

fn line(asking: &Asking<'_>, id: Local, term: &Term, refused: Option<&Refused>) -> Result<TermLine, Fault> {
    let (spoken, file) = (&asking.spoken, asking.file);
    let watch = Watch::over([term], file.calendar());
    let step = term.token.and_then(|token| file.working.state.tokens.get(&token)).map(|token| asking.step(term.scope, &token.step));
    Ok(TermLine {
        kind: spoken.named("term", kind_key(term.kind)),
        link: asking.link(term.scope),
        step: step.unwrap_or_default(),
        within: spoken.span(term.within),
        extended: term.extended.map(|span| spoken.span(span)),
        due: term.due.map(|due| due.to_string()),
        provisional: term.provisional,
        left: if term.stopped_on.is_some() { String::new() } else { spoken.left(term.due, file.now) },
        late: term.due.is_some_and(|due| due < file.now.date()),
        light: watch.light(file.now),
        stopped: term.stopped_on.map(|day| spoken.with("term-stopped-since", &[("day", &spoken.day(day))])),
        href: format!("/cases/{}/terms/{id}", asking.name()),
        // What has passed is explained; it can no longer be extended.
        extension: if term.has_passed(file.now.date()) { None } else { extension(asking, id, term, refused)? },
        reason: reason(asking, id, term, refused)?,
    })
}

fn reason(asking: &Asking<'_>, id: Local, term: &Term, refused: Option<&Refused>) -> Result<Option<Reason>, Fault> {
    let file = asking.file;
    let Some(verdict) = file.may_state_reason(term, asking.visitor.person) else { return Ok(None) };
    let stated = term.reason();
    let said = stated.map(|stated| match file.opinion(stated.body) {
        Opinion::Said(said) => said.to_owned(),
        Opinion::None | Opinion::Erased => asking.spoken.t("case-erased"),
    });
    let form = match verdict {
        Verdict::Denied(_) => None,
        Verdict::Allowed => Some(ReasonForm {
            action: format!("/cases/{}/terms/{id}/reason", asking.name()),
            command: fresh_command()?,
            id: format!("reason-{id}"),
            expected: refused.and_then(|refused| refused.expected.clone()).unwrap_or_default(),
            opinion: refused.map(|refused| refused.opinion.clone()).unwrap_or_default(),
            lacks: refused.is_some_and(Refused::lacks_opinion),
            open: refused.is_some(),
        }),
    };
    Ok(Some(Reason { said, expected_by: stated.map(|stated| stated.expected.to_string()), form }))
}

fn extension(asking: &Asking<'_>, id: Local, term: &Term, refused: Option<&Refused>) -> Result<Option<Extension>, Fault> {
    let Some(extension) = asking.file.extension(term, asking.visitor.person) else { return Ok(None) };
    let spoken = &asking.spoken;
    let approver = spoken.named("post", &extension.rule.approved_by);
    Ok(Some(Extension {
        action: format!("/cases/{}/terms/{id}/extend", asking.name()),
        command: fresh_command()?,
        id: format!("extend-{id}"),
        most: extension.rule.by.days,
        unit: spoken.span(extension.rule.by),
        may: extension.verdict == Verdict::Allowed,
        why_not: match extension.verdict {
            Verdict::Allowed => String::new(),
            Verdict::Denied(_) => spoken.with("term-extend-who", &[("post", &approver)]),
        },
        by: refused.and_then(|refused| refused.by.clone()).unwrap_or_default(),
        opinion: refused.map(|refused| refused.opinion.clone()).unwrap_or_default(),
        open: refused.is_some(),
    }))
}

#[derive(Serialize)]
struct Page {
    #[serde(rename = "number_shown")]
    number: String,
    back: String,
    project: String,
    kind: String,
    link: String,
    step: String,
    basis: Option<String>,
    light: Light,
    summary: Vec<String>,
    due: Option<String>,
    provisional: bool,
    met: Option<String>,
    stops: Vec<Stop>,
    months: Vec<Month>,
    calendar: String,
    counted: u32,
    rungs: Vec<Rung>,
    earlier: Vec<Earlier>,
}

/// A date the term had before.
#[derive(Serialize)]
struct Earlier {
    /// `None` while no published calendar reached it.
    due: Option<String>,
    /// When it became another.
    at: i64,
    because: String,
}

#[derive(Serialize)]
struct Stop {
    #[serde(skip)]
    first: NaiveDate,
    #[serde(skip)]
    last: NaiveDate,
    from: String,
    until: Option<String>,
    days: i64,
    cause: String,
}

#[derive(Serialize)]
struct Month {
    title: String,
    counted: u32,
    days: Vec<Day>,
    open: bool,
}

#[derive(Serialize)]
struct Day {
    date: String,
    counted: Option<u32>,
    why: String,
    today: bool,
    due: bool,
}

#[derive(Serialize)]
struct Rung {
    at: i64,
    notice: String,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Path((case, term)): Path<(String, Local)>) -> Result<Response, Trouble> {
    let file = opened(&shared, &visitor, &case).await?;
    let spoken = Spoken::to(&shared, &visitor);
    let found = found(&file, term)
        .ok_or_else(|| Refusal::not_found("unknown_term", format!("该办件没有编号为 {term} 的时限。"), format!("cannot find term {term} in this case")))?;
    let data = page(&spoken, &file, term, &found);
    let title = spoken.with("term-title", &[("kind", &data.kind), ("number", &data.number)]);
    Ok(shared.pages.page(&visitor.site, "term", &title, &data))
}

/// A term as it stands, or as it last stood when it has ended.
struct Found {
    term: Term,
    program: String,
    number: Option<String>,
    step: Option<String>,
    met: Option<(crate::ids::Moment, bool)>,
}

/// Looks in the state, then in the acts: a date can be asked why after it was met.
fn found(file: &Casefile, id: Local) -> Option<Found> {
    let mut state = None;
    let mut last = None;
    for entry in &file.entries {
        for event in &entry.events {
            if let Event::TermEnded { term, met } = event
                && *term == id
            {
                last = Some(stood(state.as_ref()?, id, Some((entry.at, *met)))?);
            }
            state = crate::engine::evolve(state.take(), event);
        }
    }
    let now = state.as_ref().and_then(|state| stood(state, id, None));
    now.or(last)
}

fn stood(state: &crate::engine::case::Case, id: Local, met: Option<(crate::ids::Moment, bool)>) -> Option<Found> {
    let term = state.terms.get(&id)?.clone();
    let scope = state.scopes.get(&term.scope)?;
    let step = term.token.and_then(|token| state.tokens.get(&token)).map(|token| token.step.to_string());
    Some(Found { program: scope.program.to_string(), number: scope.number.clone(), step: step.or_else(|| term.token.map(|_| term.key.to_string())), met, term })
}

fn page(spoken: &Spoken<'_>, file: &Casefile, id: Local, found: &Found) -> Page {
    let term = &found.term;
    let today = found.met.map_or(file.now, |(at, _)| at).date();
    let name = file.working.row.number.clone().unwrap_or_else(|| file.working.row.id.to_string());
    let open = term.stopped_on.and_then(|day| day.succ_opt()).filter(|first| *first <= today).map(|first| (first, today));
    let suspended: Vec<(NaiveDate, NaiveDate)> = term.stopped.iter().copied().chain(open).collect();
    let explained = file.calendar().explain(&term.query(&suspended));
    let stops = stops(spoken, file, id, today);
    let counted = explained.days.iter().filter_map(|day| day.counted).max().unwrap_or(0);
    let rule = file.program(&found.program).map(|program| {
        let of_steps = program.nodes.iter().flat_map(|node| &node.terms);
        program.limits.iter().chain(of_steps).find(|rule| rule.key == term.key)
    });
    let rule = rule.flatten();
    let title = |step: &String| file.node(&found.program, step).map_or_else(|| step.clone(), |node| spoken.say(&node.title));
    let watch = Watch::over([term], file.calendar());
    Page {
        number: found.number.clone().unwrap_or_else(|| name.clone()),
        back: format!("/cases/{name}"),
        project: file.working.row.title.clone().unwrap_or_default(),
        kind: spoken.named("term", kind_key(term.kind)),
        link: file.program(&found.program).map(|program| spoken.say(&program.title)).unwrap_or_default(),
        step: found.step.as_ref().map(title).unwrap_or_default(),
        basis: rule.and_then(|rule| rule.basis.clone()),
        light: watch.light(found.met.map_or(file.now, |(at, _)| at)),
        summary: summary(spoken, file, (term, found), (rule.map(|rule| &rule.from), suspended.as_slice())),
        due: term.due.map(|due| due.to_string()),
        provisional: term.provisional,
        met: found.met.map(|(at, met)| spoken.with(if met { "term-met" } else { "term-closed" }, &[("day", &spoken.day(at.date()))])),
        months: months(spoken, &explained, (today, term.due), &stops),
        stops,
        earlier: earlier(spoken, file, id),
        calendar: spoken.with("term-calendar", &[("title", &spoken.say(file.known.calendar.title())), ("version", file.known.calendar.version())]),
        counted,
        rungs: term.rungs.iter().map(|rung| Rung { at: rung.at.0, notice: spoken.named("term-reminder", &rung.notice.replace('.', "-")) }).collect(),
    }
}

/// The sentence first: from when, how long, what was left out, so that day.
fn summary(
    spoken: &Spoken<'_>,
    file: &Casefile,
    (term, found): (&Term, &Found),
    (start, suspended): (Option<&TermStart>, &[(NaiveDate, NaiveDate)]),
) -> Vec<String> {
    let mut said = Vec::new();
    let step = |step: &str, outcome: &str| {
        let title = file.node(&found.program, step).map_or_else(|| step.to_owned(), |node| spoken.say(&node.title));
        (title, spoken.outcome(outcome))
    };
    let from = spoken.day(term.from);
    said.push(match start {
        Some(TermStart::Outcome { step: key, outcome }) => {
            let (step, outcome) = step(key, outcome);
            spoken.with("term-from-outcome", &[("day", &from), ("step", &step), ("outcome", &outcome)])
        }
        Some(TermStart::Received { .. }) => spoken.with("term-from-received", &[("day", &from)]),
        Some(TermStart::Entered) | None => spoken.with("term-from-entered", &[("day", &from)]),
    });
    if let Some(came) = came_late(file, term.from) {
        said.push(spoken.with("term-filed-late", &[("at", &came.civil().format("%Y-%m-%d %H:%M").to_string())]));
    }
    said.push(spoken.with("term-within", &[("within", &spoken.span(term.within))]));
    if let Some(by) = term.extended {
        said.push(spoken.with("term-extended", &[("by", &spoken.span(by))]));
    }
    // Only what its author wrote is said: the rule for all is the calendar's.
    said.extend(term.manner.rolls.map(|rolls| {
        spoken.t(match rolls {
            Roll::Never => "term-rolls-never",
            Roll::AsPublished | Roll::Holidays => "term-rolls-holidays",
            Roll::DaysOff => "term-rolls-days-off",
        })
    }));
    let left_out: i64 = suspended.iter().map(|(first, last)| last.signed_duration_since(*first).num_days() + 1).sum();
    if left_out > 0 {
        said.push(spoken.with("term-left-out", &[("days", &left_out.to_string())]));
    }
    said.push(match term.due {
        Some(due) if term.stopped_on.is_some() => spoken.with("term-due-if-resumed", &[("day", &spoken.day(due))]),
        Some(due) => spoken.with("term-due", &[("day", &spoken.day(due)), ("left", &spoken.left(Some(due), file.now))]),
        None => spoken.t("term-due-unknown"),
    });
    said
}

/// When papers came that count as handed in on `day`, because offices were closed.
fn came_late(file: &Casefile, day: NaiveDate) -> Option<crate::ids::Moment> {
    let late = |event: &Event| matches!(event, Event::Submitted { on, .. } if *on == day);
    file.entries.iter().find(|entry| entry.at.date() < day && entry.events.iter().any(late)).map(|entry| entry.at)
}

/// The dates it had before, the latest first, each with what made it another.
fn earlier(spoken: &Spoken<'_>, file: &Casefile, id: Local) -> Vec<Earlier> {
    let (mut stood, mut earlier): (Option<NaiveDate>, Vec<Earlier>) = (None, Vec::new());
    for (at, event) in file.entries.iter().flat_map(|entry| entry.events.iter().map(move |event| (entry.at, event))) {
        match event {
            Event::TermStarted { term, due, .. } if *term == id => stood = *due,
            Event::TermMoved { term, due, because, .. } if *term == id => {
                if stood != *due {
                    earlier.push(Earlier { due: stood.map(|day| day.to_string()), at: at.0, because: because_said(spoken, because) });
                }
                stood = *due;
            }
            _ => {}
        }
    }
    earlier.reverse();
    earlier
}

/// What made a date another.
pub fn because_said(spoken: &Spoken<'_>, because: &str) -> String {
    match because.split_once(':') {
        Some(("calendar", version)) => spoken.with("term-because-calendar", &[("version", version)]),
        Some(_) | None => match because {
            "resumed" => spoken.t("term-because-resumed"),
            "extended" => spoken.t("term-because-extended"),
            "calendar" => spoken.t("term-because-some-calendar"),
            _ => spoken.t("term-because-other"),
        },
    }
}

/// Each stop with its cause, from the acts: several may hold the clock at once. One that came too late to count is left out.
fn stops(spoken: &Spoken<'_>, file: &Casefile, id: Local, today: NaiveDate) -> Vec<Stop> {
    let mut held: Vec<(Local, &str, NaiveDate, Option<NaiveDate>)> = Vec::new();
    for event in file.entries.iter().flat_map(|entry| &entry.events) {
        match event {
            Event::TermStopped { term, token, cause, on, counts: true } if *term == id => held.push((*token, cause, *on, None)),
            Event::TermResumed { term, token, on } if *term == id => {
                held.iter_mut().filter(|(by, .., until)| by == token && until.is_none()).for_each(|(.., until)| *until = Some(*on));
            }
            _ => {}
        }
    }
    let stop = |(_, cause, on, until): (Local, &str, NaiveDate, Option<NaiveDate>)| {
        let (first, last) = (on.succ_opt()?, until.unwrap_or(today));
        let days = last.signed_duration_since(first).num_days() + 1;
        (days > 0).then(|| Stop { first, last, from: first.to_string(), until: until.map(|last| last.to_string()), days, cause: spoken.named("cause", cause) })
    };
    held.into_iter().filter_map(stop).collect()
}

/// Why a day counts or not; a day that is left out names what held the clock.
fn why(spoken: &Spoken<'_>, note: &DayNote, stops: &[Stop]) -> String {
    let why = spoken.say(&Text { zh: note.why.zh(), en: note.why.en() });
    let causes: Vec<&str> = stops.iter().filter(|stop| (stop.first..=stop.last).contains(&note.date)).map(|stop| stop.cause.as_str()).collect();
    if note.why == DayWhy::Suspended && !causes.is_empty() {
        spoken.with("term-held-by", &[("why", &why), ("causes", &causes.join(&spoken.t("case-and")))])
    } else {
        why
    }
}

fn months(spoken: &Spoken<'_>, explained: &Explanation, (today, due): (NaiveDate, Option<NaiveDate>), stops: &[Stop]) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    for note in &explained.days {
        let title = note.date.format("%Y-%m").to_string();
        if months.last().is_none_or(|month| month.title != title) {
            months.push(Month { title, counted: 0, days: Vec::new(), open: false });
        }
        let Some(month) = months.last_mut() else { continue };
        month.counted += u32::from(note.counted.is_some());
        month.open |= note.date == today || Some(note.date) == due;
        let why = why(spoken, note, stops);
        month.days.push(Day { date: note.date.to_string(), counted: note.counted, why, today: note.date == today, due: Some(note.date) == due });
    }
    if months.len() == 1 {
        months.iter_mut().for_each(|month| month.open = true);
    }
    months
}
