//! Delivers signals of one case to the others that listened. The command's id follows from the signal and its receiver, so no lease is needed.

use crate::app::App;
use crate::app::failure::Fault;

/// One turn: the oldest first.
pub(super) async fn turn(app: &App) -> Result<usize, Fault> {
    app.deliver_signals().await
}
