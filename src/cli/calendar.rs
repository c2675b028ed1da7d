//! `greenlane calendar`: explains a due day, answers many of them, shows a year, checks and converts calendar files; puts one in force (`stored`).
//! Invariant: the days it prints are the ones the engine uses; nothing is counted here.
//! Never: today's date, a case; the store in `stored` only.

mod many;
mod stored;
mod tell;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Subcommand, ValueEnum};

use self::stored::FileArgs;
pub use self::stored::Stored;
use crate::calendar::{Calendar, Span, TermQuery};
use crate::limits::SPAN_DAYS_MAX;
use crate::source::Mistake;

/// Working days, due days and holidays.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Explains a due day, day by day; with --stdin answers many.
    #[command(after_help = "Examples:
  greenlane calendar due 2017-09-11 20 working days
  greenlane calendar due 2025-03-24 '30 calendar days' --suspended 2025-04-01..2025-04-11
  echo '{\"from\":\"2017-09-11\",\"within\":\"20 working days\"}' | greenlane calendar due --stdin")]
    Due(DueArgs),
    /// Lists the holidays and make-up days of a year.
    #[command(after_help = "Example:\n  greenlane calendar show 2025")]
    Show {
        /// The year.
        year: i32,
        #[command(flatten)]
        calendar: CalendarFile,
        /// The language; both unless said.
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
    },
    /// Checks calendar files and names every mistake with its place.
    #[command(after_help = "Example:\n  greenlane calendar check workflows/calendars/cn.yaml")]
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Reads a year's days from YAML, CSV or ICS and prints the whole calendar as YAML, or every mistake.
    #[command(after_help = "Example:\n  greenlane calendar import 2027.ics --source 国办发明电〔2026〕9号 --published 2026-11-05 > cn.yaml")]
    Import {
        #[command(flatten)]
        file: FileArgs,
        #[command(flatten)]
        calendar: CalendarFile,
    },
    #[command(flatten)]
    Stored(Stored),
}

impl Args {
    /// A verb that needs the database.
    #[must_use]
    pub fn stored(&self) -> Option<&Stored> {
        match &self.verb {
            Verb::Stored(stored) => Some(stored),
            Verb::Due(_) | Verb::Show { .. } | Verb::Check { .. } | Verb::Import { .. } => None,
        }
    }
}

#[derive(Debug, clap::Args)]
struct DueArgs {
    /// The start day, not counted.
    #[arg(required_unless_present = "stdin", conflicts_with = "stdin")]
    from: Option<NaiveDate>,
    /// The length, such as `20 working days` or `30 calendar days`.
    #[arg(required_unless_present = "stdin", conflicts_with = "stdin")]
    within: Vec<String>,
    /// Days that do not count, both ends included; may be given again.
    #[arg(long, value_name = "FIRST..LAST", value_parser = interval, conflicts_with = "stdin")]
    suspended: Vec<(NaiveDate, NaiveDate)>,
    /// The extension, such as `10 working days`.
    #[arg(long, value_name = "SPAN", conflicts_with = "stdin")]
    extended: Option<Span>,
    /// A calendar-day limit ends on its day even when that is a statutory holiday.
    #[arg(long, conflicts_with = "stdin")]
    no_roll_over: bool,
    /// Reads one JSON object a line and answers each with one.
    #[arg(long)]
    stdin: bool,
    #[command(flatten)]
    calendar: CalendarFile,
    /// The language; both unless said.
    #[arg(long, value_enum, default_value_t)]
    lang: Lang,
}

