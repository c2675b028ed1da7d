//! A table against the kinds of what it reads.

use std::collections::BTreeMap;

use super::super::{ExprError, Type};
use super::{Input, Parts};
use crate::source::{Reader, shortened};

/// The kind of an input; what does not fit is reported where it stands.
pub(super) fn input(reader: &mut Reader<'_>, input: &Input, roots: &BTreeMap<String, Type>) -> Type {
    let mut report = |error: ExprError| reader.mistake(input.node.place_in(error.span.start), "expression", (error.zh, error.en));
    input.expr.kind(roots).unwrap_or_else(|errors| {
        errors.into_iter().for_each(&mut report);
        Type::Any
    })
}

/// Every cell against the kind of its input.
pub(super) fn cells(reader: &mut Reader<'_>, parts: &Parts, kinds: &[Type]) {
    for (cell, kind) in parts.rows.iter().flat_map(|row| row.cells.iter().zip(kinds)) {
        for constant in cell.constants() {
            let tested = Type::of_value(constant);
            if let (Type::OneOf(all), Some(text)) = (kind, constant.as_text()) {
                if !all.contains(text) {
                    let all = shortened(&all.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
                    reader.mistake(cell.at, "cell-kind", (format!("期望 {all} 之一，实际 `{text}`"), format!("expected one of {all}, found `{text}`")));
                }
            } else if tested != Type::Null && !tested.agrees(kind) {
                let ((zh_kind, en_kind), (zh, en)) = (kind.named(), tested.named());
                reader.mistake(cell.at, "cell-kind", (format!("期望{zh_kind}，实际是{zh}"), format!("expected {en_kind}, found {en}")));
            }
        }
    }
}
