//! What somebody types before they send it: kept as typed, saved often, from more than one window.
//! Invariant: what one window saved is never overwritten by another that had not seen it; both values come back and the person says which.
//! Never: an answer to the state-secret question kept when it is yes, or a draft shown to anybody but the one who types it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::app::App;
use crate::app::execute::{Act, Answer, Order, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::fields::Target;
use crate::app::writer::Receipt;
use crate::clock;
use crate::engine::case::Local;
use crate::engine::refusal::Class;
use crate::ids::{CaseId, CommandId, Digest, Moment, Name, PersonId, Tenant};
use crate::limits::{DRAFT_BYTES_MAX, DRAFTS_LISTED_MAX};
use crate::store::{DraftRow, StoreFault};

/// A draft.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id.
    pub id: Uuid,
    /// The workflow it starts, or whose task it answers.
    pub workflow: Name,
    /// The case and task it answers.
    pub task: Option<(CaseId, Local)>,
    /// What was typed so far.
    pub form: Value,
    /// Saves so far.
    pub version: i64,
    /// When it was last saved.
    pub updated: Moment,
    /// The case it became.
    pub sent: Option<CaseId>,
    row: DraftRow,
}

/// Whose draft.
#[derive(Clone, Copy, Debug)]
pub struct Typist {
    /// The tenant.
    pub tenant: Tenant,
    /// Who.
    pub person: PersonId,
}

/// A rank for a case that nobody has admitted to the channel.
const ORDINARY: i16 = 9;

impl App {
    /// Begins an application. A form sent twice brings the same id twice and begins one; what that id began and was sent meanwhile is left alone.
    ///
    /// # Errors
    /// A fault.
    pub async fn begin_draft(&self, typist: Typist, workflow: &str, form: &Value, sent: Option<CommandId>) -> Result<Uuid, Failure> {
        if let Some(CommandId(id)) = sent {
            self.add_draft(typist, workflow, (None, id), form).await?;
            let begun = self.store().draft(typist.tenant, typist.person, id).await.map_err(reading)?;
            if begun.is_some_and(|begun| begun.workflow == workflow && begun.sent.is_none()) {
                return Ok(id);
            }
        }
        let id = CommandId::new(clock::real(), entropy()?).0;
        self.add_draft(typist, workflow, (None, id), form).await
    }

    async fn add_draft(&self, typist: Typist, workflow: &str, (task, id): (Option<(CaseId, Local)>, Uuid), form: &Value) -> Result<Uuid, Failure> {
        let now = self.clock().now();
        let command = CommandId::new(clock::real(), entropy()?);
        let row =
            DraftRow { id, person: typist.person, workflow: workflow.to_owned(), task, form: bytes(form)?, version: 1, command, updated: now, sent: None };
        self.store().add_draft(typist.tenant, &row).await.map_err(keeping)?;
        Ok(id)
    }

    /// One draft.
    ///
    /// # Errors
    /// `unknown_draft`, also for a draft of somebody else; or a fault.
    pub async fn draft(&self, typist: Typist, id: Uuid) -> Result<Draft, Failure> {
        let found = self.store().draft(typist.tenant, typist.person, id).await.map_err(reading)?;
        Ok(read(found.ok_or_else(unknown_draft)?)?)
    }

    /// The draft of the answer to a task, begun with `form` when there is none yet.
    ///
    /// # Errors
    /// A fault.
    pub async fn task_draft(&self, typist: Typist, workflow: &str, task: (CaseId, Local), form: &Value) -> Result<Draft, Failure> {
        let find = || self.store().draft_of_task(typist.tenant, typist.person, task.0, task.1);
        if let Some(row) = find().await.map_err(reading)? {
            return Ok(read(row)?);
        }
        let id = CommandId::new(clock::real(), entropy()?).0;
        self.add_draft(typist, workflow, (Some(task), id), form).await?;
        Ok(read(find().await.map_err(reading)?.ok_or_else(unknown_draft)?)?)
    }

    /// The applications not yet sent, the last saved first.
    ///
    /// # Errors
    /// A fault.
    pub async fn drafts(&self, typist: Typist) -> Result<Vec<Draft>, Fault> {
        let rows = self.store().drafts(typist.tenant, typist.person, DRAFTS_LISTED_MAX).await.map_err(reading)?;
        rows.into_iter().map(read).collect()
    }

    /// Saves a form over the version the draft was read at; `false` when it has moved on since.
    ///
    /// # Errors
    /// `draft_too_large`, or a fault.
    pub async fn save_draft(&self, typist: Typist, draft: &Draft, form: &Value) -> Result<bool, Failure> {
        Ok(self.store().save_draft(typist.tenant, &draft.row, &bytes(form)?, self.clock().now()).await.map_err(keeping)?)
    }

