//! `greenlane seed`: plants what the two plans name and opens their reform items; again it adds nothing, and says so kind by kind.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::operate::Operation;
use crate::app::seed::{PLACES, embedded_files, embedded_places};
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
    let (files, places) = match &args.folder {
        Some(folder) => files_below(folder, &["yaml"])?.into_iter().partition(|(path, _)| !path.starts_with(PLACES)),
        None => (embedded_files(), embedded_places()),
    };
    operate(place, Operation::Seed { files: files.clone() }).await?;
    operate(place, Operation::ImportItems { files, places }).await?;
    Ok(ExitCode::SUCCESS)
}
