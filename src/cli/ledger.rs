//! `greenlane ledger`: freezes the ledger of a period, hands out its two copies, and checks a copy without a database.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::app::clockwork::stored_clock;
use crate::app::frozen::{FreezeAsked, copy_text, frozen_ledgers};
use crate::app::operate::Operation;
use crate::cli::operate::operate;
use crate::cli::place::{Place, operator};
use crate::cli::{Trouble, say};
use crate::clock::Clock;
use crate::exports::frozen;
use crate::identity::Actor;

/// What to do.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 冻结一个期间的台账。Freezes the ledger of a period.
    Freeze {
        /// 期间：2025Q1、2025-03、2025。The period.
        period: String,
        /// 只含这个机构的；不写是全部。Of this office only.
        #[arg(long)]
        unit: Option<String>,
        /// 只含这个流程的；不写是全部。Of this workflow only.
        #[arg(long)]
        link: Option<String>,
    },
    /// 列出已冻结的台账。Lists frozen ledgers.
    List,
    /// 导出一份：第 1 份、第 2 份。Takes out a copy.
    Export {
        /// 台账编号，见 list。The ledger, as `list` names it.
        ledger: String,
        /// 第几份。Which copy.
        #[arg(long, default_value_t = 1)]
        copy: u32,
        /// 写入文件。The file to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// 核验一份台账，不用数据库：指出改动在哪一行哪一栏。Checks a copy without a database; names the row and the column of a change.
    Verify {
        /// 文件。The file.
        file: PathBuf,
    },
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    match &args.verb {
        Verb::Freeze { period, unit, link } => {
            operate(place, Operation::FreezeLedger(FreezeAsked { period: period.clone(), unit: unit.clone(), link: link.clone() })).await?;
        }
        Verb::List => {
            let store = place.store().await?;
            for frozen in frozen_ledgers(&store, place.config()?.tenant).await? {
                say(&format!("{}  {}  {} 行 rows  {}  {}", frozen.id, frozen.unit_title.zh, frozen.rows, frozen.digest, frozen.at.to_rfc3339()));
            }
        }
        Verb::Export { ledger, copy, output } => {
            operate(place, Operation::TakeLedgerCopy { ledger: ledger.clone(), copy: *copy }).await?;
            let store = place.store().await?;
            let now = stored_clock(&store).await?.unwrap_or(Clock::Machine).now();
            let by = match operator() {
                Actor::Operator(name) => name,
                Actor::Person(_) | Actor::System => String::new(),
            };
            let (_, text) = copy_text(&store, (place.config()?.tenant, ledger), *copy, (&by, now)).await?;
            std::fs::write(output, text).map_err(|cause| Trouble(format!("{}: cannot write the file: {cause}", output.display())))?;
            say(&format!("{}", output.display()));
        }
        Verb::Verify { file } => return verify(file),
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks a copy.
///
/// # Errors
/// A file that cannot be read.
pub fn verify(file: &PathBuf) -> Result<ExitCode, Trouble> {
    let bytes = std::fs::read(file).map_err(|cause| Trouble(format!("{}: cannot read the file: {cause}", file.display())))?;
    match frozen::check(&bytes) {
        Ok(checked) => {
            say(&format!("与冻结时一致：{}\n{} 行，载荷摘要值 {}\n{}", checked.title.join(" "), checked.rows, checked.digest, checked.copy.join(" ")));
            say(&format!("as it was frozen: {} rows, payload digest {}", checked.rows, checked.digest));
            Ok(ExitCode::SUCCESS)
        }
        Err(broken) => {
            say(&format!("{}：{}\n{}: {broken}", file.display(), broken.zh(), file.display()));
            Ok(ExitCode::FAILURE)
        }
    }
}