    /// Deletes a draft that was not sent.
    ///
    /// # Errors
    /// A fault.
    pub async fn delete_draft(&self, typist: Typist, id: Uuid) -> Result<(), Fault> {
        self.store().delete_draft(typist.tenant, typist.person, id).await.map_err(keeping)
    }

    /// Sends an application, under the draft's own command id: sent twice, it is one case.
    ///
    /// # Errors
    /// What the engine refuses, with every mistake; or a fault.
    pub async fn send_draft(&self, typist: Typist, draft: &Draft) -> Result<CaseId, Failure> {
        let form = self.own_part((typist.tenant, typist.person), Target::File(&draft.workflow), &draft.form).await?;
        let act = Act::Start { workflow: draft.workflow.clone(), form: Some(form), rank: ORDINARY };
        self.hand_in(typist, draft, None, act).await
    }

    /// Sends the answer to a task, in the same way.
    ///
    /// # Errors
    /// What the engine refuses, with every mistake; or a fault.
    pub async fn send_answer(&self, typist: Typist, draft: &Draft, outcome: &Name, with_form: bool, opinion: Option<String>) -> Result<CaseId, Failure> {
        let Some((case, task)) = draft.task else { return Err(unknown_draft()) };
        let form = if with_form { Some(self.own_part((typist.tenant, typist.person), Target::Task(case, task), &draft.form).await?) } else { None };
        let answer = Answer { opinion, fields: None, form };
        self.hand_in(typist, draft, Some(case), Act::Complete { task, outcome: outcome.clone(), answer }).await
    }

    /// An id for the command of a form that is about to be shown.
    ///
    /// # Errors
    /// A fault.
    pub fn new_command(&self) -> Result<CommandId, Fault> {
        Ok(CommandId::new(clock::real(), entropy()?))
    }

    async fn hand_in(&self, typist: Typist, draft: &Draft, case: Option<CaseId>, act: Act) -> Result<CaseId, Failure> {
        if let Some(case) = draft.sent {
            return Ok(case);
        }
        let order = Order { tenant: typist.tenant, case, actor: typist.person.into(), command_id: Some(draft.row.command), act };
        let receipt: Receipt = match self.execute(order).await {
            Ok(receipt) => receipt,
            // Another window may have sent it between our reading and now; then the case is there.
            Err(failure) => return self.draft(typist, draft.id).await?.sent.ok_or(failure),
        };
        self.store().draft_sent(typist.tenant, typist.person, draft.id, receipt.case).await.map_err(keeping)?;
        Ok(receipt.case)
    }
}

fn keeping(cause: StoreFault) -> Fault {
    Fault::new("keeping a draft", cause)
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("reading a draft", cause)
}

fn bytes(form: &Value) -> Result<Vec<u8>, Failure> {
    let bytes = serde_json::to_vec(form).map_err(|cause| Fault::new("keeping a draft", cause))?;
    if bytes.len() > DRAFT_BYTES_MAX {
        let (zh, en) = (
            format!("填写内容过多：最多 {DRAFT_BYTES_MAX} 字节，请精简文字后再保存。"),
            format!("cannot save: expected at most {DRAFT_BYTES_MAX} bytes of answers, found {}", bytes.len()),
        );
        return Err(refusal("draft_too_large", Class::Invalid, zh, en).into());
    }
    Ok(bytes)
}

fn read(row: DraftRow) -> Result<Draft, Fault> {
    let form = serde_json::from_slice(&row.form).map_err(|cause| Fault::new(format!("reading draft {}", row.id), cause))?;
    Ok(Draft { id: row.id, workflow: row.workflow.as_str().into(), task: row.task, form, version: row.version, updated: row.updated, sent: row.sent, row })
}

fn unknown_draft() -> Failure {
    let (zh, en) = ("没有这份草稿：它可能已被删除，或属于另一账号。", "cannot find the draft: it was deleted, or belongs to another account");
    refusal("unknown_draft", Class::NotFound, zh, en).into()
}

/// What a window had before it when it began to type: for each field, a print of its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    prints: BTreeMap<String, String>,
}

/// What a save comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The form to keep.
    pub form: Value,
    /// The fields that two windows changed, each its own way; the form keeps what was there.
    pub contested: BTreeSet<String>,
}

