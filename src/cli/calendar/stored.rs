//! The verbs of `greenlane calendar` that need the database: what a file would move, putting it in force, the versions there are.
//! Invariant: nothing is put in force without the stamp of a preview of the same two calendars.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;

use crate::app::calendars::Proposal;
use crate::app::operate::Operation;
use crate::calendar::Head;
use crate::cli::Trouble;
use crate::cli::operate::operate;
use crate::cli::place::Place;

/// What is done with the calendar of a tenant.
#[derive(Debug, Subcommand)]
pub enum Stored {
    /// 预览：导入后哪些到期日会变，什么也不写入。Says which dates a file would move, and writes nothing.
    #[command(after_help = "例 Example:  greenlane calendar preview 2027.ics --source 国办发明电〔2026〕9号 --published 2026-11-05")]
    Preview(FileArgs),
    /// 经预览确认后生效，重算全部在办时限。Puts a previewed file in force and recomputes every open term.
    #[command(after_help = "例 Example:  greenlane calendar apply 2027.yaml --stamp 3f0c2a9b7d51")]
    Apply {
        /// 文件。The file.
        #[command(flatten)]
        file: FileArgs,
        /// 预览给出的确认码。The stamp that the preview gave.
        #[arg(long)]
        stamp: String,
    },
    /// 列出各版工作日历。Lists the versions of the calendar.
    List,
}

/// A file and what it may not say of itself.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// 文件：YAML、CSV 或 ICS。The file: YAML, CSV or ICS.
    pub file: PathBuf,
    /// 文件所安排的年份（CSV、ICS）；不写则取多数日期所在年。The year that a CSV or an ICS arranges; else the one most of its days lie in.
    #[arg(long)]
    year: Option<i32>,
    /// 通知文号（CSV、ICS）。The number of the notice.
    #[arg(long)]
    source: Option<String>,
    /// 公布日期（CSV、ICS）。The day it was published.
    #[arg(long)]
    published: Option<NaiveDate>,
    /// 文件列的是本地停办，不是全国放假安排。The days are closures of the region.
    #[arg(long)]
    local: bool,
}

impl FileArgs {
    /// The file with what is said beside it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> Result<Proposal, std::io::Error> {
        let text = std::fs::read_to_string(&self.file)?;
        let head = Head { year: self.year, source: self.source.clone(), published: self.published, local: self.local };
        Ok(Proposal { text, file: self.file.display().to_string(), head })
    }

    fn proposal(&self) -> Result<Proposal, Trouble> {
        self.read().map_err(|cause| Trouble(format!("{}: cannot read the file: {cause}", self.file.display())))
    }
}

impl Stored {
    /// Does it, in the running server when there is one.
    ///
    /// # Errors
    /// What was refused or broke.
    pub async fn run(&self, place: &Place) -> Result<ExitCode, Trouble> {
        let operation = match self {
            Self::Preview(file) => Operation::PreviewCalendar(file.proposal()?),
            Self::Apply { file, stamp } => Operation::ApplyCalendar { proposal: file.proposal()?, stamp: stamp.clone() },
            Self::List => Operation::Calendars,
        };
        operate(place, operation).await?;
        Ok(ExitCode::SUCCESS)
    }
}
