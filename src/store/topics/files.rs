//! Uploaded papers, by digest, in parts. They lie in the database and not in a folder: one thing to back up, one set of rights, and every node has them.
//! Invariant: a file can be found under its digest only when all of its parts are there. Never: a whole file in memory.

use sqlx::FromRow;
use uuid::Uuid;

use crate::ids::{Digest, Moment, PersonId, Tenant};
use crate::store::dialect::on_both;
use crate::store::topics::cases::digest;
use crate::store::{Store, StoreFault};

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its SHA-256.
    pub sha256: Digest,
    /// The upload its parts came with.
    pub upload: Uuid,
    /// Its media type, by its content.
    pub kind: String,
    /// Its size.
    pub bytes: i64,
    /// When it was first uploaded.
    pub at: Moment,
}

#[derive(FromRow)]
struct StoredFile {
    sha256: Vec<u8>,
    upload: Uuid,
    kind: String,
    bytes: i64,
    at: i64,
}

impl Store {
    /// Begins an upload, and sweeps away parts of uploads begun before `stale` that were never finished.
    pub async fn begin_upload(&self, tenant: Tenant, upload: Uuid, person: PersonId, (now, stale): (Moment, Moment)) -> Result<(), StoreFault> {
        let sweep = "delete from file_parts where (tenant, upload) in (select tenant, id from uploads where at < $1)";
        let forget = "delete from uploads where at < $1";
        let begin = "insert into uploads (tenant, id, person, at) values ($1, $2, $3, $4)";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query(sweep).bind(stale.0).execute(&mut **c).await?;
            sqlx::query(forget).bind(stale.0).execute(&mut **c).await?;
            sqlx::query(begin).bind(tenant.0).bind(upload).bind(person.0).bind(now.0).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// Keeps a part of an upload.
    pub async fn add_part(&self, tenant: Tenant, upload: Uuid, part: i64, bytes: &[u8]) -> Result<(), StoreFault> {
        let text = "insert into file_parts (tenant, upload, part, bytes) values ($1, $2, $3, $4)";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query(text).bind(tenant.0).bind(upload).bind(part).bind(bytes).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// Finishes an upload: its parts become the file, or are dropped when the file was there already; either way it is the person's too.
    pub async fn finish_upload(&self, tenant: Tenant, person: PersonId, file: &FileRow) -> Result<(), StoreFault> {
        let keep = "insert into files (tenant, sha256, upload, kind, bytes, at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
        let own = "insert into file_owners (tenant, sha256, person, at) values ($1, $2, $3, $4) on conflict do nothing";
        let over = "delete from uploads where tenant = $1 and id = $2";
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            let kept = sqlx::query(keep)
                .bind(tenant.0)
                .bind(&file.sha256.0[..])
                .bind(file.upload)
                .bind(&file.kind)
                .bind(file.bytes)
                .bind(file.at.0)
                .execute(&mut **c)
                .await?
                .rows_affected();
            if kept == 0 {
                sqlx::query("delete from file_parts where tenant = $1 and upload = $2").bind(tenant.0).bind(file.upload).execute(&mut **c).await?;
            }
            sqlx::query(own).bind(tenant.0).bind(&file.sha256.0[..]).bind(person.0).bind(file.at.0).execute(&mut **c).await?;
            sqlx::query(over).bind(tenant.0).bind(file.upload).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// Gives up an upload.
    pub async fn drop_upload(&self, tenant: Tenant, upload: Uuid) -> Result<(), StoreFault> {
        let mut connection = self.worker().await?;
        on_both!(&mut connection, c => {
            sqlx::query("delete from file_parts where tenant = $1 and upload = $2").bind(tenant.0).bind(upload).execute(&mut **c).await?;
            sqlx::query("delete from uploads where tenant = $1 and id = $2").bind(tenant.0).bind(upload).execute(&mut **c).await?;
        });
        connection.finish().await
    }

    /// A file by its digest.
    pub async fn file(&self, tenant: Tenant, sha256: Digest) -> Result<Option<FileRow>, StoreFault> {
        let text = "select sha256, upload, kind, bytes, at from files where tenant = $1 and sha256 = $2";
        let mut connection = self.reader(tenant).await?;
        let found: Option<StoredFile> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(&sha256.0[..]).fetch_optional(&mut **c).await?);
        found
            .map(|row| Ok(FileRow { sha256: digest("files", &row.sha256)?, upload: row.upload, kind: row.kind, bytes: row.bytes, at: Moment(row.at) }))
            .transpose()
    }

    /// Whether a person uploaded a file.
    pub async fn owns_file(&self, tenant: Tenant, person: PersonId, sha256: Digest) -> Result<bool, StoreFault> {
        let text = "select count(*) from file_owners where tenant = $1 and sha256 = $2 and person = $3";
        let mut connection = self.reader(tenant).await?;
        let found: i64 = on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(&sha256.0[..]).bind(person.0).fetch_one(&mut **c).await?);
        Ok(found > 0)
    }

    /// How many files a person has uploaded, or begun to, since a moment.
    pub async fn uploads_since(&self, tenant: Tenant, person: PersonId, since: Moment) -> Result<i64, StoreFault> {
        let text = "select (select count(*) from file_owners where tenant = $1 and person = $2 and at >= $3)
            + (select count(*) from uploads where tenant = $1 and person = $2 and at >= $3)";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(person.0).bind(since.0).fetch_one(&mut **c).await?))
    }

    /// A part of a file; `None` after the last.
    pub async fn part(&self, tenant: Tenant, upload: Uuid, part: i64) -> Result<Option<Vec<u8>>, StoreFault> {
        let text = "select bytes from file_parts where tenant = $1 and upload = $2 and part = $3";
        let mut connection = self.reader(tenant).await?;
        Ok(on_both!(&mut connection, c => sqlx::query_scalar(text).bind(tenant.0).bind(upload).bind(part).fetch_optional(&mut **c).await?))
    }
}
