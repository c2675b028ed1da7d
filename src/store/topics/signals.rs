//! Signals given to every case that a listening case has not heard yet.
//! Invariant: a row was made in the commit that gave the signal, for a case that listened then. Never: a lease; whoever delivers one does so under the same command id.

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{CaseId, Moment, Tenant};
use crate::store::dialect::on_both;
use crate::store::{Store, StoreFault};

/// A signal on its way to one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalRow {
    /// The tenant.
    pub tenant: Tenant,
    /// The case that shall hear it.
    pub receiver: CaseId,
    /// The case that gave it.
    pub sender: CaseId,
    /// The act that gave it.
    pub seq: i64,
    /// Its place among the signals of that commit.
    pub place: i64,
    /// Its name.
    pub signal: String,
    /// When.
    pub at: Moment,
    /// How often the case refused it.
    pub tries: i64,
}

#[derive(FromRow)]
struct Stored {
    tenant: i32,
    receiver: Uuid,
    sender: Uuid,
    seq: i64,
    place: i64,
    signal: String,
    at: i64,
    tries: i64,
}

impl Store {
    /// Signals on their way whose turn it is, over all tenants: those nobody has refused first, of these the oldest.
    pub async fn signals(&self, now: Moment, limit: u32) -> Result<Vec<SignalRow>, StoreFault> {
        let text = "select tenant, receiver, sender, seq, place, signal, at, tries from signals where next_try <= $1
            order by next_try, at, sender, seq, place, receiver limit $2";
        let mut connection = self.everywhere().await?;
        let found: Vec<Stored> = on_both!(&mut connection, c => sqlx::query_as(text).bind(now.0).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        let row = |row: Stored| SignalRow {
            tenant: Tenant(row.tenant),
            receiver: CaseId(row.receiver),
            sender: CaseId(row.sender),
            seq: row.seq,
            place: row.place,
            signal: row.signal,
            at: Moment(row.at),
            tries: row.tries,
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// The signal was delivered; one that another node delivered first is gone already.
    pub async fn signal_delivered(&self, row: &SignalRow) -> Result<(), StoreFault> {
        let text = "delete from signals where tenant = $1 and receiver = $2 and sender = $3 and seq = $4 and place = $5";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query(text).bind(row.tenant.0).bind(row.receiver.0).bind(row.sender.0).bind(row.seq).bind(row.place).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// The case refused it: it is asked again at `next_try`.
    pub async fn signal_refused(&self, row: &SignalRow, next_try: Moment) -> Result<(), StoreFault> {
        let text = "update signals set next_try = $6, tries = tries + 1 where tenant = $1 and receiver = $2 and sender = $3 and seq = $4 and place = $5";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            let update = sqlx::query(text).bind(row.tenant.0).bind(row.receiver.0).bind(row.sender.0).bind(row.seq).bind(row.place);
            update.bind(next_try.0).execute(&mut **c).await?;
        });
        connection.finish().await
    }
}
