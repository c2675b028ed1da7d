//! Fuzzing of what an author hands us: files in YAML, tables, forms, whole definitions, expressions. Seeded and aware of the syntax.
//! Invariant: an input is a function of its seed alone, so a failure names the number that brings it back.
//! Never: waits for a machine. Time is bounded by what a thread itself used; a hang stops the process, which the parent sees.
//!
//! The inputs are tried in a process of its own under a limit of memory, because a panic while unwinding, a full stack or a hunger
//! for memory would otherwise take the other tests along. `GREENLANE_FUZZ_SECONDS` runs by time instead of by count,
//! `GREENLANE_FUZZ_SEED` begins elsewhere.

use std::io::{Seek as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

mod mutate;
mod seeds;
mod targets;

pub use mutate::Dice;
use targets::Target;

/// Inputs without `GREENLANE_FULL`: some seconds of a debug build.
const INPUTS: u64 = 600;
const INPUTS_BESIDE: u64 = 20;
const INPUTS_FULL: u64 = 60_000;
/// What the child may map at all, in KiB: the binary and its threads take a part of it.
const ADDRESS_SPACE_KIB: u64 = 2 * 1024 * 1024;
/// What it may have had in memory at its worst, in KiB.
const RESIDENT_KIB_MAX: u64 = 512 * 1024;
/// Time of the processor one input may take, in a debug build and on a busy machine.
const INPUT_CPU_MAX: Duration = Duration::from_secs(10);
/// When the clock on the wall says that an input hangs.
const HANG: Duration = Duration::from_secs(120);
/// The stack of a worker of the server.
const STACK_BYTES: usize = 2 * 1024 * 1024;

#[test]
fn nothing_an_author_hands_us_panics_hangs_or_eats_memory() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("seed");
    let program = std::env::current_exe().unwrap();
    let limited = format!("ulimit -v {ADDRESS_SPACE_KIB}; exec \"$0\" fuzz::tried_under_a_limit --exact --nocapture --test-threads=1");
    let output = Command::new("sh").arg("-c").arg(limited).arg(&program).env("GREENLANE_FUZZ_AT", &at).env("RUST_BACKTRACE", "0").output().unwrap();
    let (said, cried) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        let last = std::fs::read_to_string(&at).unwrap_or_default();
        let (seed, input) = last.split_once('\n').unwrap_or_default();
        let kept = kept(0, input);
        panic!("{} with seed {seed} in {}\n{}\n{}", output.status, kept.display(), tail(&said), tail(&cried));
    }
    let figures = said.lines().find(|line| line.contains("inputs in")).expect("the child ran and said so");
    println!("{figures}");
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

/// The child of the test above; among the other tests it only tries a handful, without a limit of memory.
#[test]
fn tried_under_a_limit() {
    try_all();
}

pub fn try_all() {
    let first: u64 = std::env::var("GREENLANE_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let seconds: Option<u64> = std::env::var("GREENLANE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let full = std::env::var("GREENLANE_FULL").is_ok_and(|value| value == "1");
    let count = match std::env::var_os("GREENLANE_FUZZ_AT") {
        None => INPUTS_BESIDE,
        Some(_) if full => INPUTS_FULL,
        Some(_) => INPUTS,
    };
    let began = Instant::now();
    let goes_on = move |seed: u64| seconds.map_or(seed - first < count, |seconds| began.elapsed().as_secs() < seconds);
    let now = Arc::new(AtomicU64::new(first));
    guard_against_hanging(&now);
    let run = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || all(first, &now, &goes_on)).unwrap();
    let (tried, findings) = run.join().unwrap();
    let resident = resident_kib();
    println!(
        "fuzz: {tried} inputs in {} s, seeds from {first}, {} findings, at most {} MiB in memory",
        began.elapsed().as_secs(),
        findings.len(),
        resident / 1024
    );
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(resident <= RESIDENT_KIB_MAX, "{resident} KiB were in memory");
}

/// Tries the inputs one after another; answers how many, and what was found, each kind once.
fn all(first: u64, now: &AtomicU64, goes_on: &dyn Fn(u64) -> bool) -> (u64, Vec<String>) {
    std::panic::set_hook(Box::new(|_| {})); // A finding is told once, below.
    let seeds = seeds::Seeds::gathered();
    let mut at = std::env::var_os("GREENLANE_FUZZ_AT").map(|path| std::fs::File::create(path).unwrap());
    let mut findings: Vec<String> = Vec::new();
    let mut kinds: Vec<String> = Vec::new();
    let mut seed = first;
    while goes_on(seed) {
        now.store(seed, Ordering::Relaxed);
        let mut dice = Dice::new(seed);
        let (target, input) = seeds.input(&mut dice);
        if let Some(file) = &mut at {
            file.rewind().unwrap();
            file.set_len(0).unwrap();
            write!(file, "{seed} {target:?}\n{input}").unwrap();
        }
        if let Err(why) = tried(target, &input) {
            let kind =
                format!("{target:?} {}", why.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_ascii_digit()).take(60).collect::<String>());
            if !kinds.contains(&kind) {
                kinds.push(kind);
                findings.push(format!("seed {seed}, {target:?}: {why}\n    {}", kept(seed, &input).display()));
            }
        }
        seed += 1;
    }
    (seed - first, findings)
}

/// Tries one input; an error says what it did that it must not.
fn tried(target: Target, input: &str) -> Result<(), String> {
    let before = cpu();
    let outcome = catch_unwind(AssertUnwindSafe(|| target.hold(input)));
    let used = cpu().saturating_sub(before);
    match outcome {
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(format!("panicked: {}", text.unwrap_or_default()))
        }
        Ok(()) if used > INPUT_CPU_MAX => Err(format!("took {} ms of the processor", used.as_millis())),
        Ok(()) => Ok(()),
    }
}

/// Keeps an input that found something where a person can look at it.
fn kept(seed: u64, input: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{seed}.txt"));
    std::fs::write(&path, input).unwrap();
    path
}

/// The processor's time of this thread.
pub fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The most this process has had in memory.
fn resident_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// Stops the process when one input stays for too long: the parent then names it.
fn guard_against_hanging(now: &Arc<AtomicU64>) {
    let now = now.clone();
    std::thread::spawn(move || {
        let mut seen = (0, Instant::now());
        loop {
            std::thread::park_timeout(Duration::from_secs(1));
            let seed = now.load(Ordering::Relaxed);
            if seed != seen.0 {
                seen = (seed, Instant::now());
            } else if seen.1.elapsed() > HANG {
                eprintln!("seed {seed} hangs");
                std::process::abort();
            }
        }
    });
}

/// What fuzzing found once stays a test: every file of `fuzz/found`, named by its target.
#[test]
fn what_fuzzing_found_is_mended() {
    let mut files: Vec<PathBuf> = std::fs::read_dir("tests/it/fuzz/found").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let target = Target::of_file(&name).unwrap_or_else(|| panic!("{name}: no target of that name"));
        tried(target, &std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
}

/// The guard itself: an input that panics is found, and one that is fine is not.
#[test]
fn a_panic_is_a_finding() {
    assert!(tried(Target::Broken, "x").unwrap_err().starts_with("panicked: expected"));
    assert_eq!(tried(Target::Expression, "1 +"), Ok(()));
}
