//! Scenario files: every file of `tests/scenarios` on the engine, through HTTP on SQLite and on PostgreSQL, with the same verdict line by line.

use std::path::PathBuf;
use std::sync::OnceLock;

use greenlane::cli::rehearse::{House, prepare, scenario_files, stock};
use greenlane::rehearsal::cast::{Cast, Stock, cast};
use greenlane::rehearsal::{Verdict, read, world};

use crate::spine::node::Where;

mod planted;

/// The scenarios the issue asks for at least.
const FILES_MIN: usize = 100;

fn shelf() -> &'static Stock {
    static STOCK: OnceLock<Stock> = OnceLock::new();
    STOCK.get_or_init(|| stock().unwrap_or_else(|trouble| panic!("{}", trouble.0)))
}

/// Every file, ready to be played; a file with a mistake fails whoever asks first, with all of its mistakes.
fn casts() -> &'static [(PathBuf, Cast)] {
    static CASTS: OnceLock<Vec<(PathBuf, Cast)>> = OnceLock::new();
    CASTS.get_or_init(|| {
        let files = scenario_files(&[PathBuf::from("tests/scenarios")]).unwrap_or_else(|trouble| panic!("{}", trouble.0));
        let mut mistakes = Vec::new();
        let mut casts = Vec::new();
        for file in files {
            match prepare(&file, shelf()) {
                Ok(cast) => casts.push((file, cast)),
                Err(found) => mistakes.extend(found.iter().map(ToString::to_string)),
            }
        }
        assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
        casts
    })
}

/// What each file comes to on the engine.
fn on_the_engine() -> &'static [Verdict] {
    static VERDICTS: OnceLock<Vec<Verdict>> = OnceLock::new();
    VERDICTS.get_or_init(|| casts().iter().map(|(_, cast)| world::play(cast)).collect())
}

fn told(file: &std::path::Path, verdict: &Verdict) -> Option<String> {
    let line = verdict.failed()?;
    let misses: Vec<String> = line.misses.iter().map(|miss| format!("  expected {}\n  found    {}", miss.expected, miss.found)).collect();
    Some(format!("{}:{} {}\n{}", file.display(), line.line, line.text, misses.join("\n")))
}

fn through_http(place: Where) {
    greenlane::telemetry::log();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let home = place.home.path().to_owned();
        let mut house = House::open(place.target.clone(), place.owner.as_deref(), home).await.unwrap_or_else(|trouble| panic!("{}", trouble.0));
        let mut wrong = Vec::new();
        for ((file, cast), engine) in casts().iter().zip(on_the_engine()) {
            let verdict = house.play(cast).await.unwrap_or_else(|trouble| panic!("{}: {}", file.display(), trouble.0));
            if verdict != *engine {
                wrong.push(told(file, &verdict).unwrap_or_else(|| format!("{}: the engine fails and the server does not", file.display())));
            }
        }
        house.close().await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn every_file_comes_out_as_written_on_the_engine() {
    let failed: Vec<String> = casts().iter().zip(on_the_engine()).filter_map(|((file, _), verdict)| told(file, verdict)).collect();
    let lines: usize = casts().iter().map(|(_, cast)| cast.script.lines.len()).sum();
    println!("{} scenario files, {lines} lines", casts().len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(casts().len() >= FILES_MIN, "expected at least {FILES_MIN} files, found {}", casts().len());
}

#[test]
fn every_file_comes_out_the_same_through_http_on_sqlite() {
    through_http(Where::sqlite());
}

#[test]
fn every_file_comes_out_the_same_through_http_on_postgres() {
    through_http(Where::postgres());
}

/// Plays a text as if it were a file.
fn played(text: &str) -> Verdict {
    let script = read(text, "planted.txt").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let cast = cast(script, shelf(), &[]).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    world::play(&cast)
}
