//! Uploaded papers: taken in by parts, known by their digest, of the kinds an office reads.
//! Invariant: a form that was accepted names only files that are stored whole and that its sender uploaded or the case already had.
//! Never: trusts a file's name for what it holds, or hands a file to somebody who may not read the case it belongs to.

use serde::Serialize;
use serde_json::Value;
use sha2::Digest as _;
use uuid::Uuid;

use crate::app::App;
use crate::app::drafts::Typist;
use crate::app::execute::entropy;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::writer::Working;
use crate::clock;
use crate::engine::refusal::Class;
use crate::ids::{CaseId, CommandId, Digest, Moment, PersonId, Tenant};
use crate::limits::{UPLOAD_BYTES_MAX, UPLOAD_PART_BYTES, UPLOADS_PER_DAY_MAX};
use crate::store::{FileRow, StoreFault};

/// The kinds of papers that are taken: media type, and the endings a name may have.
const KINDS: [(&str, &[&str]); 5] = [
    ("application/pdf", &["pdf"]),
    ("image/png", &["png"]),
    ("image/jpeg", &["jpg", "jpeg"]),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"]),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"]),
];
/// A day, for the limit on uploads and for sweeping away what was begun and left.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Characters a name may have; the form refuses more.
const NAME_CHARACTERS_MAX: usize = 200;

/// An upload under way.
#[derive(Debug)]
pub struct Upload {
    typist: Typist,
    id: Uuid,
    hasher: sha2::Sha256,
    /// What came since the last part was stored.
    pending: Vec<u8>,
    /// The beginning, by which the kind is known.
    head: Vec<u8>,
    parts: i64,
    bytes: usize,
}

/// A file as a form names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its digest, 64 hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: i64,
}

impl App {
    /// Begins to take in a file.
    ///
    /// # Errors
    /// `too_many_uploads`, or a fault.
    pub async fn begin_upload(&self, typist: Typist) -> Result<Upload, Failure> {
        let now = clock::real();
        let stale = Moment(now.0 - DAY_MS);
        let today = self.store().uploads_since(typist.tenant, typist.person, stale).await.map_err(storing)?;
        if today >= UPLOADS_PER_DAY_MAX {
            let (zh, en) =
                (format!("一天内最多上传 {UPLOADS_PER_DAY_MAX} 份材料，请明天再传。"), format!("cannot upload: at most {UPLOADS_PER_DAY_MAX} files a day"));
            return Err(refusal("too_many_uploads", Class::Conflict, zh, en).into());
        }
        let id = CommandId::new(now, entropy()?).0;
        self.store().begin_upload(typist.tenant, id, typist.person, (now, stale)).await.map_err(storing)?;
        Ok(Upload { typist, id, hasher: sha2::Sha256::new(), pending: Vec::new(), head: Vec::new(), parts: 0, bytes: 0 })
    }

    /// Takes in what has arrived.
    ///
    /// # Errors
    /// `file_too_large`, or a fault; the upload is then given up.
    pub async fn take(&self, upload: &mut Upload, chunk: &[u8]) -> Result<(), Failure> {
        upload.bytes += chunk.len();
        if upload.bytes > UPLOAD_BYTES_MAX {
            self.give_up(upload).await;
            let most = UPLOAD_BYTES_MAX / 1024 / 1024;
            let (zh, en) = (
                format!("文件超过 {most} MB：请压缩或拆分后再上传，其他内容都已保存。"),
                format!("cannot upload: expected at most {most} MB; nothing else was lost"),
            );
            return Err(refusal("file_too_large", Class::Invalid, zh, en).into());
        }
        upload.hasher.update(chunk);
        for piece in chunk.chunks(UPLOAD_PART_BYTES) {
            upload.pending.extend_from_slice(piece);
            if upload.pending.len() >= UPLOAD_PART_BYTES {
                self.store_part(upload).await?;
            }
        }
        Ok(())
    }

    async fn store_part(&self, upload: &mut Upload) -> Result<(), Failure> {
        if upload.parts == 0 {
            upload.head.clone_from(&upload.pending);
        }
        let stored = self.store().add_part(upload.typist.tenant, upload.id, upload.parts, &upload.pending).await;
        if let Err(cause) = stored {
            self.give_up(upload).await;
            return Err(storing(cause).into());
        }
        upload.parts += 1;
        upload.pending.clear();
        Ok(())
    }

