//! Cases as lists, details and the timers' worker read them. Invariant: newest first by id, which is ordered by time, so that a page is a range of the key.

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{CaseId, Digest, Moment, PersonId, Tenant};
use crate::store::dialect::on_both;
use crate::store::rows::{ActRow, CaseRow};
use crate::store::{Store, StoreFault};

/// Which cases a list shows; every part left out shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Of this applicant.
    pub applicant: Option<PersonId>,
    /// Whose number holds this text.
    pub number: Option<String>,
    /// Only running (`Some(true)`) or only ended ones.
    pub running: Option<bool>,
    /// Before this case: the last one of the page before.
    pub before: Option<CaseId>,
}

/// An act with its place, as the case's page and the ledger show it.
pub type ActView = ActRow;

/// A document with its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentView {
    /// The case.
    pub case: CaseId,
    /// The act.
    pub seq: i64,
    /// The scope's number.
    pub scope_number: Option<String>,
    /// Its kind.
    pub kind: String,
    /// Its number.
    pub number: Option<String>,
    /// When.
    pub at: Moment,
}

/// A case's row as stored.
#[derive(FromRow)]
pub(in crate::store) struct StoredCase {
    tenant: i32,
    id: Uuid,
    number: Option<String>,
    workflow: String,
    revision: Vec<u8>,
    version: i64,
    applicant: Uuid,
    rank: i16,
    started: i64,
    ended: Option<i64>,
    result: Option<String>,
    next_wake: Option<i64>,
    head: Vec<u8>,
    title: Option<String>,
}

/// A digest as stored.
pub(in crate::store) fn digest(table: &'static str, bytes: &[u8]) -> Result<Digest, StoreFault> {
    <[u8; 32]>::try_from(bytes).map(Digest).map_err(|_| StoreFault::Broken { table, why: format!("expected a digest of 32 bytes, found {}", bytes.len()) })
}

impl StoredCase {
    pub(in crate::store) fn row(self) -> Result<CaseRow, StoreFault> {
        Ok(CaseRow {
            tenant: Tenant(self.tenant),
            id: CaseId(self.id),
            number: self.number,
            workflow: self.workflow,
            revision: digest("cases", &self.revision)?,
            version: self.version,
            applicant: PersonId(self.applicant),
            rank: self.rank,
            started: Moment(self.started),
            ended: self.ended.map(Moment),
            result: self.result,
            next_wake: self.next_wake.map(Moment),
            head: digest("cases", &self.head)?,
            title: self.title,
        })
    }
}

#[derive(FromRow)]
struct StoredAct {
    seq: i64,
    at: i64,
    kind: String,
    events: Vec<u8>,
    leaf: Vec<u8>,
}

impl From<StoredAct> for ActRow {
    fn from(act: StoredAct) -> Self {
        Self { seq: act.seq, at: Moment(act.at), kind: act.kind, events: act.events, leaf: act.leaf }
    }
}

#[derive(FromRow)]
struct StoredDocument {
    case_id: Uuid,
    seq: i64,
    scope_number: Option<String>,
    kind: String,
    number: Option<String>,
    at: i64,
}

impl StoredDocument {
    fn view(self) -> DocumentView {
        DocumentView { case: CaseId(self.case_id), seq: self.seq, scope_number: self.scope_number, kind: self.kind, number: self.number, at: Moment(self.at) }
    }
}

const NO_CASE_AFTER: Uuid = Uuid::max();

