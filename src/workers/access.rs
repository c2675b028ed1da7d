//! Answers resets of passwords that were asked for, and clears away sessions and counts that are over.
//! Invariant: what is cleared away counted for nothing any more. Never: an answer to whoever asked; they get a mail or nothing.

use crate::app::App;
use crate::app::failure::Fault;

/// One turn.
pub(super) async fn turn(app: &App) -> Result<usize, Fault> {
    app.clear_access(crate::clock::real()).await?;
    app.answer_resets().await
}
