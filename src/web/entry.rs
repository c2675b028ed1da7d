//! A line of a small form: its word, what was typed, what is wrong with it. For pages whose form is their own, not an author's.
//! Invariant: what was typed comes back, but for passwords.

use axum::http::{HeaderMap, HeaderValue, header};
use serde::Serialize;

use crate::engine::refusal::Refusal;
use crate::ids::Text;

/// A line of a form.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its name and id.
    pub id: &'static str,
    /// The key of its word.
    pub title: &'static str,
    /// The kind of input.
    pub input: &'static str,
    /// What a browser may fill in.
    pub fill: &'static str,
    /// The key of the sentence under its word.
    pub hint: Option<&'static str>,
    /// It may stay empty.
    pub optional: bool,
    /// What was typed.
    pub value: String,
    /// What is wrong.
    pub wrong: Option<Text>,
}

impl Entry {
    /// A line that must be filled in.
    #[must_use]
    pub fn new(id: &'static str, title: &'static str, input: &'static str, fill: &'static str) -> Self {
        Self { id, title, input, fill, hint: None, optional: false, value: String::new(), wrong: None }
    }

    /// With a sentence under its word.
    #[must_use]
    pub fn hinted(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// That may stay empty.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// With what was typed.
    #[must_use]
    pub fn typed(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// With what a refusal says about it.
    #[must_use]
    pub fn judged(self, refusal: Option<&Refusal>) -> Self {
        let details = refusal.into_iter().flat_map(|refusal| &refusal.details);
        let wrong = details.into_iter().find(|detail| detail.path == self.id).map(|detail| Text { zh: detail.zh.clone(), en: detail.en.clone() });
        Self { wrong, ..self }
    }
}

/// What is wrong with a form, above it: each mistake with the line it is about.
#[derive(Clone, Debug, Serialize)]
pub struct Mistake {
    /// The id of the line; nothing for a mistake of the whole.
    pub at: Option<String>,
    /// The sentence.
    pub text: Text,
}

/// A refusal as the list above a form.
#[must_use]
pub fn mistakes(refusal: Option<&Refusal>) -> Vec<Mistake> {
    let Some(refusal) = refusal else { return Vec::new() };
    if refusal.details.is_empty() {
        return vec![Mistake { at: None, text: Text { zh: refusal.zh.clone(), en: refusal.en.clone() } }];
    }
    let line = |detail: &crate::engine::refusal::Detail| Mistake {
        at: Some(detail.path.split('.').next().unwrap_or_default().to_owned()),
        text: Text { zh: detail.zh.clone(), en: detail.en.clone() },
    };
    refusal.details.iter().map(line).collect()
}

/// For a page with a secret in its address: nobody keeps it, and the next page does not hear where one comes from.
#[must_use]
pub fn secret() -> HeaderMap {
    HeaderMap::from_iter([(header::CACHE_CONTROL, HeaderValue::from_static("no-store")), (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))])
}
