//! A form from its file, with every mistake and its place.

use super::codes::Scheme;
use super::{Access, Choice, Field, FileRule, Form, Freezes, Kind, LedgerColumn, Page, Range, Required, Section, access, conditions};
use crate::ids::Text;
use crate::limits::{FORM_FIELDS_MAX, FORM_LINE_CHARACTERS_MAX, FORM_ROWS_MAX, FORM_TEXT_CHARACTERS_MAX};
use crate::source::{Fields, Node, Reader, shortened};

/// Keys of a field that any type may have.
const COMMON: [&str; 11] = ["key", "title", "help", "type", "required", "when", "see", "edit", "personal", "secret", "state-secret"];

/// The types, and the further keys each may have.
const TYPES: [(&str, Type, &[&str]); 11] = [
    ("text", Type::Text, &["min-length", "max-length", "freezes", "ledger"]),
    ("long-text", Type::LongText, &["min-length", "max-length", "ledger"]),
    ("integer", Type::Integer, &["min", "max"]),
    ("money-fen", Type::MoneyFen, &["min", "max"]),
    ("area-m2", Type::AreaM2, &["min", "max"]),
    ("date", Type::Date, &["min", "max"]),
    ("choice", Type::Choice, &["choices"]),
    ("yes-no", Type::YesNo, &[]),
    ("code", Type::Code, &["code"]),
    ("file", Type::File, &["accept", "max-mb", "evidence"]),
    ("rows", Type::Rows, &["fields", "min", "max", "row-key"]),
];

const SCHEMES: [(&str, Scheme); 4] =
    [("uscc", Scheme::Uscc), ("project-code", Scheme::ProjectCode), ("region", Scheme::Region), ("industry", Scheme::Industry)];

const LEDGER: &[(&str, LedgerColumn)] =
    &[("leader", LedgerColumn::Leader), ("roadmap", LedgerColumn::Roadmap), ("problem", LedgerColumn::Problem), ("next", LedgerColumn::Next)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    LongText,
    Integer,
    MoneyFen,
    AreaM2,
    Date,
    Choice,
    YesNo,
    Code,
    File,
    Rows,
}

/// A form with its title and pages, sections or fields.
pub(super) fn form(reader: &mut Reader<'_>, node: &Node) -> Option<Form> {
    let top = reader.fields(node, &["form", "title", "pages", "sections", "fields"])?;
    let key = top.get("form").and_then(|node| reader.text(node)).unwrap_or_default();
    let title = reader.required(&top, "title").and_then(|node| reader.bilingual(node));
    let pages = match one_of(reader, &top, &["pages", "sections", "fields"]) {
        Some(("pages", node)) => reader.list(node).iter().map(|node| page(reader, node)).collect(),
        Some((key, node)) => vec![Page { title: None, sections: sections(reader, key, node) }],
        None => Vec::new(),
    };
    finish(reader, node, Form { key, title: title.unwrap_or_default(), pages })
}

/// Fields alone.
pub(super) fn bare(reader: &mut Reader<'_>, node: &Node) -> Option<Form> {
    let sections = sections(reader, "fields", node);
    finish(reader, node, Form { key: String::new(), title: Text::default(), pages: vec![Page { title: None, sections }] })
}

fn finish(reader: &mut Reader<'_>, node: &Node, form: Form) -> Option<Form> {
    let count = form.fields().map(|field| if let Kind::Rows { fields, .. } = &field.kind { 1 + fields.len() } else { 1 }).sum::<usize>();
    if count > FORM_FIELDS_MAX {
        let (zh, en) = (format!("期望最多 {FORM_FIELDS_MAX} 个字段，实际 {count} 个"), format!("expected at most {FORM_FIELDS_MAX} fields, found {count}"));
        reader.mistake(node.at, "too-many-fields", (zh, en));
    }
    conditions::check(reader, node, &form);
    reader.is_clean().then_some(form)
}

/// Exactly one of several keys.
fn one_of<'n>(reader: &mut Reader<'_>, fields: &Fields<'n>, keys: &[&'static str]) -> Option<(&'static str, &'n Node)> {
    let mut there = keys.iter().filter_map(|key| fields.get(key).map(|node| (*key, node)));
    let first = there.next();
    let all = keys.join(", ");
    match (first, there.next()) {
        (None, _) => reader.mistake(fields.at, "missing-key", (format!("期望 {all} 之一，实际没有"), format!("expected one of {all}, found none"))),
        (Some(_), Some((second, node))) => {
            reader.mistake(
                node.at,
                "unknown-key",
                (format!("期望只有 {all} 之一，实际还有 `{second}`"), format!("expected only one of {all}, found `{second}` too")),
            );
        }
        (Some(_), None) => {}
    }
    first
}

