//! Pages from templates, all compiled at start, one book for each language.
//! Invariant: a `Pages` exists only when every template compiles and both languages have the same words. Never: a page in part; what cannot be written is a fault.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use handlebars::Handlebars;
use rust_embed::RustEmbed;
use serde::Serialize;

use super::site::Site;
use super::words::Words;
use super::written;
use crate::notice::Language;
use crate::source::Mistake;

#[derive(RustEmbed)]
#[folder = "templates/pages"]
struct PageFiles;

#[derive(RustEmbed)]
#[folder = "templates/partials"]
struct PartialFiles;

/// Every page, in both languages.
pub struct Pages {
    zh: Book,
    en: Book,
}

struct Book {
    book: Handlebars<'static>,
    words: Arc<Words>,
}

/// What a template sees: the page's own data beside `site`.
#[derive(Serialize)]
struct View<'a, T> {
    #[serde(flatten)]
    data: &'a T,
    site: &'a Site,
}

#[derive(Serialize)]
struct Frame<'a> {
    site: &'a Site,
    title: &'a str,
    content: &'a str,
}

impl Pages {
    /// Compiles every template and reads every word.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn embedded() -> Result<Self, Vec<Mistake>> {
        let (zh, en) = match (Book::open(Language::Zh), Book::open(Language::En)) {
            (Ok(zh), Ok(en)) => (zh, en),
            (zh, en) => return Err([zh.err(), en.err()].into_iter().flatten().flatten().collect()),
        };
        let mistakes: Vec<Mistake> = lacking(&zh, &en, "zh-CN", "en").chain(lacking(&en, &zh, "en", "zh-CN")).collect();
        if mistakes.is_empty() { Ok(Self { zh, en }) } else { Err(mistakes) }
    }

    fn book(&self, language: Language) -> &Book {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }

    /// A word of the pages, for a title or a text made in a handler; the key itself when there is none, which a test of the page sees.
    #[must_use]
    pub fn word(&self, language: Language, key: &str) -> String {
        self.worded(language, key, &[])
    }

    /// A word with variables.
    #[must_use]
    pub fn worded(&self, language: Language, key: &str, variables: &[(&str, &str)]) -> String {
        let mut args = fluent_bundle::FluentArgs::new();
        for (name, value) in variables {
            // A number is one for the plural too; a number written with leading zeros is a name.
            match value.parse::<i64>().ok().filter(|number| number.to_string() == *value) {
                Some(number) => args.set((*name).to_owned(), number),
                None => args.set((*name).to_owned(), (*value).to_owned()),
            }
        }
        self.book(language).words.say(key, Some(&args)).unwrap_or_else(|| {
            tracing::error!(key, "a page asked for a word that is missing");
            key.to_owned()
        })
    }

    /// Whether there is a word.
    #[must_use]
    pub fn has_word(&self, key: &str) -> bool {
        self.zh.words.keys.contains_key(key)
    }

    /// The word of a name such as an outcome: `named(language, "outcome", "ok")`; none when it has no word.
    #[must_use]
    pub fn named(&self, language: Language, of: &str, key: &str) -> Option<String> {
        let word = format!("{of}-{key}");
        self.has_word(&word).then(|| self.word(language, &word))
    }

    /// The page `template` in the layout.
    pub fn page(&self, site: &Site, template: &str, title: &str, data: &impl Serialize) -> Response {
        self.page_with(StatusCode::OK, site, template, title, data)
    }

    /// The page `template` in the layout, with a status.
    pub fn page_with(&self, status: StatusCode, site: &Site, template: &str, title: &str, data: &impl Serialize) -> Response {
        let book = &self.book(site.language).book;
        let content = book.render(template, &View { data, site });
        let page = content.and_then(|content| book.render("layout", &Frame { site, title, content: &content }));
        match page {
            Ok(page) => (status, Html(page)).into_response(),
            Err(cause) => {
                tracing::error!(template, %cause, "a page could not be written");
                (StatusCode::INTERNAL_SERVER_ERROR, "本页暂时无法显示。This page cannot be shown right now.").into_response()
            }
        }
    }
}

