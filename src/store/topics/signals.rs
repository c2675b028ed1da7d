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
}

impl Store {
    /// Signals on their way, the oldest first, over all tenants.
    pub async fn signals(&self, limit: u32) -> Result<Vec<SignalRow>, StoreFault> {
        let text = "select tenant, receiver, sender, seq, place, signal, at from signals order by at, sender, seq, place, receiver limit $1";
        let mut connection = self.everywhere().await?;
        let found: Vec<Stored> = on_both!(&mut connection, c => sqlx::query_as(text).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        let row = |row: Stored| SignalRow {
            tenant: Tenant(row.tenant),
            receiver: CaseId(row.receiver),
            sender: CaseId(row.sender),
            seq: row.seq,
            place: row.place,
            signal: row.signal,
            at: Moment(row.at),
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
}
