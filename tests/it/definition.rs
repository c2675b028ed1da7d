//! The workflow language from outside: what is shipped is right, what is wrong is told with its place, and pictures are whole.

use greenlane::definition::draw::{View, draw};
use greenlane::definition::library::{self, Library, SourceFile};

fn file(key: &str, text: &str) -> SourceFile {
    SourceFile { key: key.to_owned(), shown: key.to_owned(), text: text.to_owned() }
}

fn loaded(files: &[SourceFile]) -> Library {
    match library::load(files) {
        Ok(library) => library,
        Err(found) => panic!("{}", found.iter().map(|one| one.one_line()).collect::<Vec<_>>().join("\n")),
    }
}

const SMALL: &str = include_str!("definition/small.yaml");

#[test]
fn a_parallel_workflow_becomes_a_graph_with_one_join() {
    let library = loaded(&[file("small.yaml", SMALL)]);
    let program = library.program("small").expect("compiled");
    let keys: Vec<&str> = program.nodes.iter().map(|node| &*node.key).collect();
    assert_eq!(keys, ["accept", "ask", "fgw", "gtj", "visit", "visit-report", "ask-join", "ask-beside", "decide", "refused", "granted"]);
}

#[test]
fn a_picture_is_the_same_twice_and_has_every_step() {
    let library = loaded(&[file("small.yaml", SMALL)]);
    let program = library.program("small").expect("compiled");
    let svg = draw(program, View::default());
    assert_eq!(svg, draw(program, View::default()));
    for node in &program.nodes {
        assert!(svg.contains(&format!("data-step=\"{}\"", node.key)), "{} is missing", node.key);
    }
}