impl Seen {
    /// What a page with these fields shows of a form.
    #[must_use]
    pub fn of<'k>(form: &Value, keys: impl IntoIterator<Item = &'k str>) -> Self {
        Self { prints: keys.into_iter().map(|key| (key.to_owned(), print(form.get(key)))).collect() }
    }

    /// As a hidden field carries it.
    #[must_use]
    pub fn written(&self) -> String {
        self.prints.iter().map(|(key, print)| format!("{key}:{print}")).collect::<Vec<_>>().join(" ")
    }

    /// As it came back; what cannot be read is not there.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self { prints: text.split(' ').filter_map(|pair| pair.split_once(':')).map(|(key, print)| (key.to_owned(), print.to_owned())).collect() }
    }

    /// Puts what was typed over what is stored. `taken` are the fields for which the person chose what is stored.
    #[must_use]
    pub fn merge(&self, stored: &Value, typed: &Value, taken: &BTreeSet<String>) -> Merged {
        let mut form = stored.as_object().cloned().unwrap_or_default();
        let mut contested = BTreeSet::new();
        let none = Map::new();
        let typed = typed.as_object().unwrap_or(&none);
        let keys: BTreeSet<&String> = form.keys().chain(typed.keys()).collect();
        for key in keys.into_iter().cloned().collect::<Vec<_>>() {
            let (mine, theirs) = (typed.get(&key), form.get(&key));
            let seen = self.prints.get(&key);
            let untouched = seen.is_some_and(|seen| *seen == print(mine)) || taken.contains(&key) || mine == theirs;
            let moved = seen.is_some_and(|seen| *seen != print(theirs));
            match (untouched, moved, mine) {
                (true, _, _) => {}
                (false, true, _) => {
                    contested.insert(key);
                }
                (false, false, Some(mine)) => {
                    form.insert(key, mine.clone());
                }
                (false, false, None) => {
                    form.remove(&key);
                }
            }
        }
        Merged { form: Value::Object(form), contested }
    }
}

/// A short print of a value; two that differ have the same with a chance of one in four thousand million.
fn print(value: Option<&Value>) -> String {
    const CHARACTERS: usize = 8;
    let text = value.map(ToString::to_string).unwrap_or_default();
    Digest::of(text.as_bytes()).to_string().chars().take(CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn none() -> BTreeSet<String> {
        BTreeSet::new()
    }

    #[test]
    fn two_windows_on_different_fields_both_keep_what_they_typed() {
        let first = json!({"name": "甲", "jobs": 1});
        let seen = Seen::of(&first, ["name", "jobs", "zone"]);
        let after_one = seen.merge(&first, &json!({"name": "乙", "jobs": 1, "zone": "葛店"}), &none());
        assert_eq!(after_one, Merged { form: json!({"name": "乙", "jobs": 1, "zone": "葛店"}), contested: none() });
        let after_two = seen.merge(&after_one.form, &json!({"name": "甲", "jobs": 2}), &none());
        assert_eq!(after_two, Merged { form: json!({"name": "乙", "jobs": 2, "zone": "葛店"}), contested: none() });
    }

    #[test]
    fn a_field_changed_in_two_windows_is_asked_about_and_not_overwritten() {
        let first = json!({"name": "甲"});
        let seen = Seen::of(&first, ["name"]);
        let stored = json!({"name": "乙"});
        let mine = json!({"name": "丙"});
        let asked = seen.merge(&stored, &mine, &none());
        assert_eq!(asked, Merged { form: stored.clone(), contested: BTreeSet::from(["name".to_owned()]) });
        let seen_both = Seen::of(&stored, ["name"]);
        assert_eq!(seen_both.merge(&stored, &mine, &none()).form, mine, "asked and kept mine");
        let taken = BTreeSet::from(["name".to_owned()]);
        assert_eq!(seen_both.merge(&stored, &mine, &taken).form, stored, "asked and took theirs");
    }

    #[test]
    fn an_answer_taken_away_is_a_change_too() {
        let first = json!({"name": "甲", "zone": "葛店"});
        let seen = Seen::of(&first, ["name", "zone"]);
        assert_eq!(seen.merge(&first, &json!({"name": "甲"}), &none()).form, json!({"name": "甲"}));
        let moved = json!({"name": "甲", "zone": "红莲湖"});
        assert_eq!(seen.merge(&moved, &json!({"name": "甲"}), &none()).contested, BTreeSet::from(["zone".to_owned()]));
    }

    #[test]
    fn what_was_seen_comes_back_from_its_hidden_field() {
        let seen = Seen::of(&json!({"name": "甲", "rows": [{"a": 1}]}), ["name", "rows", "absent"]);
        assert_eq!(Seen::read(&seen.written()), seen);
        assert_eq!(Seen::read(""), Seen::default());
    }
}
