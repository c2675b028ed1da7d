//! What the calendar command says to people: an explanation, a year, a file that is in order.

use std::io::{self, Write};

use chrono::{Datelike, NaiveDate};
use unicode_width::UnicodeWidthStr;

use super::Lang;
use crate::calendar::{Calendar, DayNote, Due, Holiday, Notice, Span, TermQuery, weekday_zh};

/// Columns of the Chinese reason, so that the English stands in line beside it.
const REASON_WIDTH: usize = 28;

/// The question, every day, and the due day.
pub fn explanation(calendar: &Calendar, query: &TermQuery<'_>, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let explanation = calendar.explain(query);
    let (zh, en) = question(query);
    say(lang, &zh, &en, out)?;
    say(lang, &format!("日历 {} {}", calendar.name(), calendar.version()), &format!("calendar {} {}", calendar.name(), calendar.version()), out)?;
    writeln!(out)?;
    for note in &explanation.days {
        writeln!(out, "{}", row(note, lang).trim_end())?;
    }
    writeln!(out)?;
    let (zh, en) = outcome(calendar, explanation.due, query);
    say(lang, &zh, &en, out)
}

/// A year's notice; false when it is not published.
pub fn year(calendar: &Calendar, year: i32, lang: Lang, out: &mut dyn Write) -> io::Result<bool> {
    let Some(notice) = calendar.notices().iter().find(|notice| notice.year == year) else { return Ok(false) };
    let working = NaiveDate::from_ymd_opt(year - 1, 12, 31).zip(NaiveDate::from_ymd_opt(year, 12, 31)).and_then(|(eve, last)| calendar.working_days(eve, last));
    let working = working.map_or_else(|| "–".to_owned(), |days| days.to_string());
    let Notice { source, published, .. } = notice;
    let zh = format!("{year} 年：{working} 个工作日；{source}，{published}");
    say(lang, &zh, &format!("{year}: {working} working days; {source}, {published}"), out)?;
    writeln!(out)?;
    for holiday in &notice.holidays {
        let (zh, en) = holiday_line(holiday);
        say(lang, &zh, &en, out)?;
    }
    Ok(true)
}

/// A calendar without a mistake.
pub fn summary(calendar: &Calendar, file: &str, out: &mut dyn Write) -> io::Result<()> {
    let (name, version, notices) = (calendar.name(), calendar.version(), calendar.notices().len());
    let covered = calendar.covered().map_or_else(String::new, |(first, last)| format!("{first}..{last}"));
    writeln!(out, "{file}: {name} {version}, {covered}, 通知 {notices} 份，没有错误 / {notices} notices, no mistake")
}

fn question(query: &TermQuery<'_>) -> (String, String) {
    let TermQuery { from, within, extended, suspended, .. } = query;
    let mut zh = format!("自 {from} 起 {}", within.zh());
    let mut en = format!("{within} from {from}");
    if let Some(extended) = extended {
        zh.push_str(&format!("，延长 {}", extended.zh()));
        en.push_str(&format!(", extended by {extended}"));
    }
    for (first, last) in *suspended {
        let (zh_last, en_last) = through(*first, *last);
        zh.push_str(&format!("，{first}{zh_last} 不计入"));
        en.push_str(&format!(", not counting {first}{en_last}"));
    }
    (zh, en)
}

fn row(note: &DayNote, lang: Lang) -> String {
    let date = note.date;
    let counted = note.counted.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let weekday = match lang {
        Lang::Both => format!("{} {}", weekday_zh(date), date.format("%a")),
        Lang::Zh => weekday_zh(date).to_owned(),
        Lang::En => date.format("%a").to_string(),
    };
    let reason = match lang {
        Lang::Both => format!("{}{}", padded(&note.why.zh()), note.why.en()),
        Lang::Zh => note.why.zh(),
        Lang::En => note.why.en(),
    };
    format!("{date} {weekday} {counted:>4}  {reason}")
}

fn padded(text: &str) -> String {
    format!("{text}{}", " ".repeat(REASON_WIDTH.saturating_sub(text.width()).max(2)))
}

fn outcome(calendar: &Calendar, due: Due, query: &TermQuery<'_>) -> (String, String) {
    match due {
        Due::On { date, provisional: false } => (format!("到期 {date}（{}）", weekday_zh(date)), format!("due {date} ({})", date.format("%A"))),
        Due::On { date, provisional: true } => (
            format!("暂定到期 {date}（{}）：该年放假通知尚未公布", weekday_zh(date)),
            format!("due {date} ({}), provisionally: that year's holidays are not published", date.format("%A")),
        ),
        Due::Unknown { .. } => {
            let (zh, en) = no_date(calendar, due, query).unwrap_or_default();
            (format!("没有到期日：{zh}"), format!("no due day: {en}"))
        }
    }
}

/// Why there is no date.
pub fn no_date(calendar: &Calendar, due: Due, query: &TermQuery<'_>) -> Option<(String, String)> {
    let Due::Unknown { counted, through } = due else { return None };
    if let Some((first, _)) = calendar.covered().filter(|(first, _)| query.from.succ_opt().is_some_and(|next| next < *first)) {
        return Some((format!("工作日历自 {first} 起，晚于起算日"), format!("the working calendar begins on {first}, after the start day")));
    }
    let extended = query.extended.map_or(0, |extended| extended.days);
    let total = Span { days: query.within.days.saturating_add(extended), unit: query.within.unit };
    let whole = if query.extended.is_none_or(|extended| extended.unit == total.unit) { total.to_string() } else { format!("{} days", total.days) };
    let zh = format!("已公布的工作日历算不到那一天：至 {through} 共计 {counted} 日，须计 {} 日", total.days);
    Some((zh, format!("no published working calendar reaches it: {counted} of {whole} counted through {through}")))
}

fn holiday_line(holiday: &Holiday) -> (String, String) {
    let Holiday { label, first, last, make_up } = holiday;
    let days = last.signed_duration_since(*first).num_days() + 1;
    let worked: Vec<String> = make_up.iter().map(|date| format!("{date} {}", weekday_zh(*date))).collect();
    let worked_en: Vec<String> = make_up.iter().map(|date| date.format("%F %a").to_string()).collect();
    let (zh_worked, en_worked) = match make_up.len() {
        0 => (String::new(), String::new()),
        _ => (format!("，{} 上班", worked.join("、")), format!("; worked: {}", worked_en.join(", "))),
    };
    let (zh_last, en_last) = through(*first, *last);
    let zh = format!("{} {first}{zh_last} 放假，共 {days} 天{zh_worked}", label.zh);
    let unit = if days == 1 { "day" } else { "days" };
    let year_before = if first.year() == last.year() { "" } else { " (over the turn of the year)" };
    (zh, format!("{}: {first}{en_last}, {days} {unit} off{year_before}{en_worked}", label.en))
}

/// The end of an interval; nothing for one day.
fn through(first: NaiveDate, last: NaiveDate) -> (String, String) {
    if first == last { (String::new(), String::new()) } else { (format!(" 至 {last}"), format!(" to {last}")) }
}

/// One thing in the languages asked for.
fn say(lang: Lang, zh: &str, en: &str, out: &mut dyn Write) -> io::Result<()> {
    match lang {
        Lang::Both => writeln!(out, "{zh}\n  {en}"),
        Lang::Zh => writeln!(out, "{zh}"),
        Lang::En => writeln!(out, "{en}"),
    }
}
