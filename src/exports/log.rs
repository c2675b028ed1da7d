//! The audit log as a file of JSON lines: everything a verifier needs, ours or somebody else's (`tests/verify.py` is one), without the database.
//! Invariant: leaves and events stand in it as the text that was hashed; a line is never put into another spelling.
//! Never: a body; its commitment is in the events.

use std::borrow::Cow;
use std::fmt;
use std::mem;

use serde::{Deserialize, Serialize};

use crate::audit::verify::{ActRow, Acts, CaseRow, CheckpointRow, Checkpoints, Entries, EntryOf, EntryRow, Report, Trust};
use crate::ids::{CaseId, Digest, Moment, Tenant};

/// The format written here.
const FORMAT: u32 = 1;

/// One line. A file has them in the order of the variants, each case followed by its acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Line<'a> {
    /// The first line.
    Log {
        /// The format.
        format: u32,
        /// The log's keys as the exporter knows them; a verifier uses those it was given elsewhere.
        keys: Vec<String>,
    },
    /// A checkpoint, in order of size.
    Checkpoint {
        /// The size.
        size: u64,
        /// The stored moment.
        at: Moment,
        /// The signed note.
        #[serde(borrow)]
        note: Cow<'a, str>,
    },
    /// A case.
    Case {
        /// Its tenant.
        tenant: Tenant,
        /// Its id.
        case: CaseId,
        /// How many acts it has.
        version: u64,
        /// The digest of its newest leaf.
        head: Digest,
    },
    /// An act of the case.
    Act {
        /// Its case.
        case: CaseId,
        /// Its place in the case.
        seq: u64,
        /// The stored kind.
        #[serde(borrow)]
        kind: Cow<'a, str>,
        /// The stored moment.
        at: Moment,
        /// The events, as hashed.
        #[serde(borrow)]
        events: Cow<'a, str>,
        /// The leaf, as hashed.
        #[serde(borrow)]
        leaf: Cow<'a, str>,
        /// Its index in the log; none while it waits to be sealed.
        index: Option<u64>,
        /// The leaf hash the log has there.
        logged: Option<Digest>,
        /// It waits to be sealed.
        pending: bool,
    },
    /// An entry of the log, in order of index.
    Entry {
        /// Its index.
        index: u64,
        /// Its case.
        case: CaseId,
        /// Its act.
        seq: u64,
        /// Its leaf hash.
        leaf: Digest,
    },
}

impl<'a> Line<'a> {
    /// The first line of a file.
    #[must_use]
    pub const fn first(keys: Vec<String>) -> Self {
        Self::Log { format: FORMAT, keys }
    }

    /// The line of a stored act.
    #[must_use]
    pub fn act(row: &ActRow<'a>) -> Self {
        let ActRow { case, seq, kind, at, events, leaf, entry, pending } = *row;
        Self::Act {
            case,
            seq,
            kind: Cow::Borrowed(kind),
            at,
            // Bytes that are no text are no honest act; written otherwise they do not hash as before, and the verifier names the act.
            events: String::from_utf8_lossy(events),
            leaf: String::from_utf8_lossy(leaf),
            index: entry.map(|entry| entry.index),
            logged: entry.map(|entry| entry.leaf),
            pending,
        }
    }
}

impl fmt::Display for Line<'_> {
    /// The line without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// Why a file is no exported log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// The line, from 1.
    pub line: usize,
    /// What was expected, in Chinese.
    pub zh: String,
    /// What was expected, in English.
    pub en: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.en)
    }
}

impl std::error::Error for LineError {}

/// Walks an exported log as `audit verify` walks the database.
#[derive(Debug)]
pub struct FileWalk {
    phase: Phase,
    line: usize,
}

#[derive(Debug)]
enum Phase {
    Nothing(Trust),
    Checkpoints(Checkpoints),
    Acts(Acts),
    Entries(Entries),
    /// Only between two phases, while one is turned into the next.
    Turning,
}

impl FileWalk {
    /// Begins a walk.
    #[must_use]
    pub const fn begin(trust: Trust) -> Self {
        Self { phase: Phase::Nothing(trust), line: 0 }
    }

