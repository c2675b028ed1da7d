//! The history on the page: every act in words, the newest first, one link or all. Invariant: what a person did is never left out; the machine's own business is.

use serde::Serialize;

use super::page::Asking;
use super::telling::{Telling, Told};
use crate::engine::case::Local;
use crate::forms::Freezes;
use crate::web::fields::{self, ToldSection};

/// How many acts stand open on the page.
const SHOWN: usize = 20;

/// An act.
#[derive(Serialize)]
pub struct Act {
    seq: i64,
    at: i64,
    link: String,
    by: String,
    lines: Vec<Line>,
}

/// One thing it did.
#[derive(Serialize)]
pub struct Line {
    /// In words.
    pub text: String,
    /// The law did it.
    pub deemed: Option<String>,
    /// The table's row.
    pub why: Option<String>,
    /// What was said.
    pub opinion: Option<String>,
    /// What was filled in with it.
    pub answers: Vec<ToldSection>,
}

/// A link to narrow the history to.
#[derive(Serialize)]
pub struct Narrow {
    title: String,
    href: String,
    current: bool,
}

/// What the history shows.
#[derive(Serialize)]
pub struct History {
    acts: Vec<Act>,
    /// What stands under a line that opens.
    earlier: Vec<Act>,
    narrow: Vec<Narrow>,
    count: usize,
}

/// One line with what was said and filled in.
pub fn line(asking: &Asking<'_>, told: Told) -> Line {
    let answers = told.answer.as_ref().and_then(|(program, step, body)| {
        let form = super::page::answer_form(asking.file, (program, step), asking.visitor.person)?;
        let mut told = fields::told(&form, None, asking.file.fields(Some(*body))?, asking.spoken.language);
        for file in told.iter_mut().flat_map(|section| &mut section.lines).filter_map(|line| line.file.as_mut()) {
            file.href = format!("/files/{}?case={}", file.sha256, asking.file.working.row.id);
        }
        for line in told.iter_mut().flat_map(|section| &mut section.lines) {
            if form.field(&line.key).is_some_and(|field| field.freezes == Some(Freezes::Ledger)) && !line.text.is_empty() {
                line.href = format!("/ledger/frozen/{}", line.text);
            }
        }
        Some(told)
    });
    Line { text: told.text, deemed: told.deemed, why: told.why.filter(|why| !why.is_empty()), opinion: told.opinion, answers: answers.unwrap_or_default() }
}

/// The history.
pub fn history(asking: &Asking<'_>, told: Vec<Told>, telling: &Telling<'_>) -> History {
    let only: Option<Local> = asking.asked.link.filter(|link| telling.links.contains_key(link));
    let mut acts: Vec<Act> = Vec::new();
    for told in told {
        if told.quiet || only.is_some_and(|only| told.scope != Some(only)) {
            continue;
        }
        let link = told.scope.map(|scope| telling.link(scope)).unwrap_or_default();
        let by = told.by.clone().unwrap_or_else(|| asking.spoken.t("case-system"));
        let seq = told.seq;
        let line = line(asking, told);
        match acts.last_mut() {
            Some(last) if last.seq == seq && last.link == link && last.by == by => last.lines.push(line),
            _ => acts.push(Act { seq, at: asking.at_of(seq), link, by, lines: vec![line] }),
        }
    }
    acts.reverse();
    let address = |link: Option<Local>| match link {
        Some(link) => format!("/cases/{}?link={link}#history", asking.name()),
        None => format!("/cases/{}#history", asking.name()),
    };
    let all = Narrow { title: asking.spoken.t("case-history-all"), href: address(None), current: only.is_none() };
    let links = telling.links.keys().map(|scope| Narrow { title: telling.link(*scope), href: address(Some(*scope)), current: only == Some(*scope) });
    let narrow = if telling.links.len() > 1 { std::iter::once(all).chain(links).collect() } else { Vec::new() };
    let count = acts.len();
    let earlier = if count > SHOWN + SHOWN / 2 { acts.split_off(SHOWN) } else { Vec::new() };
    History { count, acts, earlier, narrow }
}
