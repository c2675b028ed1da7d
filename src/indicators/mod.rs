//! Indicators: series of dated figures with targets by year, and what may be said of a target on a day.
//! Invariant: a figure is a whole number of the indicator's smallest unit, and a correction stands beside what it corrects.
//! Never: "met" without a figure of the target's year, or without the figure it is to be compared with.

pub mod judge;
pub mod quantity;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, Moment, Name, Text};

/// An indicator of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// Its key, such as `EZ-K07`.
    pub key: Name,
    /// Its place in the list.
    pub place: u32,
    /// How it is called.
    pub title: Text,
    /// What it is counted in.
    pub unit: Text,
    /// How many decimals its figures have: 2 means that 93.35 is kept as 9335.
    pub decimals: u8,
    /// How the plan words the target.
    pub wording: Wording,
    /// The targets, in the order of the plan.
    pub targets: Vec<Target>,
    /// The offices that report its figures: an arrangement of this installation; the plans do not say who.
    pub reporters: Vec<Name>,
    /// The office that keeps the list: the same.
    pub keeper: Name,
    /// Where a plan names it, or `none`.
    pub seed: String,
    /// What is unclear in the plan, or how the figure is to be counted.
    pub note: Option<Text>,
    /// The reform item it belongs to.
    pub item: Option<u32>,
    /// It was taken off the list.
    #[serde(default)]
    pub dropped: bool,
}

/// How the plan words a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wording {
    /// 达到：a figure of the target or above has reached it.
    Reach,
    /// 不低于、以上。
    AtLeast,
    /// 高于：a figure equal to the target is not above it.
    Above,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// By when.
    pub by: By,
    /// What is to be reached.
    pub goal: Goal,
}

/// By when a target is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// By the end of a year.
    Year(i32),
    /// In every year.
    EveryYear,
    /// The plan does not say.
    Unsaid,
}

/// What is to be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// A number, in the smallest unit.
    Number(i64),
    /// A figure published elsewhere, such as the provincial average.
    Reference(Text),
}

/// Which series a figure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Series {
    /// What is.
    Value,
    /// What it is compared with.
    Reference,
}

impl Series {
    /// Its key.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Reference => "reference",
        }
    }
}

/// A figure somebody reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Of which indicator.
    pub indicator: Name,
    /// Its value, or what that is compared with.
    pub series: Series,
    /// The day it holds for: the last day of the period it was counted over.
    pub on: NaiveDate,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// The document it was taken from.
    pub document: String,
    /// Why an earlier figure for this day was corrected.
    pub reason: Option<String>,
    /// Who reported it, by name.
    pub by: String,
    /// When.
    pub at: Moment,
    /// The command that reported it.
    pub command: CommandId,
}

/// A change of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListVersion {
    /// The how manieth list of this tenant, from 1.
    pub number: u32,
    /// What was done.
    pub what: ListAct,
    /// To which indicators.
    pub indicators: Vec<Name>,
    /// Why.
    pub reason: String,
    /// The document it rests on.
    pub document: String,
    /// By whom, by name.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// What was done to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListAct {
    /// Taken from a plan.
    Planted,
    /// Added.
    Added,
    /// Taken off; its figures stay.
    Dropped,
}

impl Indicator {
    /// Whether one of its targets is another's figure.
    #[must_use]
    pub fn is_relative(&self) -> bool {
        self.targets.iter().any(|target| matches!(target.goal, Goal::Reference(_)))
    }
}

/// The figures of a series that stand: of those reported for one day, the last. By day.
#[must_use]
pub fn standing(figures: &[Figure], series: Series) -> Vec<&Figure> {
    let mut of_series: Vec<&Figure> = figures.iter().filter(|figure| figure.series == series).collect();
    of_series.sort_by_key(|figure| (figure.on, figure.at, figure.command));
    let mut standing: Vec<&Figure> = Vec::new();
    for figure in of_series {
        if standing.last().is_some_and(|last| last.on == figure.on) {
            standing.pop();
        }
        standing.push(figure);
    }
    standing
}

/// The figure of a year: its last.
fn of_year<'f>(figures: &[&'f Figure], year: i32) -> Option<&'f Figure> {
    figures.iter().rev().copied().find(|figure| figure.on.year() == year)
}
