//! The texts of notices: compiled and tried once at start, then written out for one recipient at a time.
//! Invariant: a `Templates` exists only when every kind has a correct text in every language; a wrong file is found at start, with all others.
//! Never: a partial, a link, a loop over anything but the lines of a digest; a template reaches nothing but its variables.

use std::collections::BTreeMap;

use handlebars::{Handlebars, no_escape};
use rust_embed::RustEmbed;
use serde_json::{Value, json};

use super::context::{Context, Room};
use super::template_check::{self, Part, SMS_FORBIDDEN};
use super::{Kind, Language, Var};
use crate::ids::Digest;
use crate::limits::SMS_SIGNATURE_CHARS;
use crate::source::Mistake;

#[derive(RustEmbed)]
#[folder = "templates/mail"]
#[prefix = "mail/"]
struct MailFiles;

#[derive(RustEmbed)]
#[folder = "templates/sms"]
#[prefix = "sms/"]
struct SmsFiles;

/// Who signs short messages. Operators register it beforehand, so it is configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// zh-CN, shown as 【…】.
    pub zh: String,
    /// English, shown before a colon.
    pub en: String,
}

impl Default for Signature {
    fn default() -> Self {
        Self { zh: "鄂州政务".to_owned(), en: "Ezhou Gov".to_owned() }
    }
}

impl Signature {
    /// The name alone, in one language.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }

    fn before(&self, language: Language, text: &str) -> String {
        match language {
            Language::Zh => format!("【{}】{text}", self.zh),
            Language::En => format!("{}: {text}", self.en),
        }
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let (first, last) = (SMS_SIGNATURE_CHARS.start(), SMS_SIGNATURE_CHARS.end());
        let wrong = |text: &&String| !SMS_SIGNATURE_CHARS.contains(&text.chars().count());
        let mistake = |text: &String| Mistake {
            file: "sms".to_owned(),
            line: 0,
            column: 0,
            code: "sms-signature",
            zh: format!("短信签名应为 {first} 至 {last} 个字，实为 `{text}`"),
            en: format!("expected a signature of {first} to {last} characters, found `{text}`"),
        };
        [&self.zh, &self.en].into_iter().filter(wrong).map(mistake).collect()
    }
}

/// A mail before it has a sender, a recipient and an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// Why a notice cannot be written, although its template is sound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// The context lacks what the kind needs.
    #[error("cannot write notice `{kind}`: expected the variables {lacks:?}, found none")]
    Lacks {
        /// The kind.
        kind: Kind,
        /// The words missing.
        lacks: Vec<&'static str>,
    },
    /// Rendering failed; checked templates leave no reason for it.
    #[error("cannot write notice `{kind}`: {why}")]
    Fails {
        /// The kind.
        kind: Kind,
        /// The cause.
        why: String,
    },
}

/// All texts, compiled.
#[derive(Debug)]
pub struct Templates {
    book: Handlebars<'static>,
    signature: Signature,
    /// The short texts as they were written: what is registered with a carrier.
    short: BTreeMap<(Kind, Language), String>,
}

