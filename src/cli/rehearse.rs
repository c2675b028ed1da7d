//! `greenlane rehearse`: plays scenario files on the pure engine, or with `--http` through a server of its own, and says which came out as written.
//! Invariant: the last line counts every file once, and the exit code is 1 when one failed. Never: a database that has served for real.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::app::seed::Seeds;
use crate::cli::place::{Place, as_role};
use crate::cli::{Trouble, wait};
use crate::definition::library::{self, SourceFile};
use crate::ids::{Tenant, Text};
use crate::rehearsal::cast::{Cast, Opening, Stock, cast};
use crate::rehearsal::script::{Script, read};
use crate::rehearsal::{Verdict, world};
use crate::source::Mistake;
use crate::store::Target;

mod door;
mod house;

pub use house::House;

/// Whose seeds a scenario draws on.
const SEEDS_OF: Tenant = Tenant(420_700);

/// Plays scenario files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  greenlane rehearse tests/scenarios
  greenlane rehearse my-flow.txt
  greenlane rehearse --http tests/scenarios
  greenlane rehearse --http --database postgres://owner@localhost/empty tests/scenarios")]
pub struct Args {
    /// 场景文件，或含有场景文件（*.txt）的文件夹。Scenario files, or folders with scenario files (*.txt).
    #[arg(required = true, value_name = "FILES|FOLDER")]
    files: Vec<PathBuf>,
    /// 经由 HTTP 在本进程内的服务上演练。Through HTTP, on a server in this process.
    #[arg(long)]
    http: bool,
}

/// What came of one file: its verdict, or what is wrong with it.
pub type Played = Result<Verdict, Vec<Mistake>>;

/// Plays, prints, and exits 1 when a file failed.
///
/// # Errors
/// A file that cannot be read, or a server that cannot be started.
pub fn run(args: &Args, place: &Place, out: &mut dyn Write) -> Result<ExitCode, Trouble> {
    let stock = stock()?;
    let mut casts = Vec::new();
    for path in scenario_files(&args.files)? {
        casts.push((path.display().to_string(), prepare(&path, &stock)));
    }
    let played = if args.http {
        through_http(casts, place)?
    } else {
        casts.into_iter().map(|(file, cast)| (file, title(&cast), cast.map(|cast| world::play(&cast)))).collect()
    };
    let passed = played.iter().filter(|(_, _, played)| played.as_ref().is_ok_and(Verdict::passed)).count();
    for (file, title, played) in &played {
        tell(out, file, title, played)?;
    }
    writeln!(out, "{passed} passed, {} failed", played.len() - passed)?;
    Ok(if passed == played.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn title(cast: &Result<Cast, Vec<Mistake>>) -> String {
    cast.as_ref().map(|cast| cast.script.title.clone()).unwrap_or_default()
}

/// One server plays every file, each as a tenant of its own.
fn through_http(casts: Vec<(String, Result<Cast, Vec<Mistake>>)>, place: &Place) -> Result<Vec<(String, String, Played)>, Trouble> {
    let home = tempfile::tempdir()?;
    let target = match &place.database {
        Some(owner) => {
            Target::Postgres { writer_url: as_role(owner, "gl_writer"), reader_url: place.reader.clone().unwrap_or_else(|| as_role(owner, "gl_reader")) }
        }
        None => Target::Sqlite(home.path().to_owned()),
    };
    wait(async {
        let mut house = House::open(target, place.database.as_deref(), home.path().to_owned()).await?;
        let mut played = Vec::new();
        for (file, cast) in casts {
            let title = title(&cast);
            let verdict = match cast {
                Ok(cast) => Ok(house.play(&cast).await?),
                Err(mistakes) => Err(mistakes),
            };
            played.push((file, title, verdict));
        }
        house.close().await;
        Ok(played)
    })
}

fn tell(out: &mut dyn Write, file: &str, title: &str, played: &Played) -> std::io::Result<()> {
    match played {
        Ok(verdict) => match verdict.failed() {
            None => writeln!(out, "✓ {file}  {title}"),
            Some(line) => {
                writeln!(out, "✗ {file}:{}  {}", line.line, line.text)?;
                for miss in &line.misses {
                    writeln!(out, "    期望 expected  {}\n    实际 found     {}", miss.expected, miss.found)?;
                }
                Ok(())
            }
        },
        Err(mistakes) => {
            writeln!(out, "✗ {file}  {title}")?;
            mistakes.iter().try_for_each(|mistake| {
                writeln!(out, "    {}:{}:{} {} {} / {}", mistake.file, mistake.line, mistake.column, mistake.code, mistake.zh, mistake.en)
            })
        }
    }
}

/// The scenario files among the paths, those of a folder in the order of their names.
///
/// # Errors
/// A path that cannot be read.
pub fn scenario_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut inside = Vec::new();
            for entry in std::fs::read_dir(path).map_err(|cause| unreadable(path, &cause))? {
                inside.push(entry?.path());
            }
            inside.retain(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "txt"));
            inside.sort();
            files.extend(scenario_files(&inside)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Reads a scenario file with everything beside it that belongs to it.
///
/// # Errors
/// Every mistake of the file.
pub fn prepare(path: &Path, stock: &Stock) -> Result<Cast, Vec<Mistake>> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| {
        let (zh, en) = (format!("文件无法读取：{cause}"), format!("expected a readable file, found: {cause}"));
        vec![Mistake { file: shown.clone(), line: 0, column: 0, code: "unreadable", zh, en }]
    })?;
    let script = read(&text, &shown)?;
    let beside = beside(&script, path)?;
    cast(script, stock, &beside)
}

/// The files a scenario names, from its own folder.
fn beside(script: &Script, path: &Path) -> Result<Vec<SourceFile>, Vec<Mistake>> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let (mut files, mut mistakes) = (Vec::new(), Vec::new());
    for word in &script.beside {
        match std::fs::read_to_string(folder.join(&word.text)) {
            Ok(text) => files.push(SourceFile { key: word.text.clone(), shown: folder.join(&word.text).display().to_string(), text }),
            Err(cause) => {
                let (name, at) = (&word.text, word.at);
                let (zh, en) = (format!("文件 `{name}` 无法读取：{cause}"), format!("expected a readable file `{name}`, found: {cause}"));
                mistakes.push(Mistake { file: script.file.clone(), line: at.line, column: at.column, code: "unreadable", zh, en });
            }
        }
    }
    if mistakes.is_empty() { Ok(files) } else { Err(mistakes) }
}

/// What scenarios draw on: the seeds of the demonstration and the workflows the program carries.
///
/// # Errors
/// Mistakes of the seeds; a test keeps them free of any.
pub fn stock() -> Result<Stock, Trouble> {
    let seeds = Seeds::embedded().map_err(|mistakes| Trouble(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let mut stock = Stock { shipped: library::embedded_files(), ..Stock::default() };
    if let Some(own) = seeds.tenants.get(&SEEDS_OF) {
        stock.roster.clone_from(&own.roster);
        for account in &own.accounts {
            let amount = account.postings.iter().map(|posting| posting.amount).sum();
            let title = Text { zh: account.title.zh.clone(), en: account.title.en.clone() };
            stock.accounts.push(Opening { key: account.key.clone(), unit: account.unit.clone(), title, amount });
        }
        for project in &own.projects {
            let forms = (0..=project.amendments.len()).map(|count| project.form_after(count)).collect();
            stock.forms.insert(project.key.to_string(), forms);
        }
    }
    Ok(stock)
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Trouble {
    Trouble(format!("{}: cannot read: {cause}", path.display()))
}
