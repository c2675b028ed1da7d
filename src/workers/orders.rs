//! Opens supervision orders that passed dates drafted. The order's id and its command's follow from the date that passed, so no lease is needed.

use crate::app::App;
use crate::app::failure::Fault;

/// One turn: the oldest first.
pub(super) async fn turn(app: &App) -> Result<usize, Fault> {
    app.open_orders().await
}
