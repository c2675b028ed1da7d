//! Fires what is due. Each case row has one indexed moment; `Wake` fires everything due in the case and is idempotent, so no lease is needed.

use crate::app::App;
use crate::app::failure::Fault;

/// One turn: the cases longest due first.
pub(super) async fn turn(app: &App) -> Result<usize, Fault> {
    app.wake_due().await
}
