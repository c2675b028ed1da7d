//! People and their posts, for whoever runs the installation: the list, somebody new, one person.
//! Invariant: every change is an act on the register by the operator who made it. Never: a password; a person sets their own by a link.

mod add;
mod person;

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::app::known::Known;
use crate::app::people::{Change, meant};
use crate::identity::may::Act;
use crate::identity::{Holding, POSTS, Person};
use crate::ids::{CommandId, PersonId, Text};
use crate::limits::PEOPLE_PER_PAGE;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/system/people", get(list)).merge(add::router()).merge(person::router())
}

/// A post somebody holds, held or will hold.
#[derive(Clone, Debug, Serialize)]
pub struct HoldingRow {
    /// The office's name.
    pub office: Text,
    /// Its key.
    pub office_key: String,
    /// The key of the post's word.
    pub post: String,
    /// The post's key.
    pub post_key: String,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub until: Option<NaiveDate>,
    /// The key of the word for where today is: `holding-now`, `holding-coming`, `holding-over`.
    pub state: &'static str,
    /// It can be given an end: it is not over.
    pub open: bool,
}

/// The posts of a person, those of today first, then those to come, then those over.
#[must_use]
pub fn held_by(known: &Known, person: PersonId, today: NaiveDate) -> Vec<HoldingRow> {
    let place = |held: &Holding| match (held.from, held.until) {
        (_, Some(until)) if until < today => ("holding-over", 2),
        (Some(from), _) if from > today => ("holding-coming", 1),
        _ => ("holding-now", 0),
    };
    let mut held: Vec<&Holding> = known.roster.holdings.iter().filter(|held| held.person == person).collect();
    held.sort_by_key(|held| (place(held).1, held.office.clone(), held.post.clone(), held.from));
    let row = |held: &Holding| HoldingRow {
        office: known.office(&held.office),
        office_key: held.office.to_string(),
        post: post_word(&held.post),
        post_key: held.post.to_string(),
        from: held.from,
        until: held.until,
        state: place(held).0,
        open: place(held).1 < 2,
    };
    held.into_iter().map(row).collect()
}

/// The key of a post's word; a post that only one place has is called by one word for all such.
fn post_word(post: &str) -> String {
    if POSTS.contains(&post) { format!("post-{post}") } else { "post-other".to_owned() }
}

/// A choice of a list.
#[derive(Clone, Debug, Serialize)]
struct Choice {
    value: String,
    title: Text,
    chosen: bool,
}

/// The offices of today, by name.
fn offices(known: &Known, today: NaiveDate, chosen: &str) -> Vec<Choice> {
    let there = known.roster.offices.values().filter(|office| office.until.is_none_or(|until| until >= today));
    let choice = |office: &crate::identity::Office| Choice {
        value: office.key.to_string(),
        title: Text { zh: office.zh.clone(), en: office.en.clone() },
        chosen: *office.key == *chosen,
    };
    let mut choices: Vec<Choice> = there.map(choice).collect();
    choices.sort_by(|left, right| left.value.cmp(&right.value));
    choices
}

/// A post to choose, by the key of its word.
#[derive(Clone, Debug, Serialize)]
struct PostChoice {
    value: &'static str,
    word: String,
    chosen: bool,
}

fn posts(chosen: &str) -> Vec<PostChoice> {
    POSTS.iter().map(|post| PostChoice { value: post, word: post_word(post), chosen: *post == chosen }).collect()
}

/// The id of a change: of the form it came from and of what it says, because one page has several forms.
pub fn once(command: &str, change: &Change) -> Option<CommandId> {
    let form: CommandId = command.parse().ok()?;
    let said = serde_json::to_string(change).ok()?;
    Some(CommandId::of(&format!("{form}\n{said}")))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    state: String,
    page: String,
}

#[derive(Serialize)]
struct ListPage {
    q: String,
    chips: Vec<Chip>,
    people: Vec<PersonRow>,
    found: usize,
    all: usize,
    page: usize,
    pages: usize,
    back: Option<String>,
    on: Option<String>,
}

#[derive(Serialize)]
struct Chip {
    href: String,
    word: &'static str,
    count: usize,
    current: bool,
}

#[derive(Serialize)]
struct PersonRow {
    login: String,
    name: String,
    email: Option<String>,
    state: &'static str,
    posts: Vec<HoldingRow>,
}

/// Where somebody stands with their account.
fn state_of(person: &Person, with_password: &BTreeSet<PersonId>) -> &'static str {
    match (person.disabled, with_password.contains(&person.id)) {
        (true, _) => "disabled",
        (false, true) => "active",
        (false, false) => "new",
    }
}

const STATES: [(&str, &str); 4] = [("", "people-all"), ("active", "people-active"), ("new", "people-new"), ("disabled", "people-disabled")];

async fn list(State(shared): State<Shared>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    visitor.permit(Act::ReadPeople)?;
    let with_password = shared.app.with_password(visitor.tenant).await?;
    let known = &visitor.known;
    let today = shared.app.clock().now().date();
    let typed = asked.q.trim();
    let in_office = |person: &Person| {
        let held = |held: &Holding| held.person == person.id && (held.office.contains(typed) || known.office(&held.office).zh.contains(typed));
        !typed.is_empty() && known.roster.holdings.iter().any(held)
    };
    let mut found: Vec<&Person> = known.roster.people.values().filter(|person| meant(person, typed) || in_office(person)).collect();
    found.sort_by(|left, right| left.login.cmp(&right.login));
    let address = |state: &str, page: usize| {
        let page = page.to_string();
        let pairs = [("q", typed), ("state", state), ("page", if page == "1" { "" } else { &page })];
        let query = serde_html_form::to_string(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>()).unwrap_or_default();
        if query.is_empty() { "/system/people".to_owned() } else { format!("/system/people?{query}") }
    };
    let count = |state: &str| found.iter().filter(|person| state.is_empty() || state_of(person, &with_password) == state).count();
    let chip = |(state, word): (&str, &'static str)| Chip { href: address(state, 1), word, count: count(state), current: asked.state == state };
    let chips = STATES.into_iter().map(chip).collect();
    found.retain(|person| asked.state.is_empty() || state_of(person, &with_password) == asked.state);
    let pages = found.len().div_ceil(PEOPLE_PER_PAGE).max(1);
    let page = asked.page.parse().unwrap_or(1).clamp(1, pages);
    let row = |person: &&Person| PersonRow {
        login: person.login.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        state: state_of(person, &with_password),
        posts: held_by(known, person.id, today).into_iter().filter(|held| held.open).collect(),
    };
    let data = ListPage {
        q: typed.to_owned(),
        chips,
        people: found.iter().skip((page - 1) * PEOPLE_PER_PAGE).take(PEOPLE_PER_PAGE).map(row).collect(),
        found: found.len(),
        all: known.roster.people.len(),
        page,
        pages,
        back: (page > 1).then(|| address(&asked.state, page - 1)),
        on: (page < pages).then(|| address(&asked.state, page + 1)),
    };
    let title = shared.pages.word(visitor.site.language, "people-title");
    Ok(shared.pages.page(&visitor.site, "people", &title, &data))
}
