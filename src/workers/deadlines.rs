//! Fires what is due. Each case row has one indexed moment; `Wake` fires everything due in the case and is idempotent, so no lease is needed.

use futures::StreamExt;

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::Fault;
use crate::identity::Actor;
use crate::limits::{WAKES_AT_ONCE_MAX, WAKES_PER_TURN_MAX};

/// One turn: the cases longest due first.
pub(super) async fn turn(app: &App) -> Result<usize, Fault> {
    let due = app.due_cases(WAKES_PER_TURN_MAX).await?;
    let wakes = due.into_iter().map(|(tenant, case)| {
        let order = Order { tenant, case: Some(case), actor: Actor::System, command_id: None, act: Act::Wake };
        async move {
            match app.execute(order).await {
                Ok(receipt) => usize::from(receipt.version > 0),
                Err(failure) => {
                    // The row keeps its moment: the next turn tries again, and the others are not held up.
                    tracing::error!(%case, %failure, "a case could not be woken");
                    0
                }
            }
        }
    });
    Ok(futures::stream::iter(wakes).buffer_unordered(WAKES_AT_ONCE_MAX).fold(0, |sum, done| async move { sum + done }).await)
}
