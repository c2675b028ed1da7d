//! What a notice may say: plain facts, turned into the words of one language for its template.
//! Invariant: a template sees the variables its kind declares and nothing else; an absent one is absent, never empty text.
//! Never: a phone number, an identity number or an amount.

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Kind, Language, Var};
use crate::calendar::Unit;
use crate::definition::graph::Text;
use crate::limits::{SMS_EN_ITEM_CHARS_MAX, SMS_ITEM_CHARS_MAX, SMS_NUMBER_CHARS_MAX};

/// A number of days to say: left, or late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// The facts of one notice. It is stored with the notice and written out in the recipient's language when it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// The number of the case, or of its part: `GC20250001-HP`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub no: String,
    /// The matter.
    pub item: Text,
    /// The step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Text>,
    /// The office that acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<Text>,
    /// The day by which something must be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// The due day lies past the last published calendar.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// Days left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Days>,
    /// Days late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<Days>,
    /// The promised day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promised: Option<NaiveDate>,
    /// The statutory day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statutory: Option<NaiveDate>,
    /// The day something lasts to, or is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The day something took effect; for a digest, its morning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// A reason or an opinion, as its author wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a special procedure is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Text>,
    /// The article relied on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The number of a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// How many papers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The place in a waiting list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<u32>,
    /// Where to look inside the platform, such as `/cases/GC20250001`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The login of the person written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// A link that sets a password: put in while the mail leaves, and never stored.
    #[serde(skip)]
    pub link: Option<String>,
    /// The case goes before others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub priority: bool,
    /// The lists of a digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// The lists of a digest, each in the order it shall be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Digest {
    /// Past a statutory limit.
    pub dark: Vec<Line>,
    /// Past a promise.
    pub red: Vec<Line>,
    /// Near a limit.
    pub yellow: Vec<Line>,
    /// The rest of the desk.
    pub other: Vec<Line>,
    /// Special procedures past their expected end.
    pub special: Vec<Line>,
    /// Decisions to serve.
    pub deliver: Vec<Line>,
    /// Files to archive.
    pub archive: Vec<Line>,
    /// Supervision orders in hand.
    pub orders: Vec<Line>,
    /// Further ones that are not listed.
    pub orders_more: u32,
    /// Passed dates without a stated reason.
    pub unstated: Vec<Line>,
    /// Offices with their figures.
    pub offices: Vec<Line>,
    /// Matters that wait for the reader's own word.
    pub asked: u32,
    /// Cases opened on the day before.
    pub opened: u32,
    /// Cases closed on the day before.
    pub closed: u32,
}

/// One line of a digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// The number.
    pub no: String,
    /// The matter.
    pub item: Text,
    /// What a list calls its case: the project, or the subject of an order or a reform item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The step.
    pub step: Option<Text>,
    /// The office that acts.
    pub office: Option<Text>,
    /// The due day.
    pub due: Option<NaiveDate>,
    /// The day it was due before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<NaiveDate>,
    /// Days left.
    pub left: Option<Days>,
    /// Days late.
    pub late: Option<Days>,
}

/// How much room a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A mail: dates with year and weekday, names in full.
    Letter,
    /// A short message: dates without the year, names cut so that every value fits the bound its template was checked with.
    Short,
}

impl Context {
    /// The variables of `kind` that this context has, in the words of `language`.
    #[must_use]
    pub fn view(&self, kind: Kind, language: Language, room: Room) -> Value {
        let wording = Wording { language, room };
        let variables = kind.vars().filter_map(|var| Some((var.key().to_owned(), self.value(var, wording)?)));
        Value::Object(variables.collect())
    }

    /// The variables `kind` cannot be written without and this context lacks.
    #[must_use]
    pub fn lacks(&self, kind: Kind) -> Vec<Var> {
        let wording = Wording { language: Language::Zh, room: Room::Letter };
        kind.needs().iter().copied().filter(|var| self.value(*var, wording).is_none()).collect()
    }

