//! Tells outside systems what happened: claims messages by a lease, commits the claim, sends, records how it went.
//! Invariant: a message keeps its id at every attempt, so that a receiver can drop the copy a crash may cause.

use futures::StreamExt;

use crate::app::App;
use crate::app::failure::Fault;
use crate::channels::{SendError, Webhooks};
use crate::limits::NOTICES_AT_ONCE_MAX;
use crate::notice::Outcome;

/// One turn; answers how many were tried.
pub(super) async fn turn(app: &App, out: &Webhooks) -> Result<usize, Fault> {
    let sends = app.claim_hooks().await?.into_iter().map(|message| async move {
        let sent = match &message.url {
            Some(url) => out.send(url, (&message.id, &message.keys), &message.body).await,
            None => Err(SendError::Permanent("the subscription has ended".to_owned())),
        };
        let answer = match &sent {
            Ok(receipt) => receipt.detail.clone(),
            Err(error) => error.to_string(),
        };
        let settled = app.settle_hook(&message, Outcome::from(&sent), &answer).await;
        if let Err(fault) = &settled {
            tracing::error!(id = message.id, %fault, "a delivery to a webhook could not be recorded; its lease will end and it is tried again");
        }
        usize::from(settled.is_ok())
    });
    Ok(futures::stream::iter(sends).buffer_unordered(NOTICES_AT_ONCE_MAX).fold(0, |sum, done| async move { sum + done }).await)
}