    /// Takes the next line of the file.
    ///
    /// # Errors
    /// Names a line that is none of the format or stands out of order.
    pub fn line(&mut self, text: &str) -> Result<(), LineError> {
        self.line += 1;
        let line: Line<'_> =
            serde_json::from_str(text).map_err(|error| self.wrong(&format!("不是导出日志的一行：{error}"), &format!("not a line of a log: {error}")))?;
        self.turn(&line);
        match (&mut self.phase, line) {
            (Phase::Checkpoints(_), Line::Log { format: FORMAT, keys: _ }) if self.line == 1 => (),
            (Phase::Checkpoints(walk), Line::Checkpoint { size, at, note }) => walk.checkpoint(&CheckpointRow { size, at, note: note.as_bytes() }),
            (Phase::Acts(walk), Line::Case { tenant, case, version, head }) => walk.case(&CaseRow { tenant, case, version, head }),
            (Phase::Acts(walk), Line::Act { case, seq, kind, at, events, leaf, index, logged, pending }) => {
                let entry = index.zip(logged).map(|(index, leaf)| EntryOf { index, leaf });
                walk.act(&ActRow { case, seq, kind: &kind, at, events: events.as_bytes(), leaf: leaf.as_bytes(), entry, pending });
            }
            (Phase::Entries(walk), Line::Entry { index, case, seq, leaf }) => walk.entry(&EntryRow { index, case, seq, leaf }),
            (Phase::Nothing(_) | Phase::Checkpoints(_) | Phase::Acts(_) | Phase::Entries(_) | Phase::Turning, _) => {
                let en = "expected a first line of format 1, then checkpoints, then cases with their acts, then entries";
                return Err(self.wrong("应为格式 1 的首行，其后依次为检查点、案件及其步骤、日志条目", en));
            }
        }
        Ok(())
    }

    /// Ends the phase before the one `line` belongs to.
    fn turn(&mut self, line: &Line<'_>) {
        self.phase = match (mem::replace(&mut self.phase, Phase::Turning), line) {
            (Phase::Nothing(trust), Line::Log { .. }) => Phase::Checkpoints(Checkpoints::begin(trust)),
            (Phase::Checkpoints(walk), Line::Case { .. } | Line::Act { .. }) => Phase::Acts(walk.acts()),
            (Phase::Checkpoints(walk), Line::Entry { .. }) => Phase::Entries(walk.acts().entries()),
            (Phase::Acts(walk), Line::Entry { .. }) => Phase::Entries(walk.entries()),
            (phase, Line::Log { .. } | Line::Checkpoint { .. } | Line::Case { .. } | Line::Act { .. } | Line::Entry { .. }) => phase,
        };
    }

    fn wrong(&self, zh: &str, en: &str) -> LineError {
        LineError { line: self.line, zh: zh.to_owned(), en: en.to_owned() }
    }

    /// What the walk found.
    ///
    /// # Errors
    /// The file had no first line.
    pub fn finish(self) -> Result<Report, LineError> {
        let entries = match self.phase {
            Phase::Checkpoints(walk) => walk.acts().entries(),
            Phase::Acts(walk) => walk.entries(),
            Phase::Entries(walk) => walk,
            Phase::Nothing(_) | Phase::Turning => {
                return Err(LineError {
                    line: 1,
                    zh: "应为导出日志的首行，文件为空".to_owned(),
                    en: "expected the first line of a log, found none".to_owned(),
                });
            }
        };
        Ok(entries.tiles().finish_without_tiles())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust() -> Trust {
        Trust { keys: Vec::new(), outside: Vec::new(), findings_max: 10, lag_ms_max: None }
    }

    #[test]
    fn a_line_reads_back_as_itself() {
        let first = Line::first(vec!["ezhou.example+00000000+AQ==".to_owned()]);
        assert_eq!(first.to_string(), r#"{"t":"log","format":1,"keys":["ezhou.example+00000000+AQ=="]}"#);
        let row = ActRow {
            case: CaseId(uuid::Uuid::nil()),
            seq: 1,
            kind: "start",
            at: Moment(5),
            events: "[{\"t\":\"鄂州\"}]".as_bytes(),
            leaf: b"{}",
            entry: Some(EntryOf { index: 3, leaf: Digest([0; 32]) }),
            pending: false,
        };
        let text = Line::act(&row).to_string();
        assert_eq!(serde_json::from_str::<Line<'_>>(&text).unwrap(), Line::act(&row));
    }

    #[test]
    fn a_file_that_is_no_log_is_refused_with_the_line() {
        assert_eq!(FileWalk::begin(trust()).finish().unwrap_err().to_string(), "line 1: expected the first line of a log, found none");
        let mut walk = FileWalk::begin(trust());
        assert!(walk.line("{").unwrap_err().to_string().starts_with("line 1: not a line of a log"));
        let entry = Line::Entry { index: 0, case: CaseId(uuid::Uuid::nil()), seq: 1, leaf: Digest([0; 32]) }.to_string();
        let mut walk = FileWalk::begin(trust());
        assert!(walk.line(&entry).unwrap_err().en.starts_with("expected a first line"));
        let mut walk = FileWalk::begin(trust());
        assert!(walk.line(&Line::Log { format: 2, keys: Vec::new() }.to_string()).is_err());
        let mut walk = FileWalk::begin(trust());
        walk.line(&Line::first(Vec::new()).to_string()).unwrap();
        walk.line(&entry).unwrap();
        let late = Line::Checkpoint { size: 0, at: Moment(0), note: Cow::Borrowed("") }.to_string();
        assert_eq!(walk.line(&late).unwrap_err().line, 3);
        assert_eq!(walk.finish().unwrap().findings[0].code(), "entry_without_act");
    }
}
