//! What every page shows around its own: who is signed in, where they may go, the language, the demonstration's clock.

use serde::Serialize;

use crate::app::App;
use crate::app::sign_in::SignedIn;
use crate::identity::may::is_connector;
use crate::ids::{Name, Text};
use crate::notice::Language;

/// The frame of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Site {
    /// Its language.
    #[serde(rename = "lang")]
    pub language: Language,
    /// Somebody chose that language in this browser; else it is their own.
    #[serde(skip)]
    pub chosen: bool,
    /// The address shown, with its query.
    pub here: String,
    /// Who is signed in.
    pub user: Option<User>,
    /// Where they may go.
    pub nav: Vec<Place>,
    /// The pages beside the one shown, where its entry leads to several.
    pub beside: Vec<Place>,
    /// The moment of the pages, China time.
    pub now: String,
    /// A form that waits in the page: another language must not lose it.
    pub kept: Option<String>,
    /// The clock can be moved: a demonstration.
    pub demo: bool,
}

/// Somebody signed in, as the frame shows them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct User {
    /// The name.
    pub name: String,
    /// Offices and posts, readable.
    pub posts: Vec<Held>,
}

/// A post held today.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// The office's name.
    pub office: Text,
    /// The key of the post's word.
    pub post: String,
}

/// An entry of the navigation.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// Where it leads.
    pub href: &'static str,
    /// The key of its word.
    pub word: &'static str,
    /// The page shown is there.
    pub current: bool,
}

impl Site {
    /// The same page for somebody signed in.
    #[must_use]
    pub fn of(mut self, app: &App, signed_in: &SignedIn) -> Self {
        let known = &signed_in.known;
        let posts = known.roster.posts_of(signed_in.person, app.clock().now().date());
        let person = known.roster.people.get(&signed_in.person);
        let held = |(office, post): &(Name, Name)| Held {
            office: known.office(office),
            post: if is_connector(post) { "post-connector".to_owned() } else { format!("post-{post}") },
        };
        self.user = Some(User { name: person.map(|person| person.name.clone()).unwrap_or_default(), posts: posts.iter().map(held).collect() });
        if let Some(person) = person.filter(|_| !self.chosen) {
            self.language = Language::of(&person.language);
        }
        let words: Vec<String> = posts.iter().map(|(_, post)| post.to_string()).collect();
        let path = self.here.split('?').next().unwrap_or_default();
        self.nav = places(&words, path);
        self.beside = beside(&words, path);
        self
    }
}

/// Pages that stand below an entry by another address.
const BELOW: [(&str, &str); 6] = [
    ("/reports", "/lights"),
    ("/assessment", "/ledger"),
    ("/accounts/land", "/land"),
    ("/accounts/plot", "/land"),
    ("/accounts/fund", "/funds"),
    ("/system", SYSTEM[0].0),
];

/// What the installation is run by: pages behind one entry, which would fill two rows by themselves.
const SYSTEM: [(&str, &str); 6] = [
    ("/system/people", "nav-people"),
    ("/system/notices", "nav-notices"),
    ("/system/texts", "nav-texts"),
    ("/system/calendars", "nav-calendars"),
    ("/system/jobs", "nav-jobs"),
    ("/system/webhooks", "nav-webhooks"),
];

fn runs(posts: &[String]) -> bool {
    posts.iter().any(|post| post == "operator")
}

fn within(path: &str, href: &str) -> bool {
    path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with(['/', '?']))
}

/// The pages beside one of the system's, for whoever runs it.
fn beside(posts: &[String], path: &str) -> Vec<Place> {
    if !runs(posts) || !within(path, "/system") {
        return Vec::new();
    }
    SYSTEM.map(|(href, word)| Place { href, word, current: within(path, href) }).into()
}

/// The entries for somebody with `posts`, by what they do all day.
#[must_use]
pub fn places(posts: &[String], path: &str) -> Vec<Place> {
    let holds = |wanted: &[&str]| posts.iter().any(|post| wanted.contains(&post.as_str()));
    let applicant = holds(&["agent"]);
    let official = posts.iter().any(|post| post != "agent");
    let all = [
        (applicant, "/projects", "nav-projects"),
        (applicant || holds(&["receiver", "escort"]), "/apply", "nav-apply"),
        (official, "/inbox", "nav-inbox"),
        (official, "/cases", "nav-cases"),
        (official, "/office", "nav-office"),
        (official, "/lights", "nav-lights"),
        (official, "/land", "nav-land"),
        (official, "/funds", "nav-funds"),
        (official, "/indicators", "nav-indicators"),
        (official, "/items", "nav-items"),
        (official, "/ledger", "nav-ledger"),
        (holds(&["auditor", "sup_clerk", "sup_head"]), "/audit", "nav-audit"),
        (runs(posts), SYSTEM[0].0, "nav-system"),
    ];
    let current = |href: &str| within(path, href) || BELOW.iter().any(|(page, of)| *of == href && within(path, page));
    all.into_iter().filter(|(shown, ..)| *shown).map(|(_, href, word)| Place { href, word, current: current(href) }).collect()
}

/// Where somebody begins.
#[must_use]
pub fn home(posts: &[String]) -> &'static str {
    let holds = |wanted: &[&str]| posts.iter().any(|post| wanted.contains(&post.as_str()));
    match () {
        () if holds(&["sup_clerk", "sup_head", "leader", "issuer"]) => "/lights",
        () if holds(&["auditor"]) => "/audit",
        () if runs(posts) => SYSTEM[0].0,
        () if posts.iter().any(|post| post != "agent") => "/inbox",
        () => "/projects",
    }
}
