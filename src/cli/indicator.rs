//! `greenlane indicator`: the indicators with what is said of each target, a figure, a change of the list.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::app::indicators::{FigureAsked, ListAsked, ListChange};
use crate::app::operate::Operation;
use crate::app::seed::Seeds;
use crate::cli::Trouble;
use crate::cli::operate::operate;
use crate::cli::place::{Place, files_below};

/// What to do.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出指标、目标、实际值和判断。Lists indicators with target, figure and verdict.
    List,
    /// 填报数值；同一天再填须写理由，原值保留。Reports a figure; another for the same day needs a reason, and the earlier one is kept.
    Report(Figure),
    /// 登记参照值，如全省平均水平。Puts on record what a figure is compared with.
    Reference(Figure),
    /// 从种子文件夹增加一个指标。Adds an indicator of a folder of seeds.
    Add {
        /// 指标，如 EZ-K11。The indicator.
        indicator: String,
        /// 种子文件夹。The folder of seeds.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        #[command(flatten)]
        why: Why,
    },
    /// 指标退出清单，数值保留。Takes an indicator off the list; its figures stay.
    Drop {
        /// 指标，如 EZ-K07。The indicator.
        indicator: String,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Debug, clap::Args)]
struct Figure {
    /// 指标，如 EZ-K07。The indicator.
    indicator: String,
    /// 截至哪一天，如 2020-12-31。The day it holds for.
    on: String,
    /// 数值。How much, in the indicator's unit.
    #[arg(allow_hyphen_values = true)]
    amount: String,
    /// 数值的出处。The document it was taken from.
    #[arg(long)]
    document: String,
    /// 更正的理由。Why it corrects an earlier one.
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct Why {
    /// 理由。Why.
    #[arg(long)]
    reason: String,
    /// 依据文件。The document it rests on.
    #[arg(long)]
    document: String,
}

impl Figure {
    fn asked(&self, series: &str) -> Operation {
        let Self { indicator, on, amount, document, reason } = self;
        let [indicator, on, amount, document, reason] = [indicator, on, amount, document, reason].map(Clone::clone);
        Operation::ReportFigure(FigureAsked { indicator, series: series.to_owned(), on, amount, document, reason })
    }
}

impl Why {
    fn asked(&self, change: ListChange) -> Operation {
        Operation::ChangeIndicators(ListAsked { change, reason: self.reason.clone(), document: self.document.clone() })
    }
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    let operation = match &args.verb {
        Verb::List => Operation::Indicators,
        Verb::Report(figure) => figure.asked("value"),
        Verb::Reference(figure) => figure.asked("reference"),
        Verb::Drop { indicator, why } => why.asked(ListChange::Drop(indicator.clone())),
        Verb::Add { indicator, from, why } => {
            let seeds = Seeds::load(&files_below(from, &["yaml"])?);
            let seeds = seeds.map_err(|mistakes| Trouble(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
            let all = seeds.tenants.get(&place.config()?.tenant).map_or(&[][..], |tenant| &tenant.indicators);
            let found = all.iter().find(|of| *of.key == **indicator).cloned();
            let found = found.ok_or_else(|| {
                let file = from.join("indicators.yaml");
                Trouble(format!("{}：没有指标 {indicator}\nexpected an indicator `{indicator}` of this tenant, found none", file.display()))
            })?;
            why.asked(ListChange::Add(Box::new(found)))
        }
    };
    operate(place, operation).await?;
    Ok(ExitCode::SUCCESS)
}
