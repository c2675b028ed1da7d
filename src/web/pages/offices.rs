//! The offices of a place: those of today with their posts, those that were, who took over from whom and when, leading groups with their members.
//! Invariant: an office that ended keeps its name and says who took over. Never: members a plan does not name.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use serde::Serialize;

use crate::identity::Office;
use crate::identity::may::{Act, is_connector};
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::permit::permit;
use crate::web::visitor::Visitor;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/offices", get(list))
}

#[derive(Serialize)]
struct Page {
    named: usize,
    count: usize,
    groups: Vec<Line>,
    of_the_plan: Vec<Line>,
    others: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    key: String,
    title: Text,
    section: Option<String>,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    successor: Option<Text>,
    took_over: Vec<Text>,
    members: Vec<Text>,
    open_ended: bool,
    posts: Vec<PostLine>,
}

/// A post with who holds it today.
#[derive(Serialize)]
struct PostLine {
    word: String,
    holders: String,
}

async fn list(State(shared): State<Shared>, visitor: Visitor) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAccounts)?;
    let (known, today) = (&visitor.known, shared.app.clock().now().date());
    let roster = &known.roster;
    let posts = roster.posts_by_office(today);
    let mut took_over: BTreeMap<&str, Vec<Text>> = BTreeMap::new();
    for office in roster.offices.values() {
        if let Some(next) = &office.successor {
            took_over.entry(&**next).or_default().push(Text { zh: office.zh.clone(), en: office.en.clone() });
        }
    }
    let line = |office: &Office| {
        let held = posts.get(&*office.key).into_iter().flatten();
        let post = |post: &String| {
            let holders = roster.holders(&office.key, &post.as_str().into(), today);
            let names: Vec<&str> = holders.iter().map(|person| person.name.as_str()).collect();
            PostLine { word: if is_connector(post) { "post-connector".to_owned() } else { format!("post-{post}") }, holders: names.join("、") }
        };
        Line {
            key: office.key.to_string(),
            title: Text { zh: office.zh.clone(), en: office.en.clone() },
            section: office.seed.split_once(':').map(|(_, section)| section.to_owned()),
            from: office.from,
            until: office.until,
            successor: office.successor.as_ref().map(|next| known.office(next)),
            took_over: took_over.get(&*office.key).cloned().unwrap_or_default(),
            members: office.members.iter().map(|member| known.office(member)).collect(),
            open_ended: office.open_ended,
            posts: held.map(post).collect(),
        }
    };
    let is_group = |office: &&Office| office.open_ended || !office.members.is_empty();
    let lines = |wanted: &dyn Fn(&&Office) -> bool| roster.offices.values().filter(wanted).map(line).collect::<Vec<_>>();
    let page = Page {
        named: roster.offices.values().filter(|office| office.seed != "none").count(),
        count: roster.offices.len(),
        groups: lines(&|office| is_group(office)),
        of_the_plan: lines(&|office| !is_group(office) && office.seed != "none"),
        others: lines(&|office| !is_group(office) && office.seed == "none"),
    };
    let title = shared.pages.word(visitor.language(), "offices-title");
    Ok(shared.pages.page(&visitor.site, "offices", &title, &page))
}
