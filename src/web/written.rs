//! What a template may call: words, texts in the page's language, dates, amounts, lights.
//! Invariant: each writes text that is escaped, but for the light, whose mark-up is its own. Never: a rule; a helper only writes what it is given.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate};
use fluent_bundle::{FluentArgs, FluentValue};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, PathAndJson, RenderContext, RenderError, RenderErrorReason, ScopedJson,
    handlebars_helper, html_escape,
};
use serde_json::Value;

use super::assets;
use super::words::{Words, sentence};
use crate::ids::Moment;
use crate::notice::Language;

/// Gives `book` everything templates call, in one language.
pub fn register(book: &mut Handlebars<'static>, language: Language, words: &Arc<Words>) {
    let spoken = Arc::clone(words);
    book.register_helper("t", simple(move |call| say(&spoken, call)));
    book.register_helper("say", simple(move |call| Ok(said(call.first()?, language))));
    book.register_helper("sentence", simple(move |call| Ok(sentence(&said(call.first()?, language)))));
    book.register_helper("day", simple(move |call| Ok(day(call.first()?, language))));
    book.register_helper("moment", simple(move |call| Ok(moment(call.first()?))));
    book.register_helper("money", simple(move |call| money(call.integer()?, language)));
    book.register_helper("area", simple(move |call| Ok(area(call.integer()?, language))));
    book.register_helper("number", simple(move |call| Ok(grouped(call.integer()?))));
    book.register_helper("asset", simple(|call| assets::address(&call.text()?).ok_or_else(|| wrong("asset", "no such file"))));
    book.register_helper("own", raw(move |call| Ok(own(call.first()?, language))));
    book.register_helper("tongue", raw(move |call| Ok(tongue(&said(call.first()?, language), language).to_owned())));
    let spoken = Arc::clone(words);
    book.register_helper("light", raw(move |call| light(&spoken, &call.text()?)));
    handlebars_helper!(same: |left: Value, right: Value| left == right);
    book.register_helper("same", Box::new(same));
    handlebars_helper!(either: |left: Value, right: Value| truthy(&left) || truthy(&right));
    book.register_helper("either", Box::new(either));
}

fn truthy(value: &Value) -> bool {
    value.is_truthy(false)
}

/// A call of a helper.
struct Call<'a, 'rc>(&'a Helper<'rc>);

impl<'rc> Call<'_, 'rc> {
    fn first(&self) -> Result<&Value, RenderErrorReason> {
        let found = self.0.param(0).ok_or_else(|| wrong(self.0.name(), "expected a value, found none"))?;
        if found.is_value_missing() {
            return Err(wrong(self.0.name(), &format!("expected a value, found none at `{}`", found.relative_path().map_or("", |path| path.as_str()))));
        }
        Ok(found.value())
    }

    fn text(&self) -> Result<String, RenderErrorReason> {
        let found = self.first()?;
        found.as_str().map(str::to_owned).ok_or_else(|| wrong(self.0.name(), &format!("expected a text, found {found}")))
    }

    fn integer(&self) -> Result<i64, RenderErrorReason> {
        let found = self.first()?;
        found.as_i64().ok_or_else(|| wrong(self.0.name(), &format!("expected a whole number, found {found}")))
    }

    fn named(&self) -> impl Iterator<Item = (&str, &PathAndJson<'rc>)> {
        self.0.hash().iter().map(|(key, value)| (*key, value))
    }
}

fn wrong(helper: &str, why: &str) -> RenderErrorReason {
    RenderErrorReason::Other(format!("{helper}: {why}"))
}

type Boxed = Box<dyn HelperDef + Send + Sync>;

/// A helper whose text is escaped.
fn simple(write: impl Fn(&Call<'_, '_>) -> Result<String, RenderErrorReason> + Send + Sync + 'static) -> Boxed {
    Box::new(Escaped(write))
}

struct Escaped<F>(F);