impl Book {
    fn open(language: Language) -> Result<Self, Vec<Mistake>> {
        let words = Arc::new(Words::load(language)?);
        let mut book = Handlebars::new();
        book.set_strict_mode(true);
        // What stands in a text area is somebody's own words: a page's indentation must not get into them.
        book.set_prevent_indent(true);
        let mut mistakes = Vec::new();
        for (name, text) in files() {
            if let Err(cause) = book.register_template_string(&name, text) {
                let why = cause.to_string();
                mistakes.push(Mistake { file: name, line: 0, column: 0, code: "wrong-template", zh: format!("模板有误：{why}"), en: why });
            }
        }
        written::register(&mut book, language, &words);
        if mistakes.is_empty() { Ok(Self { book, words }) } else { Err(mistakes) }
    }
}

/// Pages and partials by name: `pages/inbox.hbs` is `inbox`.
fn files() -> impl Iterator<Item = (String, String)> {
    let text = |data: &[u8]| String::from_utf8_lossy(data).into_owned();
    let pages = PageFiles::iter().filter_map(move |path| Some((path.to_string(), text(&PageFiles::get(&path)?.data))));
    let partials = PartialFiles::iter().filter_map(move |path| Some((path.to_string(), text(&PartialFiles::get(&path)?.data))));
    pages.chain(partials).filter_map(|(path, text)| Some((path.strip_suffix(".hbs")?.to_owned(), text)))
}

fn lacking<'a>(has: &'a Book, other: &'a Book, has_tag: &'a str, other_tag: &'a str) -> impl Iterator<Item = Mistake> + 'a {
    let missing = has.words.keys.iter().filter(|(key, _)| !other.words.keys.contains_key(*key));
    missing.map(move |(key, file)| Mistake {
        file: format!("templates/locales/{file}"),
        line: 0,
        column: 0,
        code: "missing-word",
        zh: format!("`{key}` 在 {other_tag} 中没有"),
        en: format!("expected `{key}` in {other_tag} as in {has_tag}, found none"),
    })
}

/// Words the templates ask for by name.
#[cfg(test)]
fn asked() -> std::collections::BTreeSet<String> {
    let mut asked = std::collections::BTreeSet::new();
    for (_, text) in files() {
        for opening in ["{{t \"", "(t \""] {
            asked.extend(text.split(opening).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        match Pages::embedded() {
            Ok(pages) => pages,
            Err(mistakes) => panic!("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        }
    }

    fn sources(folder: &std::path::Path) -> String {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { sources(&path) } else { std::fs::read_to_string(path).unwrap() }).collect()
    }

    #[test]
    fn every_word_a_template_asks_for_is_there_in_both_languages() {
        let pages = pages();
        let missing: Vec<_> = asked().into_iter().filter(|key| !pages.zh.words.keys.contains_key(key) || !pages.en.words.keys.contains_key(key)).collect();
        assert!(asked().len() > 10, "the scan found nothing to check");
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn every_template_is_used() {
        let sources = sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"));
        let all: Vec<(String, String)> = files().collect();
        let used = |name: &str| {
            sources.contains(&format!("\"{name}\""))
                || all.iter().any(|(_, text)| text.contains(&format!("{{{{> {name}")) || text.contains(&format!("{{{{#> {name}")))
        };
        let unused: Vec<_> = all.iter().map(|(name, _)| name).filter(|name| !used(name)).collect();
        assert_eq!(unused, Vec::<&String>::new());
    }

    #[test]
    fn english_words_are_english() {
        const EXAMPLES: [&str; 1] = ["accounts-document-hint"];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/locales/en");
        let chinese = |line: &&str| line.chars().any(|letter| matches!(letter, '\u{4e00}'..='\u{9fff}'));
        let text = sources(&folder);
        let wrong: Vec<&str> = text.lines().filter(chinese).filter(|line| !EXAMPLES.iter().any(|key| line.starts_with(key))).collect();
        assert_eq!(wrong, Vec::<&str>::new());
    }

    #[test]
    fn a_missing_word_is_a_mistake_and_not_an_empty_place() {
        let pages = pages();
        let mut book = pages.zh.book.clone();
        book.register_template_string("probe", "{{t \"no-such-word\"}}").unwrap();
        let cause = book.render("probe", &serde_json::json!({})).unwrap_err().to_string();
        assert!(cause.contains("no word `no-such-word`"), "{cause}");
    }
}
