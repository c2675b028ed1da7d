//! Work of an outside system, as its author wrote it.

use super::Job;
use super::words::{named, word, words_of};
use crate::limits::{JOB_PAUSE_S_MAX, JOB_PAUSES_DEFAULT_S, JOB_PAUSES_MAX, JOB_RETRIES_DEFAULT, JOB_RETRIES_MAX};
use crate::source::{Node, Reader, Tree};

/// `{topic: credit-register, with: {…}, fields: forms/credit.yaml, errors: […], retries: 3, retry-after: [1 minute, 1 hour]}`, or the topic alone.
pub(super) fn job(reader: &mut Reader<'_>, node: &Node) -> Option<Job> {
    let pauses_s = JOB_PAUSES_DEFAULT_S.to_vec();
    if let Tree::Text(_) = &node.tree {
        let topic = word(reader, node)?;
        return Some(Job { topic, with: Vec::new(), fields: None, errors: Vec::new(), retries: JOB_RETRIES_DEFAULT, pauses_s });
    }
    let fields = reader.fields(node, &["topic", "with", "fields", "errors", "retries", "retry-after"])?;
    let topic = reader.required(&fields, "topic").and_then(|node| word(reader, node));
    let with = fields.get("with").map(|node| named(reader, node)).unwrap_or_default();
    let answer = fields.get("fields").and_then(|node| word(reader, node));
    let errors = words_of(reader, fields.get("errors"));
    let retries = fields.get("retries").map_or(Some(JOB_RETRIES_DEFAULT), |node| retries(reader, node));
    let pauses_s = fields.get("retry-after").map_or(Some(pauses_s), |node| pauses(reader, node));
    Some(Job { topic: topic?, with, fields: answer, errors, retries: retries?, pauses_s: pauses_s? })
}

fn retries(reader: &mut Reader<'_>, node: &Node) -> Option<u32> {
    let retries = reader.whole(node)?;
    let within = u32::try_from(retries).ok().filter(|retries| *retries <= JOB_RETRIES_MAX);
    if within.is_none() {
        let (zh, en) = (format!(" 0 至 {JOB_RETRIES_MAX} 次重试"), format!("a number of retries from 0 to {JOB_RETRIES_MAX}"));
        reader.expected(node, "wrong-kind", (&zh, &en));
    }
    within
}

/// One pause, or a list of them.
fn pauses(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<u32>> {
    let Tree::List(items) = &node.tree else { return pause(reader, node).map(|pause| vec![pause]) };
    if items.is_empty() || items.len() > JOB_PAUSES_MAX {
        let (zh, en) = (format!(" 1 至 {JOB_PAUSES_MAX} 个间隔"), format!("1 to {JOB_PAUSES_MAX} pauses"));
        reader.expected(node, "wrong-kind", (&zh, &en));
        return None;
    }
    let read: Vec<Option<u32>> = items.iter().map(|item| pause(reader, item)).collect();
    read.into_iter().collect()
}

/// `90 seconds`, `10 minutes`, `1 hour`, `2 days`.
fn pause(reader: &mut Reader<'_>, node: &Node) -> Option<u32> {
    let text = reader.text(node)?;
    let seconds = seconds(&text).filter(|seconds| *seconds <= JOB_PAUSE_S_MAX);
    if seconds.is_none() {
        let expected = ("间隔，如 `10 minutes`、`1 hour`，至多 30 天", "a pause such as `10 minutes` or `1 hour`, at most 30 days");
        reader.expected(node, "wrong-kind", expected);
    }
    seconds
}

fn seconds(text: &str) -> Option<u32> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let each = match unit.trim() {
        "second" | "seconds" | "秒" => 1,
        "minute" | "minutes" | "分钟" => 60,
        "hour" | "hours" | "小时" => 60 * 60,
        "day" | "days" | "天" => 24 * 60 * 60,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(each)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_pause_is_read_in_both_languages() {
        for (text, expected) in [("90 seconds", 90), ("1 minute", 60), ("10 分钟", 600), ("2 hours", 7_200), ("1天", 86_400), ("0 seconds", 0)] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in ["", "10", "minutes", "-1 minute", "1.5 hours", "2 working days", "99999999999 days"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
