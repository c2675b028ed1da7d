//! A form on a page: its fields as a template shows them, and what was typed read back into the form's own types.
//! Invariant: what was typed is never lost; a text that is no number, date or choice stays where it was typed and comes back with its mistake.
//! Never: a float; money is typed in 万元 and kept in 分, areas in square metres.

mod read;
mod told;
mod typed;
mod view;

pub use read::{Read, check, opened, read, stays};
pub use told::{ToldLine, ToldSection, said, told};
pub use view::{ChoiceView, FieldView, FileView, MistakeLine, RowView, SectionView, mistakes, view};

use crate::forms::{Access, Field, Form, Section};
use crate::ids::Text;
use crate::notice::Language;

/// The sections of a form, its pages laid end to end; `None` asks for all of them.
fn sections(form: &Form, only: Option<usize>) -> impl Iterator<Item = (usize, &Section)> {
    let all = form.pages.iter().flat_map(|page| &page.sections).enumerate();
    all.filter(move |(index, _)| only.is_none_or(|only| only == *index))
}

/// The fields of those sections that are the reader's to fill in.
fn fields(form: &Form, only: Option<usize>) -> impl Iterator<Item = &Field> {
    sections(form, only).flat_map(|(_, section)| &section.fields).filter(|field| field.access == Access::Open)
}

/// A text in the reader's language.
fn in_language(text: &Text, language: Language) -> String {
    match language {
        Language::Zh => text.zh.clone(),
        Language::En => text.en.clone(),
    }
}

/// One of two sentences, in the reader's language.
fn either(language: Language, zh: &str, en: &str) -> String {
    match language {
        Language::Zh => zh.to_owned(),
        Language::En => en.to_owned(),
    }
}

#[cfg(test)]
mod tests;
