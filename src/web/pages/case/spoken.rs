//! The names of things in the reader's language: outcomes, posts, offices, documents, limits.
//! Invariant: a key that an author made up and nobody named is shown as itself, never as an error. Never: a sentence; those stand in the locale files.

use chrono::NaiveDate;

use crate::app::known::Known;
use crate::calendar::{Span, Unit};
use crate::definition::ahead::Names;
use crate::ids::{Moment, Name, PersonId, Text};
use crate::notice::Language;
use crate::supervision::margin;
use crate::web::Shared;
use crate::web::render::Pages;
use crate::web::visitor::Visitor;

/// Whoever speaks to one reader.
#[derive(Clone, Copy)]
pub struct Spoken<'a> {
    /// The words.
    pub pages: &'a Pages,
    /// The reader's language.
    pub language: Language,
    /// Offices and people.
    pub known: &'a Known,
    /// Today: an office that was succeeded goes by its successor's name.
    pub today: NaiveDate,
}

impl<'a> Spoken<'a> {
    /// To a visitor.
    pub fn to(shared: &'a Shared, visitor: &'a Visitor) -> Self {
        Self { pages: &shared.pages, language: visitor.language(), known: &visitor.known, today: shared.app.clock().now().date() }
    }

    /// A word of the pages.
    pub fn t(&self, key: &str) -> String {
        self.pages.word(self.language, key)
    }

    /// A word with variables.
    pub fn with(&self, key: &str, variables: &[(&str, &str)]) -> String {
        self.pages.worded(self.language, key, variables)
    }

    /// A text in the reader's language.
    pub fn say(&self, text: &Text) -> String {
        match self.language {
            Language::Zh => text.zh.clone(),
            Language::En => text.en.clone(),
        }
    }

    /// A name from `terms.ftl`: `named("outcome", "ok")`.
    pub fn named(&self, of: &str, key: &str) -> String {
        self.pages.named(self.language, of, key).unwrap_or_else(|| key.to_owned())
    }

    /// A name in both languages.
    pub fn named_in_both(&self, of: &str, key: &str) -> Text {
        let said = |language| Spoken { language, ..*self }.named(of, key);
        Text { zh: said(Language::Zh), en: said(Language::En) }
    }

    /// What an outcome or a result is called.
    pub fn outcome(&self, key: &str) -> String {
        self.named("outcome", key)
    }

    /// What an office is called.
    pub fn office(&self, key: &str) -> String {
        self.say(&self.office_now(key))
    }

    fn office_now(&self, key: &str) -> Text {
        self.known.office(&self.known.roster.current(&Name::from(key), self.today))
    }

    /// What a person is called.
    pub fn person(&self, person: PersonId) -> String {
        if person.0.is_nil() {
            // A case that no person applied for.
            return self.t("case-system");
        }
        self.known.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    /// A person with the post of `offices` in which they acted on a day.
    pub fn in_post(&self, person: PersonId, offices: &[Name], post: &str, on: NaiveDate) -> String {
        let held = self.known.roster.posts_of(person, on);
        let current: Vec<Name> = offices.iter().map(|office| self.known.roster.current(office, on)).collect();
        let office = held
            .iter()
            .find(|(office, held)| **held == *post && current.contains(office))
            .map(|(office, _)| office.clone())
            .or_else(|| current.first().cloned());
        // By the name it had on that day, whoever took over since.
        let office = office.map_or_else(String::new, |office| self.say(&self.known.office(&office)));
        self.with("case-person", &[("name", &self.person(person)), ("office", &office), ("post", &self.named("post", post))])
    }

    /// Offices with a post: `市生态环境局 分管局长`.
    pub fn pool(&self, offices: &[Name], post: &str) -> String {
        let offices: Vec<String> = offices.iter().map(|office| self.office(office)).collect();
        self.with("case-pool", &[("offices", &offices.join(&self.t("case-and"))), ("post", &self.named("post", post))])
    }

    /// The same, for offices that were asked on a day gone by: by the names they had then.
    pub fn pool_then(&self, offices: &[Name], post: &str) -> String {
        let offices: Vec<String> = offices.iter().map(|office| self.say(&self.known.office(office))).collect();
        self.with("case-pool", &[("offices", &offices.join(&self.t("case-and"))), ("post", &self.named("post", post))])
    }

    /// A length of time.
    pub fn span(&self, span: Span) -> String {
        match self.language {
            Language::Zh => span.zh(),
            Language::En => span.to_string(),
        }
    }

    /// The days left until a due day, or how late it is; nothing where the calendar does not reach.
    pub fn left(&self, due: Option<NaiveDate>, now: Moment) -> String {
        let Some(days) = due.and_then(|due| margin(due, now.date(), Unit::Working, &self.known.calendar)) else { return String::new() };
        let late = due.is_some_and(|due| due < now.date());
        match days {
            0 if late => self.t("case-late-holiday"),
            0 => self.t("case-due-today"),
            days if days > 0 => self.with("case-left", &[("days", &days.to_string())]),
            days => self.with("case-late", &[("days", &(-days).to_string())]),
        }
    }

    /// A day with its day of the week, for a sentence made in a handler.
    pub fn day(&self, day: NaiveDate) -> String {
        crate::web::written::dated(day, self.language)
    }

    /// Whoever writes the sentence of what will happen asks here for names.
    pub fn names<T>(&self, ask: impl FnOnce(&Names<'_>) -> T) -> T {
        let office = |key: &str| self.office_now(key);
        let post = |key: &str| self.named_in_both("post", key);
        ask(&Names { office: &office, post: &post })
    }
}
