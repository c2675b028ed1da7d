//! Finishes what follows a calendar put in force by a node that died, and goes once more over the open cases a little later; writes the limits of cases
//! that were running before lists kept them.
//! Invariant: finishing is one act under the version's own command id. Never: a calendar put in force here.

use crate::app::App;
use crate::app::failure::Fault;

/// One turn.
pub(super) async fn turn(app: &App) -> Result<usize, Fault> {
    Ok(app.finish_calendars().await? + app.fill_terms().await?)
}
