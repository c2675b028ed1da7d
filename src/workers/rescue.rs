//! Serves waiting lists: when an account's free balance covers the first in line, that case is told. The order is rank, then since; nobody overtakes.

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::Fault;
use crate::identity::Actor;
use crate::limits::WAITING_PER_TURN_MAX;

/// The message a waiting case hears.
pub const QUOTA_FREED: &str = "quota-freed";

/// One turn: the head of each list that can be served.
pub(super) async fn turn(app: &App) -> Result<usize, Fault> {
    let mut served = 0;
    for (tenant, case, token) in app.servable(WAITING_PER_TURN_MAX).await? {
        let act = Act::Message { name: QUOTA_FREED.into(), token: Some(token) };
        let order = Order { tenant, case: Some(case), actor: Actor::System, command_id: None, act };
        match app.execute(order).await {
            Ok(_) => served += 1,
            Err(failure) => tracing::warn!(%case, %failure, "a waiting case could not be served"),
        }
    }
    Ok(served)
}
