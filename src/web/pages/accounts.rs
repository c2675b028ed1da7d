//! An account: its balance with what is reserved, used and free, every posting with its case, who waits; posting by a document.
//! Invariant: a posting is made by one command, however often its form is sent. Never: an amount that is not whole in the account's unit.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::execute::{RegisterRows, entropy};
use crate::app::failure::Failure;
use crate::app::postings::{ByDocument, KINDS};
use crate::app::quota::{Balance, Posted, Statement, Unit};
use crate::engine::refusal::{Class, Refusal};
use crate::identity::may::Act;
use crate::ids::{CommandId, Text};
use crate::notice::Language;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::download::attachment;
use crate::web::permit::{allows, permit};
use crate::web::plot::{Part, bar, steps};
use crate::web::visitor::Visitor;

/// How many postings one page shows.
const PAGE: u32 = 50;
/// The decimals of an amount in 万元 that 分 allow.
const WAN_DECIMALS: usize = 6;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/accounts/{*key}", get(show).post(post))
}

/// An amount in its account's unit.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Amount {
    value: i64,
    money: bool,
    pieces: bool,
    /// Hundredths of a hectare's hundredth are square metres: shown beside an area.
    hectares: Hectares,
    mu: Mu,
}

#[derive(Clone, Copy)]
struct Hectares(i64);

impl Serialize for Hectares {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const M2: u64 = 10_000;
        let whole = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        serializer.serialize_str(&format!("{sign}{}.{:04}", whole / M2, whole % M2))
    }
}

/// 亩 with two decimals, as officials say an area: fifteen to a hectare.
#[derive(Clone, Copy)]
struct Mu(i64);

impl Serialize for Mu {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const HUNDREDTHS: u64 = 100;
        // A hundredth of a mu is 20/3 m²; half of one is rounded up.
        let hundredths = (self.0.unsigned_abs().saturating_mul(30) + HUNDREDTHS) / (2 * HUNDREDTHS);
        let sign = if self.0 < 0 { "-" } else { "" };
        serializer.serialize_str(&format!("{sign}{}.{:02}", hundredths / HUNDREDTHS, hundredths % HUNDREDTHS))
    }
}

pub(super) fn amount(unit: Unit, value: i64) -> Amount {
    Amount { value, money: unit == Unit::Money, pieces: unit == Unit::Pieces, hectares: Hectares(value), mu: Mu(value) }
}

#[derive(Serialize)]
pub(super) struct Line {
    key: String,
    place: String,
    href: String,
    title: Text,
    bar: String,
    issued: Amount,
    reserved: Amount,
    used: Amount,
    written_off: Amount,
    free: Amount,
    waiting: i64,
    waiting_amount: Amount,
}

pub(super) fn address(key: &str) -> String {
    format!("/accounts/{key}")
}

pub(super) fn line(shared: &Shared, language: Language, balance: Balance) -> Line {
    let Balance { key, unit, title, issued, reserved, used, written_off, free, waiting, waiting_amount } = balance;
    let name = match language {
        Language::Zh => &title.zh,
        Language::En => &title.en,
    };
    let word = |key: &str| shared.pages.word(language, key);
    let parts = [("a", used, "accounts-used"), ("b", reserved, "accounts-reserved"), ("c", free, "accounts-free")];
    let said: Vec<String> = parts.iter().map(|(_, value, key)| format!("{} {value}", word(key))).collect();
    let drawn = parts.map(|(class, value, _)| Part { class, value });
    Line {
        href: address(&key),
        place: place(shared, language, &key),
        bar: bar(&format!("{name}: {}", said.join(", ")), &drawn, issued),
        key,
        issued: amount(unit, issued),
        reserved: amount(unit, reserved),
        used: amount(unit, used),
        written_off: amount(unit, written_off),
        free: amount(unit, free),
        waiting,
        waiting_amount: amount(unit, waiting_amount),
        title,
    }
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    before: Option<i64>,
    #[serde(default)]
    posted: String,
    #[serde(default)]
    format: String,
}

