//! What may happen to a step (`events`) or to a whole workflow or part (`handlers`), and steps for each member of a list (`for-each`).

use super::read_split::{count, rest};
use super::read_step::{broken, step, step_fields, steps};
use super::words::{key, span, word};
use super::{CompleteWhen, Each, Handler, Happening, Step, Trigger, Word};
use crate::definition::graph::Need;
use crate::ids::Name;
use crate::source::{Fields, Node, Reader};

/// What may happen; exactly one of these keys stands in an event.
const TRIGGERS: &[&str] = &["after", "at", "message", "signal", "escalation", "error"];

/// `[{after: 3 working days, interrupting: false, next: remind}, …]`.
pub(super) fn events(reader: &mut Reader<'_>, node: &Node) -> Vec<Happening> {
    let mut all = Vec::new();
    for item in reader.list(node) {
        let allowed: Vec<&str> = TRIGGERS.iter().copied().chain(["interrupting", "next"]).collect();
        let Some(fields) = reader.fields(item, &allowed) else { continue };
        let on = trigger(reader, &fields);
        let next = reader.required(&fields, "next").and_then(|node| word(reader, node));
        if let (Some((on, interrupting)), Some(next)) = (on, next) {
            all.push(Happening { on, interrupting, next, at: item.at });
        }
    }
    all
}

/// `{withdrawal: {message: withdrawal, interrupting: true, steps: {…}}, …}`.
pub(super) fn handlers(reader: &mut Reader<'_>, node: &Node) -> Vec<Handler> {
    let mut all = Vec::new();
    for entry in reader.entries(node) {
        let allowed: Vec<&str> = TRIGGERS.iter().copied().chain(["interrupting", "title", "steps"]).collect();
        let Some(fields) = reader.fields(&entry.value, &allowed) else { continue };
        let on = trigger(reader, &fields);
        let title = fields.get("title").and_then(|node| reader.bilingual(node));
        let steps = reader.required(&fields, "steps").map(|node| steps(reader, node));
        if let (Some((on, interrupting)), Some(steps)) = (on, steps) {
            all.push(Handler { key: key(&entry.key, entry.at), title, on, interrupting, steps });
        }
    }
    all
}

/// What happens, and whether it interrupts. An error always does; an escalation does not unless it says so; anything else has to say.
fn trigger(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<(Trigger, bool)> {
    let found: Vec<(&str, &Node)> = TRIGGERS.iter().filter_map(|key| fields.get(key).map(|node| (*key, node))).collect();
    let [(kind, node)] = found.as_slice() else {
        let all = TRIGGERS.join(", ");
        let kinds: Vec<&str> = found.iter().map(|(kind, _)| *kind).collect();
        let kinds = if kinds.is_empty() { ("没有写".to_owned(), "none".to_owned()) } else { (kinds.join(", "), kinds.join(", ")) };
        let pair = (format!("事件要写 {all} 之一，实际 {}", kinds.0), format!("expected exactly one of {all} in an event, found {}", kinds.1));
        reader.mistake(fields.at, "wrong-kind", pair);
        return None;
    };
    let on = match *kind {
        "after" => span(reader, node).map(Trigger::After),
        "at" => Some(Trigger::At((*node).clone())),
        "message" => word(reader, node).map(Trigger::Message),
        "signal" => word(reader, node).map(Trigger::Signal),
        "escalation" => word(reader, node).map(Trigger::Escalation),
        // The list above ends with `error`.
        _ => word(reader, node).map(Trigger::Error),
    };
    let interrupting = match (*kind, fields.get("interrupting")) {
        ("error", Some(node)) => {
            let pair =
                ("出错事件总是中止，不写 interrupting".to_owned(), "expected no `interrupting` in an error event, found one: it always interrupts".to_owned());
            reader.mistake(node.at, "unknown-key", pair);
            None
        }
        ("error", None) => Some(true),
        (_, Some(node)) => reader.flag(node),
        ("escalation", None) => Some(false),
        (_, None) => {
            let pair = ("缺少 `interrupting`：发生时是否中止".to_owned(), "expected `interrupting`: whether it closes what it happens to".to_owned());
            reader.mistake(fields.at, "missing-key", pair);
            None
        }
    };
    on.zip(interrupting)
}

/// `for-each: LIST`, with `as`, `do`, `mode` and `complete-when` beside it.
pub(super) fn each(reader: &mut Reader<'_>, name: &Word, node: &Node, fields: &Fields<'_>) -> Option<Each> {
    const MODES: &[(&str, bool)] = &[("parallel", false), ("sequential", true)];
    let item = reader.required(fields, "as").and_then(|node| word(reader, node));
    let sequential = fields.get("mode").map_or(Some(false), |node| reader.word(node, MODES));
    let body = reader.required(fields, "do").map(|node| body(reader, name, node));
    let complete = match fields.get("complete-when") {
        Some(node) => Some(complete(reader, node)?),
        None => None,
    };
    Some(Each { list: node.clone(), item: item?, body: vec![body?], sequential: sequential?, complete })
}

/// The one step of a member; it ends its member with its outcome.
fn body(reader: &mut Reader<'_>, name: &Word, node: &Node) -> Step {
    let name = Word { value: Name::from(format!("{}-one", name.value)), at: node.at };
    match step_fields(reader, node, &[]) {
        Some(fields) => {
            if let Some(node) = fields.get("next") {
                let pair =
                    ("逐项办理的步骤没有去向".to_owned(), "expected no `next` in the step of a member, found one: its outcome ends the member".to_owned());
                reader.mistake(node.at, "unknown-key", pair);
            }
            step(reader, name, &fields)
        }
        None => broken(name),
    }
}

/// `{share: 60%, of: support, otherwise: object, rest: cancel, none: support}`.
fn complete(reader: &mut Reader<'_>, node: &Node) -> Option<CompleteWhen> {
    let fields = reader.fields(node, &["share", "count", "of", "otherwise", "rest", "none"])?;
    let need = match (fields.get("share"), fields.get("count")) {
        (Some(node), None) => share(reader, node).map(Need::Share),
        (None, Some(node)) => count(reader, node).map(Need::Count),
        (Some(_), Some(_)) | (None, None) => {
            let pair = ("要写 share 或 count 之一".to_owned(), "expected exactly one of share, count".to_owned());
            reader.mistake(fields.at, "wrong-kind", pair);
            None
        }
    };
    let of = reader.required(&fields, "of").and_then(|node| word(reader, node));
    let otherwise = fields.get("otherwise").and_then(|node| word(reader, node));
    let rest = reader.required(&fields, "rest").and_then(|node| rest(reader, node));
    let none = reader.required(&fields, "none").and_then(|node| word(reader, node));
    Some(CompleteWhen { need: need?, of: of?, otherwise, rest: rest?, none: none? })
}

/// `60%`.
fn share(reader: &mut Reader<'_>, node: &Node) -> Option<u8> {
    let text = reader.text(node)?;
    let share = text.strip_suffix('%').and_then(|digits| digits.parse::<u8>().ok()).filter(|share| (1..=100).contains(share));
    if share.is_none() {
        reader.expected(node, "wrong-kind", ("1% 至 100% 的比例，如 `60%`", "a share from 1% to 100%, such as `60%`"));
    }
    share
}
