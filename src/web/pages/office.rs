//! One's own office: who is there, who is away and who stands in (代理、AB 岗), desks that are handed over (交接).
//! Invariant: whoever may not do a thing here sees it and finds no form for it; every change is an act on the register by whoever made it. Never: a signature given for another.

mod acts;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::app::handover::{Handover, seen_by};
use crate::app::notices::short_name;
use crate::engine::refusal::Refusal;
use crate::identity::absence::Absence;
use crate::identity::may::{Act, LEADERS};
use crate::ids::{Name, PersonId};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::{Mistake, mistakes};
use crate::web::pages::case::fresh_command;
use crate::web::pages::case::spoken::Spoken;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/office", get(show))
        .route("/office/away", post(acts::away))
        .route("/office/back", post(acts::back))
        .route("/office/handovers", post(acts::propose))
        .route("/office/handovers/{id}", post(acts::answer))
}

/// What was typed into one of the forms.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Typed {
    command: String,
    act: String,
    /// `login/office/post`.
    whose: String,
    from: String,
    until: String,
    substitute: String,
    giver: String,
    taker: String,
    overseer: String,
    reason: String,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

const DONE: [(&str, &str); 6] = [
    ("away", "office-done-away"),
    ("back", "office-done-back"),
    ("propose", "office-done-propose"),
    ("sign", "office-done-sign"),
    ("decline", "office-done-decline"),
    ("over", "office-done-over"),
];

#[derive(Serialize)]
struct Page {
    command: String,
    done: Option<&'static str>,
    mistakes: Vec<Mistake>,
    offices: Vec<OfficeBlock>,
    absences: Vec<AbsenceRow>,
    away: AwayForm,
    handovers: Vec<HandoverRow>,
    hand: HandForm,
    today: String,
}

#[derive(Serialize)]
struct OfficeBlock {
    title: String,
    people: Vec<PersonRow>,
}

#[derive(Serialize)]
struct PersonRow {
    name: String,
    post: String,
    /// When and to whom, when away today.
    away: Option<String>,
}

#[derive(Serialize)]
struct AbsenceRow {
    name: String,
    post: String,
    from: NaiveDate,
    until: NaiveDate,
    stands_in: String,
    state: &'static str,
    /// The form that ends it, for whoever may.
    end: Option<EndForm>,
}

#[derive(Serialize)]
struct EndForm {
    id: usize,
    whose: String,
    from: NaiveDate,
    until: NaiveDate,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    title: String,
    chosen: bool,
}

#[derive(Serialize)]
struct AwayForm {
    open: bool,
    whose: Vec<Choice>,
    substitutes: Vec<Choice>,
    from: String,
    until: String,
}

#[derive(Serialize)]
struct HandForm {
    open: bool,
    givers: Vec<Choice>,
    takers: Vec<Choice>,
    overseers: Vec<Choice>,
    reason: String,
}

#[derive(Serialize)]
struct HandoverRow {
    id: String,
    at: i64,
    reason: String,
    state: &'static str,
    signers: Vec<Signer>,
    /// It waits for the reader.
    mine: bool,
    /// All signed and not everything went over.
    stuck: bool,
    cases: Vec<HandedRow>,
}

#[derive(Serialize)]
struct Signer {
    role: &'static str,
    name: String,
    at: Option<i64>,
}

#[derive(Serialize)]
struct HandedRow {
    href: String,
    #[serde(rename = "case_number")]
    number: String,
    tasks: usize,
    left: usize,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Query(query): Query<Done>) -> Result<Response, Trouble> {
    visitor.permit(Act::ReadLights)?;
    let done = DONE.iter().find(|(key, _)| query.done.as_deref() == Some(key)).map(|(_, word)| *word);
    page(&shared, &visitor, &Typed::default(), (done, None))
}

