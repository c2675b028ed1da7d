//! Somebody new: login, how to reach them, a first post, the invitation.
//! Invariant: a mistake brings the form back as it was typed, with every mistake named.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Choice, PostChoice, offices, once, posts};
use crate::app::failure::Failure;
use crate::app::people::{Change, Contact, Post};
use crate::engine::refusal::{Detail, Refusal};
use crate::identity::may::Act;
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::{Entry, Mistake, mistakes};
use crate::web::pages::case::fresh_command;
use crate::web::visitor::Visitor;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/system/people/new", get(show).post(add))
}

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    command: String,
    login: String,
    name: String,
    email: String,
    phone: String,
    language: String,
    office: String,
    post: String,
    from: String,
    until: String,
    invite: Option<String>,
}

#[derive(Serialize)]
struct AddPage {
    command: String,
    entries: Vec<Entry>,
    english: bool,
    offices: Vec<Choice>,
    posts: Vec<PostChoice>,
    days: Vec<Entry>,
    wrong_post: bool,
    invite: bool,
    mistakes: Vec<Mistake>,
}

/// Name and addresses as lines of a form.
pub(super) fn contact_entries(contact: &Contact, wrong: Option<&Refusal>) -> Vec<Entry> {
    let entries = [
        Entry::new("name", "people-name", "text", "off").typed(&contact.name),
        Entry::new("email", "people-email", "email", "off").optional().hinted("people-email-hint").typed(&contact.email),
        Entry::new("phone", "people-phone", "tel", "off").optional().hinted("people-phone-hint").typed(&contact.phone),
    ];
    entries.into_iter().map(|entry| entry.judged(wrong)).collect()
}

/// First and last day of a post as lines of a form.
pub(super) fn day_entries(from: &str, until: &str, wrong: Option<&Refusal>) -> Vec<Entry> {
    let from = Entry::new("from", "people-from", "date", "off").optional().hinted("people-from-hint").typed(from);
    let until = Entry::new("until", "people-until", "date", "off").optional().hinted("people-until-hint").typed(until);
    vec![from.judged(wrong), until.judged(wrong)]
}

/// A day as a browser sends it; nothing for an empty line.
///
/// # Errors
/// What is wrong with it.
pub(super) fn day(path: &str, typed: &str) -> Result<Option<NaiveDate>, Detail> {
    match typed.trim() {
        "" => Ok(None),
        typed => typed.parse().map(Some).map_err(|_| {
            let (zh, en) = (format!("日期应写作 2025-03-03，现在是“{typed}”"), format!("expected a day such as 2025-03-03, found `{typed}`"));
            Detail::new(path, "wrong_value", zh, en)
        }),
    }
}

async fn show(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    let typed = Typed { invite: Some("on".to_owned()), ..Typed::default() };
    page(&shared, &visitor, &typed, None)
}

fn page(shared: &Shared, visitor: &Visitor, typed: &Typed, wrong: Option<&Refusal>) -> Result<Response, Trouble> {
    visitor.permit(Act::ManagePeople)?;
    let login = Entry::new("login", "people-login", "text", "off").hinted("people-login-hint").typed(&typed.login).judged(wrong);
    let data = AddPage {
        command: fresh_command()?,
        entries: std::iter::once(login).chain(contact_entries(&typed.contact(), wrong)).collect(),
        english: Language::of(&typed.language) == Language::En,
        offices: offices(&visitor.known, shared.app.clock().now().date(), &typed.office),
        posts: posts(&typed.post),
        days: day_entries(&typed.from, &typed.until, wrong),
        wrong_post: wrong.is_some_and(|refusal| refusal.details.iter().any(|detail| detail.path.starts_with("post"))),
        invite: typed.invite.is_some(),
        mistakes: mistakes(wrong),
    };
    let title = shared.pages.word(visitor.site.language, "people-add");
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(shared.pages.page_with(status, &visitor.site, "person-add", &title, &data))
}

impl Typed {
    fn contact(&self) -> Contact {
        Contact { name: self.name.clone(), email: self.email.clone(), phone: self.phone.clone(), language: self.language.clone() }
    }

    /// The change this asks for.
    fn change(&self) -> Result<Change, Refusal> {
        let (from, until) = (day("from", &self.from), day("until", &self.until));
        let mut details: Vec<Detail> = [from.as_ref().err(), until.as_ref().err()].into_iter().flatten().cloned().collect();
        if self.office.is_empty() != self.post.is_empty() {
            let en = "expected both an office and a post, or neither";
            details.push(Detail::new("post", "missing", "单位和岗位要么都选，要么都不选", en));
        }
        if !details.is_empty() {
            let wrong = Refusal::invalid("person_wrong", "请改正下列各处。", "cannot add the person: correct what is listed");
            return Err(Refusal { details, ..wrong });
        }
        let post = Post { office: self.office.clone(), post: self.post.clone(), from: from.ok().flatten(), until: until.ok().flatten() };
        let posts = if self.office.is_empty() { Vec::new() } else { vec![post] };
        Ok(Change::Add { login: self.login.trim().to_owned(), contact: self.contact(), posts, invite: self.invite.is_some() })
    }
}

async fn add(State(shared): State<Shared>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    visitor.permit(Act::ManagePeople)?;
    let change = match typed.change() {
        Ok(change) => change,
        Err(refusal) => return page(&shared, &visitor, &typed, Some(&refusal)),
    };
    match shared.app.manage(visitor.tenant, visitor.actor(), once(&typed.command, &change), &change).await {
        Ok(_) => Ok(Redirect::to(&super::person::address(&typed.login, "added")).into_response()),
        Err(Failure::Refused(refusal)) if !refusal.details.is_empty() => page(&shared, &visitor, &typed, Some(&refusal)),
        Err(failure) => Err(failure.into()),
    }
}
