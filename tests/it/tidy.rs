//! The house rules, held by a test: who imports whom, how long a file and a function may be, what the pure ring never does.
//! Invariant: every rule is shown a violation it must find, so that a rule that went blind turns red. Never: a list of files that are let off.

mod imports;
mod rules;
mod source;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use source::Source;

/// Something a rule refuses, with its place.
#[derive(Debug)]
pub struct Finding {
    place: String,
    text: String,
}

impl Finding {
    fn new(source: &Source, line: usize, text: String) -> Self {
        Self { place: format!("{}:{line}", source.path), text }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

type Rule = fn(&Source) -> Vec<Finding>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the repository, read once for all rules.
fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(read_sources)
}

fn read_sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in ["src", "tests", "benches"] {
        rust_files(&root().join(folder), &mut paths);
    }
    paths.sort();
    assert!(paths.len() > 20, "expected the repository's sources, found {} files", paths.len());
    let relative = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    paths.iter().map(|path| Source::new(&relative(path), &fs::read_to_string(path).unwrap())).collect()
}

fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// Holds `rule` over the repository, naming everything it refuses at once.
fn hold(rule: Rule) {
    let found: Vec<String> = sources().iter().flat_map(rule).map(|finding| finding.to_string()).collect();
    assert!(found.is_empty(), "{} refused:\n{}", found.len(), found.join("\n"));
}

/// What `rule` says of a file with this text.
fn said(rule: Rule, path: &str, text: &str) -> Vec<String> {
    rule(&Source::new(path, text)).iter().map(|finding| finding.to_string()).collect()
}

/// `rule` must refuse each planted text at the given line, and none of the clean ones.
fn planted(rule: Rule, refused: &[(&str, &str, usize)], clean: &[(&str, &str)]) {
    for (path, text, line) in refused {
        let found = said(rule, path, text);
        assert!(found.iter().any(|finding| finding.starts_with(&format!("{path}:{line}:"))), "planted in {path} line {line}:\n{text}\nfound only {found:?}");
    }
    for (path, text) in clean {
        assert_eq!(said(rule, path, text), Vec::<String>::new(), "clean text in {path}:\n{text}");
    }
}

#[test]
fn every_room_imports_only_what_the_table_allows() {
    hold(imports::findings);
}

#[test]
fn an_import_across_a_wall_is_found() {
    planted(
        imports::findings,
        &[
            ("src/engine/decide.rs", "use crate::store::Store;", 1),
            ("src/engine/decide.rs", "fn f() {\n    crate::clock::real();\n}", 2),
            ("src/engine/decide.rs", "use crate::{ids::Name,\n engine::{case::Case, command}, app};", 1),
            ("src/store/cases.rs", "use crate::engine::decide::decide;", 1),
            ("src/store/cases.rs", "use crate::engine::*;", 1),
            ("src/notice/mod.rs", "use crate::engine::decide;", 1),
            ("src/expr/mod.rs", "use super::calendar::Span;", 1),
            ("src/expr/value.rs", "mod a {\n use super::super::super::app::execute;\n}", 2),
            ("src/web/inbox.rs", "use crate::store as pages;", 1),
            ("src/app/execute.rs", "fn f(p: sqlx::PgPool) {}", 1),
            ("src/util/mod.rs", "", 1),
        ],
        &[
            ("src/engine/decide.rs", "use crate::definition::graph::Bundle;\nuse crate::engine::case::{Case, Local};\nuse crate::ids;"),
            ("src/engine/decide.rs", "// crate::store is never imported\nconst WHERE: &str = \"crate::store::x\";"),
            ("src/engine/decide/claim.rs", "use super::super::case::Case;\nuse super::Answer;"),
            ("src/expr/mod.rs", "mod tests {\n use super::*;\n}"),
            ("src/app/execute.rs", "use crate::{clock::Clock, engine, store::Store};"),
            ("tests/it/tidy.rs", "use greenlane::store::Store;"),
        ],
    );
}

#[test]
fn no_file_is_longer_than_the_house_allows() {
    hold(rules::file_length);
    planted(rules::file_length, &[("src/a.rs", &"// line\n".repeat(601), 601)], &[("src/a.rs", &"// line\n".repeat(600))]);
}

#[test]
fn no_function_is_longer_than_the_house_allows() {
    hold(rules::function_length);
    let long =
        |lines: usize| format!("fn first() {{}}\nfn long(pair: [u8; 2]) -> u8\nwhere\n    u8: Copy,\n{{\n{}}}\n", "    f(\"}\"); // }\n".repeat(lines - 5));
    let test = |lines: usize| format!("#[cfg(test)]\nmod tests {{\n{}}}\n", long(lines));
    planted(
        rules::function_length,
        &[("src/a.rs", &long(71), 2), ("src/a.rs", &test(101), 4), ("tests/it/a.rs", &long(101), 2)],
        &[
            ("src/a.rs", &long(70)),
            ("src/a.rs", &test(100)),
            ("tests/it/a.rs", &long(100)),
            ("src/a.rs", &long(70).replacen("    f(", "    | Event::Started { .. }\n    | Event::Ended { .. }\n    f(", 1)),
        ],
    );
}

#[test]
fn no_file_is_named_for_nothing() {
    hold(rules::file_name);
    planted(rules::file_name, &[("src/engine/util.rs", "", 1), ("src/helpers/mod.rs", "", 1)], &[("src/engine/utility_bill.rs", "")]);
}

