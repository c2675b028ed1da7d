//! `greenlane check`: reads workflow files and says everything that is wrong with them.
//! Invariant: exit 0 means that nothing is wrong, 1 that something is; every mistake is told once, with its place. A warning is told and changes no exit.
//! Never: changes a file or needs the store.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;

use crate::app::seed::Seeds;
use crate::calendar::Calendar;
use crate::definition::diagnostics::{Diagnostic, codes};
use crate::definition::library::{self, Library, SourceFile};
use crate::ids::{Moment, Name};
use crate::notice::Kind;
use crate::source::Mistake;

/// Checks workflows, forms, decision tables, accounts and calendars.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  greenlane check
  greenlane check workflows/land-quota.yaml
  greenlane check my-workflows/ --on 2025-03-03 --json
  greenlane check my-workflows/ --roster seeds/
  greenlane check --codes")]
pub struct Args {
    /// Files, or folders laid out like `workflows/`; the definitions the program carries when none is given.
    files: Vec<PathBuf>,
    /// The day on which every cited law must be in force; today unless said.
    #[arg(long, value_name = "DATE")]
    on: Option<NaiveDate>,
    /// A folder of seeds laid out like `seeds/`: every post that is asked must have somebody in it on the day.
    #[arg(long, value_name = "FOLDER")]
    roster: Option<PathBuf>,
    /// Prints every code with its meaning, and checks nothing.
    #[arg(long, conflicts_with_all = ["json", "plain", "roster"])]
    codes: bool,
    /// One JSON object a mistake, on standard output.
    #[arg(long)]
    json: bool,
    /// One line a mistake.
    #[arg(long, conflicts_with = "json")]
    plain: bool,
}