impl Templates {
    /// The texts built into the program.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn embedded(signature: Signature) -> Result<Self, Vec<Mistake>> {
        Self::compile(&embedded_files(), signature)
    }

    /// Texts by path under `templates/`, such as `mail/o.red/subject.en.txt`.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn compile(files: &BTreeMap<String, String>, signature: Signature) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = signature.mistakes();
        let mut book = Handlebars::new();
        book.set_strict_mode(true);
        book.register_escape_fn(no_escape);
        let parts = Part::all();
        for part in &parts {
            mistakes.extend(template_check::register(&mut book, part, files));
        }
        mistakes.extend(template_check::strangers(files, &parts));
        let short = parts.iter().filter_map(|part| match part {
            Part::Short(kind, language) => Some(((*kind, *language), files.get(&part.path())?.trim().to_owned())),
            Part::Subject(..) | Part::Body(..) => None,
        });
        let templates = Self { book, signature, short: short.collect() };
        if mistakes.is_empty() {
            mistakes.extend(parts.iter().flat_map(|part| template_check::trial(&templates, part)));
        }
        if mistakes.is_empty() { Ok(templates) } else { Err(mistakes) }
    }

    /// The mail of a notice in the recipient's language.
    ///
    /// # Errors
    /// When the context lacks what the kind needs.
    pub fn letter(&self, kind: Kind, language: Language, context: &Context) -> Result<Letter, Unwritable> {
        self.complete(kind, context)?;
        let view = context.view(kind, language, Room::Letter);
        self.letter_of(kind, language, &view).map_err(|why| Unwritable::Fails { kind, why })
    }

    /// One mail for several notices, each with its subject and its text.
    ///
    /// # Errors
    /// When the context of one lacks what its kind needs.
    pub fn folded(&self, language: Language, notices: &[(Kind, Context)]) -> Result<Letter, Unwritable> {
        let mut parts = String::new();
        for (place, (kind, context)) in (1..).zip(notices) {
            self.complete(*kind, context)?;
            let view = context.view(*kind, language, Room::Letter);
            let write = |part| self.render(&part, &view).map_err(|why| Unwritable::Fails { kind: *kind, why });
            let (subject, body) = (write(Part::Subject(Some(*kind), language))?, write(Part::Body(Some(*kind), language))?);
            let path = context.path.as_ref().map(|path| format!("\n{path}")).unwrap_or_default();
            parts.push_str(&format!("\n\n{place}. {}\n{}{path}", one_line(&subject), body.trim()));
        }
        let count = u32::try_from(notices.len()).ok();
        let view = Context { count, ..Context::default() }.view(Kind::Folded, language, Room::Letter);
        self.framed((Kind::Folded, language), &view, &parts).map_err(|why| Unwritable::Fails { kind: Kind::Folded, why })
    }

    /// The short message of a notice, signature included.
    ///
    /// # Errors
    /// When the kind has no short message or the context lacks what it needs.
    pub fn short(&self, kind: Kind, language: Language, context: &Context) -> Result<String, Unwritable> {
        self.complete(kind, context)?;
        let mut view = context.view(kind, language, Room::Short);
        if let Value::Object(variables) = &mut view {
            variables.retain(|key, _| SMS_FORBIDDEN.iter().all(|var| var.key() != key));
        }
        let text = self.short_of(kind, language, &view).map_err(|why| Unwritable::Fails { kind, why })?;
        // A name may hold what its template does not.
        if template_check::carries_link(&text) {
            return Err(Unwritable::Fails { kind, why: "expected no link in a short message, found one".to_owned() });
        }
        Ok(text)
    }

    /// The values of a short text's places, in the order in which they first stand there: what a carrier's own template is filled with.
    #[must_use]
    pub fn short_values(&self, kind: Kind, language: Language, context: &Context) -> Vec<(String, Option<String>)> {
        let Some(text) = self.short.get(&(kind, language)) else { return Vec::new() };
        let view = context.view(kind, language, Room::Short);
        let mut values: Vec<(String, Option<String>)> = Vec::new();
        for name in text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim())) {
            // `#if` and its ends are no places.
            let is_place = kind.vars().any(|var| var.key() == name);
            if is_place && values.iter().all(|(known, _)| known != name) {
                values.push((name.to_owned(), view.get(name).and_then(Value::as_str).map(one_line)));
            }
        }
        values
    }

    /// Who signs.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// A short text with its signature as it is registered with a carrier, places for values and all; `None` where the kind has none.
    #[must_use]
    pub fn registered(&self, kind: Kind, language: Language) -> Option<String> {
        Some(self.signature.before(language, self.short.get(&(kind, language))?))
    }

    /// The digest of what is registered: another word or another signature is another text.
    #[must_use]
    pub fn short_digest(&self, kind: Kind, language: Language) -> Option<Digest> {
        self.registered(kind, language).map(|text| Digest::of(text.as_bytes()))
    }

    fn complete(&self, kind: Kind, context: &Context) -> Result<(), Unwritable> {
        let lacks: Vec<_> = context.lacks(kind).into_iter().map(Var::key).collect();
        if lacks.is_empty() { Ok(()) } else { Err(Unwritable::Lacks { kind, lacks }) }
    }

    pub(super) fn letter_of(&self, kind: Kind, language: Language, view: &Value) -> Result<Letter, String> {
        self.framed((kind, language), view, "")
    }

    fn framed(&self, (kind, language): (Kind, Language), view: &Value, more: &str) -> Result<Letter, String> {
        let subject = self.render(&Part::Subject(Some(kind), language), view)?;
        let body = self.render(&Part::Body(Some(kind), language), view)?;
        if subject.trim().is_empty() || body.trim().is_empty() {
            return Err("the text is empty".to_owned());
        }
        let mut frame = view.clone();
        if let Value::Object(variables) = &mut frame {
            variables.insert("subject".to_owned(), json!(one_line(&subject)));
            variables.insert("body".to_owned(), json!(format!("{}{more}", body.trim())));
        }
        let subject = self.render(&Part::Subject(None, language), &frame)?;
        let text = self.render(&Part::Body(None, language), &frame)?;
        Ok(Letter { subject: one_line(&subject), text: format!("{}\n", text.trim()) })
    }

    pub(super) fn short_of(&self, kind: Kind, language: Language, view: &Value) -> Result<String, String> {
        let text = self.render(&Part::Short(kind, language), view)?;
        if text.trim().is_empty() {
            return Err("the text is empty".to_owned());
        }
        Ok(self.signature.before(language, &one_line(&text)))
    }

    fn render(&self, part: &Part, view: &Value) -> Result<String, String> {
        self.book.render(&part.path(), view).map_err(|error| error.reason().to_string())
    }
}

/// Every embedded text by its path.
fn embedded_files() -> BTreeMap<String, String> {
    let mail = MailFiles::iter().filter_map(|path| Some((path.to_string(), MailFiles::get(&path)?)));
    let sms = SmsFiles::iter().filter_map(|path| Some((path.to_string(), SmsFiles::get(&path)?)));
    mail.chain(sms).map(|(path, file)| (path, String::from_utf8_lossy(&file.data).into_owned())).collect()
}

/// A line break in a value must not reach a header or cut a short message in two.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