    /// The file is complete: its kind is looked at, and it can be named in a form.
    ///
    /// # Errors
    /// `file_empty`, `file_kind`, `file_lies`, or a fault; the upload is then given up.
    pub async fn keep(&self, mut upload: Upload, name: &str) -> Result<Named, Failure> {
        let name = plain_name(name);
        let head = if upload.parts == 0 { &upload.pending } else { &upload.head };
        let kind = match kind_of(head, &name) {
            Ok(kind) => kind,
            Err(failure) => {
                self.give_up(&upload).await;
                return Err(failure);
            }
        };
        if !upload.pending.is_empty() {
            self.store_part(&mut upload).await?;
        }
        let sha256 = Digest(upload.hasher.finalize_reset().into());
        let bytes = i64::try_from(upload.bytes).unwrap_or(i64::MAX);
        let file = FileRow { sha256, upload: upload.id, kind: kind.to_owned(), bytes, at: clock::real() };
        self.store().finish_upload(upload.typist.tenant, upload.typist.person, &file).await.map_err(storing)?;
        Ok(Named { name, sha256: sha256.to_string(), bytes })
    }

    /// Drops what an upload has stored. A failure is left to the daily sweep.
    pub async fn give_up(&self, upload: &Upload) {
        if let Err(cause) = self.store().drop_upload(upload.typist.tenant, upload.id).await {
            tracing::warn!(%cause, "parts of an upload stay until tomorrow");
        }
    }

    /// A stored file.
    ///
    /// # Errors
    /// `unknown_file`, or a fault.
    pub async fn file(&self, tenant: Tenant, sha256: Digest) -> Result<FileRow, Failure> {
        let found = self.store().file(tenant, sha256).await.map_err(|cause| Fault::new("reading a file", cause))?;
        found.ok_or_else(unknown_file)
    }

    /// A part of a stored file; `None` after the last.
    ///
    /// # Errors
    /// A fault.
    pub async fn file_part(&self, tenant: Tenant, file: &FileRow, part: i64) -> Result<Option<Vec<u8>>, Fault> {
        self.store().part(tenant, file.upload, part).await.map_err(|cause| Fault::new("reading a file", cause))
    }

    /// Whether a person uploaded a file themselves.
    ///
    /// # Errors
    /// A fault.
    pub async fn uploaded(&self, typist: Typist, sha256: Digest) -> Result<bool, Fault> {
        self.store().owns_file(typist.tenant, typist.person, sha256).await.map_err(|cause| Fault::new("reading a file", cause))
    }

    /// The name under which a case holds a file that `person` may see, in its form as submitted last or before, or in an answer to one of its tasks.
    ///
    /// # Errors
    /// `unknown_file`, or a fault.
    pub async fn file_of_case(&self, working: &Working, sha256: Digest, person: PersonId) -> Result<String, Failure> {
        let wanted = sha256.to_string();
        for form in self.submissions_seen(working, person).await? {
            if let Some(file) = named_in(&form.form).into_iter().find(|file| file.sha256 == wanted) {
                return Ok(file.name);
            }
        }
        for answer in self.answers_seen(working, person).await? {
            if let Some(file) = named_in(&answer).into_iter().find(|file| file.sha256 == wanted) {
                return Ok(file.name);
            }
        }
        Err(unknown_file())
    }

    /// Refuses a form that names a file which is not stored whole, or that is not the sender's to hand in.
    pub(in crate::app) async fn check_files(&self, (tenant, person): (Tenant, Option<PersonId>), case: Option<CaseId>, form: &Value) -> Result<(), Failure> {
        let mut held: Option<Vec<Named>> = None;
        for file in named_in(form) {
            let stored = match file.sha256.parse::<Digest>() {
                Ok(sha256) => self.store().file(tenant, sha256).await.map_err(|cause| Fault::new("looking for a file", cause))?,
                Err(_) => None,
            };
            let Some(stored) = stored.filter(|stored| stored.bytes == file.bytes) else { return Err(missing(&file)) };
            let own = match person {
                Some(person) => self.uploaded(Typist { tenant, person }, stored.sha256).await?,
                None => true,
            };
            if !own {
                if held.is_none() {
                    held = Some(self.files_held(tenant, case).await?);
                }
                if !held.iter().flatten().any(|known| known.sha256 == file.sha256) {
                    return Err(missing(&file));
                }
            }
        }
        Ok(())
    }

    async fn files_held(&self, tenant: Tenant, case: Option<CaseId>) -> Result<Vec<Named>, Failure> {
        let Some(case) = case else { return Ok(Vec::new()) };
        let working = self.working(tenant, case).await?;
        Ok(self.form(&working).await?.map(|form| named_in(&form)).unwrap_or_default())
    }
}

