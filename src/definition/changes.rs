//! What is different between two versions of a workflow, in words: by step, limit, form field, table row, in the keys its author wrote.
//! Invariant: two sets of files have no change here exactly when they have the same digest, because both are read off the same trees.
//! Never: a judgement whether a change is a good one.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::library::SourceFile;
use crate::definition::revision::canonical;
use crate::ids::Text;
use crate::source::{self, Entry, Node, Tree};

/// How much of a value is shown, in characters.
const SHOWN_MAX: usize = 160;

/// Everything that is different, in the order of the files and of the new version. Files are matched by their keys; one that cannot be read counts as
/// rewritten as a whole.
#[must_use]
pub fn changes(old: &[SourceFile], new: &[SourceFile]) -> Vec<Text> {
    // Kinds of accounts stand beside every bundle and belong to none.
    let own = |file: &&SourceFile| !file.key.starts_with("accounts/");
    let by_key =
        |files: &[SourceFile]| files.iter().filter(own).map(|file| (file.key.clone(), source::read(&file.text, &file.key).ok())).collect::<BTreeMap<_, _>>();
    let (old, new) = (by_key(old), by_key(new));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        match (old.get(key), new.get(key)) {
            (Some(Some(before)), Some(Some(after))) => Walk { found: &mut found }.compare(&Path::of(key), before, after),
            (Some(_), Some(_)) => found.push(said(&Path::of(key), "已改写", "is rewritten")),
            (None, _) => found.push(said(&Path::of(key), "新增文件", "is a new file")),
            (Some(_), None) => found.push(said(&Path::of(key), "不再使用", "is no longer used")),
        }
    }
    found
}

/// Where in a file, outermost first.
#[derive(Clone)]
struct Path {
    zh: String,
    en: String,
    /// The key of the mapping or list we are in: what its entries are called depends on it.
    within: String,
}

impl Path {
    fn of(file: &str) -> Self {
        Self { zh: format!("{file}："), en: format!("{file}: "), within: String::new() }
    }

    /// One level down.
    fn at(&self, key: &str, (zh, en): (String, String)) -> Self {
        let join = |path: &str, next: &str| if path.ends_with('：') || path.ends_with(": ") { format!("{path}{next}") } else { format!("{path} · {next}") };
        Self { zh: join(&self.zh, &zh), en: join(&self.en, &en), within: key.to_owned() }
    }

    /// The entry `key` of the mapping we are in.
    fn entry(&self, key: &str, value: &Node) -> Self {
        let named = |zh: &str, en: &str| {
            let title = title(value);
            let zh = title.as_ref().map_or_else(|| format!("{zh} {key}"), |title| format!("{zh} {key}「{}」", title.zh));
            let en = title.as_ref().map_or_else(|| format!("{en} {key}"), |title| format!("{en} {key} “{}”", title.en));
            (zh, en)
        };
        let name = match self.within.as_str() {
            "steps" => named("步骤", "step"),
            "parallel" | "inclusive" | "race" | "beside" => named("分支", "branch"),
            "limits" => named("时限", "limit"),
            "people" => named("办理人", "people"),
            "handlers" => named("事件", "handler"),
            _ => match WORDS.iter().find(|(word, _)| *word == key) {
                Some((_, zh)) => (format!("{zh} {key}"), key.to_owned()),
                None => (key.to_owned(), key.to_owned()),
            },
        };
        self.at(key, name)
    }
}

/// What the keys of the language are called.
const WORDS: [(&str, &str); 30] = [
    ("title", "名称"),
    ("nature", "事项性质"),
    ("basis", "依据"),
    ("number", "编号"),
    ("form", "申请表"),
    ("people", "办理人"),
    ("limits", "时限"),
    ("within", "时限"),
    ("from", "起算"),
    ("until", "止于"),
    ("excludes", "不计入"),
    ("extend", "延长"),
    ("remind", "提醒"),
    ("on-expiry", "期满"),
    ("next", "去向"),
    ("task", "办理"),
    ("approve", "审批"),
    ("by", "办理人"),
    ("outcomes", "结果"),
    ("not", "岗位分离"),
    ("may-return", "退回"),
    ("stops", "停止计时"),
    ("join", "汇合"),
    ("rejects", "否决"),
    ("when", "条件"),
    ("required", "必填"),
    ("see", "谁可看"),
    ("edit", "谁可填"),
    ("type", "类型"),
    ("choices", "选项"),
];

struct Walk<'f> {
    found: &'f mut Vec<Text>,
}

