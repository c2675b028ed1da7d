//! One kind's texts in both languages, as they leave, with the steps of the registration.
//! Invariant: each button is one step with one text and says afterwards what was done.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Standing, standing};
use crate::app::failure::{Failure, Fault};
use crate::app::texts::{TextAct, TextChange};
use crate::engine::refusal::{Detail, Refusal};
use crate::identity::may::Act;
use crate::ids::CommandId;
use crate::notice::{Approval, Kind, Language, Segments, preview, segments};
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::entry::{Mistake, mistakes};
use crate::web::pages::case::fresh_command;
use crate::web::pages::notices::kind_word;
use crate::web::visitor::Visitor;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/system/texts/{kind}", get(show).post(change))
}

#[derive(Serialize)]
struct TextPage {
    key: &'static str,
    word: String,
    command: String,
    today: String,
    done: Option<&'static str>,
    mistakes: Vec<Mistake>,
    tongues: Vec<Tongue>,
}

/// The texts of one language.
#[derive(Serialize)]
struct Tongue {
    tag: &'static str,
    word: &'static str,
    subject: String,
    body: String,
    short: Option<Short>,
}

/// A short message and its registration.
#[derive(Serialize)]
struct Short {
    text: String,
    segments: Segments,
    registered: String,
    standing: Standing,
    approval: Option<Registered>,
    /// What was typed, when it came back.
    typed: Typed,
}

/// What a registration came to.
#[derive(Serialize)]
struct Registered {
    template: Option<String>,
    by: Option<String>,
    on: NaiveDate,
    reason: Option<String>,
}

impl From<&Approval> for Registered {
    fn from(approval: &Approval) -> Self {
        let Approval { template, by, on, reason, .. } = approval.clone();
        Self { template, by, on, reason }
    }
}

/// What was typed into one of the forms; `act` says which.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Typed {
    command: String,
    act: String,
    language: String,
    template: String,
    by: String,
    reason: String,
    on: String,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

const DONE: [(&str, &str); 5] = [
    ("submit", "texts-done-submit"),
    ("approve", "texts-done-approve"),
    ("reject", "texts-done-reject"),
    ("enable", "texts-done-enable"),
    ("disable", "texts-done-disable"),
];

fn kind_of(text: &str) -> Result<Kind, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("unknown_kind", format!("没有通知“{text}”。"), format!("cannot find a kind of notice `{text}`")))
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Path(kind): Path<String>, Query(query): Query<Done>) -> Result<Response, Trouble> {
    visitor.permit(Act::ManageNotices)?;
    let done = DONE.iter().find(|(key, _)| query.done.as_deref() == Some(key)).map(|(_, word)| *word);
    page(&shared, &visitor, kind_of(&kind)?, (None, None), done)
}

type Answered<'a> = (Option<&'a Typed>, Option<&'a Refusal>);

fn page(shared: &Shared, visitor: &Visitor, kind: Kind, (typed, wrong): Answered<'_>, done: Option<&'static str>) -> Result<Response, Trouble> {
    let tongues: Result<Vec<Tongue>, Fault> = Language::ALL.into_iter().map(|language| tongue(shared, visitor, (kind, language), typed)).collect();
    let today = shared.app.clock().now().date().to_string();
    let data = TextPage {
        key: kind.key(),
        word: kind_word(kind.key()),
        command: fresh_command()?,
        today,
        done,
        mistakes: mistakes(wrong).into_iter().map(|mistake| placed(mistake, typed)).collect(),
        tongues: tongues?,
    };
    let title = format!("{} · {}", shared.pages.word(visitor.site.language, &data.word), shared.pages.word(visitor.site.language, "texts-title"));
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(shared.pages.page_with(status, &visitor.site, "text", &title, &data))
}

/// One page has several forms with the same fields: the id of a field is its form's act, its name and the language.
fn placed(mistake: Mistake, typed: Option<&Typed>) -> Mistake {
    let at = mistake.at.zip(typed).map(|(at, typed)| format!("{}-{at}-{}", typed.act, Language::of(&typed.language).tag()));
    Mistake { at, ..mistake }
}

fn tongue(shared: &Shared, visitor: &Visitor, (kind, language): (Kind, Language), typed: Option<&Typed>) -> Result<Tongue, Fault> {
    let templates = shared.app.templates();
    let sample = preview::sample(kind);
    let writing = |cause| Fault::new(format!("writing a sample of `{kind}`"), cause);
    let letter = templates.letter(kind, language, &sample).map_err(writing)?;
    let short = match (standing(shared, &visitor.known, kind, language), templates.registered(kind, language)) {
        (Some(standing), Some(registered)) => {
            let text = templates.short(kind, language, &sample).map_err(writing)?;
            let typed = typed.filter(|typed| Language::of(&typed.language) == language).cloned().unwrap_or_default();
            let approval = visitor.known.texts.approval(kind, language).map(Registered::from);
            Some(Short { segments: segments(&text), text, registered, standing, approval, typed })
        }
        _ => None,
    };
    let word = match language {
        Language::Zh => "texts-zh",
        Language::En => "texts-en",
    };
    Ok(Tongue { tag: language.tag(), word, subject: letter.subject, body: letter.text, short })
}

impl Typed {
    /// The step this asks for.
    fn act(&self) -> Result<TextAct, Refusal> {
        let day = || match self.on.trim() {
            "" => Ok(None),
            text => text.parse::<NaiveDate>().map(Some).map_err(|_| {
                let detail = Detail::new("on", "not_a_date", "日期应为 2025-03-03 的格式", "expected a day such as 2025-03-03");
                Refusal { details: vec![detail], ..Refusal::invalid("text_wrong", "请改正下列各处。", "cannot do this: correct what is listed") }
            }),
        };
        match self.act.as_str() {
            "submit" => Ok(TextAct::Submit),
            "approve" => Ok(TextAct::Approve { template: self.template.clone(), by: self.by.clone(), on: day()? }),
            "reject" => Ok(TextAct::Reject { by: self.by.clone(), reason: self.reason.clone(), on: day()? }),
            "enable" => Ok(TextAct::Enable),
            "disable" => Ok(TextAct::Disable),
            other => Err(Refusal::invalid("unknown_act", format!("没有操作“{other}”。"), format!("cannot do `{other}`: there is no such act"))),
        }
    }

    /// The id of the step: of the page's and of what the form says, because one page has several forms.
    fn command_id(&self, kind: Kind) -> Option<CommandId> {
        let form: CommandId = self.command.parse().ok()?;
        let said = [&self.act, &self.language, &self.template, &self.by, &self.reason, &self.on].map(String::as_str).join("\n");
        Some(CommandId::of(&format!("{form}\n{kind}\n{said}")))
    }
}

async fn change(State(shared): State<Shared>, visitor: Visitor, Path(kind): Path<String>, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    visitor.permit(Act::ManageNotices)?;
    let kind = kind_of(&kind)?;
    let language = Language::of(&typed.language);
    let changed = match typed.act() {
        Ok(act) => {
            let change = TextChange { kind, language, act, command_id: typed.command_id(kind) };
            if shared.app.is_taken(&visitor.known, &change) { Ok(()) } else { shared.app.change_text(visitor.tenant, visitor.actor(), change).await.map(drop) }
        }
        Err(refusal) => Err(refusal.into()),
    };
    match changed {
        Ok(()) => Ok(Redirect::to(&format!("/system/texts/{kind}?done={}", typed.act)).into_response()),
        Err(Failure::Refused(refusal)) => page(&shared, &visitor, kind, (Some(&typed), Some(&refusal)), None),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}
