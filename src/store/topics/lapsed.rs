//! Ranks that count no more. Nothing stored says that a rank has lapsed, so nothing stored can be stale: a statement is given the versions whose ranks have.
//! Invariant: while nothing has lapsed a statement is the one it would be without this.

use crate::definition::graph::ORDINARY;

/// Whether the case of a row of `table` is of a version whose ranks count no more; the versions are bound from place `first` on.
pub(in crate::store) fn of_lapsed(table: &str, lapsed: usize, first: usize) -> String {
    let revisions: Vec<String> = (first..first + lapsed).map(|place| format!("${place}")).collect();
    format!("exists (select 1 from cases o where o.tenant = {table}.tenant and o.id = {table}.case_id and o.revision in ({}))", revisions.join(", "))
}

/// What the stored rank of a row of `table` comes to.
pub(in crate::store) fn rank_of(table: &str, lapsed: usize, first: usize) -> String {
    if lapsed == 0 {
        return format!("{table}.rank");
    }
    format!("cast(case when {table}.rank <> {ORDINARY} and {} then {ORDINARY} else {table}.rank end as smallint)", of_lapsed(table, lapsed, first))
}
