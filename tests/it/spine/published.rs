//! Publishing through the application: what changes is said first, the same again is nothing, and a callee is not taken from under its published callers.

use std::collections::BTreeMap;

use greenlane::app::failure::Failure;
use greenlane::app::publish::{Publication, PublishReport};
use greenlane::identity::Actor;

use super::node::{Node, Where, on_both};

const OUTER: &str = "workflow: outer
title: {zh: 外层, en: Outer}
nature: service
basis: [测试用]
people:
  handler: {office: ez-fgw, post: handler}
steps:
  ask:
    title: {zh: 征求意见, en: Ask}
    call: {workflow: inner, with: {year: case.year}, returns: {answer: look.outcome}}
    next: {passed: granted, failed: refused}
  granted: {title: {zh: 准予, en: Granted}, end: granted}
  refused: {title: {zh: 不予, en: Refused}, end: refused}
";

const INNER: &str = "workflow: inner
title: {zh: 里层, en: Inner}
nature: service
basis: [测试用]
people:
  handler: {office: ez-fgw, post: handler}
steps:
  look:
    title: {zh: 审查, en: Look}
    task: {by: handler, outcomes: [good, bad]}
    within: 2 working days
    next: {good: passed, bad: failed}
  passed: {title: {zh: 通过, en: Passed}, end: passed}
  failed: {title: {zh: 不通过, en: Failed}, end: failed}
";

async fn publish(node: &Node, files: &[(&str, &str)], only: &[&str], dry_run: bool) -> Result<Vec<PublishReport>, Failure> {
    let files: BTreeMap<String, String> = files.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    let workflows = only.iter().map(|name| (*name).to_owned()).collect();
    node.app.publish_workflows(node.tenant, &Actor::Operator("test".to_owned()), &Publication { files, workflows, dry_run }).await
}

fn refused(told: Result<Vec<PublishReport>, Failure>) -> (&'static str, Vec<(String, String)>) {
    match told {
        Err(Failure::Refused(refusal)) => (refusal.code, refusal.details.into_iter().map(|detail| (detail.code, detail.en)).collect()),
        other => panic!("expected a refusal, found {other:?}"),
    }
}

fn shown(reports: &[PublishReport]) -> Vec<(&str, bool, Vec<&str>)> {
    reports.iter().map(|report| (report.workflow.as_str(), report.published, report.changes.iter().map(|text| text.en.as_str()).collect())).collect()
}

#[test]
fn a_change_is_said_before_it_is_published_and_the_same_again_is_nothing() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let files = [("outer.yaml", OUTER), ("inner.yaml", INNER)];
        let first = publish(&node, &files, &[], false).await.unwrap();
        assert_eq!(shown(&first), [("inner", true, vec![]), ("outer", true, vec![])]);
        assert!(first.iter().all(|report| report.before.is_none()));
        let same = publish(&node, &files, &[], false).await.unwrap();
        assert_eq!(shown(&same), [("inner", false, vec![]), ("outer", false, vec![])]);
        let version = node.app.known(node.tenant).await.unwrap().version;

        let longer = INNER.replace("within: 2", "within: 4");
        let files = [("outer.yaml", OUTER), ("inner.yaml", longer.as_str())];
        let line = "inner.yaml: steps · step look “Look” · within: 2 working days -> 4 working days";
        let told = publish(&node, &files, &[], true).await.unwrap();
        assert_eq!(shown(&told), [("inner", false, vec![line]), ("outer", false, vec![line])], "the caller changes with what it calls");
        assert_eq!(node.app.known(node.tenant).await.unwrap().version, version, "nothing is written");
        let done = publish(&node, &files, &[], false).await.unwrap();
        assert_eq!(shown(&done), [("inner", true, vec![line]), ("outer", true, vec![line])]);
        assert_eq!(done[0].before.as_deref(), Some(first[0].revision.as_str()));
        node.holds().await;
    });
}

#[test]
fn a_callee_that_no_longer_gives_what_a_published_caller_reads_is_refused_with_each_place() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        publish(&node, &[("outer.yaml", OUTER), ("inner.yaml", INNER)], &[], false).await.unwrap();
        let current = async |name: &str| node.app.known(node.tenant).await.unwrap().current[name];
        let before = current("inner").await;
        // Another result, and a step of another name.
        let other = INNER.replace("bad: failed}", "bad: broken}").replace("failed: {title", "broken: {title").replace("end: failed", "end: broken");
        let renamed = INNER.replace("  look:", "  study:");
        for (text, codes) in [(&other, vec!["GL011", "GL012"]), (&renamed, vec!["GL016"])] {
            let (code, details) = refused(publish(&node, &[("inner.yaml", text.as_str())], &[], false).await);
            let mut told: Vec<&str> = details.iter().map(|(code, _)| code.as_str()).collect();
            told.sort_unstable();
            assert_eq!((code, told), ("workflow_unfit", codes), "{details:?}");
            assert!(details.iter().all(|(_, en)| en.starts_with("the published workflow `outer` calls it and would no longer fit: ")), "{details:?}");
            let dry = publish(&node, &[("inner.yaml", text.as_str())], &[], true).await.unwrap();
            assert_eq!(dry[0].obstacles.len(), details.len(), "a comparison says the same");
            assert!(!dry[0].changes.is_empty());
            assert_eq!(current("inner").await, before);
        }
        // With its caller changed beside it, it is published.
        let outer = OUTER.replace("failed: refused", "broken: refused");
        let done = publish(&node, &[("outer.yaml", outer.as_str()), ("inner.yaml", other.as_str())], &[], false).await.unwrap();
        assert!(done.iter().all(|report| report.published));
        // What the caller does not read may change by itself.
        let longer = other.replace("within: 2", "within: 3");
        assert!(publish(&node, &[("inner.yaml", longer.as_str())], &[], false).await.unwrap()[0].published);
    });
}

#[test]
fn a_reminder_that_says_what_nobody_can_word_is_refused_with_its_place() {
    on_both(async |place: Where| {
        let node = Node::open(place).await;
        let text = INNER.replace("    within: 2 working days\n", "    within: 2 working days\n    remind: [{at: due, say: o.yelow, to: assignee}]\n");
        let (code, details) = refused(publish(&node, &[("inner.yaml", text.as_str())], &[], false).await);
        assert_eq!((code, details.len(), details[0].0.as_str()), ("workflow_unfit", 1, "GL063"), "{details:?}");
    });
}
