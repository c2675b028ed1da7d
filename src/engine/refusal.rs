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
}
