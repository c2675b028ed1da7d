//! Seals the log: gives every new leaf its index, extends the tree and signs a checkpoint.

use crate::app::App;
use crate::app::failure::Fault;

/// One turn: one batch of leaves, one checkpoint.
pub(super) async fn turn(app: &App) -> Result<usize, Fault> {
    app.seal().await
}
