//! `greenlane draw`: the picture of a workflow as an SVG.
//! Invariant: what is drawn has passed `check`; a wrong file gives its mistakes and no picture.
//! Never: needs the store, unless it is told where the published workflows are.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::register;
use crate::app::seed::Seeds;
use crate::cli::place::Place;
use crate::cli::{Trouble, check};
use crate::definition::draw::{View, draw};
use crate::definition::library::{self, Library, SourceFile};
use crate::ids::Name;

/// Draws a workflow.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  greenlane draw green-channel -o green-channel.svg
  greenlane draw workflows/land-quota.yaml --lanes > land-quota.svg
  greenlane draw my-workflows/ --only parking -o parking.svg
  greenlane draw parking --data DIR -o parking.svg")]
pub struct Args {
    /// A workflow file, a folder of them, or the name of a workflow: one that is published where `--data` or `--database` points, else one the program carries.
    file: PathBuf,
    /// 文件夹里有几个流程时，画哪一个。Which workflow of a folder.
    #[arg(long, value_name = "WORKFLOW")]
    only: Option<String>,
    /// Where the picture goes; standard output unless said.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// 按单位分栏。In a lane for each office.
    #[arg(long)]
    lanes: bool,
}

impl Args {
    /// Whether a published workflow is meant, and not a file.
    #[must_use]
    pub fn is_published(&self, place: &Place) -> bool {
        (place.data.is_some() || place.database.is_some()) && !self.file.exists()
    }
}

/// Draws to the file or to `out`; mistakes go to `err`.
///
/// # Errors
/// A file that cannot be read or written.
pub fn run(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<ExitCode> {
    let own = if args.file.exists() { check::read(std::slice::from_ref(&args.file))? } else { Vec::new() };
    let sources: BTreeMap<String, String> = own.iter().map(|file| (file.shown.clone(), file.text.clone())).collect();
    let library = match library::load(&library::over_embedded(&own)) {
        Ok(library) => library,
        Err(found) => {
            for diagnostic in &found {
                writeln!(err, "{}", diagnostic.with_snippet(&sources))?;
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    let choice = choice(&library, &own, args);
    // A folder of one's own has offices of its own; those this program carries are known by name.
    let offices =
        Seeds::embedded().map(|seeds| seeds.tenants.values().flat_map(|tenant| tenant.roster.office_names()).collect::<BTreeMap<_, _>>()).unwrap_or_default();
    let view = View { offices: Some(&offices), lanes: args.lanes, ..View::default() };
    let [name] = choice.as_slice() else {
        let (file, known) = (args.file.display(), choice.join(", "));
        writeln!(err, "`{file}` 里有几个流程，用 --only 写明画哪一个：{known} / expected --only with one of {known}, because `{file}` holds several")?;
        return Ok(ExitCode::FAILURE);
    };
    let Some(svg) = library.draw(name, view) else {
        let known: Vec<String> = library.bundles().map(|bundle| bundle.root.to_string()).collect();
        let (file, known) = (args.file.display(), if own.is_empty() { known } else { defined(&library, &own) }.join(", "));
        writeln!(err, "没有工作流 `{name}` / expected a workflow file or one of {known}, found `{file}`")?;
        return Ok(ExitCode::FAILURE);
    };
    written(args, &svg, out)?;
    Ok(ExitCode::SUCCESS)
}

/// Draws the version of a workflow that a new case would get.
///
/// # Errors
/// A database that cannot be read, or a workflow that is not published in it.
pub async fn published(args: &Args, place: &Place, out: &mut (dyn Write + Send)) -> Result<ExitCode, Trouble> {
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    let version = store.registry_version(tenant).await.map_err(|cause| Fault::new("reading the register", cause))?;
    let known = register::read(&store, tenant, version, &Known::default()).await?;
    let name = Name::from(args.file.to_string_lossy().into_owned());
    let bundle = known.current.get(&name).and_then(|revision| known.bundles.get(revision));
    let Some(program) = bundle.and_then(|bundle| bundle.programs.get(&name)) else {
        let all = known.current.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Trouble(format!("没有发布流程 `{name}`；已发布：{all} / expected a published workflow, one of {all}, found `{name}`")));
    };
    let offices = known.roster.office_names();
    // What outcomes are called is the program's own list, as on the pages.
    let words = library::embedded().map(|library| library.words().clone()).unwrap_or_default();
    let svg = draw(program, View { offices: Some(&offices), words: Some(&words), lanes: args.lanes, ..View::default() });
    written(args, &svg, out)?;
    Ok(ExitCode::SUCCESS)
}

fn written(args: &Args, svg: &str, out: &mut dyn Write) -> io::Result<()> {
    match &args.output {
        Some(path) => fs::write(path, svg).map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))),
        None => out.write_all(svg.as_bytes()),
    }
}

/// The workflow that is meant: the one named, the only one of the files; several when that is not one.
fn choice(library: &Library, own: &[SourceFile], args: &Args) -> Vec<String> {
    if let Some(only) = &args.only {
        return vec![only.clone()];
    }
    let defined = defined(library, own);
    if defined.is_empty() { vec![args.file.to_string_lossy().into_owned()] } else { defined }
}

/// The workflows the files define.
fn defined(library: &Library, own: &[SourceFile]) -> Vec<String> {
    let names = library.bundles().map(|bundle| bundle.root.to_string());
    names.filter(|name| library.file_of(name).is_some_and(|key| own.iter().any(|file| file.key == key))).collect()
}
