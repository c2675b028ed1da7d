//! Every text of a notice: how it looks before anybody gets it, and how far its registration with the carrier has come.
//! Invariant: a preview is written by the same templates as the real thing, with made-up facts. Never: a text edited here; the wording belongs to the program.

mod one;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use crate::app::known::Known;
use crate::identity::may::Act;
use crate::notice::{Clearance, Kind, Language};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::pages::notices::kind_word;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/system/texts", get(list)).merge(one::router())
}

/// How far the registration of one short message has come.
#[derive(Clone, Debug, Serialize)]
struct Standing {
    /// The key of the word for it, after `texts-state-`.
    state: &'static str,
    /// It is switched on.
    on: bool,
    /// It leaves: approved as it stands, and on.
    leaves: bool,
    /// It is on, and does not leave.
    withheld: bool,
}

/// `None` where the kind has no short message.
fn standing(shared: &Shared, known: &Known, kind: Kind, language: Language) -> Option<Standing> {
    let clearance = shared.app.clearance(known, kind, language)?;
    let on = known.texts.is_on(kind, language);
    let approved = clearance == Clearance::Approved;
    Some(Standing { state: clearance.key(), on, leaves: on && approved, withheld: on && !approved })
}

#[derive(Serialize)]
struct ListPage {
    groups: Vec<Group>,
    count: usize,
    leaving: usize,
    withheld: usize,
    all: usize,
    signature: String,
}

/// Kinds that address the same people.
#[derive(Serialize)]
struct Group {
    word: &'static str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    key: &'static str,
    word: String,
    zh: Option<Standing>,
    en: Option<Standing>,
}

/// The groups of the list: to applicants, to offices, digests, accounts.
fn group(kind: Kind) -> &'static str {
    match kind.key().split_once('.').map_or("", |(before, _)| before) {
        "a" => "texts-group-applicant",
        "o" => "texts-group-office",
        "account" => "texts-group-account",
        _ => "texts-group-digest",
    }
}

async fn list(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    visitor.permit(Act::ManageNotices)?;
    let known = &visitor.known;
    let mut groups: Vec<Group> = Vec::new();
    for kind in Kind::ALL {
        let row = Row {
            key: kind.key(),
            word: kind_word(kind.key()),
            zh: standing(&shared, known, *kind, Language::Zh),
            en: standing(&shared, known, *kind, Language::En),
        };
        match groups.iter_mut().find(|found| found.word == group(*kind)) {
            Some(found) => found.rows.push(row),
            None => groups.push(Group { word: group(*kind), rows: vec![row] }),
        }
    }
    let standings: Vec<&Standing> = groups.iter().flat_map(|group| &group.rows).flat_map(|row| [&row.zh, &row.en]).flatten().collect();
    let (leaving, withheld, all) =
        (standings.iter().filter(|standing| standing.leaves).count(), standings.iter().filter(|standing| standing.withheld).count(), standings.len());
    let signature = shared.app.templates().signature().of(visitor.site.language).to_owned();
    let data = ListPage { groups, count: Kind::ALL.len(), leaving, withheld, all, signature };
    let title = shared.pages.word(visitor.site.language, "texts-title");
    Ok(shared.pages.page(&visitor.site, "texts", &title, &data))
}
