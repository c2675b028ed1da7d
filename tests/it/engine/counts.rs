//! What a storm did: verbs tried and refused, refusals by code, events by name, so that a storm that never blows somewhere is seen.

use std::collections::BTreeMap;

use greenlane::engine::command::Command;
use greenlane::engine::event::Event;

/// How often each verb was tried, and how often it was refused.
#[derive(Default)]
pub struct Counts {
    verbs: BTreeMap<&'static str, (usize, usize)>,
    refusals: BTreeMap<&'static str, usize>,
    /// Events by name, so that a storm that never blows somewhere is seen.
    events: BTreeMap<String, usize>,
}

impl Counts {
    pub fn note(&mut self, verb: &'static str, refused: Option<&'static str>) {
        let count = self.verbs.entry(verb).or_default();
        count.0 += 1;
        count.1 += usize::from(refused.is_some());
        *self.refusals.entry(refused.unwrap_or("none")).or_default() += 1;
    }

    pub fn happened(&mut self, events: &[Event]) {
        for event in events {
            let kind = match event {
                Event::StepDone { deemed: Some(_), .. } => "deemed".to_owned(),
                Event::StepDone { outcome, .. } if &**outcome == "joined" => "joined".to_owned(),
                Event::TaskClosed { why, .. } => format!("task-closed {why}"),
                Event::TokenPlaced { back_to: Some(_), .. } => "token-placed to come back".to_owned(),
                Event::TermMoved { because, .. } => format!("term-moved {because}"),
                other => serde_json::to_value(other).unwrap()["t"].as_str().unwrap().to_owned(),
            };
            *self.events.entry(kind).or_default() += 1;
        }
    }

    pub fn steps(&self) -> usize {
        self.verbs.values().map(|(tried, _)| tried).sum()
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verbs: Vec<String> = self.verbs.iter().map(|(verb, (tried, refused))| format!("{verb} {tried} ({refused} refused)")).collect();
        let refusals: Vec<String> = self.refusals.iter().map(|(code, count)| format!("{code} {count}")).collect();
        let events: Vec<String> = self.events.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        write!(f, "{}\nrefusals: {}\nevents: {}", verbs.join(", "), refusals.join(", "), events.join(", "))
    }
}

/// A command's name.
pub fn verb(command: &Command) -> &'static str {
    match command {
        Command::Start { .. } => "start",
        Command::Claim { .. } => "claim",
        Command::Release { .. } => "release",
        Command::Complete { .. } => "complete",
        Command::Return { .. } => "return",
        Command::AddSigners { .. } => "add-signers",
        Command::RemoveSigner { .. } => "remove-signer",
        Command::Transfer { .. } => "transfer",
        Command::HandOverDesk { .. } => "hand-over-desk",
        Command::Delegate { .. } => "delegate",
        Command::Reply { .. } => "reply",
        Command::Recall { .. } => "recall",
        Command::CompleteInBatch { .. } => "complete-in-batch",
        Command::TakeBack { .. } => "take-back",
        Command::AskRecusal { .. } => "ask-recusal",
        Command::DecideRecusal { .. } => "decide-recusal",
        Command::Copy { .. } => "copy",
        Command::Urge { .. } => "urge",
        Command::Comment { .. } => "comment",
        Command::Extend { .. } => "extend",
        Command::StateReason { .. } => "state-reason",
        Command::Withdraw { .. } => "withdraw",
        Command::Message { .. } => "message",
        Command::Signal { .. } => "signal",
        Command::JobComplete { .. } => "job-complete",
        Command::JobFail { .. } => "job-fail",
        Command::JobError { .. } => "job-error",
        Command::JobRetry { .. } => "job-retry",
        Command::Wake => "wake",
        Command::Recompute => "recompute",
        Command::NoticeSettled { .. } => "notice-settled",
        Command::NoticeReturned { .. } => "notice-returned",
        Command::NoticeResent { .. } => "notice-resent",
        Command::Migrate { .. } => "migrate",
        Command::Record { .. } => "record",
    }
}
