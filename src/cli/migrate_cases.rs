//! `greenlane migrate-cases`: running cases go over to another version of their workflow.

use std::process::ExitCode;

use crate::app::migrate::Migration;
use crate::app::operate::Operation;
use crate::cli::Trouble;
use crate::cli::operate::operate;
use crate::cli::place::Place;

/// Which cases go where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 流程。The workflow.
    workflow: String,
    /// 办件现在运行的版本（摘要或其开头）。The version they run: its digest, or how it begins.
    #[arg(long, value_name = "REV")]
    from: String,
    /// 要迁移到的版本；不写则为现行版本。The version they go to; else the one in force.
    #[arg(long, value_name = "REV", default_value = "current")]
    to: String,
    /// 改了名的步骤：旧=新；被调用流程的写作 流程/旧=新。Steps with another key: old=new, or workflow/old=new for a workflow that is called.
    #[arg(long, value_name = "OLD=NEW", num_args = 1..)]
    map: Vec<String>,
    /// 只说明会怎样，不作改变。Only say what it would do.
    #[arg(long)]
    dry_run: bool,
}

/// Migrates, or says what that would do.
///
/// # Errors
/// A version or a map that cannot be read.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    let asked = Migration { workflow: args.workflow.clone(), from: args.from.clone(), to: args.to.clone(), map: args.map.clone(), dry_run: args.dry_run };
    operate(place, Operation::MigrateCases(asked)).await?;
    Ok(ExitCode::SUCCESS)
}
