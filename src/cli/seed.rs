//! `greenlane seed`: plants offices, people and accounts; planting again adds nothing.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::operate::Operation;
use crate::cli::Trouble;
use crate::cli::operate::operate;
use crate::cli::place::{Place, files_below};

/// Which seeds.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 种子文件夹；不写则用内置种子。The folder of seeds; else the built-in ones.
    folder: Option<PathBuf>,
}

/// Plants.
///
/// # Errors
/// Every mistake of the files.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    let files = match &args.folder {
        Some(folder) => files_below(folder, &["yaml"])?,
        None => crate::app::seed::embedded_files(),
    };
    operate(place, Operation::Seed { files }).await?;
    Ok(ExitCode::SUCCESS)
}