fn page(reader: &mut Reader<'_>, node: &Node) -> Page {
    let mut page = Page { title: None, sections: Vec::new() };
    if let Some(keys) = reader.fields(node, &["title", "sections", "fields"]) {
        page.title = reader.required(&keys, "title").and_then(|node| reader.bilingual(node));
        if let Some((key, node)) = one_of(reader, &keys, &["sections", "fields"]) {
            page.sections = sections(reader, key, node);
        }
    }
    page
}

fn sections(reader: &mut Reader<'_>, key: &str, node: &Node) -> Vec<Section> {
    if key == "fields" {
        return vec![Section { title: None, fields: fields(reader, node, Place::Top) }];
    }
    let mut sections = Vec::new();
    for node in reader.list(node) {
        let Some(keys) = reader.fields(node, &["title", "fields"]) else { continue };
        let title = reader.required(&keys, "title").and_then(|node| reader.bilingual(node));
        let fields = reader.required(&keys, "fields").map(|node| fields(reader, node, Place::Top)).unwrap_or_default();
        sections.push(Section { title, fields });
    }
    sections
}

/// Where a field stands; rows do not nest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Row,
}

fn fields(reader: &mut Reader<'_>, node: &Node, place: Place) -> Vec<Field> {
    let nodes = reader.list(node);
    nodes.iter().filter_map(|node| field(reader, node, place)).collect()
}

fn field(reader: &mut Reader<'_>, node: &Node, place: Place) -> Option<Field> {
    let (kind_word, more) = type_of(reader, node)?;
    let allowed: Vec<&str> = COMMON.iter().chain(more).copied().collect();
    let keys = reader.fields(node, &allowed)?;
    let key = reader.required(&keys, "key").and_then(|node| key(reader, node));
    let title = reader.required(&keys, "title").and_then(|node| reader.bilingual(node));
    let help = keys.get("help").and_then(|node| reader.bilingual(node));
    let mut flag = |name: &str| keys.get(name).and_then(|node| reader.flag(node)).unwrap_or(false);
    let (personal, secret, state_secret) = (flag("personal"), flag("secret"), flag("state-secret"));
    if state_secret && (kind_word != Type::YesNo || place == Place::Row) {
        let node = keys.get("state-secret").unwrap_or(node);
        reader.expected(node, "state-secret", ("涉密提问用在 yes-no 字段、不在 rows 内", "the state-secret question on a yes-no field outside rows"));
    }
    if kind_word == Type::Rows && place == Place::Row {
        reader.mistake(node.at, "nested-rows", ("期望 rows 之内不再有 rows".to_owned(), "expected no rows inside rows".to_owned()));
        return None;
    }
    let required = keys.get("required").map_or(Some(Required::No), |node| required(reader, node));
    let when = keys.get("when").map_or(Some(None), |node| condition(reader, node).map(Some));
    let see = keys.get("see").map(|node| access::who(reader, node));
    let edit = keys.get("edit").map(|node| access::who(reader, node));
    if let Some(node) = keys.get("see").or_else(|| keys.get("edit")).filter(|_| place == Place::Row || state_secret) {
        reader.expected(
            node,
            "access-inside",
            (
                "see 和 edit 写在 rows 整体上，不写在行内字段或涉密提问上",
                "see and edit on the rows as a whole, not on a field of a row or the state-secret question",
            ),
        );
    }
    let kind = kind(reader, &keys, kind_word);
    let freezes = keys.get("freezes").and_then(|node| reader.word(node, &[("ledger", Freezes::Ledger)]));
    if let Some(node) = keys.get("freezes").filter(|_| place == Place::Row) {
        reader.expected(node, "freezes-inside", ("freezes 写在 rows 之外的字段上", "`freezes` on a field outside rows"));
    }
    let ledger = keys.get("ledger").and_then(|node| reader.word(node, LEDGER));
    if let Some(node) = keys.get("ledger").filter(|_| place == Place::Row) {
        reader.expected(node, "ledger-inside", ("ledger 写在 rows 之外的字段上", "`ledger` on a field outside rows"));
    }
    let evidence = keys.get("evidence").and_then(|node| class(reader, node));
    let (required, when) = (required?, when?);
    Some(Field {
        key: key?,
        title: title?,
        help,
        kind: kind?,
        required,
        when,
        see,
        edit,
        access: Access::Open,
        personal,
        secret,
        state_secret,
        evidence,
        freezes,
        ledger,
    })
}

