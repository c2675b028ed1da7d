//! A refusal: a value with a stable code, one sentence for a person in both languages, and one class that becomes an HTTP status. A fault is another type.

use serde::Serialize;

/// What class of refusal it is; `api` maps each to one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The input is wrong (422).
    Invalid,
    /// The actor may not (403).
    Forbidden,
    /// There is no such thing (404).
    NotFound,
    /// It no longer is, or already is, so (409).
    Conflict,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Stable, `snake_case`, such as `not_assigned`.
    pub code: &'static str,
    /// Its class.
    pub class: Class,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English: `cannot <do> <what>: <why>`.
    pub en: String,
    /// Every mistake of an input, when that is what was refused.
    pub details: Vec<Detail>,
}

/// One mistake of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Where: a field's path, or `file:line:column`.
    pub path: String,
    /// Stable.
    pub code: String,
    /// The sentence in Chinese.
    pub zh: String,
    /// The sentence in English.
    pub en: String,
}

impl Detail {
    /// A mistake at `path`.
    #[must_use]
    pub fn new(path: &str, code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { path: path.to_owned(), code: code.to_owned(), zh: zh.into(), en: en.into() }
    }
}

impl Refusal {
    /// The input is wrong.
    #[must_use]
    pub fn invalid(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, class: Class::Invalid, zh: zh.into(), en: en.into(), details: Vec::new() }
    }

    /// The actor may not.
    #[must_use]
    pub fn forbidden(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, class: Class::Forbidden, zh: zh.into(), en: en.into(), details: Vec::new() }
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, class: Class::NotFound, zh: zh.into(), en: en.into(), details: Vec::new() }
    }

    /// It no longer is, or already is, so.
    #[must_use]
    pub fn conflict(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, class: Class::Conflict, zh: zh.into(), en: en.into(), details: Vec::new() }
    }
}
