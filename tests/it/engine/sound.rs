//! `check` and the engine agree: what is proved sound is never stuck, wherever the engine's tokens stood `check` had been, and graphs broken on purpose are found.

use std::collections::BTreeMap;

use greenlane::definition::graph::{Bundle, Edge, JoinRule, NodeIx, NodeKind, Program};
use greenlane::definition::library;
use greenlane::definition::reach;
use greenlane::definition::soundness::{self, FlawKind, Marking, Token, Walk};
use greenlane::engine::case::Case;
use greenlane::ids::Name;

use super::chance::Chance;
use super::counts::Counts;
use super::random_flow::flows;
use super::storm::{Broken, Storm};

const STATES_MAX: usize = 20_000;

/// Workflows that found something: an act taken back after its join had gone on without it was waited for again.
const KEPT: [u64; 1] = [602];

fn full() -> bool {
    std::env::var("GREENLANE_FULL").is_ok_and(|value| value == "1")
}

fn seed(n: u64) -> u64 {
    Chance(n ^ 0xc4ec_4000).draw()
}

fn flaws(proof: &soundness::Proof) -> Vec<FlawKind> {
    proof.flaws.iter().map(|flaw| flaw.kind).collect()
}

#[test]
fn every_shipped_workflow_is_proved_sound() {
    let library = library::embedded().expect("shipped");
    let mut said = Vec::new();
    for bundle in library.bundles() {
        let program = library.program(&bundle.root).expect("compiled");
        let (walked, every_order) = (soundness::prove(program, STATES_MAX), soundness::explore_all(program, STATES_MAX));
        assert!(walked.is_sound(), "{}: {:?}", bundle.root, walked.flaws);
        let whole = every_order.is_complete();
        let all = every_order.judge();
        assert!(all.flaws.is_empty(), "{}: {:?}", bundle.root, all.flaws);
        said.push(format!("{} {} ({}{})", bundle.root, walked.states, all.states, if whole { "" } else { "+" }));
    }
    println!("markings walked (in every order): {}", said.join(", "));
}

/// The tokens of each scope, as `check` writes them: each at a join counts, and of a branch nobody waits for one stands for all that run.
fn markings(case: &Case, bundle: &Bundle) -> Vec<(Name, Marking)> {
    let mut by_scope: BTreeMap<_, Marking> = case.scopes.keys().map(|scope| (*scope, Marking::new())).collect();
    for token in case.tokens.values() {
        by_scope.entry(token.scope).or_default().push(Token { at: token.node, back_to: token.back_to, side: token.side.map(|side| side.from) });
    }
    let named = |(scope, mut marking): (_, Marking)| {
        let program = &bundle.programs[&case.scopes.get(&scope)?.program];
        marking.sort_unstable();
        let waits = |at: NodeIx| matches!(program.nodes[usize::from(at.0)].kind, NodeKind::Join { .. });
        marking.dedup_by(|one, other| one == other && (one.side.is_some() || (program.nodes[usize::from(one.at.0)].beside && !waits(one.at))));
        Some((program.name.clone(), marking))
    };
    by_scope.into_iter().filter_map(named).collect()
}

/// Rounds that met at a join nobody waits for: `check` walks one of them for all.
fn thinned(marking: &Marking) -> Marking {
    let mut marking = marking.clone();
    marking.dedup();
    marking
}

#[test]
fn what_is_proved_sound_is_never_stuck_and_the_engine_stands_nowhere_that_was_not_walked() {
    let (workflows, steps) = if full() { (1_000, 150) } else { (60, 150) };
    let (mut sound, mut unsound, mut unfinished, mut looked, mut every_order) = (0, 0, 0, 0, 0);
    let mut counts = Counts::default();
    for n in (0..workflows).chain(KEPT) {
        let mut storm = Storm::new(seed(n), Broken::default());
        let programs: Vec<(Name, Program)> = storm.world.bundle.programs.iter().map(|(name, program)| (name.clone(), (**program).clone())).collect();
        let proofs: Vec<soundness::Proof> = programs.iter().map(|(_, program)| soundness::prove(program, STATES_MAX)).collect();
        if proofs.iter().any(|proof| !proof.flaws.is_empty()) {
            unsound += 1;
            continue;
        }
        if proofs.iter().any(|proof| !proof.complete) {
            unfinished += 1;
            continue;
        }
        sound += 1;
        if let Err(wrong) = storm.blow(steps, &mut counts) {
            panic!("workflow {n} (seed {:#x}) was proved sound: {wrong}", seed(n));
        }
        let walks: BTreeMap<&Name, Walk<'_>> = programs.iter().map(|(name, program)| (name, soundness::explore_all(program, 4_000))).collect();
        every_order += walks.values().filter(|walk| walk.is_complete()).count();
        for run in 0..storm.world.runs.len() {
            for case in storm.world.history(run) {
                for (name, marking) in markings(&case, &storm.world.bundle) {
                    let walk = &walks[&name];
                    looked += usize::from(walk.is_complete());
                    assert!(
                        !walk.is_complete() || walk.reached(&marking) || walk.reached(&thinned(&marking)),
                        "workflow {n} (seed {:#x}): `{name}` stood at {marking:?}",
                        seed(n)
                    );
                }
            }
        }
    }
    println!(
        "{workflows} workflows: {sound} sound, {unsound} with flaws, {unfinished} past the bound; {} acts; {looked} standing markings found among those of {every_order} graphs walked in every order",
        counts.steps()
    );
    // The generator also writes ends into branches, which no author may.
    assert!(sound * 5 > workflows * 2, "most of what the generator makes is sound: {sound} of {workflows}");
}

