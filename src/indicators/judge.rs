//! What may be said of a target on a day: met, not met, or that it cannot be judged and why not.
//! Invariant: a share is rounded down, so 100 % is said only of what is reached. Never: a verdict before the target's year is over.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::{By, Figure, Goal, Indicator, Series, Target, Wording, of_year, standing};
use crate::ids::Text;

/// What is said of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is reached.
    Met,
    /// It is not.
    NotMet,
    /// Nothing may be said, and why.
    CannotJudge(Why),
}

/// Why a target cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its year is not over.
    NotYetDue,
    /// Nobody reported a figure of that year.
    NoValue,
    /// The figure it is to be compared with is missing.
    NoReference,
    /// It is not reached, and the plan does not say by when.
    NoYear,
}

impl Verdict {
    /// A word for machines.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not-met",
            Self::CannotJudge(Why::NotYetDue) => "not-yet-due",
            Self::CannotJudge(Why::NoValue) => "no-value",
            Self::CannotJudge(Why::NoReference) => "no-reference",
            Self::CannotJudge(Why::NoYear) => "no-year",
        }
    }

    /// The sentence, in both languages.
    #[must_use]
    pub fn words(self) -> Text {
        let (zh, en) = match self {
            Self::Met => ("达到", "met"),
            Self::NotMet => ("未达到", "not met"),
            Self::CannotJudge(Why::NotYetDue) => ("不能判断：年度未终了", "cannot judge: the year is not over"),
            Self::CannotJudge(Why::NoValue) => ("不能判断：没有该年数值", "cannot judge: no figure of that year"),
            Self::CannotJudge(Why::NoReference) => ("不能判断：没有参照值", "cannot judge: no figure to compare with"),
            Self::CannotJudge(Why::NoYear) => ("不能判断：尚未达到，方案没有写年份", "cannot judge: not reached yet, and the plan gives no year"),
        };
        Text { zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// A target with what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement<'f> {
    /// The target.
    pub target: &'f Target,
    /// The year it is judged for; none where the plan gives none.
    pub year: Option<i32>,
    /// The newest figure until then.
    pub value: Option<&'f Figure>,
    /// What it is compared with, when that is known.
    pub goal: Option<i64>,
    /// The figure as a share of that, per mille, rounded down.
    pub per_mille: Option<i64>,
    /// What is said.
    pub verdict: Verdict,
}

/// Every target of an indicator on the day `today`: one that holds for every year once for each year with figures, and for the last one that is over.
#[must_use]
pub fn judge<'f>(indicator: &'f Indicator, figures: &'f [Figure], today: NaiveDate) -> Vec<Judgement<'f>> {
    let values = standing(figures, Series::Value);
    let references = standing(figures, Series::Reference);
    let mut judged = Vec::new();
    for target in &indicator.targets {
        let years: Vec<Option<i32>> = match target.by {
            By::Year(year) => vec![Some(year)],
            By::Unsaid => vec![None],
            By::EveryYear => {
                let over = today.year() - 1;
                let known = values.iter().chain(&references).map(|figure| figure.on.year()).filter(|year| *year <= over);
                known.chain([over]).collect::<BTreeSet<_>>().into_iter().map(Some).collect()
            }
        };
        judged.extend(years.into_iter().map(|year| one(indicator.wording, target, year, (&values, &references), today)));
    }
    judged
}

fn one<'f>(wording: Wording, target: &'f Target, year: Option<i32>, (values, references): (&[&'f Figure], &[&'f Figure]), today: NaiveDate) -> Judgement<'f> {
    let until = |figure: &&&Figure| year.is_none_or(|year| figure.on.year() <= year);
    let value = values.iter().rev().find(until).copied();
    let goal = match &target.goal {
        Goal::Number(amount) => Some(*amount),
        Goal::Reference(_) => year.and_then(|year| of_year(references, year)).map(|figure| figure.amount),
    };
    let per_mille = value.zip(goal).and_then(|(value, goal)| share(value.amount, goal));
    let reached = |value: &Figure, goal: i64| match wording {
        Wording::Reach | Wording::AtLeast => value.amount >= goal,
        Wording::Above => value.amount > goal,
    };
    let verdict = match year {
        Some(year) if today.year() <= year => Verdict::CannotJudge(Why::NotYetDue),
        Some(year) => match (of_year(values, year), goal) {
            (None, _) => Verdict::CannotJudge(Why::NoValue),
            (Some(_), None) => Verdict::CannotJudge(Why::NoReference),
            (Some(value), Some(goal)) if reached(value, goal) => Verdict::Met,
            (Some(_), Some(_)) => Verdict::NotMet,
        },
        None => match (value, goal) {
            (None, _) => Verdict::CannotJudge(Why::NoValue),
            (Some(_), None) => Verdict::CannotJudge(Why::NoReference),
            (Some(value), Some(goal)) if reached(value, goal) => Verdict::Met,
            (Some(_), Some(_)) => Verdict::CannotJudge(Why::NoYear),
        },
    };
    Judgement { target, year, value, goal, per_mille, verdict }
}

