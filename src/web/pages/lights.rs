//! The lights board: how many, where, since when; the tasks behind every number; the morning's digest as it will be mailed.
//! Invariant: a number on the board leads to a list of that length. Never: another office's tasks for somebody who watches over one office only.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::calendars::{self, AheadLine};
use super::case::telling::kind_key;
use crate::app::execute::RegisterRows;
use crate::app::lights::{Board, Group, LitLine, LitWanted, SHOWN, Tally};
use crate::engine::refusal::Refusal;
use crate::identity::may::Act;
use crate::ids::{PersonId, Text};
use crate::notice::{self, Kind, Language};
use crate::supervision::Light;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::download::attachment;
use crate::web::permit::{allows, permit};
use crate::web::plot::{Part, bar};
use crate::web::visitor::Visitor;

/// The texts of notices as the program brings them; start-up found them without a mistake.
static TEXTS: LazyLock<Option<notice::Templates>> = LazyLock::new(|| notice::Templates::embedded(notice::Signature::default()).ok());

/// How many tasks one page of a list shows.
const PAGE: u32 = 50;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/lights", get(board))
        .route("/lights/tasks", get(tasks))
        .route("/lights/tasks.csv", get(csv))
        .route("/lights/late", get(late))
        .route("/lights/digest", get(digest))
}

/// What stands in the address of the board and of a list.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Asked {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    office: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    light: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    link: String,
    /// `applicants`, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pool: String,
    /// `today`, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    new: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    after: String,
}

impl Asked {
    fn address(&self, path: &str) -> String {
        let query = serde_html_form::to_string(self).unwrap_or_default();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    fn wanted(&self) -> LitWanted {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        LitWanted {
            light: light_of(&self.light),
            link: some(&self.link),
            office: some(&self.office),
            applicants: self.pool == "applicants",
            fresh: self.new == "today",
            after: some(&self.after),
        }
    }
}

pub(super) const fn key(light: Light) -> &'static str {
    match light {
        Light::Green => "green",
        Light::Grey => "grey",
        Light::Yellow => "yellow",
        Light::Red => "red",
        Light::DarkRed => "dark-red",
    }
}

fn light_of(text: &str) -> Option<Light> {
    SHOWN.into_iter().find(|light| key(*light) == text)
}

const fn class(light: Light) -> &'static str {
    match light {
        Light::Green => "p-green",
        Light::Grey => "p-grey",
        Light::Yellow => "p-yellow",
        Light::Red => "p-red",
        Light::DarkRed => "p-dark-red",
    }
}

#[derive(Serialize)]
struct BoardPage {
    ahead: Option<AheadLine>,
    offices_shown: Vec<Chip>,
    all: Vec<Figure>,
    total: i64,
    links: Vec<Row>,
    offices: Vec<Row>,
    csv: String,
    late: String,
    everywhere: bool,
}

#[derive(Serialize)]
struct Chip {
    href: String,
    text: Text,
    current: bool,
}

#[derive(Serialize)]
struct Figure {
    light: &'static str,
    count: i64,
    fresh: i64,
    href: String,
    fresh_href: String,
}

#[derive(Serialize)]
struct Row {
    title: Text,
    bar: String,
    cells: Vec<Figure>,
    total: i64,
    href: String,
}

/// The offices somebody sees: every one, or their own.
fn scope(shared: &Shared, visitor: &Visitor, asked: &mut Asked) -> Result<(bool, Vec<String>), Trouble> {
    let everywhere = allows(&shared.app, visitor, Act::ReadAllLights);
    if everywhere {
        return Ok((true, Vec::new()));
    }
    permit(&shared.app, visitor, Act::ReadLights)?;
    let mut own: Vec<String> = visitor.posts.iter().filter(|(_, post)| &**post != "agent").map(|(office, _)| office.to_string()).collect();
    own.dedup();
    if asked.office.is_empty() {
        asked.office = own.first().cloned().unwrap_or_default();
    }
    if own.contains(&asked.office) {
        asked.pool.clear();
        return Ok((false, own));
    }
    let (zh, en) = ("只能查看本单位的亮灯情况。", "cannot read these lights: they are another office's");
    Err(Refusal::forbidden("not_your_office", zh, en).into())
}

async fn board(State(shared): State<Shared>, visitor: Visitor, Query(mut asked): Query<Asked>) -> Result<Response, Trouble> {
    let (everywhere, own) = scope(&shared, &visitor, &mut asked)?;
    let office = Some(asked.office.as_str()).filter(|office| !office.is_empty());
    let board = shared.app.lights(visitor.tenant, office).await?;
    let base = Asked { office: asked.office.clone(), ..Asked::default() };
    let page = page(&shared, &visitor, &board, &base, (everywhere, &own));
    // Whoever watches over all dates, or can settle them.
    let warned = everywhere || allows(&shared.app, &visitor, Act::Publish);
    let page = BoardPage { ahead: if warned { calendars::ahead(&shared, &visitor).await? } else { None }, ..page };
    let title = shared.pages.word(visitor.language(), "lights-title");
    Ok(shared.pages.page(&visitor.site, "lights", &title, &page))
}

