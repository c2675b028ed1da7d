//! Hit policies: what comes of the rows that hold.
//! Invariant: whether a policy gives one outcome, several, or a number is known from the table alone.
//! Never: a sum or a list where nothing was declared to be summed or listed.

use rust_decimal::Decimal;

use super::{Table, numbered};
use crate::expr::{EvalError, Value};

/// What comes of the rows that hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// U: at most one row holds.
    Unique,
    /// A: several may hold, with one outcome.
    Any,
    /// F: the first row that holds.
    First,
    /// P: the row whose outcome is listed first among `outcomes`.
    Priority,
    /// R: all outcomes, in the order of the rows.
    RuleOrder,
    /// O: all outcomes, in the order of `outcomes`.
    OutputOrder,
    /// C: all outcomes; here in the order of the rows.
    Collect,
    /// C+: the sum.
    Sum,
    /// C<: the least.
    Least,
    /// C>: the greatest.
    Greatest,
    /// C#: how many rows hold.
    Count,
}

/// Every policy as it is written.
pub(super) const WRITTEN: [(&str, Hit); 15] = [
    ("U", Hit::Unique),
    ("A", Hit::Any),
    ("P", Hit::Priority),
    ("F", Hit::First),
    ("R", Hit::RuleOrder),
    ("O", Hit::OutputOrder),
    ("C", Hit::Collect),
    ("C+", Hit::Sum),
    ("C<", Hit::Least),
    ("C>", Hit::Greatest),
    ("C#", Hit::Count),
    ("unique", Hit::Unique),
    ("any", Hit::Any),
    ("first", Hit::First),
    ("priority", Hit::Priority),
];

impl Hit {
    /// Whether it gives one outcome, by which a step can be left.
    #[must_use]
    pub fn gives_one(self) -> bool {
        match self {
            Self::Unique | Self::Any | Self::First | Self::Priority => true,
            Self::RuleOrder | Self::OutputOrder | Self::Collect | Self::Sum | Self::Least | Self::Greatest | Self::Count => false,
        }
    }

    /// Whether it gives a list, empty when no row holds.
    #[must_use]
    pub fn gives_list(self) -> bool {
        match self {
            Self::RuleOrder | Self::OutputOrder | Self::Collect => true,
            Self::Unique | Self::Any | Self::First | Self::Priority | Self::Sum | Self::Least | Self::Greatest | Self::Count => false,
        }
    }

    /// Whether its rows hold numbers and not outcomes.
    #[must_use]
    pub fn takes_numbers(self) -> bool {
        match self {
            Self::Sum | Self::Least | Self::Greatest => true,
            Self::Unique | Self::Any | Self::First | Self::Priority | Self::RuleOrder | Self::OutputOrder | Self::Collect | Self::Count => false,
        }
    }

    /// Whether it has no answer when no row holds. A list of nothing is empty, a sum or count of nothing is 0.
    pub(super) fn wants_a_row(self) -> bool {
        match self {
            Self::Unique | Self::Any | Self::First | Self::Priority | Self::Least | Self::Greatest => true,
            Self::RuleOrder | Self::OutputOrder | Self::Collect | Self::Sum | Self::Count => false,
        }
    }
}

/// What a table comes to under any hit policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// A text for one outcome, a list of texts for several, a number for a sum, an extreme or a count.
    pub value: Value,
    /// The rows it came of, from 1, in the order of the value.
    pub rows: Vec<usize>,
    /// Why, in one Chinese sentence.
    pub why: String,
    /// Why, in one English sentence.
    pub why_en: String,
}