    fn value(&self, var: Var, wording: Wording) -> Option<Value> {
        let text = match var {
            Var::No => wording.number(&self.no),
            Var::Item => wording.item(&self.item),
            Var::Step => wording.maybe_title(self.step.as_ref()),
            Var::Office => wording.maybe_title(self.office.as_ref()),
            Var::Cause => wording.maybe_title(self.cause.as_ref()),
            Var::Due => self.due.map(|date| wording.date(date)),
            Var::Promised => self.promised.map(|date| wording.date(date)),
            Var::Statutory => self.statutory.map(|date| wording.date(date)),
            Var::Until => self.until.map(|date| wording.date(date)),
            Var::On => self.on.map(|date| wording.date(date)),
            Var::Left => self.left.map(|days| wording.days(days)),
            Var::Late => self.late.map(|days| wording.days(days)),
            // Only a line of a digest speaks of them.
            Var::Was | Var::Project => None,
            Var::Reason => filled(self.reason.as_deref()),
            Var::Basis => filled(self.basis.as_deref()),
            Var::Document => filled(self.document.as_deref()),
            Var::Path => filled(self.path.as_deref()),
            Var::Login => filled(self.login.as_deref()),
            Var::Link => filled(self.link.as_deref()),
            Var::Count => self.count.map(|count| count.to_string()),
            Var::Place => self.place.map(|place| place.to_string()),
            Var::Priority => return self.priority.then_some(json!(true)),
            Var::Provisional => return self.provisional.then_some(json!(true)),
            Var::RedCount
            | Var::YellowCount
            | Var::Opened
            | Var::Closed
            | Var::DarkLines
            | Var::RedLines
            | Var::YellowLines
            | Var::OtherLines
            | Var::SpecialLines
            | Var::DeliverLines
            | Var::ArchiveLines
            | Var::OrderLines
            | Var::UnstatedLines
            | Var::OfficeLines
            | Var::OrdersMore
            | Var::AskedCount => return Some(self.digest.as_ref()?.value(var, wording)),
        };
        text.map(Value::String)
    }
}

/// A count that is said only when there is something to count.
fn counted(count: u32) -> Value {
    if count == 0 { Value::Null } else { json!(count.to_string()) }
}

impl Digest {
    /// The value of a variable of a digest; null for a variable that belongs to a case.
    fn value(&self, var: Var, wording: Wording) -> Value {
        let lines = |lines: &[Line]| Value::Array(lines.iter().map(|line| line.view(wording)).collect());
        match var {
            Var::RedCount => json!((self.dark.len() + self.red.len()).to_string()),
            Var::YellowCount => json!(self.yellow.len().to_string()),
            Var::Opened => json!(self.opened.to_string()),
            Var::Closed => json!(self.closed.to_string()),
            Var::DarkLines => lines(&self.dark),
            Var::RedLines => lines(&self.red),
            Var::YellowLines => lines(&self.yellow),
            Var::OtherLines => lines(&self.other),
            Var::SpecialLines => lines(&self.special),
            Var::DeliverLines => lines(&self.deliver),
            Var::ArchiveLines => lines(&self.archive),
            Var::OrderLines => lines(&self.orders),
            Var::UnstatedLines => lines(&self.unstated),
            Var::OfficeLines => lines(&self.offices),
            Var::AskedCount => counted(self.asked),
            Var::OrdersMore => counted(self.orders_more),
            Var::No
            | Var::Item
            | Var::Step
            | Var::Office
            | Var::Due
            | Var::Left
            | Var::Late
            | Var::Promised
            | Var::Statutory
            | Var::Until
            | Var::On
            | Var::Reason
            | Var::Cause
            | Var::Basis
            | Var::Document
            | Var::Count
            | Var::Place
            | Var::Path
            | Var::Login
            | Var::Link
            | Var::Priority
            | Var::Was
            | Var::Project
            | Var::Provisional => Value::Null,
        }
    }
}

impl Line {
    fn view(&self, wording: Wording) -> Value {
        let values = [
            (Var::No, wording.number(&self.no)),
            (Var::Item, wording.item(&self.item)),
            (Var::Project, filled(self.project.as_deref())),
            (Var::Step, wording.maybe_title(self.step.as_ref())),
            (Var::Office, wording.maybe_title(self.office.as_ref())),
            (Var::Due, self.due.map(|date| wording.date(date))),
            (Var::Was, self.was.map(|date| wording.date(date))),
            (Var::Left, self.left.map(|days| wording.days(days))),
            (Var::Late, self.late.map(|days| wording.days(days))),
        ];
        let present = values.into_iter().filter_map(|(var, text)| Some((var.key().to_owned(), Value::String(text?))));
        Value::Object(present.collect::<Map<_, _>>())
    }
}

/// Text that says something.
fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// How facts are put into words.
#[derive(Clone, Copy)]
struct Wording {
    language: Language,
    room: Room,
}

impl Wording {
    fn number(self, no: &str) -> Option<String> {
        let text = filled(Some(no))?;
        Some(match self.room {
            Room::Letter => text,
            Room::Short => cut(&text, SMS_NUMBER_CHARS_MAX, ""),
        })
    }

    fn title(self, title: &Text) -> Option<String> {
        let (own, other) = match self.language {
            Language::Zh => (&title.zh, &title.en),
            Language::En => (&title.en, &title.zh),
        };
        filled(Some(own)).or_else(|| filled(Some(other)))
    }

    fn maybe_title(self, title: Option<&Text>) -> Option<String> {
        title.and_then(|title| self.title(title))
    }