#[derive(Debug, clap::Args)]
struct CalendarFile {
    /// A calendar file instead of the one the program carries.
    #[arg(id = "calendar", long = "calendar", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// What the explanation is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// Chinese with English beside it.
    #[default]
    Both,
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Why the command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked cannot be understood.
    #[error("{en}\n{zh}")]
    Asked {
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// A file cannot be read.
    #[error("cannot read {file}: {cause}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A calendar file has mistakes.
    #[error("{}", lines(.0))]
    Calendar(Vec<Mistake>),
    /// The answer cannot be written, or the questions cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs the command; `stdin` is read by `due --stdin` only.
///
/// # Errors
/// When the question, a file or the output fails. An answered question is never an error, and neither is a reader who has had enough.
pub fn run(args: &Args, stdin: &mut dyn BufRead, stdout: &mut dyn Write) -> Result<ExitCode, Failure> {
    let answered = match &args.verb {
        Verb::Due(due) if due.stdin => many::answer(&due.calendar.load()?, stdin, stdout),
        Verb::Due(due) => explain(due, stdout),
        Verb::Show { year, calendar, lang } => show(*year, &calendar.load()?, *lang, stdout),
        Verb::Check { files } => check(files, stdout),
        Verb::Import { file, calendar } => import(file, &calendar.load()?, stdout),
        // Those are run where the database is.
        Verb::Stored(_) => Ok(ExitCode::SUCCESS),
    };
    match answered {
        Err(Failure::Io(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        other => other,
    }
}

fn explain(args: &DueArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let calendar = args.calendar.load()?;
    let within = args.within.join(" ").parse::<Span>().map_err(|error| Failure::Asked { zh: error.zh(), en: error.to_string() })?;
    // Clap requires `from` unless --stdin is given, and then this is not called.
    let Some(from) = args.from else { return Ok(ExitCode::FAILURE) };
    let query = TermQuery { from, within, extended: args.extended, suspended: &args.suspended, roll_over: (!args.no_roll_over).into() };
    tell::explanation(&calendar, &query, args.lang, out)?;
    Ok(ExitCode::SUCCESS)
}

fn show(year: i32, calendar: &Calendar, lang: Lang, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    if tell::year(calendar, year, lang, out)? {
        return Ok(ExitCode::SUCCESS);
    }
    let years = || calendar.notices().iter().map(|notice| notice.year);
    let (first, last) = (years().min().unwrap_or_default(), years().max().unwrap_or_default());
    let zh = format!("期望已公布的年份（{first} 至 {last}），实际 `{year}`");
    Err(Failure::Asked { zh, en: format!("expected a published year ({first} to {last}), found `{year}`") })
}

fn check(files: &[PathBuf], out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let mut wrong = false;
    for file in files {
        match parse(file) {
            Ok(calendar) => tell::summary(&calendar, &file.display().to_string(), out)?,
            Err(Failure::Calendar(mistakes)) => {
                wrong = true;
                writeln!(out, "{}", lines(&mistakes))?;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn import(args: &FileArgs, base: &Calendar, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let proposal = args.read().map_err(|cause| Failure::File { file: args.file.clone(), cause })?;
    let calendar = base.proposed(&proposal.text, &proposal.file, &proposal.head).map_err(Failure::Calendar)?;
    write!(out, "{}", calendar.to_yaml())?;
    Ok(ExitCode::SUCCESS)
}

impl CalendarFile {
    fn load(&self) -> Result<Calendar, Failure> {
        match &self.file {
            Some(file) => parse(file),
            None => Calendar::china().map_err(Failure::Calendar),
        }
    }
}

fn parse(file: &Path) -> Result<Calendar, Failure> {
    let yaml = fs::read_to_string(file).map_err(|cause| Failure::File { file: file.to_owned(), cause })?;
    Calendar::parse(&yaml, &file.display().to_string()).map_err(Failure::Calendar)
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n")
}

/// `2025-04-01..2025-04-11`, or one day.
fn interval(text: &str) -> Result<(NaiveDate, NaiveDate), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let day = |text: &str| text.trim().parse::<NaiveDate>().map_err(|_| format!("expected a day such as `2025-04-01`, found `{text}`"));
    stopped(day(first)?, day(last)?).map_err(|(_, en)| en)
}

/// An interval that is one: not backwards, and no longer than a term may be.
fn stopped(first: NaiveDate, last: NaiveDate) -> Result<(NaiveDate, NaiveDate), (String, String)> {
    let days = last.signed_duration_since(first).num_days();
    if (0..=i64::from(SPAN_DAYS_MAX)).contains(&days) {
        return Ok((first, last));
    }
    let zh = format!("期望末日不早于首日、至多 {SPAN_DAYS_MAX} 日，实际 {first} 至 {last}");
    Err((zh, format!("expected a last day not before the first and at most {SPAN_DAYS_MAX} days, found `{first}..{last}`")))
}
