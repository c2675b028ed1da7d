//! `greenlane job`: outside jobs that are not over, and trying one again.

use std::process::ExitCode;

use clap::Subcommand;

use crate::app::clockwork::stored_clock;
use crate::app::failure::Fault;
use crate::app::jobs::{JobFilter, JobState, JobView};
use crate::app::operate::Operation;
use crate::cli::operate::operate;
use crate::cli::place::Place;
use crate::cli::{Trouble, say};
use crate::clock;
use crate::ids::Moment;

/// What to do.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出未办完的外部作业，最近变化的在前。Lists jobs that are not over, the one that changed last first.
    List {
        /// 只列停投的。Parked ones alone.
        #[arg(long)]
        parked: bool,
        /// 只列这一类。One topic.
        #[arg(long)]
        topic: Option<String>,
    },
    /// 重试停投或等待重试的作业。Has a job tried again at once.
    Retry {
        /// 办件编号或 id。The case, by number or id.
        case: String,
        /// 作业号。The job within the case.
        job: u32,
    },
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    match &args.verb {
        Verb::List { parked, topic } => list(place, JobFilter { parked: *parked, topic: topic.clone(), after: None, limit: 0 }).await?,
        Verb::Retry { case, job } => operate(place, Operation::RetryJob { case: case.clone(), job: *job }).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(place: &Place, filter: JobFilter) -> Result<(), Trouble> {
    const ROWS: u32 = 500;
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    // Leases run on the clock of the cases; a demonstration's stands elsewhere than the machine's.
    let now = stored_clock(&store).await?.map_or_else(clock::real, |clock| clock.now());
    let mut filter = JobFilter { limit: ROWS, ..filter };
    loop {
        let rows = store.jobs(tenant, &filter).await.map_err(|cause| Fault::new("reading outside jobs", cause))?;
        rows.iter().for_each(|row| say(&line(row, now)));
        match rows.last().filter(|_| rows.len() >= ROWS as usize) {
            Some(last) => filter.after = Some((last.touched, last.case, last.job)),
            None => return Ok(()),
        }
    }
}

fn line(row: &JobView, now: Moment) -> String {
    let state = match row.state(now) {
        JobState::Parked => "停投 parked".to_owned(),
        JobState::Resting => format!("等待重试 resting until {}", row.due.map(|due| due.to_rfc3339()).unwrap_or_default()),
        JobState::Leased => format!("办理中 leased until {}", row.lease_until.to_rfc3339()),
        JobState::Open => "等待领取 open".to_owned(),
    };
    let number = row.number.clone().unwrap_or_else(|| row.case.to_string());
    let message = row.message.as_deref().map(|message| format!("  {message}")).unwrap_or_default();
    format!("{number}  {}  {}  {}  {state}  failures {}{message}", row.job, row.topic, row.step, row.failures)
}
