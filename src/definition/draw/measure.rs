//! How much room a text takes: fourteen pixels a full-width character, about half of that a narrow one.

use unicode_width::UnicodeWidthStr;

use crate::calendar::Span;
use crate::definition::graph::{Node, NodeKind};

/// Pixels from one line of a label to the next.
pub(super) const LINE: i64 = 17;
/// The size of an outcome beside an edge.
pub(super) const SMALL: i64 = 12;
/// The size of a title.
pub(super) const FONT: i64 = 14;
const KEY: i64 = 10;
/// Full-width characters in one line of a label.
const LINE_CHARACTERS: usize = 12;

/// The width of a text in a font of `size` pixels.
pub(super) fn width(text: &str, size: i64) -> i64 {
    let cells = i64::try_from(text.width()).unwrap_or(i64::MAX / 64);
    // A narrow character is a little wider than half of a full one in most sans-serif fonts.
    cells * size * 11 / 20
}

/// The lines of a node, each with its class.
pub(super) struct Label {
    lines: Vec<(&'static str, String)>,
}

impl Label {
    pub fn of(node: &Node, english: bool) -> Self {
        let title = if english { worded(&node.title.en) } else { wrapped(&node.title.zh) };
        let mut lines: Vec<(&'static str, String)> = title.into_iter().map(|line| ("title", line)).collect();
        if let NodeKind::End { .. } | NodeKind::Split { .. } | NodeKind::Decide(_) = &node.kind {
            return Self { lines };
        }
        let said = |span: &Span| if english { span.to_string() } else { span.zh() };
        let limit = node.terms.first().map(|term| format!(" · {}", said(&term.within))).unwrap_or_default();
        let wait = match &node.kind {
            NodeKind::Timer { span, .. } => format!(" · {}", said(span)),
            NodeKind::Job(job) => format!(" · {}", job.topic),
            NodeKind::Task(_)
            | NodeKind::Approve(_)
            | NodeKind::Decide(_)
            | NodeKind::Post { .. }
            | NodeKind::Message { .. }
            | NodeKind::Split { .. }
            | NodeKind::Join { .. }
            | NodeKind::Call { .. }
            | NodeKind::Each(_)
            | NodeKind::Throw { .. }
            | NodeKind::Document { .. }
            | NodeKind::End { .. } => String::new(),
        };
        lines.push(("key", format!("{}{limit}{wait}", node.key)));
        Self { lines }
    }

    pub fn lines(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.lines.iter().map(|(class, line)| (*class, line.as_str()))
    }

    pub fn width(&self) -> i64 {
        self.lines.iter().map(|(class, line)| width(line, if *class == "key" { KEY } else { FONT })).max().unwrap_or(0)
    }

    pub fn height(&self) -> i64 {
        i64::try_from(self.lines.len()).unwrap_or(1) * LINE
    }
}

/// A title in lines of at most twelve full-width characters, broken evenly.
fn wrapped(title: &str) -> Vec<String> {
    let cells = title.width();
    let rows = cells.div_ceil(LINE_CHARACTERS * 2).max(1);
    let per_row = cells.div_ceil(rows);
    let mut lines = vec![String::new()];
    for c in title.chars() {
        let full = lines.last().is_some_and(|line| line.width() >= per_row);
        if full && lines.len() < rows {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
    }
    lines
}

/// An English title in lines about as long, broken between words.
fn worded(title: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in title.split_whitespace() {
        match lines.last_mut().filter(|line| line.width() + 1 + word.width() <= LINE_CHARACTERS * 2) {
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_width_character_takes_about_its_font_size() {
        assert_eq!(width("用地计划指标", FONT), 92);
        assert!(width("abcdef", FONT) < width("用地计划指标", FONT));
    }

    #[test]
    fn a_long_title_breaks_evenly() {
        assert_eq!(wrapped("建设项目环境影响报告表技术评估"), ["建设项目环境影响", "报告表技术评估"]);
        assert_eq!(wrapped("受理"), ["受理"]);
        assert_eq!(worded("Technical evaluation of the EIA report form"), ["Technical evaluation of", "the EIA report form"]);
    }
}
