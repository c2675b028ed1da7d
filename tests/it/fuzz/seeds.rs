//! Where inputs come from: everything that is shipped, everything that is known to be wrong, every expression in it, and some traps.

use greenlane::definition::library;
use greenlane::expr;

use super::mutate::{self, Dice};
use super::targets::Target;

pub struct Seeds {
    /// By folder: the target and its texts.
    files: Vec<(Target, String)>,
    texts: Vec<String>,
    expressions: Vec<String>,
}

const EXPRESSIONS: &[&str] = &[
    "form.area_m2 > 10000 and form.field in (\"a\", \"b\") or not(form.secret)",
    "some s in form.sources satisfies s.kind = \"loan\" and s.amount >= 5000",
    "sum(for s in form.sources return s.amount * 1.5) / count(form.sources)",
    "date(form.start) - date(\"2025-03-03\") > duration(\"P90D\")",
    "form.sources[item.kind = \"loan\"].amount[1]",
    "if is defined(form.note) then form.note else \"无\"",
    "string join(for t in form.tags return upper case(t), \"、\")",
    "{a: 1, b: {c: [1, 2, 3]}}.b.c[-1] between 1 and 3",
    "every n in 1..100, m in 1..100 satisfies n * m <= 10000",
    "count(for a in 1..10000 return for b in 1..10000 return a)",
    "round half even(modulo(form.area_m2, 7) / 3, 2) in (1..2]",
    "项目.总投资 * 10000 >= `land-quota`.outcome",
];

impl Seeds {
    pub fn gathered() -> Self {
        let mut files: Vec<(Target, String)> = library::embedded_files()
            .into_iter()
            .map(|file| {
                let target = match file.key.split_once('/').map(|(folder, _)| folder) {
                    Some("forms") => Target::Form,
                    Some("decisions") => Target::Table,
                    Some("calendars") => Target::Calendar,
                    Some(_) | None => Target::Workflow,
                };
                (target, file.text)
            })
            .collect();
        for (folder, target) in [("tests/it/wrong", Target::Workflow), ("tests/it/wrong/decisions", Target::Table), ("tests/it/wrong/forms", Target::Form)] {
            let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            let yaml = paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
            files.extend(yaml.map(|path| (target, String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned())));
        }
        let texts: Vec<String> = files.iter().map(|(_, text)| text.clone()).collect();
        let mut expressions: Vec<String> = EXPRESSIONS.iter().map(|text| (*text).to_owned()).collect();
        for text in &texts {
            let quoted = text.split(['\'', '\n']).chain(text.split(": ")).map(str::trim);
            expressions.extend(quoted.filter(|piece| piece.contains(' ') && piece.len() < 200 && expr::parse(piece).is_ok()).map(str::to_owned));
        }
        expressions.sort();
        expressions.dedup();
        assert!(files.len() > 20 && expressions.len() > 20, "{} files and {} expressions are too few to begin with", files.len(), expressions.len());
        Self { files, texts, expressions }
    }

    /// The input of a throw.
    pub fn input(&self, dice: &mut Dice) -> (Target, String) {
        match dice.below(20) {
            0..10 => (Target::Expression, self.expression(dice)),
            10 => (Target::Expression, noise(dice)),
            11 => (Target::Yaml, noise(dice)),
            12 => (Target::Yaml, bomb(dice)),
            _ => {
                let (target, text) = &self.files[dice.below(self.files.len())];
                let text = mutate::changed(dice, text, &self.texts);
                (if dice.once_in(10) { Target::Yaml } else { *target }, text)
            }
        }
    }

    fn expression(&self, dice: &mut Dice) -> String {
        let text = &self.expressions[dice.below(self.expressions.len())];
        mutate::changed(dice, text, &self.expressions)
    }
}

/// Letters and bytes without sense.
fn noise(dice: &mut Dice) -> String {
    let bytes: Vec<u8> = (0..dice.below(400)).map(|_| dice.next().to_le_bytes()[0] & if dice.once_in(3) { 0xff } else { 0x7f }).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Aliases of aliases, brackets in brackets, keys without end.
fn bomb(dice: &mut Dice) -> String {
    let many = 1 + dice.below(40);
    match dice.below(6) {
        0 => {
            let mut text = "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned();
            for level in 1..=many {
                let before = format!("*a{}", level - 1);
                text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 1 + dice.below(12)].join(", ")));
            }
            text
        }
        1 => format!("{}{}", "[".repeat(many * 500), "]".repeat(many * dice.below(500))),
        2 => (0..many * 20).map(|depth| format!("{}k:\n", " ".repeat(depth))).collect(),
        3 => format!("{}1{}", "{a: ".repeat(many * 300), "}".repeat(many * 300)),
        4 => format!("a: &a\n  b: *a\n  c: \"{}\"\n", "x".repeat(many * 10_000)),
        _ => (0..many * 200).map(|number| format!("key{number}: {{zh: 值, en: \"{number}\"}}\n")).collect(),
    }
}