#[derive(Serialize)]
struct AccountPage {
    account: Line,
    back: &'static str,
    back_word: &'static str,
    plot: String,
    plot_high: Amount,
    plot_from: Option<i64>,
    plot_to: i64,
    lines: Vec<PostingLine>,
    older: Option<String>,
    newest: Option<String>,
    csv: String,
    waiting: Vec<Place>,
    may_post: bool,
    may_audit: bool,
    posted: bool,
    form: PostForm,
    mistakes: Vec<Mistake>,
}

#[derive(Serialize)]
pub(super) struct PostingLine {
    at: i64,
    kind: String,
    amount: Amount,
    adds: bool,
    free: Amount,
    case: Option<String>,
    by_document: bool,
    name: String,
    act: String,
    document: Option<String>,
}

#[derive(Serialize)]
struct Place {
    place: usize,
    case: String,
    name: String,
    rank: &'static str,
    since: i64,
    amount: Amount,
}

/// What is typed to post by a document; kept as typed when something is wrong with it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct PostForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    document: String,
    #[serde(default)]
    case: String,
    #[serde(default)]
    command: String,
}

#[derive(Serialize)]
struct Mistake {
    field: String,
    text: Text,
}

async fn show(State(shared): State<Shared>, visitor: Visitor, Path(key): Path<String>, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::ReadAccounts)?;
    if asked.format == "csv" {
        return csv(&shared, &visitor, &key).await;
    }
    let command = CommandId::new(shared.app.clock().now(), entropy()?).to_string();
    let form = PostForm { kind: "issue".to_owned(), command, ..PostForm::default() };
    account(&shared, &visitor, (&key, &asked), (form, Vec::new())).await
}

async fn csv(shared: &Shared, visitor: &Visitor, key: &str) -> Result<Response, Trouble> {
    let csv = shared.app.statement_csv(visitor.tenant, key, visitor.language() == Language::En).await?;
    let details = json!({"form": "csv", "account": key, "rows": csv.lines().count().saturating_sub(1)});
    shared.app.record(visitor.tenant, visitor.actor(), "postings-exported", details, RegisterRows::default()).await?;
    Ok(attachment("text/csv; charset=utf-8", &format!("{key}.csv"), csv.into_bytes()).into_response())
}

async fn account(shared: &Shared, visitor: &Visitor, (key, asked): (&str, &Asked), (form, mistakes): (PostForm, Vec<Mistake>)) -> Result<Response, Trouble> {
    let statement = shared.app.statement(visitor.tenant, key, asked.before, PAGE).await?;
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let language = visitor.language();
    let unit = statement.balance.unit;
    let (plot, plot_from, plot_to) = plot(shared, language, &statement);
    let title = match language {
        Language::Zh => statement.balance.title.zh.clone(),
        Language::En => statement.balance.title.en.clone(),
    };
    let places = statement.waiting.iter().enumerate().map(|(place, waits)| Place {
        place: place + 1,
        case: waits.case.to_string(),
        name: waits.name.clone(),
        rank: rank(waits.rank),
        since: waits.since.0,
        amount: amount(unit, waits.amount),
    });
    let page = AccountPage {
        plot,
        plot_high: amount(unit, statement.postings.iter().map(|posted| posted.free).max().unwrap_or(0)),
        plot_from,
        plot_to,
        waiting: places.collect(),
        lines: statement.postings.iter().map(|posted| posting(unit, posted)).collect(),
        older: statement.before.map(|before| format!("{}?before={before}", address(key))),
        newest: asked.before.map(|_| address(key)),
        csv: format!("{}?format=csv", address(key)),
        may_post: allows(&shared.app, visitor, Act::IssueAccount),
        may_audit: allows(&shared.app, visitor, Act::ReadAudit),
        posted: asked.posted == "yes",
        back: if unit == Unit::Money { "/funds" } else { "/land" },
        back_word: if unit == Unit::Money { "nav-funds" } else { "nav-land" },
        account: line(shared, language, statement.balance),
        form,
        mistakes,
    };
    Ok(shared.pages.page_with(status, &visitor.site, "balance", &title, &page))
}

