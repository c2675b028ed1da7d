//! What our case costs, beside a floor of hand-written SQL on the same machine: `cargo bench --bench main -- MODE CLIENTS SECONDS TARGET`.
//! Invariant: every mode runs the same thirteen commands a case and prints one JSON row with the same keys. Never: an absolute figure without the floor's beside it;
//! `benches/run` takes them turn by turn.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench stops at the first thing that goes wrong")]
#![expect(clippy::print_stdout, reason = "the row is the result")]
#![expect(clippy::float_arithmetic, reason = "rates and milliseconds are measured, not decided")]

mod drive;
mod engine;
mod floor;
mod http;
mod inbox;
mod leave;
mod measure;
mod node;
mod pages;
mod start;
mod wakes;
mod writer;

use std::process::ExitCode;

/// What a mode is given: the words after its name.
struct Words(Vec<String>);

impl Words {
    fn number(&self, place: usize, or: usize) -> usize {
        self.0.get(place).map_or(or, |word| word.parse().unwrap_or_else(|_| panic!("expected a number, found `{word}`")))
    }

    fn text(&self, place: usize, what: &str) -> String {
        self.0.get(place).cloned().unwrap_or_else(|| panic!("expected {what} as word {}", place + 2))
    }
}

type Mode = fn(&Words) -> serde_json::Value;

/// Every mode.
const MODES: &[(&str, Mode, &str)] = &[
    ("floor-pg", floor::postgres::run, "CLIENTS SECONDS URL          the floor, one statement a command"),
    ("floor-sqlitegc", floor::sqlite::run, "CLIENTS SECONDS FILE         the floor, group commit, WAL, synchronous=FULL"),
    ("floor-list-pg", floor::postgres::list, "OPEN URL                     first 20 of an office's open tasks"),
    ("floor-list-sqlite", floor::sqlite::list, "OPEN FILE                    the same"),
    ("floor-timers-pg", floor::postgres::timers, "DUE BATCH URL                due timers, set by set"),
    ("floor-timers-sqlite", floor::sqlite::timers, "DUE BATCH FILE               the same"),
    ("store-pg", writer::postgres, "CLIENTS SECONDS OWNER WRITER READER [LANES]   the store's writers with made-up commits"),
    ("store-sqlite", writer::sqlite, "CLIENTS SECONDS FOLDER       the same"),
    ("engine-pg", engine::postgres, "CLIENTS SECONDS OWNER WRITER READER [mail]   orders through the engine, in process"),
    ("engine-sqlite", engine::sqlite, "CLIENTS SECONDS FOLDER [mail]   the same"),
    ("http-pg", http::postgres, "CLIENTS SECONDS OWNER WRITER READER [mail]   the same through HTTP on loopback"),
    ("http-sqlite", http::sqlite, "CLIENTS SECONDS FOLDER [mail]   the same"),
    ("wakes-pg", wakes::postgres, "DUE OWNER WRITER READER [mail]   due timers as full commands"),
    ("wakes-sqlite", wakes::sqlite, "DUE FOLDER [mail]            the same"),
    ("leave-pg", leave::postgres, "OPEN MORNINGS OWNER WRITER READER   how late notices leave with so many open limits, shared by so many mornings"),
    ("leave-sqlite", leave::sqlite, "OPEN MORNINGS FOLDER         the same"),
    ("start-pg", start::postgres, "ACTS OWNER WRITER READER     from exec of `serve` to /readyz over a past of that many acts"),
    ("start-sqlite", start::sqlite, "ACTS FOLDER                  the same"),
    ("inbox-pg", inbox::postgres, "OPEN OWNER WRITER READER     first page of an inbox"),
    ("inbox-sqlite", inbox::sqlite, "OPEN FOLDER                  the same"),
    ("pages-pg", pages::postgres, "OPEN CLOSED OWNER WRITER READER   server time of every page"),
    ("pages-sqlite", pages::sqlite, "OPEN CLOSED FOLDER           the same"),
];

fn main() -> ExitCode {
    // Cargo adds `--bench` when it runs a bench target.
    let mut words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let name = if words.is_empty() { String::new() } else { words.remove(0) };
    match MODES.iter().find(|(mode, _, _)| *mode == name) {
        Some((_, run, _)) => {
            println!("{}", run(&Words(words)));
            ExitCode::SUCCESS
        }
        None => {
            println!("expected one of these modes, found `{name}`:");
            for (mode, _, help) in MODES {
                println!("  {mode:22}{help}");
            }
            ExitCode::from(u8::from(!name.is_empty()))
        }
    }
}
