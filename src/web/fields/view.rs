//! Fields as the partial `fields` shows them. Invariant: every input has an id, a label and, when something is wrong, its sentence.

use serde::Serialize;
use serde_json::Value;

use super::{either, in_language, sections, typed};
use crate::forms::codes::{self, Scheme};
use crate::forms::{Access, Field, FieldError, Form, Kind, Range, Required, Section, amounts};
use crate::notice::Language;
use crate::web::words::sentence;

/// Choices up to this many are shown side by side, more in a list that opens.
const RADIOS_MAX: usize = 6;

/// A section.
#[derive(Clone, Debug, Serialize)]
pub struct SectionView {
    /// Its place in the form.
    pub index: usize,
    /// What people read; empty for one without a title.
    pub title: String,
    /// Its fields.
    pub fields: Vec<FieldView>,
}

/// A field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldView {
    /// Its key in the form.
    pub key: String,
    /// The name of its input.
    pub name: String,
    /// The id of its input; an error summary leads here.
    pub id: String,
    /// Its label.
    pub title: String,
    /// What helps to answer.
    pub help: String,
    /// It must be answered, whatever the other answers are.
    pub required: bool,
    /// It may be left out, whatever the other answers are.
    pub optional: bool,
    /// Which partial shows it: `line`, `lines`, `radio`, `select`, `rows`, `file`.
    pub shape: &'static str,
    /// The type of the input of a line.
    pub input: &'static str,
    /// Which keyboard a phone brings up.
    pub keyboard: &'static str,
    /// How wide a line is: `short`, `medium`, `wide`.
    pub width: &'static str,
    /// The text typed so far.
    pub value: String,
    /// The unit beside the input.
    pub unit: String,
    /// The value in other words, such as hectares.
    pub reading: String,
    /// What is wrong.
    pub error: Option<String>,
    /// The ids an input is described by.
    pub described: String,
    /// What one may choose.
    pub choices: Vec<ChoiceView>,
    /// The rows typed so far with an empty one.
    pub rows: Vec<RowView>,
    /// The titles of a row's fields.
    pub columns: Vec<String>,
    /// The file.
    pub file: Option<FileView>,
    /// The endings a file may have, as an input of files lists them.
    pub accept: String,
    /// What stood here in the last submission, when a page shows it beside the new answer.
    pub old: Option<String>,
    /// What another window has saved here meanwhile.
    pub other: Option<String>,
}

/// One of several.
#[derive(Clone, Debug, Serialize)]
pub struct ChoiceView {
    /// The id of its input.
    pub id: String,
    /// What is posted.
    pub value: String,
    /// What people read.
    pub title: String,
    /// It is chosen.
    pub chosen: bool,
}

/// A row.
#[derive(Clone, Debug, Serialize)]
pub struct RowView {
    /// Its number, from 1.
    pub number: usize,
    /// What its button posts to leave it out; empty for the row that is still empty.
    pub remove: String,
    /// Its fields.
    pub fields: Vec<FieldView>,
}

/// An uploaded file.
#[derive(Clone, Debug, Serialize)]
pub struct FileView {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub sha256: String,
    /// Its size, readable.
    pub size: String,
    /// What a form posts to carry it along.
    pub posted: String,
    /// What it is downloaded from, where that is known.
    pub href: String,
}

/// A line of an error summary.
#[derive(Clone, Debug, Serialize)]
pub struct MistakeLine {
    /// The field, on the same page.
    pub href: String,
    /// The sentence.
    pub text: String,
}

/// The sections of a form (or one) with what was typed and what is wrong.
#[must_use]
pub fn view(form: &Form, section: Option<usize>, value: &Value, errors: &[FieldError], language: Language) -> Vec<SectionView> {
    let viewing = Viewing { errors, language };
    let shown = sections(form, section).map(|(index, section)| SectionView {
        index,
        title: section.title.as_ref().map(|title| in_language(title, language)).unwrap_or_default(),
        fields: shown_of(form, section, value).map(|field| viewing.field(field, "", value.get(&field.key))).collect(),
    });
    shown.collect()
}

/// The fields that are the reader's to fill in and asked by what stands there now.
fn shown_of<'f>(form: &'f Form, section: &'f Section, value: &'f Value) -> impl Iterator<Item = &'f Field> {
    section.fields.iter().filter(|field| field.access == Access::Open && field.freezes.is_none() && form.asks(field, value))
}

