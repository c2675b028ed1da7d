//! `greenlane export`: the ledger 台账 as CSV.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::app::ledger;
use crate::cli::place::Place;
use crate::cli::{Trouble, say};

/// What to export.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 台账 CSV。The ledger as CSV.
    Ledger {
        /// 写入文件；不写则输出到屏幕。The file to write; else standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// 英文表头。English headings.
        #[arg(long)]
        english: bool,
    },
}

/// Exports.
///
/// # Errors
/// What cannot be read or written.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    let Verb::Ledger { output, english } = &args.verb;
    let store = place.store().await?;
    let csv = ledger::csv(&store, place.config()?.tenant, *english).await?;
    match output {
        Some(path) => {
            std::fs::write(path, csv).map_err(|cause| Trouble(format!("{}: cannot write the file: {cause}", path.display())))?;
            say(&format!("{}", path.display()));
        }
        None => say(String::from_utf8_lossy(&csv).trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}
