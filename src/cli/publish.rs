//! `greenlane publish`: workflows from files or folders, or a working calendar.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::operate::{Operation, embedded_workflows};
use crate::app::register;
use crate::cli::operate::operate;
use crate::cli::place::{Place, files_below};
use crate::cli::{Trouble, check, say};

/// How much of a revision is printed: as much as `publish` itself prints.
const REVISION_SHOWN: usize = 12;

/// What to publish.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 流程文件夹（含 forms、decisions），或一个流程文件；不写则发布内置流程。The folder of workflows, or one file; else the built-in ones.
    #[arg(value_name = "FOLDER|FILE")]
    folder: Option<PathBuf>,
    /// 只发布这些流程。Only these workflows.
    #[arg(long = "only", value_name = "WORKFLOW")]
    only: Vec<String>,
    /// 只说明与已发布的有什么不同、能不能发布，不发布。Only say what differs from what is published and what stands in the way.
    #[arg(long, conflicts_with = "calendar")]
    diff: bool,
    /// 列出已发布的流程，不发布。Lists what is published, and publishes nothing.
    #[arg(long, conflicts_with_all = ["folder", "only", "diff", "calendar"])]
    list: bool,
    /// 发布工作日历文件。A calendar file to put in force.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folder", "only"])]
    calendar: Option<PathBuf>,
}

/// Publishes.
///
/// # Errors
/// Every mistake of the files.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    if args.list {
        list(place).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let operation = match &args.calendar {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|cause| Trouble(format!("{}: cannot read the file: {cause}", path.display())))?;
            Operation::Calendar { text, file: path.display().to_string() }
        }
        None => publish(args)?,
    };
    operate(place, operation).await?;
    Ok(ExitCode::SUCCESS)
}

/// The version of each workflow that a new case would get.
async fn list(place: &Place) -> Result<(), Trouble> {
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    let version = store.registry_version(tenant).await.map_err(|cause| Fault::new("reading the register", cause))?;
    let known = register::read(&store, tenant, version, &Known::default()).await?;
    if known.current.is_empty() {
        say("还没有发布流程\nno workflow is published yet");
    }
    for (name, revision) in &known.current {
        let title = known.bundles.get(revision).and_then(|bundle| bundle.programs.get(name)).map(|program| program.title.clone()).unwrap_or_default();
        let revision: String = revision.to_string().chars().take(REVISION_SHOWN).collect();
        say(&format!("{name}  {revision}  {} / {}", title.zh, title.en));
    }
    Ok(())
}

fn publish(args: &Args) -> Result<Operation, Trouble> {
    let only = args.only.clone();
    let (files, workflows) = match &args.folder {
        Some(file) if file.is_file() => one_file(file, only)?,
        Some(folder) => (files_below(folder, &["yaml"])?, only),
        None => (embedded_workflows(), only),
    };
    Ok(if args.diff { Operation::ComparePublished { files, workflows } } else { Operation::Publish { files, workflows } })
}

/// One file beside those the program carries, whose forms and workflows it may use; only its own workflow is published.
fn one_file(path: &Path, only: Vec<String>) -> Result<(BTreeMap<String, String>, Vec<String>), Trouble> {
    let own = check::read(&[path.to_path_buf()])?;
    let workflows = if only.is_empty() { check::workflows_of(&own) } else { only };
    let mut files = embedded_workflows();
    files.extend(own.into_iter().map(|file| (file.key, file.text)));
    Ok((files, workflows))
}