fn page(shared: &Shared, visitor: &Visitor, typed: &Typed, (done, wrong): (Option<&'static str>, Option<(&Refusal, StatusCode)>)) -> Result<Response, Trouble> {
    let desk = Desk { spoken: Spoken::to(shared, visitor), visitor, today: shared.app.clock().now().date() };
    let refused = wrong.map(|(refusal, _)| refusal);
    let data = Page {
        command: fresh_command()?,
        done,
        mistakes: mistakes(refused),
        offices: desk.offices(),
        absences: desk.absences(),
        away: desk.away_form(typed, refused.is_some() && typed.act == "away"),
        handovers: seen_by(&visitor.known, visitor.person, desk.today).into_iter().map(|handover| desk.handover(handover)).collect(),
        hand: desk.hand_form(typed, refused.is_some() && typed.act == "propose"),
        today: desk.today.to_string(),
    };
    let status = wrong.map_or(StatusCode::OK, |(_, status)| status);
    Ok(shared.pages.page_with(status, &visitor.site, "office", &desk.spoken.t("office-title"), &data))
}

/// Handovers that wait for somebody's signature.
pub fn to_sign(visitor: &Visitor) -> usize {
    visitor.known.handovers.values().filter(|handover| handover.waits_for(visitor.person)).count()
}

/// Who reads, on which day.
struct Desk<'a> {
    spoken: Spoken<'a>,
    visitor: &'a Visitor,
    today: NaiveDate,
}

