//! `greenlane draw`: the picture of a workflow as an SVG.
//! Invariant: what is drawn has passed `check`; a wrong file gives its mistakes and no picture.
//! Never: needs the store.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::app::seed::Seeds;
use crate::cli::check;
use crate::definition::draw::View;
use crate::definition::library::{self, Library, SourceFile};

/// Draws a workflow.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  greenlane draw green-channel -o green-channel.svg
  greenlane draw workflows/land-quota.yaml --lanes > land-quota.svg")]
pub struct Args {
    /// A workflow file, or the name of a workflow the program carries.
    file: PathBuf,
    /// Where the picture goes; standard output unless said.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// 按单位分栏。In a lane for each office.
    #[arg(long)]
    lanes: bool,
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
    // A folder of one's own has offices of its own; those this program carries are known by name.
    let offices =
        Seeds::embedded().map(|seeds| seeds.tenants.values().flat_map(|tenant| tenant.roster.office_names()).collect::<BTreeMap<_, _>>()).unwrap_or_default();
    let Some(svg) = name(&library, &own, args).and_then(|name| library.draw(&name, View { offices: Some(&offices), lanes: args.lanes, ..View::default() }))
    else {
        let known: Vec<String> = library.bundles().map(|bundle| bundle.root.to_string()).collect();
        let (file, known) = (args.file.display(), known.join(", "));
        writeln!(err, "没有工作流 `{file}` / expected a workflow file or one of {known}, found `{file}`")?;
        return Ok(ExitCode::FAILURE);
    };
    match &args.output {
        Some(path) => fs::write(path, svg).map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display())))?,
        None => out.write_all(svg.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The workflow the file defines, or the name that was given.
fn name(library: &Library, own: &[SourceFile], args: &Args) -> Option<String> {
    let Some(file) = own.first() else { return Some(args.file.to_string_lossy().into_owned()) };
    let mut names = library.bundles().map(|bundle| bundle.root.to_string());
    names.find(|name| library.file_of(name) == Some(file.key.as_str()))
}