/// The files a form names, wherever they stand in it.
#[must_use]
pub fn named_in(form: &Value) -> Vec<Named> {
    match form {
        Value::Array(items) => items.iter().flat_map(named_in).collect(),
        Value::Object(object) => {
            let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
            match (text("name"), text("sha256"), object.get("bytes").and_then(Value::as_i64)) {
                (Some(name), Some(sha256), Some(bytes)) => vec![Named { name, sha256, bytes }],
                _ => object.values().flat_map(named_in).collect(),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn storing(cause: StoreFault) -> Fault {
    Fault::new("storing a file", cause)
}

fn unknown_file() -> Failure {
    refusal("unknown_file", Class::NotFound, "没有这份材料，或您无权查看。", "cannot find the file, or it is not yours to read").into()
}

fn missing(file: &Named) -> Failure {
    let (name, zh_name) = (&file.name, &file.name);
    let (zh, en) =
        (format!("材料“{zh_name}”没有上传，请重新上传后再提交。"), format!("cannot submit: the file `{name}` is not among your uploads; upload it again"));
    refusal("file_missing", Class::Invalid, zh, en).into()
}

/// A name without folders and control characters, not too long.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let plain: String = last.chars().filter(|letter| !letter.is_control()).collect();
    let count = plain.trim().chars().count();
    plain.trim().chars().skip(count.saturating_sub(NAME_CHARACTERS_MAX)).collect()
}

/// The media type, by what the file begins with; its name must agree.
fn kind_of(head: &[u8], name: &str) -> Result<&'static str, Failure> {
    if head.is_empty() {
        return Err(
            refusal("file_empty", Class::Invalid, "请先选择一个文件；空文件不能上传。", "cannot upload: choose a file; an empty one is not taken").into()
        );
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    let found = infer::get(head).map(|kind| kind.mime_type());
    let kind = found.and_then(|found| KINDS.iter().find(|(kind, _)| *kind == found));
    let Some((kind, endings)) = kind else {
        let (zh, en) = (
            "只接受 PDF、PNG、JPEG、DOCX、XLSX：按文件内容判断，这个文件都不是。",
            "cannot upload: expected PDF, PNG, JPEG, DOCX or XLSX by content, found something else",
        );
        return Err(refusal("file_kind", Class::Invalid, zh, en).into());
    };
    if !endings.contains(&ending.as_str()) {
        let expected = endings.join("、.");
        let zh = format!("文件内容与扩展名不符：内容应使用 .{expected}，实际为 .{ending}。请改正文件名或另选文件。");
        let en = format!("cannot upload: its content asks for .{}, its name ends in .{ending}", endings.join(" or ."));
        return Err(refusal("file_lies", Class::Invalid, zh, en).into());
    }
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(head: &[u8], name: &str) -> &'static str {
        match kind_of(head, name) {
            Ok(kind) => kind,
            Err(Failure::Refused(refusal)) => refusal.code,
            Err(Failure::Fault(_)) => "fault",
        }
    }

    #[test]
    fn a_file_is_what_it_holds_and_not_what_it_is_called() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(code(b"%PDF-1.7\n", "a.PDF"), "application/pdf");
        assert_eq!(code(png, "图.png"), "image/png");
        assert_eq!(code(png, "图.pdf"), "file_lies");
        assert_eq!(code(b"MZ\x90\0", "a.pdf"), "file_kind");
        assert_eq!(code(b"<html><script>", "a.png"), "file_kind");
        assert_eq!(code(b"", "a.pdf"), "file_empty");
        assert_eq!(code(b"PK\x03\x04plain zip", "a.docx"), "file_kind");
    }

    #[test]
    fn a_name_keeps_its_ending_and_loses_its_folders() {
        assert_eq!(plain_name("C:\\fake\\ 报告\u{7}.pdf "), "报告.pdf");
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        let long = format!("{}.pdf", "长".repeat(300));
        assert!(plain_name(&long).ends_with(".pdf") && plain_name(&long).chars().count() == NAME_CHARACTERS_MAX);
    }

    #[test]
    fn files_are_found_wherever_a_form_names_them() {
        let file = json!({"name": "a.pdf", "sha256": "00", "bytes": 1});
        let found = named_in(&json!({"site": file, "rows": [{"paper": file, "what": "x"}], "other": {"name": "n", "bytes": 2}}));
        assert_eq!(found.len(), 2);
    }
}
