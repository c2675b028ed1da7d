//! The whole log as a file for strangers: cut at the newest checkpoint, so that it verifies by itself while people go on working.
//! Invariant: what is newer than the checkpoint it is cut at stands in it as waiting or not at all. Never: a body.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};

use serde_json::json;

use crate::app::App;
use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::inspect::{self, Pages};
use crate::app::ledger::Written;
use crate::app::sealing::unsigned;
use crate::audit::verify::{ActRow, EntryOf};
use crate::engine::refusal::Class;
use crate::exports::log::Line;
use crate::identity::Actor;
use crate::ids::{Digest, Tenant};
use crate::limits::WALK_PAGE_ROWS;
use crate::store::rows::CaseRow;
use crate::store::{Store, StoreFault};

fn reading(cause: StoreFault) -> Fault {
    Fault::new("writing the log", cause)
}

fn writing(cause: std::io::Error) -> Fault {
    Fault::new("writing the log to a temporary file", cause)
}

impl App {
    /// Writes the log and puts it on the record who takes it out.
    ///
    /// # Errors
    /// `no_checkpoint` while nothing is sealed, or a fault.
    pub async fn export_log(&self, tenant: Tenant, actor: Actor) -> Result<Written, Failure> {
        let written = write(self.store()).await?;
        let details = json!({"form": "jsonl", "rows": written.rows, "log_size": written.rows, "last_row": written.head});
        self.record(tenant, actor, "log-exported", details, RegisterRows::default()).await?;
        Ok(written)
    }
}

/// A file while lines are added.
struct Lines {
    file: BufWriter<File>,
}

impl Lines {
    fn put(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        writeln!(self.file, "{line}").map_err(writing)
    }
}

/// Writes the log up to its newest checkpoint into a temporary file. Its rows are the entries; its head is the root that the checkpoint signs.
///
/// # Errors
/// `no_checkpoint`, or a fault.
pub async fn write(store: &Store) -> Result<Written, Failure> {
    let Some(newest) = store.checkpoint().await.map_err(reading)? else {
        let (zh, en) = ("日志尚未封存，还没有可以导出的内容。", "cannot export the log: it has not been sealed yet");
        return Err(refusal("no_checkpoint", Class::NotFound, zh, en).into());
    };
    let keys: Vec<String> = inspect::keys(store).await?.iter().map(ToString::to_string).collect();
    let mut lines = Lines { file: BufWriter::new(tempfile::tempfile().map_err(writing)?) };
    lines.put(&Line::first(keys))?;
    checkpoints(store, newest.size, &mut lines).await?;
    let mut place = None;
    loop {
        let cases = store.walk_cases(place, WALK_PAGE_ROWS).await.map_err(reading)?;
        let (Some(first), Some(last)) = (cases.first(), cases.last()) else { break };
        place = Some((last.tenant, last.id));
        let mut pages = Pages::between((first.tenant, first.id), (last.tenant, last.id));
        for row in &cases {
            acts(store, row, &mut pages, (newest.size, &mut lines)).await?;
        }
    }
    entries(store, newest.size, &mut lines).await?;
    let mut file = lines.file.into_inner().map_err(|cause| writing(cause.into_error()))?;
    let bytes = file.stream_position().map_err(writing)?;
    file.rewind().map_err(writing)?;
    Ok(Written { file, bytes, rows: unsigned(newest.size), head: Digest::of(newest.note.as_bytes()) })
}

async fn checkpoints(store: &Store, size: i64, lines: &mut Lines) -> Result<(), Fault> {
    let mut after = -1;
    loop {
        let rows = store.checkpoints(after, WALK_PAGE_ROWS).await.map_err(reading)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.size;
        for row in rows.iter().filter(|row| row.size <= size) {
            lines.put(&Line::Checkpoint { size: unsigned(row.size), at: row.at, note: row.note.as_str().into() })?;
        }
    }
}

/// A case with its acts; one that is sealed beyond the checkpoint still waits as far as this file goes.
async fn acts(store: &Store, row: &CaseRow, pages: &mut Pages, (size, lines): (i64, &mut Lines)) -> Result<(), Fault> {
    lines.put(&Line::Case { tenant: row.tenant, case: row.id, version: unsigned(row.version), head: row.head })?;
    while let Some(walked) = pages.next(store, (row.tenant, row.id)).await? {
        if walked.act.seq <= row.version {
            let entry = walked.entry.filter(|(index, _)| *index < size).map(|(index, leaf)| EntryOf { index: unsigned(index), leaf });
            lines.put(&Line::act(&ActRow {
                case: row.id,
                seq: unsigned(walked.act.seq),
                kind: &walked.act.kind,
                at: walked.act.at,
                events: &walked.act.events,
                leaf: &walked.act.leaf,
                pending: entry.is_none(),
                entry,
            }))?;
        }
    }
    Ok(())
}

async fn entries(store: &Store, size: i64, lines: &mut Lines) -> Result<(), Fault> {
    let mut next = 0;
    while next < size {
        let rows = store.log_entries(next, WALK_PAGE_ROWS).await.map_err(reading)?;
        let Some(last) = rows.last() else { return Ok(()) };
        next = last.index + 1;
        for row in rows.iter().filter(|row| row.index < size) {
            lines.put(&Line::Entry { index: unsigned(row.index), case: row.case, seq: unsigned(row.seq), leaf: row.hash })?;
        }
    }
    Ok(())
}
