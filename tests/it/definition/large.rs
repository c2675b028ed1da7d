//! A definition larger than anybody writes is read, proved and answered for in the time one looks at a screen.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use greenlane::cli::check;
use greenlane::definition::library;
use greenlane::definition::soundness;

use super::{day, file, lines};
use crate::fuzz::cpu;

/// Stages one after another: a choice with a loop back, then a region of three branches of four steps, the second with a region of two inside it, one that
/// rejects, one that may be skipped, and returns to the stage before.
fn large(stages: usize) -> String {
    let mut text = String::from(
        "workflow: large\ntitle: {zh: 大流程, en: Large}\nnature: service\nbasis: [办事指南]\npeople:\n  p: {office: ez-zwzx, post: receiver}\n\
         limits:\n  promised: {within: 3000 working days, from: entered, excludes: []}\nsteps:\n",
    );
    for stage in 0..stages {
        let next = if stage + 1 < stages { format!("t{}", stage + 1) } else { "done".to_owned() };
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "  t{stage}:\n    title: {{zh: 审查, en: Look}}\n    task: {{by: p, outcomes: [on, back, out]}}\n    within: 1 working day\n    next: {{on: r{stage}, back: t{}, out: refused}}\n  \
             r{stage}:\n    title: {{zh: 并联, en: Parallel}}\n    parallel:\n",
            stage.saturating_sub(1)
        );
        for branch in 0..3 {
            let extra = ["", "        rejects: [no]\n", "        when: case.year > 2020\n"][branch];
            let _ = writeln!(text, "      b{stage}-{branch}:\n{extra}        steps:");
            for step in 0..4 {
                let key = format!("s{stage}-{branch}-{step}");
                let to = if step < 3 { format!("s{stage}-{branch}-{}", step + 1) } else { "join".to_owned() };
                if branch == 1 && step == 1 {
                    let _ = writeln!(text, "          {key}:\n            title: {{zh: 内层, en: Inner}}\n            parallel:");
                    for inner in 0..2 {
                        let _ = writeln!(
                            text,
                            "              {key}-{inner}: {{title: {{zh: 内, en: In}}, task: {{by: p, outcomes: [ok]}}, within: 1 working day}}"
                        );
                    }
                    let _ = writeln!(text, "            join: all\n            next: {to}");
                } else {
                    let outcomes = if branch == 1 && step == 2 { "ok, no" } else { "ok, again" };
                    let again = if branch == 1 && step == 2 { String::new() } else { format!(", again: s{stage}-{branch}-0") };
                    let _ = writeln!(
                        text,
                        "          {key}:\n            title: {{zh: 办理, en: Do}}\n            task: {{by: p, outcomes: [{outcomes}]}}\n            within: 1 working day\n            \
                         may-return: {{to: [t{stage}], then: straight-back}}\n            next: {{ok: {to}{again}}}"
                    );
                }
            }
        }
        let _ = writeln!(text, "    join: all\n    on-reject: {{go: t{stage}, cancel: rest}}\n    next: {next}");
    }
    text.push_str("  refused: {title: {zh: 不予, en: Refused}, end: refused}\n  done: {title: {zh: 准予, en: Granted}, end: granted}\n");
    text
}

#[test]
fn five_hundred_steps_are_checked_in_under_two_seconds() {
    let own = [file("large.yaml", &large(32))];
    // The processor's time, so that a busy machine is not taken for a slow check.
    let (began, used) = (Instant::now(), cpu());
    let (found, _) = check::check(&own, day("2026-11-22"), None);
    let (elapsed, took) = (began.elapsed(), cpu() - used);
    // Three thousand days run past any calendar.
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["GL058"], "{}", lines(&found));
    let library = library::load(&library::over_embedded(&own)).expect("right");
    let program = library.program("large").expect("compiled");
    let proof = soundness::prove(program, greenlane::limits::SOUNDNESS_STATES_MAX);
    println!("{} steps and joins checked in {took:?} of the processor ({elapsed:?}), {} markings walked", program.nodes.len(), proof.states);
    assert!(program.nodes.len() >= 500 && proof.is_sound());
    assert!(took < Duration::from_secs(2), "{took:?}");
}
