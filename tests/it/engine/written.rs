//! Constructs of the language as an author writes them: compiled from YAML and walked through by people.

mod calls;
mod events;
mod jobs;
mod joins;
mod members;
mod renamed;
mod scopes;

use std::collections::BTreeMap;

use greenlane::definition::diagnostics::Diagnostic;
use greenlane::definition::library::{self, SourceFile};

use super::world::World;

const PEOPLE: &[(&str, &str, &str)] = &[
    ("ann", "office", "clerk"),
    ("bob", "office", "clerk"),
    ("cat", "office", "clerk"),
    ("eve", "office", "head"),
    ("hal", "office", "head"),
    ("wes", "outside", "connector"),
    ("wyn", "outside", "connector-credit"),
];

/// A workflow file around these steps; people are `clerk` and `head`.
fn file(name: &str, steps: &str) -> SourceFile {
    let text = format!(
        "workflow: {name}\ntitle: {{zh: 事项, en: Matter}}\nnature: service\nbasis: [依据]\npeople:\n  clerk: {{office: office, post: clerk}}\n  \
         head: {{office: office, post: head}}\nsteps:\n{steps}"
    );
    SourceFile { key: format!("{name}.yaml"), shown: format!("{name}.yaml"), text }
}

/// Another version of a workflow, as its cases may go over to.
fn version(name: &str, steps: &str) -> greenlane::definition::graph::Bundle {
    loaded(&[file(name, steps)]).unwrap_or_else(|found| panic!("{}", found[0].one_line())).bundle(name).expect("compiled").clone()
}

fn loaded(files: &[SourceFile]) -> Result<library::Library, Vec<Diagnostic>> {
    library::load(files)
}

/// A world that runs the first of these workflows.
fn world(files: &[(&str, &str)]) -> World {
    let sources: Vec<SourceFile> = files.iter().map(|(name, steps)| file(name, steps)).collect();
    let library = loaded(&sources).unwrap_or_else(|found| panic!("{}", found.iter().map(Diagnostic::one_line).collect::<Vec<_>>().join("\n")));
    World::of(library.bundle(files[0].0).expect("compiled").clone(), PEOPLE)
}

/// The codes of what is wrong with a workflow of these steps, with how often.
fn wrong(steps: &str) -> BTreeMap<&'static str, usize> {
    let mut codes = BTreeMap::new();
    for one in loaded(&[file("p", steps)]).err().unwrap_or_default() {
        *codes.entry(one.code).or_default() += 1;
    }
    codes
}
