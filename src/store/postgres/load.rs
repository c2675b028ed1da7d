//! Cases as a lane takes them up. Invariant: row, snapshot and acts of a case are of one moment, because one statement reads them.
//! Never: a case at a time where a batch wants many.

use sqlx::FromRow;
use uuid::Uuid;

use super::Writer;
use crate::ids::{CaseId, Moment, Tenant};
use crate::limits::SNAPSHOT_FORMAT;
use crate::store::rows::{ActRow, SnapshotRow};
use crate::store::topics::cases::StoredCase;
use crate::store::{LoadedCase, StoreFault};

/// A case joined to one of its acts; the snapshot stands in the first row only.
#[derive(FromRow)]
struct Joined {
    #[sqlx(flatten)]
    case: StoredCase,
    snapshot_version: Option<i64>,
    format: Option<i32>,
    state: Option<Vec<u8>>,
    seq: Option<i64>,
    at: Option<i64>,
    kind: Option<String>,
    events: Option<Vec<u8>>,
    leaf: Option<Vec<u8>>,
}

const CASES: &str = "
select c.tenant, c.id, c.number, c.workflow, c.revision, c.version, c.applicant, c.rank, c.started, c.ended, c.result, c.next_wake, c.head, c.title,
  s.version as snapshot_version, s.format, case when a.seq is null or a.seq = s.version + 1 then s.state end as state,
  a.seq, a.at, a.kind, a.events, a.leaf
from cases c
left join snapshots s on s.tenant = c.tenant and s.case_id = c.id and s.format = $3
left join acts a on a.tenant = c.tenant and a.case_id = c.id and a.seq > coalesce(s.version, 0)
where c.tenant = $1 and c.id = any($2)
order by c.id, a.seq";

impl Writer {
    pub(in crate::store) async fn load_cases(&mut self, tenant: Tenant, cases: &[CaseId]) -> Result<Vec<LoadedCase>, StoreFault> {
        let ids: Vec<Uuid> = cases.iter().map(|case| case.0).collect();
        let rows: Vec<Joined> = sqlx::query_as(CASES).bind(tenant.0).bind(ids).bind(SNAPSHOT_FORMAT).fetch_all(&mut self.connection).await?;
        let mut loaded: Vec<LoadedCase> = Vec::new();
        for row in rows {
            let act = row.act();
            let (format, state) = (row.format, row.state);
            let snapshot = row.snapshot_version.and_then(|version| Some(SnapshotRow { version, format: format?, state: state? }));
            let case = row.case.row()?;
            match loaded.last_mut().filter(|last| last.row.id == case.id) {
                Some(last) => last.acts.extend(act),
                None => loaded.push(LoadedCase { row: case, snapshot, acts: act.into_iter().collect() }),
            }
        }
        Ok(loaded)
    }
}

impl Joined {
    /// `None` for a case without an act after its snapshot.
    fn act(&self) -> Option<ActRow> {
        Some(ActRow { seq: self.seq?, at: Moment(self.at?), kind: self.kind.clone()?, events: self.events.clone()?, leaf: self.leaf.clone()? })
    }
}