#[test]
fn every_file_begins_with_its_purpose() {
    hold(rules::module_head);
    planted(rules::module_head, &[("src/a.rs", "use std::fmt;", 1)], &[("src/a.rs", "//! Says why it is there.\n")]);
}

#[test]
fn nothing_stops_the_process_in_the_engine_and_under_it() {
    hold(rules::panics);
    planted(
        rules::panics,
        &[
            ("src/engine/a.rs", "fn f() {\n    g().unwrap();\n}", 2),
            ("src/expr/a.rs", "fn f() { g().expect(\"there\"); }", 1),
            ("src/calendar/a.rs", "fn f<'a>(x: &'a str) { panic!(\"{x}\") }", 1),
        ],
        &[
            ("src/expr/parse.rs", "fn f() { self.expect(Token::Comma)?; }"),
            ("src/engine/a.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() { f().unwrap(); }\n}"),
            ("src/engine/a.rs", "/// Call `.unwrap()` on it: /* no */\nfn f() { g(r#\"\".unwrap()\"#, '\"', b'\\''); }"),
            ("src/cli/a.rs", "fn f() { g().unwrap(); }"),
        ],
    );
}

#[test]
fn the_pure_ring_is_pure() {
    hold(rules::purity);
    planted(
        rules::purity,
        &[
            ("src/engine/a.rs", "use std::collections::HashMap;", 1),
            ("src/forms/a.rs", "fn f(x: f64) {}", 1),
            ("src/audit/a.rs", "pub async fn f() {}", 1),
            ("src/expr/a.rs", "\nuse std::fs::read;", 2),
        ],
        &[("src/store/a.rs", "use std::collections::HashMap;"), ("src/engine/a.rs", "fn f(operand: BTreeMap<u8, u8>) {}")],
    );
}

#[test]
fn the_clock_has_one_door() {
    hold(rules::clock);
    planted(
        rules::clock,
        &[
            ("src/app/a.rs", "fn f() { chrono::Utc::now(); }", 1),
            ("src/web/a.rs", "fn f() { Instant::now(); }", 1),
            ("tests/it/a.rs", "fn f() { SystemTime::now(); }", 1),
        ],
        &[
            ("src/clock.rs", "fn f() { SystemTime::now(); }"),
            ("src/telemetry.rs", "fn f() { Instant::now(); }"),
            ("benches/a.rs", "fn f() { Instant::now(); }"),
        ],
    );
}

#[test]
fn a_lint_is_switched_off_with_a_reason() {
    hold(rules::lint_reasons);
    planted(
        rules::lint_reasons,
        &[
            ("src/a.rs", "#[allow(dead_code)]\nfn f() {}", 1),
            ("src/a.rs", "\n#[expect(dead_code)]\nfn f() {}", 2),
            ("src/a.rs", "#![allow(dead_code, reason = \"\")]", 1),
        ],
        &[("src/a.rs", "#[expect(dead_code, reason = \"the next version reads it\")]\nfn f() {}")],
    );
}

#[test]
fn nothing_is_left_unfinished() {
    hold(rules::unfinished);
    let note = format!("fn f() {{}} // {}{}: later", "TO", "DO");
    planted(rules::unfinished, &[("src/a.rs", &note, 1), ("tests/it/a.rs", "#[test]\n#[ignore]\nfn f() {}", 2)], &[("src/a.rs", "fn f() {}")]);
}

#[test]
fn no_test_sleeps() {
    hold(rules::sleeping_tests);
    planted(
        rules::sleeping_tests,
        &[("tests/it/a.rs", "fn f() { tokio::time::sleep(second); }", 1), ("src/a.rs", "#[cfg(test)]\nmod tests { fn f() { thread::sleep(x) } }", 2)],
        &[("src/workers/a.rs", "async fn f() { tokio::time::sleep(rest).await; }")],
    );
}

/// Where everything has its place. Dot-folders are the tools' own.
#[test]
fn the_top_level_holds_what_it_should() {
    const FOLDERS: &[&str] = &["benches", "seeds", "src", "templates", "tests", "workflows"];
    const FILES: &[&str] = &["CHANGELOG.md", "Cargo.lock", "Cargo.toml", "README.md"];
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    let ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).collect();
    let mut strangers = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let expected = if entry.file_type().unwrap().is_dir() { FOLDERS } else { FILES };
        if !name.starts_with('.') && !ignored.contains(&name.as_str()) && !expected.contains(&name.as_str()) {
            strangers.push(name);
        }
    }
    assert!(strangers.is_empty(), "expected only {FOLDERS:?} and {FILES:?} at the top, found {strangers:?}");
}

/// Prints what is longer than wished; the list only shrinks.
#[test]
fn what_is_longer_than_wished_is_listed() {
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > rules::FILE_LINES_WISHED {
            println!("wished {}: {} has {lines} lines", rules::FILE_LINES_WISHED, source.path);
        }
        for function in source.functions().iter().filter(|function| function.lines > rules::FUNCTION_LINES_WISHED && !function.test) {
            println!("wished {}: {}:{} `{}` has {} lines", rules::FUNCTION_LINES_WISHED, source.path, function.line, function.name, function.lines);
        }
    }
}