impl Walk<'_> {
    fn compare(&mut self, path: &Path, old: &Node, new: &Node) {
        if canonical(old) == canonical(new) {
            return;
        }
        let before = self.found.len();
        match (&old.tree, &new.tree) {
            (Tree::Map(old), Tree::Map(new)) => self.entries(path, old, new),
            (Tree::List(old), Tree::List(new)) if is_of_maps(old) && is_of_maps(new) => self.items(path, old, new),
            _ => self.found.push(said(path, &format!("{} → {}", shown(old), shown(new)), &format!("{} -> {}", shown(old), shown(new)))),
        }
        // The same things in another order are another version too.
        if self.found.len() == before {
            self.found.push(said(path, "次序改变", "is in another order"));
        }
    }

    fn entries(&mut self, path: &Path, old: &[Entry], new: &[Entry]) {
        let find = |among: &[Entry], key: &str| among.iter().find(|entry| entry.key == key).map(|entry| entry.value.clone());
        for entry in new {
            let here = path.entry(&entry.key, &entry.value);
            match find(old, &entry.key) {
                Some(before) => self.compare(&here, &before, &entry.value),
                None => self.added(&here, &entry.value),
            }
        }
        for entry in old.iter().filter(|entry| find(new, &entry.key).is_none()) {
            self.removed(&path.entry(&entry.key, &entry.value), &entry.value);
        }
    }

    /// Items with a key of their own are matched by it, others by their place.
    fn items(&mut self, path: &Path, old: &[Node], new: &[Node]) {
        let named = |items: &[Node]| -> Vec<(String, Node)> {
            items.iter().enumerate().map(|(at, item)| (key_of(item).unwrap_or_else(|| format!("#{}", at + 1)), item.clone())).collect()
        };
        let (old, new) = (named(old), named(new));
        let here = |key: &str, item: &Node| {
            let name = match (key.strip_prefix('#'), title(item)) {
                (Some(place), _) => (format!("第 {place} 项"), format!("item {place}")),
                (None, Some(title)) => (format!("字段 {key}「{}」", title.zh), format!("field {key} “{}”", title.en)),
                (None, None) => (format!("字段 {key}"), format!("field {key}")),
            };
            path.at("", name)
        };
        for (key, item) in &new {
            match old.iter().find(|(other, _)| other == key) {
                Some((_, before)) => self.compare(&here(key, item), before, item),
                None => self.added(&here(key, item), item),
            }
        }
        for (key, item) in old.iter().filter(|(key, _)| !new.iter().any(|(other, _)| other == key)) {
            self.removed(&here(key, item), item);
        }
    }

    fn added(&mut self, path: &Path, value: &Node) {
        self.found.push(said(path, &format!("新增 {}", shown(value)), &format!("added {}", shown(value))));
    }

    fn removed(&mut self, path: &Path, value: &Node) {
        self.found.push(said(path, &format!("删去（原为 {}）", shown(value)), &format!("removed (was {})", shown(value))));
    }
}

fn said(path: &Path, zh: &str, en: &str) -> Text {
    let join = |path: &str, said: &str, colon: &str| {
        if path.ends_with('：') || path.ends_with(": ") { format!("{path}{said}") } else { format!("{path}{colon}{said}") }
    };
    Text { zh: join(&path.zh, zh, "："), en: join(&path.en, en, ": ") }
}

fn is_of_maps(items: &[Node]) -> bool {
    items.iter().all(|item| matches!(item.tree, Tree::Map(_)))
}

fn text_of<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Tree::Map(entries) = &node.tree else { return None };
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

fn key_of(item: &Node) -> Option<String> {
    text_of(item, "key").map(flow)
}

/// The title a thing gives itself.
fn title(node: &Node) -> Option<Text> {
    let title = text_of(node, "title")?;
    match &title.tree {
        Tree::Map(_) => Some(Text { zh: flow(text_of(title, "zh")?), en: flow(text_of(title, "en")?) }),
        Tree::Text(text) => Some(Text { zh: text.clone(), en: text.clone() }),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) => None,
    }
}

fn shown(node: &Node) -> String {
    let whole = flow(node);
    if whole.chars().count() <= SHOWN_MAX {
        return whole;
    }
    whole.chars().take(SHOWN_MAX).chain(['…']).collect()
}