/// Checks, prints, and exits 1 when something is wrong.
///
/// # Errors
/// A file that cannot be read, or an output that is gone.
pub fn run(args: &Args, now: Moment, out: &mut dyn Write) -> io::Result<ExitCode> {
    if args.codes {
        write!(out, "{}", codes::table())?;
        return Ok(ExitCode::SUCCESS);
    }
    let own = read(&args.files)?;
    let on = args.on.unwrap_or_else(|| now.date());
    let seeds = args.roster.as_deref().map(roster).transpose()?;
    let sources: BTreeMap<String, String> = own.iter().map(|file| (file.shown.clone(), file.text.clone())).collect();
    let (found, checked) = check(&own, on, seeds.as_ref());
    for diagnostic in &found {
        if args.json {
            writeln!(out, "{}", serde_json::to_string(diagnostic)?)?;
        } else if args.plain {
            writeln!(out, "{}", diagnostic.one_line())?;
        } else {
            writeln!(out, "{}", diagnostic.with_snippet(&sources))?;
        }
    }
    let mistakes = found.iter().filter(|one| !one.warning).count();
    if seeds.is_none() && !args.json && !args.plain {
        writeln!(out, "没有查岗位上有没有人：加 --roster seeds/ / who holds the posts was not looked at: add --roster seeds/")?;
    }
    if mistakes == 0 {
        if !args.json {
            writeln!(out, "没有发现错误 / no mistakes: {}", checked.join(", "))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !args.json {
        writeln!(out, "{mistakes} 处错误 / {mistakes} mistakes")?;
    }
    Ok(ExitCode::FAILURE)
}

fn roster(folder: &Path) -> io::Result<Seeds> {
    let lines = |mistakes: Vec<Mistake>| mistakes.into_iter().map(|mistake| Diagnostic::from(mistake).one_line()).collect::<Vec<_>>().join("\n");
    Seeds::from_folder(folder).map_err(|mistakes| io::Error::new(io::ErrorKind::InvalidData, lines(mistakes)))
}

/// Every mistake of an author's files over the program's own, and the workflows that were checked; with a roster, also who is missing.
#[must_use]
pub fn check(own: &[SourceFile], on: NaiveDate, roster: Option<&Seeds>) -> (Vec<Diagnostic>, Vec<String>) {
    let library = match library::load(&library::over_embedded(own)) {
        Ok(library) => library,
        Err(found) => return (found, Vec::new()),
    };
    let names = named(&library, own);
    let mut found: Vec<Diagnostic> = names.iter().flat_map(|name| library.lapsed(name, on)).collect();
    if let Ok(calendar) = Calendar::china() {
        found.extend(names.iter().flat_map(|name| library.uncovered(name, on, &calendar)));
    }
    let mut of_sets = library.warnings().to_vec();
    of_sets.extend(library.unordered());
    if let Some(seeds) = roster {
        let holds =
            |office: &str, post: &str| seeds.tenants.values().any(|tenant| !tenant.roster.holders(&Name::from(office), &Name::from(post), on).is_empty());
        let held = seeds.tenants.values().map(|tenant| tenant.roster.posts_by_office(on)).fold(BTreeMap::new(), |mut all, more| {
            all.extend(more);
            all
        });
        of_sets.extend(library.vacant(holds, &held));
        of_sets.extend(library.succeeded(|office| seeds.tenants.values().find_map(|tenant| tenant.roster.successor(&Name::from(office), on))));
    }
    of_sets.extend(library.unsayable(&Kind::of_cases()));
    let is_own = |one: &Diagnostic| own.is_empty() || own.iter().any(|file| file.shown == one.file);
    found.extend(of_sets.into_iter().filter(is_own));
    found.sort();
    found.dedup();
    (found, names)
}

/// The workflows that stand in these files, as far as they can be read; none when they have mistakes, which publishing then tells.
#[must_use]
pub fn workflows_of(own: &[SourceFile]) -> Vec<String> {
    library::load(&library::over_embedded(own)).map(|library| named(&library, own)).unwrap_or_default()
}

/// The workflows of the given files; of all files when none was given.
fn named(library: &Library, own: &[SourceFile]) -> Vec<String> {
    let names = library.bundles().map(|bundle| bundle.root.to_string());
    // What came along with a workflow (its form, its tables) says nothing of the other workflows that use a file of that name.
    let has_workflow = own.iter().any(is_workflow);
    let given: Vec<&SourceFile> = own.iter().filter(|file| !has_workflow || is_workflow(file)).collect();
    names.filter(|name| own.is_empty() || library.files_of(name).iter().any(|file| given.iter().any(|given| given.key == file.key))).collect()
}

fn is_workflow(file: &SourceFile) -> bool {
    !file.key.contains('/') && library::workflow_name(&file.text).is_some()
}

/// The files, and everything in the folders, by the names workflows use for them; beside a workflow file, also the forms, tables and accounts it names.
///
/// # Errors
/// One that cannot be read, with its name.
pub fn read(paths: &[PathBuf]) -> io::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for path in paths.iter().filter(|path| path.is_dir()) {
        folder(path, path, &mut files)?;
    }
    for path in paths.iter().filter(|path| !path.is_dir()) {
        let file = source(path, key_of(path))?;
        let more = if is_workflow(&file) { beside(path, &file.text)? } else { Vec::new() };
        files.retain(|known: &SourceFile| known.key != file.key || known.shown == file.shown);
        files.push(file);
        for one in more {
            if !files.iter().any(|known| known.key == one.key) {
                files.push(one);
            }
        }
    }
    files.sort_by(|a, b| a.key.cmp(&b.key));
    files.dedup_by(|a, b| a.shown == b.shown);
    Ok(files)
}

/// The files a workflow names and that lie in the folders beside it. One that is not there may be one the program carries, so it is left to `check` to say.
fn beside(path: &Path, text: &str) -> io::Result<Vec<SourceFile>> {
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let words = text.split(|letter: char| letter.is_whitespace() || "\"',[]{}#".contains(letter)).map(|word| word.trim_end_matches(':'));
    let mut keys: Vec<String> = Vec::new();
    for word in words.filter(|word| !word.is_empty() && !word.contains("..")) {
        let names_file = (word.starts_with("forms/") || word.starts_with("decisions/")) && word.ends_with(".yaml");
        // An account is named by its kind, and a kind is a file of that name.
        let key = if names_file { word.to_owned() } else { format!("accounts/{word}.yaml") };
        if (names_file || !word.contains('/')) && !keys.contains(&key) && folder.join(&key).is_file() {
            keys.push(key);
        }
    }
    keys.into_iter().map(|key| source(&folder.join(&key), key)).collect()
}

fn folder(root: &Path, path: &Path, files: &mut Vec<SourceFile>) -> io::Result<()> {
    for entry in fs::read_dir(path).map_err(|error| named_error(path, &error))? {
        let path = entry?.path();
        if path.is_dir() {
            folder(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let key = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push(source(&path, key)?);
        }
    }
    Ok(())
}

/// `forms/x.yaml` for a file in a folder of that name, else the file's own name.
fn key_of(path: &Path) -> String {
    const FOLDERS: &[&str] = &["forms", "decisions", "accounts", "calendars"];
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy().into_owned());
    match folder.filter(|folder| FOLDERS.contains(&folder.as_str())) {
        Some(folder) => format!("{folder}/{name}"),
        None => name,
    }
}

fn source(path: &Path, key: String) -> io::Result<SourceFile> {
    let text = fs::read_to_string(path).map_err(|error| named_error(path, &error))?;
    Ok(SourceFile { key, shown: path.to_string_lossy().into_owned(), text })
}

fn named_error(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display()))
}
