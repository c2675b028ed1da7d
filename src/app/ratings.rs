//! Ratings of service (好差评): after a result is out its applicant rates it once, in five levels, with words. A bad one is called back and answered.
//! Invariant: one rating for each link of a case, because its case's id follows from the link. Never: the rater's name where the rated office can read it; it has no part in the case.

use serde_json::{Value, json};

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, refusal};
use crate::app::projects::Line;
use crate::app::queries::reading;
use crate::app::writer::{Receipt, Working};
use crate::engine::case::Local;
use crate::engine::refusal::Class;
use crate::identity::Actor;
use crate::ids::{CaseId, CommandId, Digest, Moment, PersonId, Tenant, Text};

/// The workflow of a rating.
const RATING: &str = "service-rating";
/// Ratings stand in no line.
const ORDINARY: i16 = 9;

/// A rating as the rated read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// The office that was rated.
    pub office: String,
    /// 1 to 5.
    pub level: u8,
    /// What was said.
    pub words: String,
    /// When.
    pub at: Moment,
    /// How far the call-back is; empty when none is needed.
    pub result: Option<String>,
}

/// A link that may be rated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rateable {
    /// Its scope.
    pub scope: Local,
    /// Its name.
    pub title: Text,
    /// The office that answered for it.
    pub office: String,
    /// It has been rated.
    pub rated: bool,
}

/// The case of a rating: every node finds it without asking.
fn case_of(working: &Working, scope: Local) -> CaseId {
    let mut random = [0; 10];
    let cause = format!("rating {} {} {scope}", working.row.tenant, working.row.id);
    random.iter_mut().zip(Digest::of(cause.as_bytes()).0).for_each(|(byte, from)| *byte = from);
    CaseId::new(working.row.started, random)
}

impl App {
    /// The links of a case whose result is out, and whether each was rated.
    ///
    /// # Errors
    /// A fault.
    pub async fn rateable(&self, working: &Working) -> Result<Vec<Rateable>, Failure> {
        let mut found = Vec::new();
        for (line, office) in self.links_served(working).await? {
            // What was withdrawn has no result to rate.
            if line.closed.is_none() || line.result == "withdrawn" {
                continue;
            }
            let held = self.store().case(working.row.tenant, case_of(working, line.scope)).await.map_err(reading("looking for a rating"))?;
            found.push(Rateable { scope: line.scope, title: line.title, office, rated: held.is_some() });
        }
        Ok(found)
    }

    /// Rates a link.
    ///
    /// # Errors
    /// `not_applicant`, `not_delivered`, `rated_already`, what the form refuses, or a fault.
    pub async fn rate(
        &self,
        working: &Working,
        person: PersonId,
        (scope, command): (Local, Option<CommandId>),
        (level, words): (&str, &str),
    ) -> Result<Receipt, Failure> {
        if working.state.applicant != person {
            return Err(refusal("not_applicant", Class::Forbidden, "只有申请人可以评价。", "cannot rate: only the applicant may").into());
        }
        let rateable = self.rateable(working).await?.into_iter().find(|one| one.scope == scope);
        let Some(link) = rateable else {
            let (zh, en) = ("结果出来以后才能评价，这一环节还没有。", "cannot rate yet: the link has no result");
            return Err(refusal("not_delivered", Class::Conflict, zh, en).into());
        };
        let about = working.row.number.clone().unwrap_or_default();
        let mut form = json!({"about": about, "link": link.title.zh, "office": link.office, "level": level});
        if let (Some(form), false) = (form.as_object_mut(), words.is_empty()) {
            form.insert("words".to_owned(), words.into());
        }
        let act = Act::Start { workflow: RATING.into(), form: Some(form), rank: ORDINARY };
        let order = Order { tenant: working.row.tenant, case: Some(case_of(working, scope)), actor: Actor::Person(person), command_id: command, act };
        match self.execute(order).await {
            Err(Failure::Refused(refused)) if refused.code == "case_exists" => {
                Err(refusal("rated_already", Class::Conflict, "这一环节已经评价过，一件一评。", "cannot rate again: one rating for each link").into())
            }
            done => done,
        }
    }

    /// The links that promised something, each with the office that answered for it last; one that promised nothing served nobody.
    async fn links_served(&self, working: &Working) -> Result<Vec<(Line, String)>, Failure> {
        let offices = self.store().promised_offices(working.row.tenant, working.row.id).await.map_err(reading("looking for who promised"))?;
        let office = |line: &Line| offices.iter().rev().find(|(scope, _)| line.within.contains(scope)).map(|(_, office)| office.clone());
        let lines = self.project(working).await?.lines;
        Ok(lines.into_iter().filter_map(|line| office(&line).map(|office| (line, office))).collect())
    }

    /// Whether a rating is one of a link of the case it speaks of, and of the office that answered for it: anybody may file a form that only says so.
    async fn is_of_a_link(&self, rating: &Working, about: &str, office: &str) -> Result<bool, Failure> {
        let tenant = rating.row.tenant;
        let Some(row) = self.store().case_by_number(tenant, about).await.map_err(reading("looking for the rated case"))? else { return Ok(false) };
        let rated = self.working(tenant, row.id).await?;
        let links = self.links_served(&rated).await?;
        let own = |(line, of): &(Line, String)| of == office && case_of(&rated, line.scope) == rating.row.id;
        Ok(rated.state.applicant == rating.state.applicant && links.iter().any(own))
    }

    /// The ratings of a time, without who gave them.
    ///
    /// # Errors
    /// A fault.
    pub async fn ratings(&self, tenant: Tenant, (from, until): (Moment, Moment)) -> Result<Vec<Rating>, Failure> {
        let mut ratings = Vec::new();
        for row in self.cases_of(tenant, RATING, None).await? {
            let working = self.working(tenant, row.id).await?;
            // Its id is older than it is: it follows from the case that is rated.
            let at = working.state.started;
            if at < from || at >= until {
                continue;
            }
            let form = self.form(&working).await?.unwrap_or_default();
            let text = |key: &str| form.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let Ok(level) = text("level").parse() else { continue };
            if !self.is_of_a_link(&working, &text("about"), &text("office")).await? {
                continue;
            }
            ratings.push(Rating { office: text("office"), level, words: text("words"), at, result: row.result });
        }
        Ok(ratings)
    }
}