/// Year, region and kind of an account, as its key has them.
pub(super) fn place(shared: &Shared, language: Language, key: &str) -> String {
    let part = |part: &str| shared.pages.named(language, "account-part", part).unwrap_or_else(|| part.to_owned());
    key.split('/').skip(1).map(part).collect::<Vec<_>>().join(" · ")
}

pub(super) const fn rank(rank: i16) -> &'static str {
    match rank {
        0 => "A",
        1 => "B",
        2 => "C",
        _ => "–",
    }
}

/// The free balance over the postings shown, oldest first, until now.
fn plot(shared: &Shared, language: Language, statement: &Statement) -> (String, Option<i64>, i64) {
    let now = shared.app.clock().now().0;
    let mut points: Vec<(i64, i64)> = statement.postings.iter().map(|posted| (posted.at.0, posted.free)).collect();
    points.reverse();
    let end = points.last().map_or(now, |last| now.max(last.0));
    let title = shared.pages.word(language, "accounts-plot-title");
    let description = shared.pages.word(language, "accounts-plot-description");
    (steps(&title, &description, &points, end), points.first().map(|first| first.0), end)
}

pub(super) fn posting(unit: Unit, posted: &Posted) -> PostingLine {
    let case = posted.case.map(|case| case.to_string());
    let register = crate::app::register::WORKFLOW;
    PostingLine {
        at: posted.at.0,
        kind: format!("accounts-kind-{}", posted.kind),
        amount: amount(unit, posted.amount),
        adds: matches!(posted.kind, "issue" | "add" | "release" | "carry-in"),
        free: amount(unit, posted.free),
        act: format!("/audit/act/{}/{}", case.as_deref().filter(|_| !posted.by_document).unwrap_or(register), posted.seq),
        by_document: posted.by_document,
        name: posted.name.clone(),
        case,
        document: posted.document.clone(),
    }
}

async fn post(State(shared): State<Shared>, visitor: Visitor, Path(key): Path<String>, Form(form): Form<PostForm>) -> Result<Response, Trouble> {
    permit(&shared.app, &visitor, Act::IssueAccount)?;
    let statement = shared.app.statement(visitor.tenant, &key, None, 1).await?;
    let typed = match read(statement.balance.unit, &key, &form) {
        Ok(typed) => typed,
        Err(mistakes) => return account(&shared, &visitor, (&key, &Asked::default()), (form, mistakes)).await,
    };
    let command = form.command.parse().ok();
    match shared.app.post_by_document_once(visitor.tenant, visitor.actor(), &typed, command).await {
        Ok(_) => Ok(Redirect::to(&format!("{}?posted=yes", address(&key))).into_response()),
        Err(Failure::Refused(refusal)) if said_beside_the_form(&refusal) => {
            let said = refusal.details.iter().map(|detail| Mistake { field: detail.path.clone(), text: Text { zh: detail.zh.clone(), en: detail.en.clone() } });
            let mut mistakes: Vec<Mistake> = said.collect();
            if mistakes.is_empty() {
                mistakes.push(Mistake { field: "amount".to_owned(), text: Text { zh: refusal.zh.clone(), en: refusal.en.clone() } });
            }
            account(&shared, &visitor, (&key, &Asked::default()), (form, mistakes)).await
        }
        Err(failure) => Err(failure.into()),
    }
}

/// What is wrong with what was typed, or with what it meets: said above the form, which keeps it.
fn said_beside_the_form(refusal: &Refusal) -> bool {
    refusal.class == Class::Invalid || ["account_short", "nothing_kept", "account_of_no_year", "unknown_case"].contains(&refusal.code)
}

