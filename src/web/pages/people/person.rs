//! One person: how to reach them, their posts, their access, the invitation.
//! Invariant: each form makes one change and says afterwards what was done.

use std::collections::BTreeSet;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::{Deserialize, Serialize};

use super::add::{contact_entries, day, day_entries};
use super::{Choice, HoldingRow, PostChoice, held_by, offices, once, posts, state_of};
use crate::app::drafts::Seen;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::people::{Change, Contact, Post};
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::Person;
use crate::identity::may::Act;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::{Entry, Mistake, mistakes};
use crate::web::pages::case::fresh_command;
use crate::web::visitor::Visitor;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/system/people/{login}", get(show).post(change))
}

/// The address of somebody's page, with what was done.
pub(super) fn address(login: &str, done: &str) -> String {
    let login = login.trim();
    // A login is letters, digits, dots, dashes and underscores; anything else is not in the roster and leads nowhere.
    if crate::app::people::login_of(login).is_ok() { format!("/system/people/{login}?done={done}") } else { "/system/people".to_owned() }
}

#[derive(Serialize)]
struct PersonPage {
    command: String,
    login: String,
    name: String,
    state: &'static str,
    own: bool,
    reachable: bool,
    done: Option<&'static str>,
    /// What the lines of the contact form hold before anybody types.
    seen: String,
    entries: Vec<Entry>,
    english: bool,
    holdings: Vec<HoldingRow>,
    today: String,
    offices: Vec<Choice>,
    posts: Vec<PostChoice>,
    days: Vec<Entry>,
    mistakes: Vec<Mistake>,
}

/// What was typed into one of the forms; `act` says which.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    command: String,
    act: String,
    seen: String,
    name: String,
    email: String,
    phone: String,
    language: String,
    office: String,
    post: String,
    from: String,
    until: String,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

const DONE: [(&str, &str); 7] = [
    ("added", "person-done-added"),
    ("contact", "person-done-contact"),
    ("give", "person-done-give"),
    ("end", "person-done-end"),
    ("disable", "person-done-disable"),
    ("enable", "person-done-enable"),
    ("invite", "person-done-invite"),
];

async fn show(State(shared): State<Shared>, visitor: Visitor, Path(login): Path<String>, Query(query): Query<Done>) -> Result<Response, Trouble> {
    visitor.permit(Act::ReadPeople)?;
    let done = DONE.iter().find(|(key, _)| query.done.as_deref() == Some(key)).map(|(_, word)| *word);
    let person = find(&visitor, &login)?;
    page(&shared, &visitor, &person, None, done, None).await
}

fn find(visitor: &Visitor, login: &str) -> Result<Person, Refusal> {
    visitor.known.roster.people.values().find(|person| person.login == login).cloned().ok_or_else(|| {
        let (zh, en) = (format!("没有登录名为“{login}”的人员。"), format!("cannot find a person with the login `{login}`"));
        Refusal::not_found("unknown_person", zh, en)
    })
}

async fn page(
    shared: &Shared,
    visitor: &Visitor,
    person: &Person,
    typed: Option<&Typed>,
    done: Option<&'static str>,
    wrong: Option<&Refusal>,
) -> Result<Response, Trouble> {
    let (known, today) = (&visitor.known, shared.app.clock().now().date());
    let with_password = shared.app.with_password(visitor.tenant).await?;
    let held = held_contact(person);
    let seen = Seen::of(&written(&held)?, CONTACT).written();
    let contact = typed.filter(|typed| typed.act == "contact").map_or(held, Typed::contact);
    let given = typed.filter(|typed| typed.act == "give");
    let (office, post) = given.map_or(("", ""), |typed| (&typed.office, &typed.post));
    let (from, until) = given.map_or((today.to_string(), String::new()), |typed| (typed.from.clone(), typed.until.clone()));
    let data = PersonPage {
        command: fresh_command()?,
        login: person.login.clone(),
        name: person.name.clone(),
        state: state_of(person, &with_password),
        own: person.id == visitor.person,
        reachable: person.email.is_some() && !person.disabled,
        done,
        seen,
        english: Language::of(&contact.language) == Language::En,
        entries: contact_entries(&contact, wrong.filter(|_| given.is_none())),
        holdings: held_by(known, person.id, today),
        today: today.to_string(),
        offices: offices(known, today, office),
        posts: posts(post),
        days: day_entries(&from, &until, wrong.filter(|_| given.is_some())),
        mistakes: mistakes(wrong),
    };
    let title = format!("{} · {}", person.name, shared.pages.word(visitor.site.language, "people-title"));
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(shared.pages.page_with(status, &visitor.site, "person", &title, &data))
}

