//! Which room may import which: the one wall there is inside a single crate.
//! Invariant: a room that is not in `WALLS` is refused, so a new room begins with its line here. Never: an exception for a single file.

use super::Finding;
use super::source::{Source, is_word, matching_brace};

/// One room's line of the table. A name covers everything under it: `engine::case` covers `engine::case::Case`.
struct Wall {
    room: &'static str,
    may: &'static [&'static [&'static str]],
    /// Refused although something in `may` covers it.
    never: &'static [&'static str],
}

/// Values everybody shares. `secret` holds what must not be printed; `source` reads an author's file with its positions, for every room that is handed one.
const BASE: &[&str] = &["ids", "limits", "secret", "source"];
/// The rooms under the definition.
const LANGUAGE: &[&str] = &["expr", "calendar", "forms", "accounts"];
/// What happened and what is: the engine's types without its verbs. `graph` is the compiled workflow, data too.
const CASE_DATA: &[&str] =
    &["engine::case", "engine::command", "engine::event", "engine::effect", "engine::facts", "engine::refusal", "definition::graph", "calendar", "identity"];
/// All of the pure ring.
const PURE: &[&str] = &["accounts", "audit", "calendar", "definition", "engine", "expr", "forms", "identity", "indicators", "notice", "supervision"];

const WALLS: &[Wall] = &[
    Wall { room: "ids", may: &[], never: &[] },
    Wall { room: "limits", may: &[], never: &[] },
    Wall { room: "secret", may: &[], never: &[] },
    Wall { room: "source", may: &[&["ids", "limits"]], never: &[] },
    Wall { room: "clock", may: &[&["ids"]], never: &[] }, // It answers with a `Moment`.
    Wall { room: "expr", may: &[BASE], never: &[] },
    Wall { room: "calendar", may: &[BASE], never: &[] },
    Wall { room: "forms", may: &[BASE, &["expr"]], never: &[] }, // A field may be required when an expression holds.
    Wall { room: "accounts", may: &[BASE], never: &[] },
    Wall { room: "identity", may: &[BASE], never: &[] },
    Wall { room: "indicators", may: &[BASE], never: &[] },
    Wall { room: "definition", may: &[BASE, LANGUAGE], never: &[] },
    Wall { room: "engine", may: &[BASE, LANGUAGE, &["definition", "identity"]], never: &[] },
    Wall { room: "supervision", may: &[BASE, CASE_DATA], never: &[] },
    Wall { room: "notice", may: &[BASE, CASE_DATA], never: &[] },
    Wall { room: "audit", may: &[BASE, CASE_DATA], never: &[] },
    // Plays a scenario file on the engine, so it holds both; nothing of the pure ring may hold it.
    Wall { room: "rehearsal", may: &[BASE, PURE], never: &[] },
    Wall { room: "store", may: &[BASE, CASE_DATA, PURE], never: &["engine::decide", "engine::evolve", "engine::effects"] },
    Wall { room: "channels", may: &[BASE, &["clock", "config", "notice"]], never: &[] }, // `clock` dates a signature, `config` holds a gateway as configured, `notice` how a message ended.
    Wall { room: "exports", may: &[BASE, PURE], never: &["engine::decide"] },
    Wall { room: "config", may: &[BASE], never: &[] },
    Wall { room: "telemetry", may: &[BASE, &["config"]], never: &[] },
    Wall { room: "app", may: &[BASE, PURE, &["clock", "config", "telemetry", "store", "channels", "exports"]], never: &[] },
    Wall { room: "workers", may: &[BASE, PURE, &["clock", "config", "telemetry", "app", "channels"]], never: &["engine::decide"] },
    Wall { room: "web", may: &[BASE, PURE, &["clock", "config", "telemetry", "app", "exports"]], never: &["engine::decide"] },
    Wall { room: "api", may: &[BASE, PURE, &["clock", "config", "telemetry", "app", "exports"]], never: &["engine::decide"] },
    Wall { room: "cli", may: &[ALL], never: &[] },
    Wall { room: "boot", may: &[ALL], never: &[] },
    Wall { room: "main", may: &[ALL], never: &[] },
    Wall { room: "lib", may: &[ALL], never: &[] },
];

const ALL: &[&str] = &["*"];

/// Libraries that belong to certain rooms, because holding one is doing their work.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("rusqlite", &["store"]),
    ("lettre", &["channels"]),
    ("hyper", &["channels"]),
    ("rusmpp", &["channels"]),
    ("rusmppc", &["channels"]),
    ("tokio_rustls", &["channels"]),
    ("axum", &["web", "api", "boot", "cli"]),
    ("clap", &["cli", "main", "boot"]),
    ("handlebars", &["notice", "web"]),
];