/// A class of evidence, such as `L5`.
fn class(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node)?;
    let is_class = text.strip_prefix('L').is_some_and(|number| number.parse::<u8>().is_ok_and(|number| number > 0));
    if !is_class {
        reader.expected(node, "bad-class", ("佐证材料类别，如 L5", "a class of evidence such as L5"));
    }
    Some(text).filter(|_| is_class)
}

/// The type first, because it says which other keys may stand there.
fn type_of(reader: &mut Reader<'_>, node: &Node) -> Option<(Type, &'static [&'static str])> {
    let every: Vec<&str> = COMMON.iter().chain(TYPES.iter().flat_map(|(_, _, more)| more.iter())).copied().collect();
    let words: Vec<_> = TYPES.iter().map(|(word, kind, more)| (*word, (*kind, *more))).collect();
    let quiet = Reader::new(reader.file()).fields(node, &every);
    let Some(keys) = quiet else {
        reader.fields(node, &COMMON)?;
        return None;
    };
    let found = reader.required(&keys, "type")?;
    reader.word(found, &words)
}

/// A key that an expression can write without backticks.
fn key(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node)?;
    let starts = text.chars().next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    if starts && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        return Some(text);
    }
    reader.expected(node, "bad-key", ("字母、数字和 `_` 组成的键", "a key of letters, digits and `_`"));
    None
}

fn required(reader: &mut Reader<'_>, node: &Node) -> Option<Required> {
    if let crate::source::Tree::Map(_) = node.tree {
        let keys = reader.fields(node, &["when"])?;
        let when = reader.required(&keys, "when")?;
        return condition(reader, when).map(Required::When);
    }
    reader.flag(node).map(|flag| if flag { Required::Yes } else { Required::No })
}

fn condition(reader: &mut Reader<'_>, node: &Node) -> Option<crate::expr::Expr> {
    let source = reader.text(node)?;
    match crate::expr::parse(&source) {
        Ok(expr) => Some(expr),
        Err(errors) => {
            for error in errors {
                reader.mistake(node.place_in(error.span.start), "expression", (error.zh, error.en));
            }
            None
        }
    }
}

fn kind(reader: &mut Reader<'_>, keys: &Fields<'_>, word: Type) -> Option<Kind> {
    match word {
        Type::Text => range(reader, keys, ("min-length", "max-length"), lengths(FORM_LINE_CHARACTERS_MAX)).map(Kind::Text),
        Type::LongText => range(reader, keys, ("min-length", "max-length"), lengths(FORM_TEXT_CHARACTERS_MAX)).map(Kind::LongText),
        Type::Integer => range(reader, keys, ("min", "max"), Range { min: i64::MIN, max: i64::MAX }).map(Kind::Integer),
        Type::MoneyFen => range(reader, keys, ("min", "max"), Range { min: 0, max: i64::MAX }).map(Kind::MoneyFen),
        Type::AreaM2 => range(reader, keys, ("min", "max"), Range { min: 0, max: i64::MAX }).map(Kind::AreaM2),
        Type::Date => dates(reader, keys),
        Type::Choice => reader.required(keys, "choices").and_then(|node| choices(reader, node)).map(Kind::Choice),
        Type::YesNo => Some(Kind::YesNo),
        Type::Code => reader.required(keys, "code").and_then(|node| reader.word(node, &SCHEMES)).map(Kind::Code),
        Type::File => file(reader, keys).map(Kind::File),
        Type::Rows => {
            let fields = reader.required(keys, "fields").map(|node| fields(reader, node, Place::Row));
            let count = range(reader, keys, ("min", "max"), lengths(FORM_ROWS_MAX));
            let (fields, count) = (fields?, count?);
            let by = keys.get("row-key").map_or(Some(None), |node| row_key(reader, node, &fields).map(Some));
            Some(Kind::Rows { fields, count, by: by? })
        }
    }
}

/// The field that tells rows apart must be one that every row has.
fn row_key(reader: &mut Reader<'_>, node: &Node, fields: &[Field]) -> Option<String> {
    let key = reader.text(node)?;
    if fields.iter().any(|field| field.key == key && matches!(field.required, Required::Yes) && field.when.is_none()) {
        return Some(key);
    }
    reader.expected(node, "row-key", ("行内一个 required: true 的字段", "a field of the row that is `required: true`"));
    None
}