fn page(shared: &Shared, visitor: &Visitor, board: &Board, base: &Asked, (everywhere, own): (bool, &[String])) -> BoardPage {
    let chip = |office: &str, text: Text| Chip {
        href: Asked { office: office.to_owned(), ..Asked::default() }.address("/lights"),
        text,
        current: base.office == office,
    };
    let mut offices_shown = Vec::new();
    if everywhere && !base.office.is_empty() {
        let word = |language| shared.pages.word(language, "lights-everywhere");
        offices_shown.push(chip("", Text { zh: word(Language::Zh), en: word(Language::En) }));
        offices_shown.push(chip(&base.office, visitor.known.office(&base.office)));
    }
    if own.len() > 1 {
        offices_shown.extend(own.iter().map(|office| chip(office, visitor.known.office(office))));
    }
    let most = |groups: &[Group]| groups.iter().map(|group| group.tally.total()).max().unwrap_or(0);
    let (most_link, most_office) = (most(&board.links), most(&board.offices));
    let links = board.links.iter().map(|group| row(shared, visitor, group, most_link, &Asked { link: group.key.clone(), ..base.clone() }));
    let of_office = |group: &Group| match group.key.as_str() {
        "" => Asked { pool: "applicants".to_owned(), ..base.clone() },
        office => Asked { office: office.to_owned(), ..base.clone() },
    };
    let offices = board.offices.iter().map(|group| row(shared, visitor, group, most_office, &of_office(group)));
    BoardPage {
        ahead: None,
        offices_shown,
        all: figures(&board.all, base),
        total: board.all.total(),
        links: links.collect(),
        offices: offices.collect(),
        csv: base.address("/lights/tasks.csv"),
        late: base.address("/lights/late"),
        everywhere,
    }
}

fn figures(tally: &Tally, base: &Asked) -> Vec<Figure> {
    let figure = |light: Light| {
        let (count, fresh) = tally.of(light);
        let of_light = Asked { light: key(light).to_owned(), ..base.clone() };
        let fresh_only = Asked { new: "today".to_owned(), ..of_light.clone() };
        Figure { light: key(light), count, fresh, href: of_light.address("/lights/tasks"), fresh_href: fresh_only.address("/lights/tasks") }
    };
    SHOWN.into_iter().map(figure).collect()
}

fn row(shared: &Shared, visitor: &Visitor, group: &Group, most: i64, base: &Asked) -> Row {
    let language = visitor.language();
    let parts: Vec<Part> = SHOWN.into_iter().map(|light| Part { class: class(light), value: group.tally.of(light).0 }).collect();
    let name = match language {
        Language::Zh => &group.title.zh,
        Language::En => &group.title.en,
    };
    let counts: Vec<String> = SHOWN
        .into_iter()
        .filter(|light| group.tally.of(*light).0 > 0)
        .map(|light| format!("{} {}", shared.pages.word(language, &format!("light-{}", key(light))), group.tally.of(light).0))
        .collect();
    Row {
        title: group.title.clone(),
        bar: bar(&format!("{name}: {}", counts.join(", ")), &parts, most),
        cells: figures(&group.tally, base),
        total: group.tally.total(),
        href: base.address("/lights/tasks"),
    }
}