/// Imports that the table refuses, with what it expects.
pub fn findings(source: &Source) -> Vec<Finding> {
    let Some(room) = source.room() else { return Vec::new() };
    let Some(wall) = WALLS.iter().find(|wall| wall.room == room) else {
        return vec![Finding::new(source, 1, format!("expected a room of the import table, found `{room}`: give it a line in tests/it/tidy/imports.rs"))];
    };
    let mut found: Vec<Finding> = crate_paths(source)
        .into_iter()
        .filter(|(_, path)| !wall.allows(path))
        .map(|(at, path)| Finding::new(source, source.line_of(at), format!("room `{room}` may not import `{path}`")))
        .collect();
    found.extend(escapes(source));
    found.extend(libraries(source, room));
    found
}

impl Wall {
    fn allows(&self, path: &str) -> bool {
        let own = covers(self.room, path);
        let may = self.may.iter().copied().flatten().any(|allowed| *allowed == "*" || covers(allowed, path));
        let never = self.never.iter().any(|refused| covers(refused, path) || path == "engine::*");
        own || (may && !never)
    }
}

fn covers(allowed: &str, path: &str) -> bool {
    path.strip_prefix(allowed).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every path that begins at the crate's root, groups spelled out: `a::{b, c::d}` gives `a::b` and `a::c::d`.
pub fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for at in source.places("crate") {
        let rest = &source.code[at + "crate".len()..];
        if let Some(rest) = rest.trim_start().strip_prefix("::") {
            let mut here = Vec::new();
            walk(rest, "", &mut here);
            paths.extend(here.into_iter().map(|path| (at, path)));
        }
    }
    paths
}

/// Reads one path or group and answers with what follows it.
fn walk<'a>(code: &'a str, prefix: &str, out: &mut Vec<String>) -> &'a str {
    let code = code.trim_start();
    if let Some(group) = code.strip_prefix('{') {
        return walk_group(group, prefix, out);
    }
    let length = code.find(|letter: char| !is_word(letter) && letter != '*').unwrap_or(code.len());
    let (segment, rest) = code.split_at(length);
    if segment.is_empty() {
        out.push(prefix.to_owned()); // A turbofish, or a macro's `$name`.
        return rest;
    }
    let path = if prefix.is_empty() { segment.to_owned() } else { format!("{prefix}::{segment}") };
    match rest.trim_start().strip_prefix("::") {
        Some(deeper) => walk(deeper, &path, out),
        None => {
            out.push(path);
            rest
        }
    }
}

fn walk_group<'a>(mut code: &'a str, prefix: &str, out: &mut Vec<String>) -> &'a str {
    loop {
        code = code.trim_start();
        if let Some(rest) = code.strip_prefix('}') {
            return rest;
        }
        let rest = walk(code, prefix, out);
        let end = rest.find([',', '}']).unwrap_or(rest.len()); // Skips `as name`.
        code = rest[end..].strip_prefix(',').unwrap_or(&rest[end..]);
        if code.is_empty() {
            return code;
        }
    }
}

/// A chain of `super` that climbs to the root would pass the table by.
fn escapes(source: &Source) -> Vec<Finding> {
    let depth = file_depth(&source.path);
    let inline = inline_modules(source);
    let mut found = Vec::new();
    for at in source.places("super") {
        let chain = source.code[at..].split("::").take_while(|segment| segment.trim() == "super").count();
        let preceded = source.code[..at].trim_end().ends_with("super::");
        let here = depth + inline.iter().filter(|(open, close)| (*open..*close).contains(&at)).count();
        if !preceded && chain >= here {
            found.push(Finding::new(source, source.line_of(at), "`super` climbs to the root: write `crate::`, so that the table sees it".to_owned()));
        }
    }
    found
}

/// How many modules lie between the root and this file's own: 1 for `src/a.rs` and `src/a/mod.rs`.
fn file_depth(path: &str) -> usize {
    let inside = path.trim_start_matches("src/");
    let folders = inside.split('/').count();
    if inside.ends_with("/mod.rs") || inside == "lib.rs" || inside == "main.rs" { folders - 1 } else { folders }
}

fn inline_modules(source: &Source) -> Vec<(usize, usize)> {
    let mut modules = Vec::new();
    for at in source.places("mod") {
        let rest = &source.code[at + 3..];
        let named = rest.trim_start().trim_start_matches(is_word);
        if named.trim_start().starts_with('{') {
            let open = source.code.len() - named.trim_start().len();
            let close = matching_brace(&source.code[open..]).map_or(source.code.len(), |length| open + length);
            modules.push((open, close));
        }
    }
    modules
}

fn libraries(source: &Source, room: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (library, rooms) in LIBRARIES {
        if rooms.contains(&room) {
            continue;
        }
        for at in source.places(&format!("{library}::")) {
            found.push(Finding::new(source, source.line_of(at), format!("room `{room}` may not hold `{library}`: expected only in {rooms:?}")));
        }
    }
    found
}

/// Rooms of the pure ring. `source` is not among them: serde hands it a float, which it turns back into the author's digits.
pub fn is_pure(room: &str) -> bool {
    PURE.contains(&room) || ["ids", "limits", "rehearsal"].contains(&room)
}
