//! What must hold of every notice when the trouble is over.

use std::collections::BTreeMap;

use greenlane::app::App;
use greenlane::app::outbox::NoticeLine;
use greenlane::app::view;
use greenlane::engine::event::Event;
use greenlane::ids::{CaseId, Tenant};

/// The notices of these cases by `channel`, each over, and by exactly one event of its case; one that was sent has exactly one attempt on record as taken, its last.
pub async fn recorded_once(app: &App, tenant: Tenant, cases: &[CaseId], channel: &str) -> BTreeMap<String, NoticeLine> {
    let mut found = BTreeMap::new();
    for case in cases {
        let acts = view::acts(app.store(), tenant, *case, i64::MAX).await.unwrap();
        let mut settled: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
        for event in acts.iter().flat_map(|act| &act.events) {
            if let Event::NoticeSettled { key, sent, .. } = event {
                settled.entry(key).or_default().push(*sent);
            }
        }
        for line in app.notices(tenant, *case).await.unwrap().into_iter().filter(|line| line.channel == channel) {
            let events = settled.get(line.key.as_str()).map(Vec::as_slice).unwrap_or_default();
            assert!(line.sent.is_some(), "lost, or still on its way: {line:?}");
            assert_eq!(events, [line.sent == Some(true)], "recorded in its case: {line:?}");
            let taken: Vec<bool> = line.attempts.iter().map(|attempt| attempt.sent).collect();
            let (last, earlier) = taken.split_last().unwrap_or_else(|| panic!("over without an attempt: {line:?}"));
            assert!(*last == (line.sent == Some(true)) && !earlier.contains(&true), "taken once and for all: {line:?}");
            assert!(found.insert(line.key.clone(), line).is_none(), "one key, two cases");
        }
    }
    found
}

/// How often each id was taken.
pub fn copies(ids: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut copies = BTreeMap::new();
    for id in ids {
        *copies.entry(id).or_default() += 1;
    }
    copies
}

/// The key of a Message-ID.
pub fn key_of(message_id: &str) -> String {
    message_id.trim_start_matches('<').split('@').next().unwrap_or_default().to_owned()
}
