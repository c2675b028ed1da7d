//! `greenlane export`: the ledger 台账 as CSV or as a workbook.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::app::ledger::{self, Form, Wanted};
use crate::cli::place::{Place, operator};
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
    /// 台账，CSV 或工作簿。The ledger as CSV or as a workbook.
    Ledger {
        /// 写入文件，以 .xlsx 结尾则写成工作簿；不写则输出 CSV 到屏幕。The file to write, a workbook when it ends in .xlsx; else CSV on standard output.
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
    let form = match output.as_ref().and_then(|path| path.extension()) {
        Some(ending) if ending.eq_ignore_ascii_case("xlsx") => Form::Xlsx,
        Some(_) | None => Form::Csv,
    };
    let wanted = Wanted { english: *english, ..Wanted::default() };
    let mut written = ledger::write(&store, place.config()?.tenant, &wanted, form, &operator()).await?;
    match output {
        Some(path) => {
            let unwritten = |cause| Trouble(format!("{}: cannot write the file: {cause}", path.display()));
            let mut file = std::fs::File::create(path).map_err(unwritten)?;
            std::io::copy(&mut written.file, &mut file).map_err(unwritten)?;
            say(&format!("{}", path.display()));
        }
        None => {
            let mut text = String::new();
            written.file.read_to_string(&mut text).map_err(|cause| Trouble(format!("cannot read the ledger back: {cause}")))?;
            say(text.trim_end());
        }
    }
    Ok(ExitCode::SUCCESS)
}