/// What was typed, or every mistake of it.
fn read(unit: Unit, key: &str, form: &PostForm) -> Result<ByDocument, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut wrong = |field: &str, zh: &str, en: &str| mistakes.push(Mistake { field: field.to_owned(), text: Text { zh: zh.to_owned(), en: en.to_owned() } });
    if !KINDS.contains(&form.kind.as_str()) {
        wrong("kind", "请选择记哪一种。", "Choose what to post.");
    }
    if matches!(form.kind.as_str(), "use" | "release") && form.case.trim().is_empty() {
        wrong("case", "使用、释放的，请填写办件编号。", "Enter the number of the case whose reservation is used or released.");
    }
    let value = match unit {
        Unit::Area | Unit::Pieces => whole(&form.amount, 0),
        Unit::Money => whole(&form.amount, WAN_DECIMALS),
    };
    let value = value.filter(|value| *value > 0);
    if value.is_none() {
        match unit {
            Unit::Area => wrong(
                "amount",
                "面积请填大于零的整数，单位平方米，例如 33333。",
                "Enter the area as a whole number of square metres above zero, such as 33333.",
            ),
            Unit::Pieces => wrong("amount", "请填大于零的整数。", "Enter a whole number above zero."),
            Unit::Money => wrong(
                "amount",
                "金额请填大于零的数，单位万元，最多六位小数，例如 3000.00。",
                "Enter the amount in units of 10,000 yuan, above zero, with at most six decimals, such as 3000.00.",
            ),
        }
    }
    if form.document.trim().is_empty() {
        wrong("document", "请填写依据的文号。", "Enter the number of the document this rests on.");
    }
    match value.filter(|_| mistakes.is_empty()) {
        Some(amount) => {
            let case = Some(form.case.trim().to_owned()).filter(|case| !case.is_empty());
            Ok(ByDocument { account: key.to_owned(), kind: form.kind.clone(), amount, document: form.document.trim().to_owned(), case })
        }
        None => Err(mistakes),
    }
}

/// A typed number with up to `decimals` decimals, as a whole number of its smallest unit: `3,000.5` with six gives 3,000,500,000.
fn whole(typed: &str, decimals: usize) -> Option<i64> {
    let plain: String = typed.trim().chars().filter(|letter| !matches!(letter, ',' | '，' | ' ')).collect();
    let (before, after) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if before.is_empty() || !digits(before) || !digits(after) || after.len() > decimals || (plain.contains('.') && after.is_empty()) {
        return None;
    }
    format!("{before}{after:0<decimals$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_shown_in_mu() {
        for (area, shown) in
            [(80_000, "120.00"), (40_000, "60.00"), (50_000, "75.00"), (666, "1.00"), (667, "1.00"), (33_333, "50.00"), (4, "0.01"), (-10_000, "-15.00")]
        {
            assert_eq!(serde_json::to_value(Mu(area)).unwrap_or_default(), shown, "{area}");
        }
    }

    #[test]
    fn an_amount_is_read_as_it_is_written_on_paper() {
        for (typed, decimals, expected) in [
            ("33333", 0, Some(33_333)),
            ("33,333", 0, Some(33_333)),
            ("33333.5", 0, None),
            ("3,000.00", WAN_DECIMALS, Some(3_000_000_000)),
            ("3000.5", WAN_DECIMALS, Some(3_000_500_000)),
            ("0.000001", WAN_DECIMALS, Some(1)),
            ("0.0000001", WAN_DECIMALS, None),
            ("1.", WAN_DECIMALS, None),
            ("-1", 0, None),
            ("三千", WAN_DECIMALS, None),
            ("", 0, None),
            ("99999999999999999999", 0, None),
        ] {
            assert_eq!(whole(typed, decimals), expected, "{typed}");
        }
    }
}