impl Store {
    /// One case's row.
    pub async fn case(&self, tenant: Tenant, case: CaseId) -> Result<Option<CaseRow>, StoreFault> {
        let text = "select * from cases where tenant = $1 and id = $2";
        let mut connection = self.reader(tenant).await?;
        let found: Option<StoredCase> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).fetch_optional(&mut **c).await?);
        found.map(StoredCase::row).transpose()
    }

    /// One case's row by the number people use.
    pub async fn case_by_number(&self, tenant: Tenant, number: &str) -> Result<Option<CaseRow>, StoreFault> {
        let text = "select * from cases where tenant = $1 and number = $2";
        let mut connection = self.reader(tenant).await?;
        let found: Option<StoredCase> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(number).fetch_optional(&mut **c).await?);
        found.map(StoredCase::row).transpose()
    }

    /// Cases of exactly that name, newest first.
    pub async fn cases_titled(&self, tenant: Tenant, title: &str, limit: u32) -> Result<Vec<CaseRow>, StoreFault> {
        let text = "select * from cases where tenant = $1 and title = $2 order by id desc limit $3";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredCase> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(title).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        found.into_iter().map(StoredCase::row).collect()
    }

    /// A page of cases, newest first.
    pub async fn cases(&self, tenant: Tenant, filter: &CaseFilter, limit: u32) -> Result<Vec<CaseRow>, StoreFault> {
        // The applicant's page has an index of its own, so it is a text of its own.
        let text = if filter.applicant.is_some() {
            "select * from cases where tenant = $1 and id < $2 and applicant = $3 and ($4 is null or workflow = $4)
               and ($5 is null or number like '%' || $5 || '%' escape '!') and ($6 is null or (ended is null) = ($6 = 1)) order by id desc limit $7"
        } else {
            "select * from cases where tenant = $1 and id < $2 and $3 is null and ($4 is null or workflow = $4)
               and ($5 is null or number like '%' || $5 || '%' escape '!') and ($6 is null or (ended is null) = ($6 = 1)) order by id desc limit $7"
        };
        let before = filter.before.map_or(NO_CASE_AFTER, |case| case.0);
        let applicant = filter.applicant.map(|person| person.0);
        let number = filter.number.as_deref().map(escaped);
        let running = filter.running.map(i32::from);
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredCase> = on_both!(&mut connection, c => sqlx::query_as(text)
            .bind(tenant.0)
            .bind(before)
            .bind(applicant)
            .bind(&filter.workflow)
            .bind(&number)
            .bind(running)
            .bind(i64::from(limit))
            .fetch_all(&mut **c)
            .await?);
        found.into_iter().map(StoredCase::row).collect()
    }

    /// How many cases a person applied for.
    pub async fn count_of_applicant(&self, tenant: Tenant, applicant: PersonId) -> Result<i64, StoreFault> {
        let text = "select count(*) from cases where tenant = $1 and applicant = $2";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(applicant.0).fetch_one(&mut **c).await?))
    }

    /// Acts of a case in order, from after `after`, at most `limit`.
    pub async fn acts(&self, tenant: Tenant, case: CaseId, after: i64, limit: u32) -> Result<Vec<ActRow>, StoreFault> {
        let text = "select seq, at, kind, events, leaf from acts where tenant = $1 and case_id = $2 and seq > $3 order by seq limit $4";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredAct> = on_both!(&mut connection, c => sqlx::query_as(text)
            .bind(tenant.0)
            .bind(case.0)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut **c)
            .await?);
        Ok(found.into_iter().map(ActRow::from).collect())
    }

    /// A body; `None` when there is none of that commitment, or it was erased.
    pub async fn body(&self, tenant: Tenant, case: CaseId, commit: Digest) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreFault> {
        let text = "select salt, bytes from bodies where tenant = $1 and case_id = $2 and digest = $3";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).bind(&commit.0[..]).fetch_optional(&mut **c).await?))
    }

    /// Every body of a case that was not erased, by commitment.
    pub async fn bodies(&self, tenant: Tenant, case: CaseId) -> Result<Vec<(Digest, Vec<u8>)>, StoreFault> {
        let text = "select digest, bytes from bodies where tenant = $1 and case_id = $2";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<(Vec<u8>, Vec<u8>)> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).fetch_all(&mut **c).await?);
        found.into_iter().map(|(key, bytes)| Ok((digest("bodies", &key)?, bytes))).collect()
    }

    /// Documents of a case, in order.
    pub async fn documents(&self, tenant: Tenant, case: CaseId) -> Result<Vec<DocumentView>, StoreFault> {
        let text = "select case_id, seq, scope_number, kind, number, at from documents where tenant = $1 and case_id = $2 order by seq, place";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredDocument> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(StoredDocument::view).collect())
    }

    /// The document of a kind with that number; the first one, should there be two.
    pub async fn document_numbered(&self, tenant: Tenant, kind: &str, number: &str) -> Result<Option<DocumentView>, StoreFault> {
        let text =
            "select case_id, seq, scope_number, kind, number, at from documents where tenant = $1 and number = $2 and kind = $3 order by at, case_id limit 1";
        let mut connection = self.reader(tenant).await?;
        let found: Option<StoredDocument> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(number).bind(kind).fetch_optional(&mut **c).await?);
        Ok(found.map(StoredDocument::view))
    }

    /// The case in which a document of this number was issued.
    pub async fn case_of_document(&self, tenant: Tenant, number: &str) -> Result<Option<CaseId>, StoreFault> {
        let text = "select case_id from documents where tenant = $1 and number = $2 order by case_id limit 1";
        let mut connection = self.reader(tenant).await?;
        let found: Option<Uuid> = on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(number).fetch_optional(&mut **c).await?);
        Ok(found.map(CaseId))
    }

    /// Cases of any tenant in which something is due by `now`, the longest due first.
    pub async fn due_cases(&self, now: Moment, limit: u32) -> Result<Vec<(Tenant, CaseId, Moment)>, StoreFault> {
        let text = "select tenant, id, next_wake from cases where next_wake is not null and next_wake <= $1 order by next_wake, rank, id limit $2";
        let mut connection = self.everywhere().await?;
        let found: Vec<(i32, Uuid, i64)> = on_both!(&mut connection, c => sqlx::query_as(text).bind(now.0).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(|(tenant, case, at)| (Tenant(tenant), CaseId(case), Moment(at))).collect())
    }
}

/// A text for `like … escape '!'` that means itself.
pub(in crate::store) fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}