impl Desk<'_> {
    /// The offices one works in today.
    fn own(&self) -> Vec<Name> {
        let held = self.visitor.known.roster.own_posts(self.visitor.person, self.today);
        held.into_iter().filter(|(_, post)| &**post != "agent").map(|(office, _)| office).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    fn leads(&self, office: &Name) -> bool {
        self.visitor.known.roster.leads(self.visitor.person, office, self.today)
    }

    /// People of one's offices with their posts, office by office.
    fn people(&self) -> Vec<(Name, Name, PersonId)> {
        let roster = &self.visitor.known.roster;
        let own = self.own();
        let held = roster.people.keys().flat_map(|person| roster.own_posts(*person, self.today).into_iter().map(|(office, post)| (office, post, *person)));
        let mut found: Vec<_> = held.filter(|(office, ..)| own.contains(office)).collect();
        found.sort();
        found
    }

    fn login(&self, person: PersonId) -> String {
        self.visitor.known.roster.people.get(&person).map(|person| person.login.clone()).unwrap_or_default()
    }

    fn offices(&self) -> Vec<OfficeBlock> {
        let people = self.people();
        let block = |office: &Name| OfficeBlock {
            title: self.spoken.office(office),
            people: people.iter().filter(|(at, ..)| at == office).map(|(office, post, person)| self.person(office, post, *person)).collect(),
        };
        self.own().iter().map(block).collect()
    }

    fn person(&self, office: &Name, post: &Name, person: PersonId) -> PersonRow {
        let at = |absence: &&Absence| (absence.person, &absence.office, &absence.post) == (person, office, post) && absence.covers(self.today);
        let away = self.visitor.known.roster.absences.iter().find(at);
        let told = |absence: &Absence| self.spoken.with("office-away-until", &[("until", &self.spoken.day(absence.until)), ("who", &self.stands_in(absence))]);
        PersonRow { name: self.spoken.person(person), post: self.spoken.named("post", post), away: away.map(told) }
    }

    fn stands_in(&self, absence: &Absence) -> String {
        absence.substitute.map_or_else(|| self.spoken.t("office-b-post"), |person| self.spoken.person(person))
    }

    fn absences(&self) -> Vec<AbsenceRow> {
        let own = self.own();
        let mut found: Vec<&Absence> = self.visitor.known.roster.absences.iter().filter(|absence| own.contains(&absence.office)).collect();
        found.sort_by_key(|absence| std::cmp::Reverse((absence.until, absence.from)));
        let row = |(id, absence): (usize, &Absence)| {
            let (state, open) = match absence {
                _ if absence.called_off => ("office-called-off", false),
                _ if absence.until < self.today => ("office-over", false),
                _ if absence.from > self.today => ("office-coming", true),
                _ => ("office-now", true),
            };
            let may = absence.person == self.visitor.person || self.leads(&absence.office);
            let whose = format!("{}/{}/{}", self.login(absence.person), absence.office, absence.post);
            // Up to today for one that runs; one to come is called off by a last day before its first.
            let until = if absence.from > self.today { absence.from.pred_opt().unwrap_or(absence.from) } else { self.today };
            AbsenceRow {
                name: self.spoken.person(absence.person),
                post: self.spoken.named("post", &absence.post),
                from: absence.from,
                until: absence.until,
                stands_in: self.stands_in(absence),
                state,
                end: (open && may).then_some(EndForm { id, whose, from: absence.from, until }),
            }
        };
        found.into_iter().enumerate().map(row).collect()
    }

    fn away_form(&self, typed: &Typed, open: bool) -> AwayForm {
        let people = self.people();
        let may = |(office, _, person): &&(Name, Name, PersonId)| *person == self.visitor.person || self.leads(office);
        let whose = |(office, post, person): &(Name, Name, PersonId)| {
            let value = format!("{}/{office}/{post}", self.login(*person));
            let title = format!("{} · {}", self.spoken.person(*person), self.spoken.named("post", post));
            Choice { chosen: typed.whose == value || (typed.whose.is_empty() && *person == self.visitor.person), value, title }
        };
        AwayForm {
            open,
            whose: people.iter().filter(may).map(whose).collect(),
            substitutes: self.choices(&people, &typed.substitute, |_| true),
            from: if typed.from.is_empty() { self.today.to_string() } else { typed.from.clone() },
            until: typed.until.clone(),
        }
    }

    /// People once each, by login.
    fn choices(&self, people: &[(Name, Name, PersonId)], chosen: &str, wanted: impl Fn(&(Name, Name, PersonId)) -> bool) -> Vec<Choice> {
        let mut seen = std::collections::BTreeSet::new();
        let choice = |held: &(Name, Name, PersonId)| {
            let value = self.login(held.2);
            Choice { chosen: value == chosen, title: format!("{} · {}", self.spoken.person(held.2), self.spoken.named("post", &held.1)), value }
        };
        people.iter().filter(|held| wanted(held)).filter(|held| seen.insert(held.2)).map(choice).collect()
    }

    fn hand_form(&self, typed: &Typed, open: bool) -> HandForm {
        let people = self.people();
        let me = self.login(self.visitor.person);
        let giver = if typed.giver.is_empty() { &me } else { &typed.giver };
        HandForm {
            open,
            givers: self.choices(&people, giver, |(office, _, person)| *person == self.visitor.person || self.leads(office)),
            takers: self.choices(&people, &typed.taker, |_| true),
            overseers: self.choices(&people, &typed.overseer, |(_, post, _)| LEADERS.contains(&&**post)),
            reason: typed.reason.clone(),
        }
    }

    fn handover(&self, handover: &Handover) -> HandoverRow {
        let roles = ["office-giver", "office-taker", "office-overseer"].into_iter().zip(handover.signers());
        let signer =
            |(role, person): (&'static str, PersonId)| Signer { role, name: self.spoken.person(person), at: handover.signed.get(&person).map(|at| at.0) };
        let all = handover.signers().iter().all(|signer| handover.signed.contains_key(signer));
        let state = match handover {
            _ if handover.declined.is_some() => "office-hand-declined",
            _ if handover.done.is_some() => "office-hand-done",
            _ if all => "office-hand-stuck",
            _ => "office-hand-open",
        };
        let row = |handed: &crate::app::handover::Handed| {
            let number = handed.number.clone().unwrap_or_else(|| short_name(handed.case));
            HandedRow { href: format!("/cases/{}", handed.case), number, tasks: handed.tasks, left: handed.left }
        };
        HandoverRow {
            id: handover.id.clone(),
            at: handover.at.0,
            reason: handover.reason.clone(),
            state,
            signers: roles.map(signer).collect(),
            mine: handover.waits_for(self.visitor.person),
            stuck: all && handover.declined.is_none() && handover.done.is_none() && handover.signers().contains(&self.visitor.person),
            cases: handover.cases.iter().map(row).collect(),
        }
    }
}