/// The lines of an error summary, each leading to its field.
#[must_use]
pub fn mistakes(errors: &[FieldError], language: Language) -> Vec<MistakeLine> {
    errors.iter().map(|error| MistakeLine { href: format!("#{}", id_of(&error.path)), text: sentence(&either(language, &error.zh, &error.en)) }).collect()
}

fn id_of(path: &str) -> String {
    format!("f{}", path.replace('/', "-"))
}

struct Viewing<'a> {
    errors: &'a [FieldError],
    language: Language,
}

impl Viewing<'_> {
    /// A field below `under`, which is empty or the path of a row.
    fn field(&self, field: &Field, under: &str, value: Option<&Value>) -> FieldView {
        let value = value.unwrap_or(&Value::Null);
        let path = format!("{under}/{}", field.key);
        let id = id_of(&path);
        let (shape, input, keyboard, width) = shape(field, value);
        let help = self.help(field);
        let error = self.errors.iter().find(|error| error.path == path).map(|error| sentence(&either(self.language, &error.zh, &error.en)));
        let unit = self.unit(field);
        let marks = [(!help.is_empty(), "help"), (error.is_some(), "error"), (!unit.is_empty(), "unit")];
        let described = marks.iter().filter(|(there, _)| *there).map(|(_, mark)| format!("{id}-{mark}")).collect::<Vec<_>>().join(" ");
        FieldView {
            key: field.key.clone(),
            name: format!("f{}", path.replace('/', ".")),
            title: in_language(&field.title, self.language),
            help,
            required: matches!(field.required, Required::Yes),
            optional: matches!(field.required, Required::No),
            shape,
            input,
            keyboard,
            width,
            value: typed::shown(field, value),
            unit,
            reading: self.reading(field, value),
            error,
            described,
            choices: self.choices(field, &id, value),
            rows: self.rows(field, &path, value),
            columns: if let Kind::Rows { fields, .. } = &field.kind {
                fields.iter().map(|field| in_language(&field.title, self.language)).collect()
            } else {
                Vec::new()
            },
            file: super::told::file(value),
            accept: if let Kind::File(rule) = &field.kind {
                rule.accept.iter().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(",")
            } else {
                String::new()
            },
            old: None,
            other: None,
            id,
        }
    }

    fn help(&self, field: &Field) -> String {
        if let Some(help) = &field.help {
            return sentence(&in_language(help, self.language));
        }
        let (zh, en) = match &field.kind {
            Kind::Code(Scheme::Uscc) => (
                "18 位数字和大写字母，见营业执照；保存时核对校验位",
                "18 digits and capitals, on the business licence; its check character is checked when you save",
            ),
            Kind::Code(Scheme::ProjectCode) => (
                "在线平台赋予的项目代码，如 2503-420703-04-01-000000；短横线可以不填",
                "Given by the investment platform, such as 2503-420703-04-01-000000; the hyphens may be left out",
            ),
            Kind::Code(Scheme::Industry) => ("国民经济行业分类，制造业 13 至 43，如 3581", "GB/T 4754, manufacturing 13 to 43, such as 3581"),
            Kind::Text(_) | Kind::LongText(_) | Kind::Integer(_) | Kind::MoneyFen(_) | Kind::AreaM2(_) | Kind::Date { .. } => ("", ""),
            Kind::Choice(_) | Kind::YesNo | Kind::Code(Scheme::Region) | Kind::File(_) | Kind::Rows { .. } => ("", ""),
        };
        either(self.language, zh, en)
    }

    fn unit(&self, field: &Field) -> String {
        match &field.kind {
            Kind::MoneyFen(_) => either(self.language, "万元", "×10,000 CNY"),
            Kind::AreaM2(_) => either(self.language, "平方米", "m²"),
            _ => String::new(),
        }
    }

    fn reading(&self, field: &Field, value: &Value) -> String {
        match (&field.kind, value.as_i64()) {
            (Kind::AreaM2(_), Some(m2)) => either(self.language, &amounts::area(m2), &english_area(m2)),
            _ => String::new(),
        }
    }

    fn choices(&self, field: &Field, id: &str, value: &Value) -> Vec<ChoiceView> {
        let chosen = typed::shown(field, value);
        let all: Vec<(String, String)> = match &field.kind {
            Kind::Choice(choices) => choices.iter().map(|choice| (choice.value.clone(), sentence(&in_language(&choice.title, self.language)))).collect(),
            Kind::YesNo => [("true", "是", "Yes"), ("false", "否", "No")].map(|(value, zh, en)| (value.to_owned(), either(self.language, zh, en))).into(),
            Kind::Code(Scheme::Region) => codes::regions().map(|(code, name)| (code.to_owned(), format!("{code} {name}"))).collect(),
            _ => return Vec::new(),
        };
        let mut views: Vec<ChoiceView> = all
            .into_iter()
            .enumerate()
            .map(|(index, (value, title))| ChoiceView {
                id: if index == 0 { id.to_owned() } else { format!("{id}-{index}") },
                chosen: value == chosen,
                value,
                title,
            })
            .collect();
        if !chosen.is_empty() && !views.iter().any(|choice| choice.chosen) {
            // Something else was sent; it is shown until a choice is made.
            views.push(ChoiceView { id: format!("{id}-other"), value: chosen.clone(), title: chosen, chosen: true });
        }
        views
    }

    /// The rows there are, and one more to type in while there may be more.
    fn rows(&self, field: &Field, path: &str, value: &Value) -> Vec<RowView> {
        let Kind::Rows { fields, count, by: _ } = &field.kind else { return Vec::new() };
        let given = value.as_array().map_or(&[][..], Vec::as_slice);
        let extra = i64::try_from(given.len()).is_ok_and(|rows| rows < count.max);
        let all = given.iter().map(Some).chain(extra.then_some(None));
        let row = |(index, row): (usize, Option<&Value>)| RowView {
            number: index + 1,
            remove: row.map(|_| format!("remove.{}.{index}", field.key)).unwrap_or_default(),
            fields: fields
                .iter()
                .map(|inner| {
                    let view = self.field(inner, &format!("{path}/{index}"), row.and_then(|row| row.get(&inner.key)));
                    // A row is one line as far as it goes, so its choices open instead of standing below each other.
                    let shape = if view.shape == "radio" { "select" } else { view.shape };
                    FieldView { required: row.is_some() && view.required, shape, ..view }
                })
                .collect(),
        };
        all.enumerate().map(row).collect()
    }
}