impl<F: Fn(&Call<'_, '_>) -> Result<String, RenderErrorReason> + Send + Sync> HelperDef for Escaped<F> {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        Ok(ScopedJson::Derived(Value::String((self.0)(&Call(helper))?)))
    }
}

/// A helper that writes mark-up of its own.
fn raw(write: impl Fn(&Call<'_, '_>) -> Result<String, RenderErrorReason> + Send + Sync + 'static) -> Boxed {
    Box::new(Raw(write))
}

struct Raw<F>(F);

impl<F: Fn(&Call<'_, '_>) -> Result<String, RenderErrorReason> + Send + Sync> HelperDef for Raw<F> {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        out.write(&(self.0)(&Call(helper))?)?;
        Ok(())
    }
}

fn say(words: &Words, call: &Call<'_, '_>) -> Result<String, RenderErrorReason> {
    let key = call.text()?;
    let mut args = FluentArgs::new();
    for (name, value) in call.named() {
        let value: FluentValue<'_> = match value.value() {
            Value::Number(number) => number.as_i64().map_or_else(|| FluentValue::from(number.to_string()), FluentValue::from),
            Value::String(text) => FluentValue::from(text.clone()),
            other => return Err(wrong("t", &format!("expected a text or a number for `{name}` of `{key}`, found {other}"))),
        };
        args.set(name.to_owned(), value);
    }
    words.say(&key, Some(&args)).ok_or_else(|| wrong("t", &format!("no word `{key}`, or it lacks a variable")))
}

/// A `Text` in the page's language; a plain text is itself.
fn said(value: &Value, language: Language) -> String {
    let key = match language {
        Language::Zh => "zh",
        Language::En => "en",
    };
    match value {
        Value::String(text) => text.clone(),
        Value::Object(both) => both.get(key).and_then(Value::as_str).unwrap_or_default().to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    }
}

/// What people wrote or are called, escaped. On an English page Chinese is marked as such, so that it is read out and drawn as Chinese.
fn own(value: &Value, language: Language) -> String {
    let text = said(value, language);
    if language == Language::Zh || !text.chars().any(han) {
        return html_escape(&text);
    }
    let (mut marked, mut rest) = (String::new(), text.as_str());
    while !rest.is_empty() {
        let chinese = rest.starts_with(cjk);
        let end = rest.find(|letter| cjk(letter) != chinese).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if run.chars().any(han) {
            marked.push_str("<span lang=\"zh-CN\">");
            marked.push_str(&html_escape(run));
            marked.push_str("</span>");
        } else {
            marked.push_str(&html_escape(run));
        }
        rest = after;
    }
    marked
}

/// The same for an element that can hold no mark-up, such as an option: its attribute.
fn tongue(text: &str, language: Language) -> &'static str {
    if language == Language::En && text.chars().any(han) { " lang=\"zh-CN\"" } else { "" }
}

