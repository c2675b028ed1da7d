//! Drafts: what somebody has typed and not sent. Invariant: a save names the version it saw, and one that saw an older version writes nothing.
//! Never: a draft read by anybody but the person who types it; every statement names them.

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{CaseId, CommandId, Moment, PersonId, Tenant};
use crate::store::dialect::on_both;
use crate::store::{Store, StoreFault};

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRow {
    /// Its id.
    pub id: Uuid,
    /// Who types it.
    pub person: PersonId,
    /// The workflow it will start, or whose task it answers.
    pub workflow: String,
    /// The case and the task it answers; `None` for a new application.
    pub task: Option<(CaseId, u32)>,
    /// The form so far, as JSON.
    pub form: Vec<u8>,
    /// Saves so far.
    pub version: i64,
    /// The command it is sent under.
    pub command: CommandId,
    /// When it was last saved.
    pub updated: Moment,
    /// The case it became.
    pub sent: Option<CaseId>,
}

#[derive(FromRow)]
struct StoredDraft {
    id: Uuid,
    person: Uuid,
    workflow: String,
    case_id: Option<Uuid>,
    task: Option<i64>,
    form: Vec<u8>,
    version: i64,
    command: Uuid,
    updated: i64,
    sent: Option<Uuid>,
}

impl From<StoredDraft> for DraftRow {
    fn from(row: StoredDraft) -> Self {
        let task = row.case_id.zip(row.task).map(|(case, task)| (CaseId(case), u32::try_from(task).unwrap_or(u32::MAX)));
        Self {
            id: row.id,
            person: PersonId(row.person),
            workflow: row.workflow,
            task,
            form: row.form,
            version: row.version,
            command: CommandId(row.command),
            updated: Moment(row.updated),
            sent: row.sent.map(CaseId),
        }
    }
}

impl Store {
    /// Keeps a new draft; nothing happens when its task has one already.
    pub async fn add_draft(&self, tenant: Tenant, draft: &DraftRow) -> Result<(), StoreFault> {
        let text =
            "insert into drafts (tenant, person, id, workflow, case_id, task, form, version, command, updated) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict do nothing";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query(text)
                .bind(tenant.0)
                .bind(draft.person.0)
                .bind(draft.id)
                .bind(&draft.workflow)
                .bind(draft.task.map(|(case, _)| case.0))
                .bind(draft.task.map(|(_, task)| i64::from(task)))
                .bind(&draft.form)
                .bind(draft.version)
                .bind(draft.command.0)
                .bind(draft.updated.0)
                .execute(&mut **c)
                .await?;
        });
        connection.finish().await
    }

    /// One draft of a person.
    pub async fn draft(&self, tenant: Tenant, person: PersonId, id: Uuid) -> Result<Option<DraftRow>, StoreFault> {
        let text =
            "select id, person, workflow, case_id, task, form, version, command, updated, sent from drafts where tenant = $1 and person = $2 and id = $3";
        let mut connection = self.reader(tenant).await?;
        let found: Option<StoredDraft> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(person.0).bind(id).fetch_optional(&mut **c).await?);
        Ok(found.map(DraftRow::from))
    }

    /// A person's draft of the answer to a task.
    pub async fn draft_of_task(&self, tenant: Tenant, person: PersonId, case: CaseId, task: u32) -> Result<Option<DraftRow>, StoreFault> {
        let text = "select id, person, workflow, case_id, task, form, version, command, updated, sent from drafts
            where tenant = $1 and person = $2 and case_id = $3 and task = $4";
        let mut connection = self.reader(tenant).await?;
        let found: Option<StoredDraft> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(person.0).bind(case.0).bind(i64::from(task)).fetch_optional(&mut **c).await?);
        Ok(found.map(DraftRow::from))
    }

    /// A person's applications that were not sent, the last saved first.
    pub async fn drafts(&self, tenant: Tenant, person: PersonId, limit: u32) -> Result<Vec<DraftRow>, StoreFault> {
        let text = "select id, person, workflow, case_id, task, form, version, command, updated, sent from drafts
            where tenant = $1 and person = $2 and sent is null and case_id is null order by updated desc, id limit $3";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredDraft> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(person.0).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        Ok(found.into_iter().map(DraftRow::from).collect())
    }

    /// Saves a form over version `seen`; false, and nothing written, when the draft has moved on, was sent or is gone.
    pub async fn save_draft(&self, tenant: Tenant, draft: &DraftRow, form: &[u8], now: Moment) -> Result<bool, StoreFault> {
        let text =
            "update drafts set form = $5, version = version + 1, updated = $6 where tenant = $1 and person = $2 and id = $3 and version = $4 and sent is null";
        let mut connection = self.worker().await?;
        let changed = on_both!(&mut connection, c => sqlx::query(text)
            .bind(tenant.0)
            .bind(draft.person.0)
            .bind(draft.id)
            .bind(draft.version)
            .bind(form)
            .bind(now.0)
            .execute(&mut **c)
            .await?
            .rows_affected());
        connection.finish().await?;
        Ok(changed == 1)
    }

    /// A draft became (part of) a case: its form is emptied, and who sends it again is led there.
    pub async fn draft_sent(&self, tenant: Tenant, person: PersonId, id: Uuid, case: CaseId) -> Result<(), StoreFault> {
        let text = "update drafts set sent = $4, form = $5, version = version + 1 where tenant = $1 and person = $2 and id = $3";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query(text).bind(tenant.0).bind(person.0).bind(id).bind(case.0).bind(&b"{}"[..]).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// Deletes a draft that was not sent.
    pub async fn delete_draft(&self, tenant: Tenant, person: PersonId, id: Uuid) -> Result<(), StoreFault> {
        let text = "delete from drafts where tenant = $1 and person = $2 and id = $3 and sent is null";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query(text).bind(tenant.0).bind(person.0).bind(id).execute(&mut **c).await?;
        });
        connection.finish().await
    }
}