/// `value` as a share of `goal`, per mille, rounded down; nothing of a goal that is not above zero.
fn share(value: i64, goal: i64) -> Option<i64> {
    if goal <= 0 {
        return None;
    }
    i64::try_from((i128::from(value) * 1_000).div_euclid(i128::from(goal))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CommandId, Moment};

    fn indicator(wording: Wording, by: By, goal: Goal) -> Indicator {
        Indicator {
            key: "X-1".into(),
            place: 1,
            title: Text::default(),
            unit: Text::default(),
            decimals: 0,
            wording,
            targets: vec![Target { by, goal }],
            reporters: Vec::new(),
            keeper: "office".into(),
            seed: "none".to_owned(),
            note: None,
            item: None,
            dropped: false,
        }
    }

    fn figure(series: Series, on: &str, amount: i64, nth: u8) -> Figure {
        Figure {
            indicator: "X-1".into(),
            series,
            on: on.parse().unwrap(),
            amount,
            document: "统计公报".to_owned(),
            reason: None,
            by: "甲".to_owned(),
            at: Moment(i64::from(nth)),
            command: CommandId(uuid::Uuid::from_bytes([nth; 16])),
        }
    }

    fn said(indicator: &Indicator, figures: &[Figure], today: &str) -> Vec<(Option<i32>, &'static str, Option<i64>)> {
        judge(indicator, figures, today.parse().unwrap()).iter().map(|judged| (judged.year, judged.verdict.key(), judged.per_mille)).collect()
    }

    #[test]
    fn a_number_is_judged_when_its_year_is_over_and_only_by_a_figure_of_that_year() {
        let platforms = indicator(Wording::Reach, By::Year(2020), Goal::Number(30));
        let short = [figure(Series::Value, "2019-12-31", 20, 1), figure(Series::Value, "2020-12-31", 28, 2)];
        assert_eq!(said(&platforms, &short, "2020-12-31"), [(Some(2020), "not-yet-due", Some(933))]);
        assert_eq!(said(&platforms, &short, "2021-01-01"), [(Some(2020), "not-met", Some(933))]);
        assert_eq!(said(&platforms, &short[..1], "2021-01-01"), [(Some(2020), "no-value", Some(666))]);
        let corrected = [short[0].clone(), short[1].clone(), figure(Series::Value, "2020-12-31", 30, 3)];
        assert_eq!(said(&platforms, &corrected, "2021-01-01"), [(Some(2020), "met", Some(1_000))]);
        // A later year's figure says nothing of 2020.
        assert_eq!(said(&platforms, &[figure(Series::Value, "2021-12-31", 40, 1)], "2022-01-01"), [(Some(2020), "no-value", None)]);
        // 29.99 of 30 is not 100 %.
        let nearly = indicator(Wording::Reach, By::Year(2020), Goal::Number(10_000));
        assert_eq!(said(&nearly, &[figure(Series::Value, "2020-12-31", 9_999, 1)], "2021-01-01"), [(Some(2020), "not-met", Some(999))]);
    }

    #[test]
    fn a_comparison_needs_the_other_figure_and_an_equal_one_is_not_above() {
        let share = indicator(Wording::Above, By::Year(2025), Goal::Reference(Text::default()));
        let own = figure(Series::Value, "2025-12-31", 1_800, 1);
        assert_eq!(said(&share, std::slice::from_ref(&own), "2026-02-01"), [(Some(2025), "no-reference", None)]);
        let with = |amount| [own.clone(), figure(Series::Reference, "2025-12-31", amount, 2)];
        assert_eq!(said(&share, &with(1_800), "2026-02-01"), [(Some(2025), "not-met", Some(1_000))]);
        assert_eq!(said(&share, &with(1_799), "2026-02-01"), [(Some(2025), "met", Some(1_000))]);
        assert_eq!(said(&share, &[own, figure(Series::Reference, "2024-12-31", 1, 2)], "2026-02-01"), [(Some(2025), "no-reference", None)]);
    }

    #[test]
    fn every_year_is_judged_by_itself_and_one_without_a_year_is_never_called_late() {
        let yearly = indicator(Wording::Above, By::EveryYear, Goal::Reference(Text::default()));
        let figures = [figure(Series::Value, "2023-12-31", 5, 1), figure(Series::Reference, "2023-12-31", 4, 2), figure(Series::Value, "2025-06-30", 9, 3)];
        assert_eq!(said(&yearly, &figures, "2025-07-01"), [(Some(2023), "met", Some(1_250)), (Some(2024), "no-value", None)]);
        let open = indicator(Wording::Reach, By::Unsaid, Goal::Number(250));
        assert_eq!(said(&open, &[], "2025-07-01"), [(None, "no-value", None)]);
        assert_eq!(said(&open, &[figure(Series::Value, "2024-12-31", 249, 1)], "2025-07-01"), [(None, "no-year", Some(996))]);
        assert_eq!(said(&open, &[figure(Series::Value, "2024-12-31", 250, 1)], "2025-07-01"), [(None, "met", Some(1_000))]);
    }
}