/// The two ways of walking come to the same judgement.
#[test]
fn one_branch_after_another_finds_what_every_order_finds() {
    let workflows = if full() { 2_000 } else { 150 };
    let mut compared = 0;
    for n in 0..workflows {
        for flow in flows(seed(n)) {
            let program = flow.program();
            let every_order = soundness::explore_all(&program, 2_000);
            if every_order.is_complete() {
                let (quick, slow) = (soundness::prove(&program, STATES_MAX), every_order.judge());
                assert_eq!(quick.flaws.is_empty(), slow.flaws.is_empty(), "workflow {n} (seed {:#x}): {:?} and {:?}", seed(n), flaws(&quick), flaws(&slow));
                assert!(quick.states <= slow.states, "the short way is not longer: {} and {}", quick.states, slow.states);
                compared += 1;
            }
        }
    }
    println!("{compared} graphs judged in both ways");
    assert!(compared > workflows);
}

/// A step in an awaited, unconditional branch that leads straight to the join of a split with two such branches: what is broken there shows.
fn candidates(program: &Program) -> Vec<(NodeIx, NodeIx, NodeIx)> {
    let mut found = Vec::new();
    for (node, ix) in program.nodes.iter().zip((0_u16..).map(NodeIx)) {
        let Some(join) = node.region else { continue };
        let NodeKind::Join { split, region, rule: JoinRule::All } = &program.nodes[usize::from(join.0)].kind else { continue };
        let NodeKind::Split { branches, .. } = &program.nodes[usize::from(split.0)].kind else { continue };
        let at = |ix: NodeIx| &program.nodes[usize::from(ix.0)];
        let awaited = branches.iter().filter(|branch| branch.when.is_none() && !at(branch.first).beside).count();
        let to_join = matches!(node.kind, NodeKind::Task(_)) && !node.beside && node.next.values().any(|edge| edge.to == join);
        // A return or an event of the step would be a way out of what is broken here.
        let to_join = to_join && node.may_return.is_none() && node.events.is_empty();
        let outermost = at(join).region.is_none() && *split != program.start;
        if awaited >= 2 && to_join && outermost && region.contains(&ix) {
            found.push((ix, *split, join));
        }
    }
    found
}

/// Breaks a program so, at a candidate.
fn broken(program: &Program, at: (NodeIx, NodeIx, NodeIx), how: usize) -> Program {
    let (node, split, join) = at;
    let mut program = program.clone();
    let end = NodeIx(u16::try_from(program.nodes.len() - 1).unwrap());
    let entry = program.start;
    let edges = &mut program.nodes[usize::from(node.0)].next;
    match how {
        // The edge to the join is lost, and with it every way on.
        0 => edges.clear(),
        // The branch ends the case by the way.
        1 => edges.values_mut().filter(|edge| edge.to == join).for_each(|edge| *edge = Edge { to: end, cancels: None }),
        // A loop leads out of the region without cancelling it.
        2 => edges.values_mut().filter(|edge| edge.to == join).for_each(|edge| *edge = Edge { to: if split == entry { split } else { entry }, cancels: None }),
        // A loop leads back to the region's own split.
        3 => edges.values_mut().filter(|edge| edge.to == join).for_each(|edge| *edge = Edge { to: split, cancels: None }),
        // The branch goes nowhere but around itself.
        _ => edges.values_mut().for_each(|edge| *edge = Edge { to: node, cancels: None }),
    }
    program.reach = reach::reach(&program.nodes);
    program
}

#[test]
fn graphs_broken_on_purpose_are_each_found() {
    let workflows = if full() { 2_000 } else { 200 };
    let names = ["an edge to the join lost", "an end in a branch", "a loop out of a region", "a loop to its own split", "a step that goes nowhere"];
    let (mut tried, mut unfinished) = ([0; 5], 0);
    let mut kinds: BTreeMap<(usize, FlawKind), usize> = BTreeMap::new();
    for n in 0..workflows {
        for flow in flows(seed(n)) {
            let program = flow.program();
            // What may happen to the whole at any time is a way out of whatever is broken in it.
            let rescued = program.handlers.iter().any(|handler| handler.interrupting);
            if rescued || !soundness::prove(&program, STATES_MAX).is_sound() {
                continue;
            }
            for at in candidates(&program) {
                for how in 0..names.len() {
                    let program = broken(&program, at, how);
                    let proof = soundness::prove(&program, STATES_MAX);
                    let key = &program.nodes[usize::from(at.0.0)].key;
                    assert!(!proof.is_sound(), "workflow {n} (seed {:#x}): {} at `{key}` was not found", seed(n), names[how]);
                    if proof.flaws.is_empty() {
                        // Too large to be walked in every order; `check` says so instead of calling it sound.
                        unfinished += 1;
                        continue;
                    }
                    tried[how] += 1;
                    *kinds.entry((how, proof.flaws[0].kind)).or_default() += 1;
                }
            }
        }
    }
    println!(
        "broken and found: {}; past the bound {unfinished}; as {kinds:?}",
        names.iter().zip(tried).map(|(name, tried)| format!("{name} {tried}")).collect::<Vec<_>>().join(", ")
    );
    assert!(tried.iter().all(|tried| *tried >= 20 && *tried > 20 * unfinished), "{tried:?}, {unfinished} past the bound");
}
