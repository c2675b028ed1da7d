//! From stored rows back to a state: the newest readable snapshot, then every act after it.
//! Invariant: replay decides nothing; it only folds.

use std::sync::Arc;

use super::writer::Working;
use crate::engine;
use crate::engine::case::Case;
use crate::engine::event::Event;
use crate::ids::Moment;
use crate::store::rows::ActRow;
use crate::store::{LoadedCase, rows::SnapshotRow};

/// The working copy of a loaded case.
///
/// # Errors
/// A sentence naming the act that cannot be read or folded.
pub fn working(loaded: LoadedCase) -> Result<Working, String> {
    let state = state(loaded.snapshot.as_ref(), &loaded.acts)?;
    let folded = i64::try_from(state.seq).unwrap_or(i64::MAX);
    if folded != loaded.row.version {
        return Err(format!("expected {} acts, found {folded}", loaded.row.version));
    }
    let at = loaded.acts.last().map_or(Moment(i64::MIN), |act| act.at);
    Ok(Working { state: Arc::new(state), row: loaded.row, at })
}

/// The state after the acts.
///
/// # Errors
/// A sentence naming the act that cannot be read or folded.
pub fn state(snapshot: Option<&SnapshotRow>, acts: &[ActRow]) -> Result<Case, String> {
    let mut state: Option<Case> = match snapshot {
        Some(row) => Some(serde_json::from_slice(&row.state).map_err(|cause| format!("snapshot {}: {cause}", row.version))?),
        None => None,
    };
    for act in acts {
        let events: Vec<Event> = serde_json::from_slice(&act.events).map_err(|cause| format!("act {}: {cause}", act.seq))?;
        state = engine::fold_act(state, &events);
    }
    state.ok_or_else(|| "the case has no acts".to_owned())
}
