//! What pages say: the sentence of what will happen for every outcome of every published workflow, and a name for everything that has a key.

use std::fmt::Write as _;

use greenlane::definition::ahead::{Names, ahead, returned};
use greenlane::definition::graph::NodeKind;
use greenlane::definition::library;
use greenlane::ids::{Name, Text};
use greenlane::notice::Language;
use greenlane::web::Pages;

fn pages() -> Pages {
    Pages::embedded().unwrap_or_else(|mistakes| panic!("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

#[test]
fn every_outcome_says_what_will_happen() {
    let pages = pages();
    let office = |key: &str| Text { zh: key.to_owned(), en: key.to_owned() };
    let post = |key: &str| {
        let word = format!("post-{key}");
        Text { zh: pages.word(Language::Zh, &word), en: pages.word(Language::En, &word) }
    };
    let names = Names { office: &office, post: &post };
    let library = library::embedded().unwrap();
    let mut told = String::new();
    let roots: Vec<_> = library.bundles().map(|bundle| bundle.programs[&bundle.root].clone()).collect();
    for program in roots {
        let _ = writeln!(told, "# {}", program.name);
        for node in &program.nodes {
            let outcomes: Vec<Name> = match &node.kind {
                NodeKind::Task(rule) => rule.outcomes.clone(),
                NodeKind::Approve(_) => vec!["approved".into(), "rejected".into()],
                _ => continue,
            };
            for outcome in outcomes {
                let said = names.sentence(&ahead(&program, node, &outcome));
                let _ = writeln!(told, "{} {outcome}\n  {}\n  {}", node.key, said.zh, said.en);
                assert!(said.zh.ends_with('。') && said.en.ends_with('.'), "{} {outcome}", node.key);
            }
            for to in node.may_return.iter().flat_map(|rule| &rule.to) {
                let to = &program.nodes[usize::from(to.0)].key;
                let (target, then) = returned(&program, node, to).unwrap();
                let said = names.returned(target, then);
                let _ = writeln!(told, "{} returns to {to}\n  {}\n  {}", node.key, said.zh, said.en);
            }
        }
    }
    insta::assert_snapshot!("ahead", told);
}

#[test]
fn every_outcome_document_post_cause_and_limit_of_a_published_workflow_has_a_name() {
    let pages = pages();
    let mut missing = std::collections::BTreeSet::new();
    let mut need = |of: &str, key: &str| {
        let word = format!("{of}-{key}");
        if !pages.has_word(&word) {
            missing.insert(word);
        }
    };
    let library = library::embedded().unwrap();
    for program in library.bundles().flat_map(|bundle| bundle.programs.values()) {
        for node in &program.nodes {
            node.next.keys().for_each(|outcome| need("outcome", outcome));
            node.stops.iter().for_each(|cause| need("cause", cause));
            match &node.kind {
                NodeKind::Task(rule) => rule.outcomes.iter().for_each(|outcome| need("outcome", outcome)),
                NodeKind::Document { kind, .. } => need("document", kind),
                NodeKind::Timer { publishes: Some(kind), .. } => need("document", kind),
                NodeKind::End { result, .. } => need("outcome", result),
                _ => {}
            }
        }
        for rule in program.limits.iter().chain(program.nodes.iter().flat_map(|node| &node.terms)) {
            rule.excludes.iter().for_each(|cause| need("cause", cause));
            rule.extend.iter().for_each(|extend| need("post", &extend.approved_by));
        }
    }
    library.posts().iter().for_each(|(_, post)| need("post", post));
    assert_eq!(missing, std::collections::BTreeSet::new());
}

/// The words that the telling of events, the sheets and the names ask for stand in the source as they are asked for.
#[test]
fn every_word_a_handler_asks_for_is_there_in_both_languages() {
    let pages = pages();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/pages");
    let files = [
        "case/acts.rs",
        "case/desk.rs",
        "case/history.rs",
        "case/page.rs",
        "case/spoken.rs",
        "case/telling.rs",
        "cases.rs",
        "inbox.rs",
        "record.rs",
        "term.rs",
    ];
    let mut asked = std::collections::BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        for part in text.split('"').skip(1).step_by(2) {
            let area = ["event-", "case-", "inbox-", "cases-", "term-", "record-", "sheet-"].iter().any(|area| part.starts_with(area));
            if area && part.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !part.ends_with('-') && part != "term-reminder" {
                asked.insert(part.to_owned());
            }
        }
    }
    assert!(asked.iter().filter(|key| key.starts_with("event-")).count() > 35, "{asked:?}");
    let missing: Vec<_> = asked.into_iter().filter(|key| !pages.has_word(key)).collect();
    assert_eq!(missing, Vec::<String>::new());
}