/// A Chinese character.
const fn han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// A Chinese character, or a mark that stands among them.
const fn cjk(letter: char) -> bool {
    han(letter) || matches!(letter, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

/// `2026-11-23 周一`; nothing for nothing.
fn day(value: &Value, language: Language) -> String {
    let Some(text) = value.as_str() else { return String::new() };
    let Ok(date) = text.get(..10).unwrap_or(text).parse::<NaiveDate>() else { return text.to_owned() };
    dated(date, language)
}

/// `2026-11-23 周一`.
pub fn dated(date: NaiveDate, language: Language) -> String {
    format!("{date} {}", weekday(date, language))
}

/// The day of the week, short.
fn weekday(date: NaiveDate, language: Language) -> &'static str {
    const DAYS: [(&str, &str); 7] = [("周一", "Mon"), ("周二", "Tue"), ("周三", "Wed"), ("周四", "Thu"), ("周五", "Fri"), ("周六", "Sat"), ("周日", "Sun")];
    let (zh, en) = DAYS.get(date.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

/// `2025-03-03 08:30`, in China's time.
fn moment(value: &Value) -> String {
    let moment = match value {
        Value::Number(ms) => ms.as_i64().map(Moment),
        Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| Moment(at.timestamp_millis())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    moment.map(|moment| moment.civil().format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// 分 as 万元 with two decimals when that loses nothing, else as 元; in English, which counts in thousands, as yuan.
fn money(fen: i64, language: Language) -> Result<String, RenderErrorReason> {
    const FEN_PER_WAN: i64 = 1_000_000;
    const CENT_OF_WAN: i64 = FEN_PER_WAN / 100;
    let sign = if fen < 0 { "-" } else { "" };
    let whole = fen.checked_abs().ok_or_else(|| wrong("money", "out of range"))?;
    let yuan = || format!("{}.{:02}", grouped(whole / 100), whole % 100);
    Ok(match language {
        Language::Zh if whole % CENT_OF_WAN == 0 => format!("{sign}{}.{:02} 万元", grouped(whole / FEN_PER_WAN), whole % FEN_PER_WAN / CENT_OF_WAN),
        Language::Zh => format!("{sign}{} 元", yuan()),
        Language::En => format!("{sign}CNY {}", yuan()),
    })
}

fn area(m2: i64, language: Language) -> String {
    match language {
        Language::Zh => format!("{} 平方米", grouped(m2)),
        Language::En => format!("{} m²", grouped(m2)),
    }
}

/// `12,345`.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A light: a shape, a word, a colour; never a colour alone.
fn light(words: &Words, key: &str) -> Result<String, RenderErrorReason> {
    let shape = match key {
        "green" => "●",
        "yellow" => "▲",
        "red" => "◆",
        "dark-red" => "■",
        "grey" => "○",
        _ => return Err(wrong("light", &format!("no light `{key}`"))),
    };
    let word = words.say(&format!("light-{key}"), None).ok_or_else(|| wrong("light", &format!("no word `light-{key}`")))?;
    Ok(format!("<span class=\"light light-{key}\"><span class=\"shape\" aria-hidden=\"true\">{shape}</span>{word}</span>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_are_written_as_offices_write_them() {
        assert_eq!(money(3_000_000_000, Language::Zh).unwrap(), "3,000.00 万元");
        assert_eq!(money(123_456, Language::Zh).unwrap(), "1,234.56 元");
        assert_eq!(money(-15_000_000, Language::Zh).unwrap(), "-15.00 万元");
        assert_eq!(money(-3_000_000_050, Language::En).unwrap(), "-CNY 30,000,000.50");
        assert_eq!(area(33_333, Language::Zh), "33,333 平方米");
        assert_eq!((grouped(0), grouped(999), grouped(-1_000)), ("0".to_owned(), "999".to_owned(), "-1,000".to_owned()));
    }

    #[test]
    fn chinese_on_an_english_page_is_marked_and_nothing_gets_through_unescaped() {
        assert_eq!(own(&json!("GC1 陈工 <b>（甲）"), Language::En), "GC1 <span lang=\"zh-CN\">陈工</span> &lt;b&gt;<span lang=\"zh-CN\">（甲）</span>");
        assert_eq!(own(&json!("陈工 <b>"), Language::Zh), "陈工 &lt;b&gt;");
        assert_eq!(own(&json!({"zh": "甲局", "en": "Office A"}), Language::En), "Office A");
        assert_eq!(own(&Value::Null, Language::En), "");
        assert_eq!((tongue("甲区", Language::En), tongue("甲区", Language::Zh), tongue("A", Language::En)), (" lang=\"zh-CN\"", "", ""));
    }

    #[test]
    fn dates_bring_their_day_of_the_week() {
        assert_eq!(day(&json!("2026-11-23"), Language::Zh), "2026-11-23 周一");
        assert_eq!(day(&json!("2026-11-22T23:00:00+08:00"), Language::En), "2026-11-22 Sun");
        assert_eq!(day(&Value::Null, Language::Zh), "");
        assert_eq!(moment(&json!("2025-03-03T00:30:00Z")), "2025-03-03 08:30");
    }
}
