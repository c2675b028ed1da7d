//! One value as text in an input, and back.
//! Invariant: a value of its field's type comes back from its text unchanged. Never: a rounding; an amount that is not a whole number of 分 stays text.

use serde_json::Value;

use crate::forms::codes::Scheme;
use crate::forms::{Field, Kind};

/// 分 in one 万元, the unit money is typed in.
const FEN_PER_WAN: i128 = 1_000_000;
/// Decimals of 万元 that a 分 needs.
const WAN_DECIMALS: usize = 6;
/// Decimals that are always shown.
const WAN_DECIMALS_SHOWN: usize = 2;
/// Square metres in a hectare.
const M2_PER_HECTARE: i128 = 10_000;

/// The text an input shows for a value.
pub(super) fn shown(field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (_, Value::Null | Value::Array(_) | Value::Object(_)) => String::new(),
        (_, Value::String(text)) => text.clone(),
        (Kind::MoneyFen(_), Value::Number(number)) => number.as_i64().map_or_else(|| number.to_string(), wan),
        (_, Value::Number(number)) => number.to_string(),
        (_, Value::Bool(answer)) => answer.to_string(),
    }
}

/// What was typed, in the field's type; `Null` for nothing, the text itself when it cannot be read.
pub(super) fn value(field: &Field, text: &str) -> Value {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Value::Null;
    }
    let read = match &field.kind {
        Kind::Text(_) => Some(trimmed.into()),
        Kind::LongText(_) => Some(trimmed.replace("\r\n", "\n").replace('\r', "\n").into()),
        Kind::Integer(_) => scaled(trimmed, &[("", 1)]).map(Value::from),
        Kind::MoneyFen(_) => scaled(
            trimmed,
            &[("亿元", FEN_PER_WAN * 10_000), ("亿", FEN_PER_WAN * 10_000), ("万元", FEN_PER_WAN), ("万", FEN_PER_WAN), ("元", 100), ("", FEN_PER_WAN)],
        )
        .map(Value::from),
        Kind::AreaM2(_) => scaled(trimmed, &[("公顷", M2_PER_HECTARE), ("平方米", 1), ("㎡", 1), ("m²", 1), ("m2", 1), ("", 1)]).map(Value::from),
        Kind::Date { .. } => date(trimmed).map(Value::from),
        Kind::Choice(_) => Some(trimmed.into()),
        Kind::YesNo => match trimmed {
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            _ => None,
        },
        Kind::Code(scheme) => Some(code(*scheme, trimmed).into()),
        Kind::File(_) | Kind::Rows { .. } => None,
    };
    read.unwrap_or_else(|| trimmed.into())
}

/// 分 as 万元, exact, with two decimals or as many as it needs.
fn wan(fen: i64) -> String {
    let fen = i128::from(fen);
    let (whole, rest) = (fen.abs() / FEN_PER_WAN, fen.abs() % FEN_PER_WAN);
    let mut decimals = format!("{rest:0WAN_DECIMALS$}");
    while decimals.len() > WAN_DECIMALS_SHOWN && decimals.ends_with('0') {
        decimals.pop();
    }
    format!("{}{whole}.{decimals}", if fen < 0 { "-" } else { "" })
}

/// A decimal number times what its unit is worth, when that is a whole number; the first unit that fits is taken, so longer ones stand first.
fn scaled(text: &str, units: &[(&str, i128)]) -> Option<i64> {
    let text = narrow(text);
    let (digits, worth) = units.iter().find_map(|(unit, worth)| Some((text.strip_suffix(unit)?, *worth)))?;
    let (sign, digits) = digits.strip_prefix('-').map_or((1, digits), |digits| (-1, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) || digits.ends_with('.') {
        return None;
    }
    let mut amount = whole.parse::<i128>().ok()?.checked_mul(worth)?;
    let mut place = worth;
    for digit in decimals.bytes().map(|byte| i128::from(byte - b'0')) {
        if place % 10 != 0 && digit != 0 {
            return None;
        }
        place /= 10;
        amount = amount.checked_add(digit.checked_mul(place)?)?;
    }
    i64::try_from(sign * amount).ok()
}

/// Full-width digits and points as narrow ones, without blanks, thousands separators and a currency sign.
fn narrow(text: &str) -> String {
    let narrow = |letter: char| match letter {
        '０'..='９' => char::from_u32(u32::from(letter) - u32::from('０') + u32::from('0')),
        '．' => Some('.'),
        '－' | '−' => Some('-'),
        ',' | '，' | '￥' | '¥' => None,
        letter if letter.is_whitespace() => None,
        letter => Some(letter),
    };
    text.chars().filter_map(narrow).collect()
}

/// A date in one of the ways people write it, as ISO.
fn date(text: &str) -> Option<String> {
    let narrow = narrow(text).replace(['年', '月', '/', '.'], "-").replace('日', "");
    let parts: Vec<&str> = narrow.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let (year, month, day) = (year.parse::<u16>().ok().filter(|year| *year >= 1_000)?, month.parse::<u8>().ok()?, day.parse::<u8>().ok()?);
    let iso = format!("{year:04}-{month:02}-{day:02}");
    crate::expr::civil_date(&iso).map(|_| iso)
}

/// A code as its scheme writes it: narrow, without blanks, in capitals where the scheme has letters.
fn code(scheme: Scheme, text: &str) -> String {
    let narrow: String = text.chars().filter(|letter| !letter.is_whitespace()).map(narrow_letter).collect();
    match scheme {
        Scheme::Uscc => narrow.to_uppercase(),
        Scheme::ProjectCode => hyphened(&narrow),
        Scheme::Region | Scheme::Industry => narrow,
    }
}

/// A full-width letter, digit or hyphen as a narrow one.
fn narrow_letter(letter: char) -> char {
    match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - u32::from('！') + u32::from('!')).unwrap_or(letter),
        '—' | '–' | '‐' | '−' => '-',
        letter => letter,
    }
}

/// A project code typed as twenty digits gets its hyphens; both ways of writing it mean the same code.
fn hyphened(text: &str) -> String {
    const GROUPS: [std::ops::Range<usize>; 5] = [0..4, 4..10, 10..12, 12..14, 14..20];
    let bare = text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !bare {
        return text.to_owned();
    }
    GROUPS.into_iter().filter_map(|group| text.get(group)).collect::<Vec<_>>().join("-")
}
