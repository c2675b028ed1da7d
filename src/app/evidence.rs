//! Evidence (佐证材料): its classes and the two copies of the ledger, as the plan names them, and the pieces an answer brings.
//! Invariant: what counts as evidence is a file in a field that says its class; the digest in the ledger is that of the file. Never: a class the plan does not name.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;

use crate::app::files::named_in;
use crate::app::seed;
use crate::exports::ledger::Evidence;
use crate::forms::{Field, Form, Kind, LedgerColumn};
use crate::ids::{Digest, Text};
use crate::source::{Mistake, Node, Reader};

/// The file, below `seeds/`.
const FILE: &str = "evidence.yaml";

/// A class of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceClass {
    /// `L1` to `L11`.
    pub id: String,
    /// The group it is filed under (分类归档).
    pub group: Text,
    /// What it is called.
    pub title: Text,
}

/// A copy of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CopyRule {
    /// Who keeps it.
    pub holder: Text,
    /// For what.
    pub purpose: Text,
}

/// What the plan says of the ledger.
#[derive(Clone, Debug, Default)]
pub struct LedgerPlan {
    /// Where.
    pub section: String,
    /// The classes of evidence, in its order.
    pub classes: Vec<EvidenceClass>,
    /// The copies, the first first.
    pub copies: Vec<CopyRule>,
}

/// What the plan says, as this program carries it.
#[must_use]
pub fn plan() -> &'static LedgerPlan {
    // A test keeps the file free of mistakes.
    static PLAN: LazyLock<LedgerPlan> = LazyLock::new(|| seed::embedded_text(FILE).and_then(|text| read(&text, FILE).ok()).unwrap_or_default());
    &PLAN
}

/// Reads the file.
///
/// # Errors
/// Every mistake, with its place.
pub fn read(text: &str, file: &str) -> Result<LedgerPlan, Vec<Mistake>> {
    Reader::parse(text, file, whole)
}

fn whole(reader: &mut Reader<'_>, node: &Node) -> Option<LedgerPlan> {
    let top = reader.fields(node, &["plan", "section", "classes", "copies"])?;
    let section = reader.required(&top, "section").and_then(|node| reader.text(node));
    let mut plan = LedgerPlan { section: section?, ..LedgerPlan::default() };
    for node in reader.required(&top, "classes").map(|node| reader.list(node)).unwrap_or_default() {
        let Some(keys) = reader.fields(node, &["id", "group", "title"]) else { continue };
        let id = reader.required(&keys, "id").and_then(|node| reader.text(node));
        let group = reader.required(&keys, "group").and_then(|node| reader.bilingual(node));
        let title = reader.required(&keys, "title").and_then(|node| reader.bilingual(node));
        plan.classes.push(EvidenceClass { id: id?, group: group?, title: title? });
    }
    for node in reader.required(&top, "copies").map(|node| reader.list(node)).unwrap_or_default() {
        let Some(keys) = reader.fields(node, &["holder", "purpose"]) else { continue };
        let holder = reader.required(&keys, "holder").and_then(|node| reader.bilingual(node));
        let purpose = reader.required(&keys, "purpose").and_then(|node| reader.bilingual(node));
        plan.copies.push(CopyRule { holder: holder?, purpose: purpose? });
    }
    Some(plan)
}

/// The pieces an answer brings: of each file in a field with a class, the class, the file's name and its digest.
pub(in crate::app) fn filed(form: &Form, fields: &Value) -> Vec<Evidence> {
    let mut found = Vec::new();
    for field in form.fields() {
        let Some(value) = fields.get(&field.key) else { continue };
        match &field.kind {
            Kind::Rows { fields, .. } => {
                for row in value.as_array().into_iter().flatten() {
                    fields.iter().filter_map(|inner| Some((inner, row.get(&inner.key)?))).for_each(|(inner, value)| piece(inner, value, &mut found));
                }
            }
            Kind::Text(_) | Kind::LongText(_) | Kind::Integer(_) | Kind::MoneyFen(_) | Kind::AreaM2(_) | Kind::Date { .. } => {}
            Kind::Choice(_) | Kind::YesNo | Kind::Code(_) | Kind::File(_) => piece(field, value, &mut found),
        }
    }
    found
}

fn piece(field: &Field, value: &Value, found: &mut Vec<Evidence>) {
    let Some(class) = &field.evidence else { return };
    for file in named_in(value) {
        if let Ok(digest) = file.sha256.parse::<Digest>() {
            found.push(Evidence { number: format!("{class} {}", file.name), digest });
        }
    }
}

/// What people wrote for the ledger in their answers, as it stands.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Said {
    /// 责任领导.
    pub leader: String,
    /// 路线图.
    pub roadmap: String,
    /// 存在问题.
    pub problem: String,
    /// 下一步.
    pub next: String,
}

impl Said {
    /// Takes over every column the form has: what is left out of a later answer no longer stands.
    pub fn hear(mut self, form: &Form, fields: Option<&Value>) -> Self {
        for field in form.fields() {
            let text = || fields.and_then(|fields| fields.get(&field.key)).and_then(Value::as_str).unwrap_or_default().to_owned();
            match field.ledger {
                Some(LedgerColumn::Leader) => self.leader = text(),
                Some(LedgerColumn::Roadmap) => self.roadmap = text(),
                Some(LedgerColumn::Problem) => self.problem = text(),
                Some(LedgerColumn::Next) => self.next = text(),
                None => {}
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_names_eleven_classes_and_two_copies() {
        let plan = read(&seed::embedded_text(FILE).unwrap(), FILE).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let ids: Vec<String> = (1..=11).map(|number| format!("L{number}")).collect();
        assert_eq!(plan.classes.iter().map(|class| class.id.clone()).collect::<Vec<_>>(), ids);
        let copies: Vec<(&str, &str)> = plan.copies.iter().map(|copy| (copy.holder.zh.as_str(), copy.purpose.zh.as_str())).collect();
        assert_eq!(copies, [("各相关单位自存", "区级考核"), ("区创新办", "市级考核")]);
        assert_eq!(plan.section, "WH:四（四）");
    }

    #[test]
    fn every_class_a_shipped_form_asks_for_is_one_of_the_plan() {
        let library = crate::definition::library::embedded().unwrap_or_else(|found| panic!("{found:?}"));
        let mut asked = 0;
        for file in crate::definition::library::embedded_files().iter().filter(|file| file.key.starts_with("forms/")) {
            for field in library.form(&file.key).unwrap().fields() {
                if let Some(class) = &field.evidence {
                    assert!(plan().classes.iter().any(|known| known.id == *class), "{}: {class}", file.key);
                    asked += 1;
                }
            }
        }
        assert!(asked >= 9, "{asked}");
    }
}
