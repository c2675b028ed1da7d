//! Keeps the delivery receipts that come over a channel's own connection (SMPP); a gateway's come to our door over HTTP.
//! Invariant: a receipt is answered after it was kept. Never: a receipt dropped because it was quicker than the record of its message.

use crate::app::App;
use crate::app::failure::Fault;
use crate::channels::Kept;
use crate::clock;
use crate::limits::{RECEIPT_WAIT_MS, RECEIPTS_PER_TURN_MAX};
use crate::workers::deliver::Mailroom;

/// One turn; answers how many were kept.
pub(super) async fn turn(app: &App, mailroom: &Mailroom) -> Result<usize, Fault> {
    let (mut kept, now) = (0, clock::real());
    for mut report in mailroom.sms.reports(RECEIPTS_PER_TURN_MAX).await {
        if app.keep_report(&report.id, report.delivered, &report.words).await? {
            kept += 1;
            report.answer(Kept::Yes);
        } else if now.0 - report.missed.get_or_insert(now).0 < RECEIPT_WAIT_MS {
            mailroom.sms.keep_waiting(report);
        } else {
            report.answer(Kept::Unknown);
        }
    }
    Ok(kept)
}
