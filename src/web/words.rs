//! The words of the pages, in the two languages, from `templates/locales/<language>/<area>.ftl`.
//! Invariant: both languages have the same keys with the same variables, and a key that is missing is a mistake, never an empty place on a page.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use rust_embed::RustEmbed;

use crate::notice::Language;
use crate::source::Mistake;

#[derive(RustEmbed)]
#[folder = "templates/locales"]
struct Files;

/// A sentence as it stands by itself on a page: in the program's other interfaces an English one begins small.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// The words of one language.
pub struct Words {
    bundle: FluentBundle<FluentResource>,
    /// Where each key stands, for a message about it.
    pub keys: BTreeMap<String, String>,
}

impl Words {
    /// Reads every file of a language.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn load(language: Language) -> Result<Self, Vec<Mistake>> {
        let folder = format!("{}/", language.tag());
        let files = Files::iter().filter(|path| path.starts_with(&folder)).filter_map(|path| Some((path.to_string(), Files::get(&path)?)));
        let tag = language.tag().parse().map_err(|_| vec![mistake(language.tag(), "expected a language tag")])?;
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The pages are of one direction, and the marks would stand in attributes.
        bundle.set_use_isolating(false);
        let (mut mistakes, mut keys) = (Vec::new(), BTreeMap::new());
        for (path, file) in files {
            let text = String::from_utf8_lossy(&file.data).into_owned();
            let resource = match FluentResource::try_new(text) {
                Ok(resource) => resource,
                Err((resource, errors)) => {
                    mistakes.extend(errors.iter().map(|error| mistake(&path, &error.to_string())));
                    resource
                }
            };
            for entry in resource.entries() {
                if let fluent_syntax::ast::Entry::Message(message) = entry
                    && let Some(first) = keys.insert(message.id.name.to_owned(), path.clone())
                {
                    mistakes.push(mistake(&path, &format!("`{}` stands in {first} already", message.id.name)));
                }
            }
            if let Err(errors) = bundle.add_resource(resource) {
                mistakes.extend(errors.iter().map(|error| mistake(&path, &error.to_string())));
            }
        }
        if mistakes.is_empty() { Ok(Self { bundle, keys }) } else { Err(mistakes) }
    }

    /// A word; `None` when the key is missing or lacks a variable it uses.
    pub fn say(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text: Cow<'_, str> = self.bundle.format_pattern(pattern, args, &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}

fn mistake(file: &str, why: &str) -> Mistake {
    let place = format!("templates/locales/{file}");
    Mistake { file: place, line: 0, column: 0, code: "wrong-words", zh: format!("词条有误：{why}"), en: why.to_owned() }
}