fn file(reader: &mut Reader<'_>, keys: &Fields<'_>) -> Option<FileRule> {
    const BYTES_PER_MB: u64 = 1024 * 1024;
    let mut rule = FileRule::default();
    for node in keys.get("accept").map(|node| reader.list(node)).unwrap_or_default() {
        let ending = reader.text(node)?;
        if ending.is_empty() || !ending.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            reader.expected(node, "bad-ending", ("小写扩展名，不带点，如 pdf", "a lower-case ending without the dot, such as pdf"));
            return None;
        }
        rule.accept.push(ending);
    }
    if let Some(node) = keys.get("max-mb") {
        let most = reader.whole(node)?;
        let bytes = u64::try_from(most).ok().filter(|most| *most > 0).and_then(|most| most.checked_mul(BYTES_PER_MB));
        let Some(bytes) = bytes.filter(|bytes| *bytes <= rule.bytes_max) else {
            let most = rule.bytes_max / BYTES_PER_MB;
            reader.expected(
                node,
                "out-of-range",
                (&format!(" 1 到 {most} 之间的数（本机上传的上限）"), &format!("a number from 1 to {most}, the most an upload may have")),
            );
            return None;
        };
        rule.bytes_max = bytes;
    }
    Some(rule)
}

fn lengths(most: usize) -> Range {
    Range { min: 0, max: i64::try_from(most).unwrap_or(i64::MAX) }
}

/// The two bounds of a field, inside what its type allows at all.
fn range(reader: &mut Reader<'_>, keys: &Fields<'_>, (least, most): (&str, &str), outer: Range) -> Option<Range> {
    let mut bound = |key: &str, otherwise: i64| {
        let Some(node) = keys.get(key) else { return Some(otherwise) };
        let number = reader.whole(node)?;
        if (outer.min..=outer.max).contains(&number) {
            return Some(number);
        }
        let (low, high) = (outer.min, outer.max);
        reader.expected(node, "out-of-range", (&format!(" {low} 到 {high} 之间的数"), &format!("a number from {low} to {high}")));
        None
    };
    let (min, max) = (bound(least, outer.min), bound(most, outer.max));
    let (min, max) = (min?, max?);
    if min > max {
        let at = keys.get(most).map_or(keys.at, |node| node.at);
        let (zh, en) = (format!("期望 `{most}` 不小于 `{least}`，实际 `{max}`"), format!("expected `{most}` not below `{least}`, found `{max}`"));
        reader.mistake(at, "empty-range", (zh, en));
        return None;
    }
    Some(Range { min, max })
}

fn dates(reader: &mut Reader<'_>, keys: &Fields<'_>) -> Option<Kind> {
    let mut bound = |key: &str| {
        let Some(node) = keys.get(key) else { return Some(None) };
        let date = reader.text(node).and_then(|text| crate::expr::civil_date(&text));
        if date.is_none() {
            reader.expected(node, "bad-date", ("日期，如 2025-03-03", "a date such as 2025-03-03"));
        }
        date.map(Some)
    };
    let (first, last) = (bound("min"), bound("max"));
    let (first, last) = (first?, last?);
    if first.zip(last).is_some_and(|(first, last)| first > last) {
        let (zh, en) = ("期望 `max` 不早于 `min`".to_owned(), "expected `max` not before `min`".to_owned());
        reader.mistake(keys.get("max").map_or(keys.at, |node| node.at), "empty-range", (zh, en));
        return None;
    }
    Some(Kind::Date { first, last })
}

fn choices(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Choice>> {
    let mut choices: Vec<Choice> = Vec::new();
    for item in reader.list(node) {
        let choice = if let crate::source::Tree::Map(_) = item.tree {
            let Some(keys) = reader.fields(item, &["value", "title", "office"]) else { continue };
            let value = reader.required(&keys, "value").and_then(|node| reader.text(node));
            let title = reader.required(&keys, "title").and_then(|node| reader.bilingual(node));
            let office = keys.get("office").and_then(|node| reader.text(node));
            value.zip(title).map(|(value, title)| Choice { value, title, office })
        } else {
            reader.text(item).map(|value| Choice { title: Text { zh: value.clone(), en: value.clone() }, value, office: None })
        };
        let Some(choice) = choice else { continue };
        if choices.iter().any(|known| known.value == choice.value) {
            let value = shortened(&choice.value);
            reader.mistake(
                item.at,
                "duplicate-choice",
                (format!("期望每个选项只写一次，实际 `{value}` 写了两次"), format!("expected each choice once, found `{value}` again")),
            );
        }
        choices.push(choice);
    }
    if choices.is_empty() {
        reader.expected(node, "no-choice", ("至少一个选项", "at least one choice"));
        return None;
    }
    Some(choices)
}