/// A value on one line, as YAML writes it in brackets.
fn flow(node: &Node) -> String {
    match &node.tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(flag) => flag.to_string(),
        Tree::Number(text) | Tree::Text(text) => text.clone(),
        Tree::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Tree::Map(entries) => {
            format!("{{{}}}", entries.iter().map(|entry| format!("{}: {}", entry.key, flow(&entry.value))).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "workflow: w\ntitle: {zh: 演示, en: Show}\nlimits:\n  promised: {within: 5 working days, from: entered}\nsteps:\n  accept:\n    title: {zh: 受理, en: Accept}\n    task: {by: p, outcomes: [on, out]}\n    within: 1 working day\n    next: {on: done, out: out}\n  done: {end: granted}\n  out: {end: refused}\n";

    fn told(key: &str, old: &str, new: &str) -> Vec<(String, String)> {
        let file = |text: &str| SourceFile { key: key.to_owned(), shown: key.to_owned(), text: text.to_owned() };
        changes(&[file(old)], &[file(new)]).into_iter().map(|text| (text.zh, text.en)).collect()
    }

    fn pair(zh: &str, en: &str) -> (String, String) {
        (zh.to_owned(), en.to_owned())
    }

    #[test]
    fn a_change_is_told_at_its_step_and_limit_in_the_words_of_the_file() {
        let new = OLD.replace("1 working day", "2 working days").replace("within: 5", "within: 4").replace("out: out", "out: look");
        let new = new
            .replace("  done:", "  look: {title: {zh: 复核, en: Look}, task: {by: p, outcomes: [on]}, next: done}\n  done:")
            .replace("  out: {end: refused}\n", "");
        assert_eq!(
            told("w.yaml", OLD, &new),
            [
                pair(
                    "w.yaml：时限 limits · 时限 promised · 时限 within：5 working days → 4 working days",
                    "w.yaml: limits · limit promised · within: 5 working days -> 4 working days"
                ),
                pair(
                    "w.yaml：steps · 步骤 accept「受理」 · 时限 within：1 working day → 2 working days",
                    "w.yaml: steps · step accept “Accept” · within: 1 working day -> 2 working days"
                ),
                pair("w.yaml：steps · 步骤 accept「受理」 · 去向 next · out：out → look", "w.yaml: steps · step accept “Accept” · next · out: out -> look"),
                pair(
                    "w.yaml：steps · 步骤 look「复核」：新增 {title: {zh: 复核, en: Look}, task: {by: p, outcomes: [on]}, next: done}",
                    "w.yaml: steps · step look “Look”: added {title: {zh: 复核, en: Look}, task: {by: p, outcomes: [on]}, next: done}"
                ),
                pair("w.yaml：steps · 步骤 out：删去（原为 {end: refused}）", "w.yaml: steps · step out: removed (was {end: refused})"),
            ]
        );
    }

    #[test]
    fn fields_of_a_form_are_matched_by_their_keys() {
        let old = "form: f\nfields:\n  - {key: a, title: {zh: 甲, en: A}, type: text}\n  - {key: b, title: {zh: 乙, en: B}, type: integer, min: 1}\n";
        let new = "form: f\nfields:\n  - {key: b, title: {zh: 乙, en: B}, type: integer, min: 2, required: true}\n";
        assert_eq!(
            told("forms/f.yaml", old, new),
            [
                pair("forms/f.yaml：fields · 字段 b「乙」 · min：1 → 2", "forms/f.yaml: fields · field b “B” · min: 1 -> 2"),
                pair("forms/f.yaml：fields · 字段 b「乙」 · 必填 required：新增 true", "forms/f.yaml: fields · field b “B” · required: added true"),
                pair(
                    "forms/f.yaml：fields · 字段 a「甲」：删去（原为 {key: a, title: {zh: 甲, en: A}, type: text}）",
                    "forms/f.yaml: fields · field a “A”: removed (was {key: a, title: {zh: 甲, en: A}, type: text})"
                ),
            ]
        );
    }

    #[test]
    fn another_order_is_a_change_and_a_comment_is_none() {
        assert_eq!(told("w.yaml", OLD, &OLD.replace("steps:", "# a remark\nsteps:")), []);
        let turned = OLD.replace("  done: {end: granted}\n  out: {end: refused}\n", "  out: {end: refused}\n  done: {end: granted}\n");
        assert_eq!(told("w.yaml", OLD, &turned), [pair("w.yaml：steps：次序改变", "w.yaml: steps: is in another order")]);
        let file = |key: &str| SourceFile { key: key.to_owned(), shown: key.to_owned(), text: "a: 1\n".to_owned() };
        let told: Vec<String> = changes(&[file("x.yaml")], &[file("y.yaml")]).into_iter().map(|text| text.en).collect();
        assert_eq!(told, ["x.yaml: is no longer used", "y.yaml: is a new file"]);
    }
}