impl Table {
    /// Decides under any hit policy.
    ///
    /// # Errors
    /// As `eval`, but several outcomes are an answer where the policy says so.
    pub fn decide(&self, roots: &Value) -> Result<Decision, EvalError> {
        if self.hit().gives_one() {
            let verdict = self.eval(roots)?;
            return Ok(Decision { value: Value::Text(verdict.output), rows: vec![verdict.row], why: verdict.why, why_en: verdict.why_en });
        }
        let (inputs, mut hits) = self.hits(roots)?;
        if self.hit() == Hit::OutputOrder {
            hits.sort_by_key(|index| self.rank(*index));
        }
        let value = self.gathered(&hits).map_err(|(zh, en)| inputs.refused(&zh, &en))?;
        let (mut zh, mut en) = inputs.read(|_| true);
        if zh.is_empty() {
            (zh, en) = ("各种情形".to_owned(), "in every case".to_owned());
        }
        let (shown, (zh_rows, en_rows)) = (crate::source::shortened(&value.literal()), numbered(&hits));
        let (zh_rows, en_rows) = match hits.len() {
            0 => ("没有一行符合".to_owned(), "no row holds".to_owned()),
            1 => (format!("第 {zh_rows} 行"), format!("row {en_rows}")),
            _several => (format!("第 {zh_rows} 行"), format!("rows {en_rows}")),
        };
        let rows = hits.iter().map(|index| index + 1).collect();
        Ok(Decision { value, rows, why: format!("{zh}：{zh_rows}，得出 {shown}"), why_en: format!("{en}: {en_rows}, giving {shown}") })
    }

    fn rank(&self, row: usize) -> Option<usize> {
        let outcome = self.parts.rows.get(row).map(|row| &row.then);
        self.parts.outcomes.iter().position(|known| outcome == Some(known))
    }

    /// The value of a policy that gives several or a number.
    fn gathered(&self, hits: &[usize]) -> Result<Value, (String, String)> {
        let rows = || hits.iter().filter_map(|index| self.parts.rows.get(*index));
        let mut amounts = rows().filter_map(|row| row.amount);
        let extreme = |found: Option<Decimal>| found.map(Value::Number).ok_or_else(no_row);
        match self.hit() {
            Hit::Unique | Hit::Any | Hit::First | Hit::Priority => {
                Err(("期望得出多个结论的命中策略".to_owned(), "expected a hit policy that gives several outcomes".to_owned()))
            }
            Hit::RuleOrder | Hit::OutputOrder | Hit::Collect => Ok(Value::List(rows().map(|row| Value::Text(row.then.clone())).collect())),
            Hit::Sum => {
                let sum = amounts.try_fold(Decimal::ZERO, Decimal::checked_add);
                sum.map(Value::Number).ok_or_else(|| ("期望范围之内的合计，实际太大".to_owned(), "expected a sum within range, found one too large".to_owned()))
            }
            Hit::Least => extreme(amounts.min()),
            Hit::Greatest => extreme(amounts.max()),
            Hit::Count => Ok(Value::Number(hits.len().into())),
        }
    }

    /// The row that decides among those that hold, for a policy that gives one outcome.
    pub(super) fn chosen(&self, hits: &[usize]) -> Result<usize, (String, String)> {
        let rows = &self.parts.rows;
        let Some(first) = hits.first().copied() else { return Err(no_row()) };
        let outcome = |index: usize| rows.get(index).map(|row| row.then.as_str());
        let (zh_rows, en_rows) = numbered(hits);
        match self.hit() {
            Hit::First => Ok(first),
            Hit::Unique if hits.len() == 1 => Ok(first),
            Hit::Unique => Err((format!("期望只有一行符合，实际第 {zh_rows} 行都符合"), format!("expected one row that holds, found rows {en_rows}"))),
            Hit::Any if hits.iter().all(|index| outcome(*index) == outcome(first)) => Ok(first),
            Hit::Any => Err((
                format!("期望符合的各行结论相同，实际第 {zh_rows} 行不同"),
                format!("expected one outcome of all rows that hold, found different ones in rows {en_rows}"),
            )),
            Hit::Priority => Ok(hits.iter().copied().min_by_key(|index| self.rank(*index)).unwrap_or(first)),
            Hit::RuleOrder | Hit::OutputOrder | Hit::Collect | Hit::Sum | Hit::Least | Hit::Greatest | Hit::Count => {
                Err(("期望得出一个结论的命中策略 U、A、P、F".to_owned(), "expected a hit policy that gives one outcome: U, A, P, F".to_owned()))
            }
        }
    }
}

fn no_row() -> (String, String) {
    ("没有一行符合".to_owned(), "expected a row that holds, found none".to_owned())
}