/// The partial, the input's type, the keyboard and the width of a field.
fn shape(field: &Field, value: &Value) -> (&'static str, &'static str, &'static str, &'static str) {
    const SHORT_CHARACTERS: i64 = 40;
    let line = |range: Range| if range.max <= SHORT_CHARACTERS { "medium" } else { "wide" };
    match &field.kind {
        Kind::Text(range) => ("line", "text", "text", line(*range)),
        Kind::LongText(_) => ("lines", "", "text", "wide"),
        Kind::Integer(_) => ("line", "text", "numeric", "short"),
        Kind::MoneyFen(_) => ("line", "text", "decimal", "short"),
        Kind::AreaM2(_) => ("line", "text", "numeric", "short"),
        // A browser's own date input shows nothing for a text that is no date, so that such a text gets a plain one.
        Kind::Date { .. } if value.as_str().is_some_and(|text| crate::expr::civil_date(text).is_none()) => ("line", "text", "text", "short"),
        Kind::Date { .. } => ("line", "date", "text", "short"),
        Kind::Choice(choices) if choices.len() <= RADIOS_MAX => ("radio", "", "text", "wide"),
        Kind::Choice(_) | Kind::Code(Scheme::Region) => ("select", "", "text", "medium"),
        Kind::YesNo => ("radio", "", "text", "wide"),
        Kind::Code(Scheme::Industry) => ("line", "text", "numeric", "short"),
        Kind::Code(Scheme::Uscc | Scheme::ProjectCode) => ("line", "text", "text", "medium"),
        Kind::File(_) => ("file", "", "text", "wide"),
        Kind::Rows { .. } => ("rows", "", "text", "wide"),
    }
}

fn english_area(m2: i64) -> String {
    amounts::area(m2).replace(" 公顷", " ha").replace(" 亩", " mu").replace('（', " (").replace('）', ")")
}