/// The lines of the contact form.
const CONTACT: [&str; 4] = ["name", "email", "phone", "language"];

fn held_contact(person: &Person) -> Contact {
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    Contact { name: person.name.clone(), email: said(&person.email), phone: said(&person.phone), language: person.language.clone() }
}

fn written(contact: &Contact) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(contact).map_err(|cause| Fault::new("comparing what two windows typed", cause))
}

/// What two windows typed, put together: a line that only one of them changed is as that one left it, a line that both changed is asked about.
fn merged(person: &Person, typed: &Typed) -> Result<Contact, Failure> {
    let (held, mine) = (written(&held_contact(person))?, written(&typed.contact())?);
    let merged = Seen::read(&typed.seen).merge(&held, &mine, &BTreeSet::new());
    if merged.contested.is_empty() {
        return Ok(serde_json::from_value(merged.form).map_err(|cause| Fault::new("putting together what two windows typed", cause))?);
    }
    let moved = |key: &String| {
        let now = held.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        let (zh, en) = (format!("另一个窗口已改为“{now}”；仍要用您填的，请再保存一次"), format!("another window saved “{now}”; save once more to keep yours"));
        Detail::new(key, "contested", zh, en)
    };
    let details = merged.contested.iter().map(moved).collect();
    let said = refusal("contact_contested", Class::Conflict, "另一个窗口改过同一处，没有保存。", "nothing was saved: another window changed the same");
    Err(Refusal { details, ..said }.into())
}

impl Typed {
    fn contact(&self) -> Contact {
        Contact { name: self.name.clone(), email: self.email.clone(), phone: self.phone.clone(), language: self.language.clone() }
    }

    /// The change this asks for.
    fn change(&self, login: String) -> Result<Change, Refusal> {
        let wrong = |details| Refusal { details, ..Refusal::invalid("person_wrong", "请改正下列各处。", "cannot do this: correct what is listed") };
        let days = || {
            let (from, until) = (day("from", &self.from), day("until", &self.until));
            let details: Vec<Detail> = [from.as_ref().err(), until.as_ref().err()].into_iter().flatten().cloned().collect();
            if details.is_empty() { Ok((from.ok().flatten(), until.ok().flatten())) } else { Err(wrong(details)) }
        };
        match self.act.as_str() {
            "contact" => Ok(Change::Contact { login, contact: self.contact() }),
            "give" => {
                let (from, until) = days()?;
                if self.office.is_empty() || self.post.is_empty() {
                    return Err(wrong(vec![Detail::new("post", "missing", "请选择单位和岗位", "expected an office and a post")]));
                }
                Ok(Change::Give { login, post: Post { office: self.office.clone(), post: self.post.clone(), from, until } })
            }
            "end" => {
                let (from, until) = days()?;
                let until = until.ok_or_else(|| wrong(vec![Detail::new("until", "missing", "请填写最后一天", "expected the last day")]))?;
                Ok(Change::End { login, office: self.office.clone(), post: self.post.clone(), from, until })
            }
            "disable" => Ok(Change::Disable { login }),
            "enable" => Ok(Change::Enable { login }),
            "invite" => Ok(Change::Invite { login }),
            other => Err(Refusal::invalid("unknown_act", format!("没有操作“{other}”。"), format!("cannot do `{other}`: there is no such act"))),
        }
    }
}

async fn change(State(shared): State<Shared>, visitor: Visitor, Path(login): Path<String>, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    visitor.permit(Act::ManagePeople)?;
    let person = find(&visitor, &login)?;
    let asked = match typed.change(login.clone()).map_err(Failure::from) {
        Ok(Change::Contact { login, .. }) => merged(&person, &typed).map(|contact| Change::Contact { login, contact }),
        asked => asked,
    };
    let changed = match asked {
        Ok(change) => shared.app.manage(visitor.tenant, visitor.actor(), once(&typed.command, &change), &change).await,
        Err(failure) => Err(failure),
    };
    match changed {
        Ok(_) => Ok(Redirect::to(&address(&login, &typed.act)).into_response()),
        Err(Failure::Refused(refusal)) => page(&shared, &visitor, &person, Some(&typed), None, Some(&refusal)).await,
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}
