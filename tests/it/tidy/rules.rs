//! The other rules of the house, one function each, over a blanked source.
//! Invariant: a rule reads code, never comments or strings, unless it says so. Never: a rule without a planted violation in `tidy.rs`.

use super::Finding;
use super::imports::is_pure;
use super::source::Source;

pub const FILE_LINES_WISHED: usize = 350;
const FILE_LINES_MAX: usize = 600;
pub const FUNCTION_LINES_WISHED: usize = 40;
const FUNCTION_LINES_MAX: usize = 70;
/// A test may tell a longer story.
const TEST_FUNCTION_LINES_MAX: usize = 100;

/// Rooms where nothing may stop the process: the engine and what it stands on.
const NEVER_PANICS: &[&str] = &["engine", "calendar", "expr", "accounts", "forms", "definition", "identity"];

pub fn file_length(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    vec![Finding::new(source, lines, format!("expected at most {FILE_LINES_MAX} lines, found `{lines}`"))]
}

pub fn function_length(source: &Source) -> Vec<Finding> {
    let too_long = |function: &super::source::Function| {
        let max = if function.test { TEST_FUNCTION_LINES_MAX } else { FUNCTION_LINES_MAX };
        (function.lines > max).then(|| {
            let text = format!("function `{}`: expected at most {max} lines, found `{}`", function.name, function.lines);
            Finding::new(source, function.line, text)
        })
    };
    source.functions().iter().filter_map(too_long).collect()
}

/// A name that says nothing collects everything.
pub fn file_name(source: &Source) -> Vec<Finding> {
    const SAYS_NOTHING: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc", "impl", "base", "shared"];
    let folders = source.path.trim_end_matches(".rs").split('/');
    folders
        .filter(|name| SAYS_NOTHING.contains(name))
        .map(|name| Finding::new(source, 1, format!("expected a file named for the noun or verb it holds, found `{name}`")))
        .collect()
}

/// A module begins with its purpose.
pub fn module_head(source: &Source) -> Vec<Finding> {
    if source.text.starts_with("//!") {
        return Vec::new();
    }
    vec![Finding::new(source, 1, "expected the file to begin with `//!`: its purpose, one invariant, one thing it must never do".to_owned())]
}

pub fn panics(source: &Source) -> Vec<Finding> {
    const STOPS: &[&str] = &[".unwrap()", ".expect(\"", ".expect(&", ".expect(format", "panic!(", "unreachable!(", "todo!(", "unimplemented!("];
    if !source.room().is_some_and(|room| NEVER_PANICS.contains(&room)) {
        return Vec::new();
    }
    outside_tests(source, STOPS, "nothing may stop the process here: carry the error")
}

/// What would make a decision depend on the machine it runs on.
pub fn purity(source: &Source) -> Vec<Finding> {
    const IMPURE: &[&str] = &[
        "async fn",
        ".await",
        "HashMap",
        "HashSet",
        "f32",
        "f64",
        "tokio",
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "std::thread",
        "std::io",
        "getrandom",
        "rand",
        "thread_rng",
        "new_v4",
        "now_v7",
        "Mutex",
        "RwLock",
        "static mut",
    ];
    if !source.room().is_some_and(is_pure) {
        return Vec::new();
    }
    outside_tests(source, IMPURE, "the pure ring has no async, I/O, randomness, hash order, locks or floats")
}

/// The clock has one door.
pub fn clock(source: &Source) -> Vec<Finding> {
    const READS: &[&str] = &["SystemTime::now", "Utc::now", "Local::now", "OffsetDateTime::now", "Timestamp::now"];
    let mut found = Vec::new();
    if source.path != "src/clock.rs" {
        found.extend(everywhere(source, READS, "only src/clock.rs asks the machine what time it is: take a `Moment`"));
    }
    if source.room().is_some_and(|room| room != "telemetry") {
        found.extend(everywhere(source, &["Instant::now"], "spans of time are measured in telemetry and benches only"));
    }
    found
}

/// A lint is switched off with a reason that a reader can weigh. Only a test root may `allow`, where the areas differ.
pub fn lint_reasons(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for (attribute, hint) in [("allow", "use #[expect(…, reason = \"…\")]"), ("expect", "give a reason")] {
        for opening in ["#[", "#!["] {
            for at in source.places(&format!("{opening}{attribute}(")) {
                let attribute_text = source.code[at..].split(']').next().unwrap_or_default();
                let reasoned = attribute_text.contains("reason =");
                let root = opening == "#![" && source.path.starts_with("tests/");
                if !reasoned || (attribute == "allow" && !root) {
                    found.push(Finding::new(source, source.line_of(at), format!("expected a lint switched off with its reason: {hint}")));
                }
            }
        }
    }
    found
}

/// Unfinished work is an open issue. Reads comments too.
pub fn unfinished(source: &Source) -> Vec<Finding> {
    let marks = ["TO", "FIX", "XX"].into_iter().zip(["DO", "ME", "X"]).map(|(a, b)| format!("{a}{b}")); // Spelled apart, or this file would find itself.
    let mut found = Vec::new();
    for mark in marks {
        for (line, text) in source.text.lines().enumerate() {
            if text.contains(&mark) && !text.contains("XXXX") {
                found.push(Finding::new(source, line + 1, format!("expected finished work, found `{mark}`")));
            }
        }
    }
    found.extend(everywhere(source, &["#[ignore"], "a test that does not run tests nothing"));
    found
}

/// A test that sleeps is slow on a fast machine and wrong on a slow one.
pub fn sleeping_tests(source: &Source) -> Vec<Finding> {
    let places = source.places("sleep(").into_iter().filter(|at| source.is_test(*at));
    places.map(|at| Finding::new(source, source.line_of(at), "a test never sleeps: move the clock, drain the outbox, wait for a signal".to_owned())).collect()
}

fn outside_tests(source: &Source, needles: &[&str], why: &str) -> Vec<Finding> {
    let finding = |needle: &str, at: usize| Finding::new(source, source.line_of(at), format!("found `{needle}`: {why}"));
    needles
        .iter()
        .flat_map(|needle| source.places(needle).into_iter().filter(|at| !source.is_test(*at)).map(|at| finding(needle, at)).collect::<Vec<_>>())
        .collect()
}

fn everywhere(source: &Source, needles: &[&str], why: &str) -> Vec<Finding> {
    let finding = |needle: &str, at: usize| Finding::new(source, source.line_of(at), format!("found `{needle}`: {why}"));
    needles.iter().flat_map(|needle| source.places(needle).into_iter().map(|at| finding(needle, at)).collect::<Vec<_>>()).collect()
}