#[derive(Serialize)]
struct TasksPage {
    lights: Vec<LightChip>,
    link: Option<Text>,
    office: Option<Text>,
    applicants: bool,
    fresh: bool,
    lines: Vec<LitLine>,
    count: i64,
    csv: String,
    board: String,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct LightChip {
    href: String,
    light: Option<&'static str>,
    current: bool,
}

async fn tasks(State(shared): State<Shared>, visitor: Visitor, Query(mut asked): Query<Asked>) -> Result<Response, Trouble> {
    scope(&shared, &visitor, &mut asked)?;
    let found = shared.app.lit(visitor.tenant, &asked.wanted(), PAGE).await?;
    let base = Asked { after: String::new(), ..asked.clone() };
    let chip = |light: Option<Light>| {
        let light = light.map(key);
        let to = Asked { light: light.unwrap_or_default().to_owned(), ..base.clone() };
        LightChip { href: to.address("/lights/tasks"), light, current: base.light == light.unwrap_or_default() }
    };
    let page = TasksPage {
        lights: std::iter::once(None).chain(SHOWN.into_iter().map(Some)).map(chip).collect(),
        link: Some(&asked.link).filter(|link| !link.is_empty()).map(|link| visitor.known.link_title(link)),
        office: Some(&asked.office).filter(|office| !office.is_empty()).map(|office| visitor.known.office(office)),
        applicants: asked.pool == "applicants",
        fresh: asked.new == "today",
        lines: found.lines,
        count: found.count,
        csv: base.address("/lights/tasks.csv"),
        board: Asked { office: asked.office.clone(), ..Asked::default() }.address("/lights"),
        first: Some(base.address("/lights/tasks")).filter(|_| !asked.after.is_empty()),
        next: found.after.map(|after| Asked { after, ..base.clone() }.address("/lights/tasks")),
    };
    let title = shared.pages.word(visitor.language(), "lights-tasks-title");
    Ok(shared.pages.page(&visitor.site, "lights-tasks", &title, &page))
}

async fn csv(State(shared): State<Shared>, visitor: Visitor, Query(mut asked): Query<Asked>) -> Result<Response, Trouble> {
    scope(&shared, &visitor, &mut asked)?;
    let csv = shared.app.lit_csv(visitor.tenant, &asked.wanted(), visitor.language() == Language::En).await?;
    let details = json!({"form": "csv", "query": serde_html_form::to_string(&asked).unwrap_or_default(), "rows": csv.lines().count().saturating_sub(1)});
    shared.app.record(visitor.tenant, visitor.actor(), "lights-exported", details, RegisterRows::default()).await?;
    Ok(attachment("text/csv; charset=utf-8", "lights.csv", csv.into_bytes()).into_response())
}

#[derive(Serialize)]
struct LatePage {
    lines: Vec<Passed>,
    count: usize,
    unstated: usize,
    office: Option<Text>,
    board: String,
}

#[derive(Serialize)]
struct Passed {
    href: String,
    name: String,
    project: Option<String>,
    link: Text,
    limit: String,
    due: String,
    office: Option<Text>,
    expected: Option<String>,
}

/// Dates that have passed, and which offices have not said why (优化营商环境条例 36).
async fn late(State(shared): State<Shared>, visitor: Visitor, Query(mut asked): Query<Asked>) -> Result<Response, Trouble> {
    scope(&shared, &visitor, &mut asked)?;
    let office = Some(asked.office.as_str()).filter(|office| !office.is_empty());
    let found = shared.app.late_terms(visitor.tenant, office).await?;
    let limit = |kind| shared.pages.word(visitor.language(), &format!("term-{}", kind_key(kind)));
    let page = LatePage {
        count: found.len(),
        unstated: found.iter().filter(|line| line.expected.is_none()).count(),
        office: office.map(|office| visitor.known.office(office)),
        board: Asked { office: asked.office.clone(), ..Asked::default() }.address("/lights"),
        lines: found
            .into_iter()
            .map(|line| Passed {
                href: format!("/cases/{}#terms", line.case),
                name: line.name,
                project: line.project,
                link: line.link,
                limit: limit(line.kind),
                due: line.due,
                office: line.office,
                expected: line.expected,
            })
            .collect(),
    };
    let title = shared.pages.word(visitor.language(), "lights-late-title");
    Ok(shared.pages.page(&visitor.site, "lights-late", &title, &page))
}

#[derive(Deserialize)]
struct Whose {
    #[serde(default)]
    person: String,
}

#[derive(Serialize)]
struct DigestPage {
    name: String,
    email: Option<String>,
    on: String,
    others: Vec<Other>,
    letter: Option<Letter>,
}

#[derive(Serialize)]
struct Letter {
    subject: String,
    text: String,
}

#[derive(Serialize)]
struct Other {
    id: String,
    name: String,
    post: String,
    office: Text,
    current: bool,
}

async fn digest(State(shared): State<Shared>, visitor: Visitor, Query(whose): Query<Whose>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadLights)?;
    let everywhere = allows(&shared.app, &visitor, Act::ReadAllLights);
    let asked: Option<PersonId> = whose.person.parse().ok();
    let person = match asked.filter(|person| *person != visitor.person) {
        Some(person) => {
            permit(&shared.app, &visitor, Act::ReadAllLights)?;
            person
        }
        None => visitor.person,
    };
    let desk = shared.app.desk_digest(visitor.tenant, person).await?;
    let roster = &visitor.known.roster;
    let who = roster.people.get(&person);
    let letter = match desk.context {
        Some(context) => {
            let language = who.map_or(visitor.language(), |who| Language::of(&who.language));
            let letter = TEXTS.as_ref().and_then(|texts| texts.letter(Kind::TaskDigest, language, &context).ok());
            letter.map(|letter| Letter { subject: letter.subject, text: letter.text })
        }
        None => None,
    };
    let other = |person: PersonId| {
        let who = roster.people.get(&person)?;
        let (office, post) = roster.posts_of(person, desk.on).into_iter().find(|(_, post)| &**post != "agent")?;
        let post = format!("post-{post}");
        Some(Other { id: person.to_string(), name: who.name.clone(), post, office: visitor.known.office(&office), current: who.id == desk.person })
    };
    let others = if everywhere { roster.people.keys().filter_map(|person| other(*person)).collect() } else { Vec::new() };
    let page = DigestPage {
        name: who.map(|who| who.name.clone()).unwrap_or_default(),
        email: who.and_then(|who| who.email.clone()),
        on: desk.on.to_string(),
        others,
        letter,
    };
    let title = shared.pages.word(visitor.language(), "lights-digest-title");
    Ok(shared.pages.page(&visitor.site, "lights-digest", &title, &page))
}