    fn item(self, item: &Text) -> Option<String> {
        let text = self.title(item)?;
        Some(match (self.room, self.language) {
            (Room::Letter, _) => text,
            (Room::Short, Language::Zh) => cut(&text, SMS_ITEM_CHARS_MAX, "…"),
            (Room::Short, Language::En) => cut(&text, SMS_EN_ITEM_CHARS_MAX, "..."),
        })
    }

    fn date(self, date: NaiveDate) -> String {
        let (year, month, day) = (date.year(), date.month(), date.day());
        match (self.language, self.room) {
            (Language::Zh, Room::Letter) => format!("{year}年{month}月{day}日（周{}）", weekday_zh(date.weekday())),
            (Language::Zh, Room::Short) => format!("{month}月{day}日"),
            (Language::En, Room::Letter) => date.format("%A %-d %B %Y").to_string(),
            (Language::En, Room::Short) => date.format("%-d %b").to_string(),
        }
    }

    fn days(self, days: Days) -> String {
        let Days { count, unit } = days;
        let space = if self.room == Room::Letter { " " } else { "" };
        match (self.language, unit) {
            (Language::Zh, Unit::Working) => format!("{count}{space}个工作日"),
            (Language::Zh, Unit::Calendar) => format!("{count}{space}天"),
            (Language::En, Unit::Working) => format!("{count} working day{}", plural(count)),
            (Language::En, Unit::Calendar) => format!("{count} day{}", plural(count)),
        }
    }
}

const fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

const fn weekday_zh(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "一",
        Weekday::Tue => "二",
        Weekday::Wed => "三",
        Weekday::Thu => "四",
        Weekday::Fri => "五",
        Weekday::Sat => "六",
        Weekday::Sun => "日",
    }
}

/// The text, or its beginning and `mark`, in at most `chars_max` characters. English keeps to plain letters: one other would halve the room.
fn cut(text: &str, chars_max: usize, mark: &str) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(mark.chars().count())).chain(mark.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context {
            no: "GC20250001-HP".into(),
            item: Text { zh: "环境影响报告表审批".into(), en: "EIA report form approval".into() },
            due: NaiveDate::from_ymd_opt(2025, 4, 22),
            left: Some(Days { count: 1, unit: Unit::Working }),
            reason: Some("  ".into()),
            ..Context::default()
        }
    }

    #[test]
    fn each_language_has_its_own_words_for_days_and_dates() {
        let zh = context().view(Kind::OYellow, Language::Zh, Room::Letter);
        assert_eq!((&zh["due"], &zh["left"], &zh["item"]), (&json!("2025年4月22日（周二）"), &json!("1 个工作日"), &json!("环境影响报告表审批")));
        let en = context().view(Kind::OYellow, Language::En, Room::Letter);
        assert_eq!((&en["due"], &en["left"], &en["item"]), (&json!("Tuesday 22 April 2025"), &json!("1 working day"), &json!("EIA report form approval")));
        let short = context().view(Kind::OYellow, Language::Zh, Room::Short);
        assert_eq!((&short["due"], &short["item"]), (&json!("4月22日"), &json!("环境影响报告表审批")));
    }

    #[test]
    fn a_view_holds_the_variables_of_its_kind_only() {
        let mut full = context();
        full.reason = Some("专家评审延后".into());
        full.place = Some(3);
        let view = full.view(Kind::OYellow, Language::Zh, Room::Letter);
        let mut keys: Vec<&str> = view.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["due", "item", "left", "no"]);
    }

    #[test]
    fn what_a_kind_needs_and_the_context_lacks_is_named() {
        assert_eq!(Context::default().lacks(Kind::OYellow), [Var::No, Var::Item, Var::Due]);
        assert_eq!(context().lacks(Kind::OYellow), []);
        assert!(context().lacks(Kind::TaskDigest).contains(&Var::RedLines));
    }

    #[test]
    fn a_name_too_long_for_a_short_message_is_cut() {
        let mut long = context();
        long.item.zh = "跨区域重大智能制造基地配套道路工程".into();
        let view = long.view(Kind::OYellow, Language::Zh, Room::Short);
        assert_eq!(view["item"], json!("跨区域重大智能制造基地…"));
    }

    #[test]
    fn a_link_is_never_stored() {
        let context = Context { login: Some("chen".into()), link: Some("https://example.invalid/reset/1".into()), ..Context::default() };
        let stored = serde_json::to_string(&context).unwrap();
        assert!(stored.contains("chen") && !stored.contains("reset"), "{stored}");
        assert_eq!(context.view(Kind::PasswordReset, Language::Zh, Room::Letter)["link"], json!("https://example.invalid/reset/1"));
    }

    #[test]
    fn a_stored_context_reads_back_as_it_was() {
        let stored = serde_json::to_vec(&context()).unwrap();
        assert_eq!(serde_json::from_slice::<Context>(&stored).unwrap(), context());
    }
}
