//! `greenlane publish`: workflows from files or folders, or a working calendar.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::operate::Operation;
use crate::cli::Trouble;
use crate::cli::operate::operate;
use crate::cli::place::{Place, files_below};

/// What to publish.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 流程文件夹（含 forms、decisions）;不写则发布内置流程。The folder of workflows; else the built-in ones.
    folder: Option<PathBuf>,
    /// 只发布这些流程。Only these workflows.
    #[arg(long = "only", value_name = "WORKFLOW")]
    only: Vec<String>,
    /// 发布工作日历文件。A calendar file to put in force.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folder", "only"])]
    calendar: Option<PathBuf>,
}

/// Publishes.
///
/// # Errors
/// Every mistake of the files.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    let operation = match &args.calendar {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|cause| Trouble(format!("{}: cannot read the file: {cause}", path.display())))?;
            Operation::Calendar { text, file: path.display().to_string() }
        }
        None => Operation::Publish { files: files(args)?, workflows: args.only.clone() },
    };
    operate(place, operation).await?;
    Ok(ExitCode::SUCCESS)
}

fn files(args: &Args) -> Result<BTreeMap<String, String>, Trouble> {
    match &args.folder {
        Some(folder) => files_below(folder, &["yaml"]),
        None => Ok(crate::app::operate::embedded_workflows()),
    }
}
