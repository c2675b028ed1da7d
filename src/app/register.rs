//! The register of a tenant: a case of its own whose acts publish workflows and calendars, change people and offices, issue quota. So all of that is on the record too.
//! Invariant: register rows are written only in the commit of a register act. Never: a change by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::assessment::{ASSESSMENT, AssessmentPlan};
use crate::app::authority::STANDING_AUTHORITY;
use crate::app::calendars::CalendarVersion;
use crate::app::execute::{Act, Order, RegisterRows};
use crate::app::failure::{Failure, Fault};
use crate::app::handover::{HANDOVER_SIGNATURE, Signature};
use crate::app::known::Known;
use crate::app::own_links::FEED;
use crate::app::webhooks::WEBHOOK;
use crate::app::writer::Receipt;
use crate::calendar::Calendar;
use crate::definition::diagnostics::Diagnostic;
use crate::definition::graph::Bundle;
use crate::definition::library::{self, SourceFile};
use crate::engine::MOVED;
use crate::engine::command::Actor;
use crate::identity::absence::Absence;
use crate::identity::{Holding, Office, Person};
use crate::ids::{CaseId, CommandId, Digest, Name, Tenant};
use crate::limits::{REGISTER_SETTLES, REGISTER_TRIES_MAX};
use crate::notice::{Approval, approval};
use crate::store::rows::RegistryRow;
use crate::store::{RegistryEntry, Store, StoreFault};

/// The workflow a register case runs: none. It has acts and no tokens.
pub const WORKFLOW: &str = "register";

/// The revision register cases pin.
pub const REVISION: Digest = Digest([0; 32]);

/// The key under which the working calendar stands.
pub const CALENDAR: &str = "cn";

/// The kind of rows that hold the versions of the calendar.
pub const CALENDAR_VERSION: &str = "calendar-version";

/// The kind of rows that hold each version's text.
pub const CALENDAR_TEXT: &str = "calendar-text";

/// The kind of rows that hold the dates each version moved, old beside new.
pub const CALENDAR_MOVES: &str = "calendar-moves";

/// The kind of rows that say how far the registration of a short message has come.
pub const SMS_APPROVAL: &str = "sms-approval";

/// The kind of rows that say whether a short message is switched on. They are rows of their own, so that switching on never brings an older approval back.
pub const SMS_SWITCH: &str = "sms-switch";

/// The kind of rows that hold what each person chose to hear.
pub const PREFERENCES: &str = "preferences";

/// The bundle of register cases: nothing to run.
#[must_use]
pub fn bundle() -> Arc<Bundle> {
    static EMPTY: LazyLock<Arc<Bundle>> = LazyLock::new(|| Arc::new(Bundle { root: WORKFLOW.into(), digest: REVISION, programs: BTreeMap::new() }));
    EMPTY.clone()
}

/// The bundle a case runs: the one it pinned.
///
/// # Errors
/// A fault: what a case pinned is never taken out of the register.
pub fn bundle_of(known: &Known, revision: Digest) -> Result<Arc<Bundle>, Fault> {
    if revision == REVISION {
        return Ok(bundle());
    }
    let missing = || Fault::new("looking for the workflow of a case", format!("expected revision {revision} in the register, found none"));
    known.bundles.get(&revision).cloned().ok_or_else(missing)
}

/// The register case of a tenant: its id is the tenant's code, so that every node finds it without asking.
#[must_use]
pub fn case_of(tenant: Tenant) -> CaseId {
    // The high half places it before every case that has a time.
    CaseId(uuid::Uuid::from_u128(u128::from(tenant.0.unsigned_abs())))
}

/// The files of a published bundle, by path, with the workflow it starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublishedBundle {
    /// The workflow.
    pub workflow: Name,
    /// The files, by path below `workflows/`.
    pub files: BTreeMap<String, String>,
}

/// Reads the register of a tenant as of `version`. Bundles that `held` already has are not compiled again.
///
/// # Errors
/// Names the row that cannot be read.
pub async fn read(store: &Store, tenant: Tenant, version: i64, held: &Known) -> Result<Known, Fault> {
    let mut known = Known { version, ..Known::default() };
    known.roster.version = version;
    for kind in Kind::ALL {
        let entries = store.registry_list(tenant, kind.key()).await.map_err(|cause| Fault::new("reading the register", cause))?;
        for entry in entries {
            kind.take(&entry, held, &mut known)?;
        }
    }
    Ok(known)
}

/// What stands in a register.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Office,
    Person,
    Holding,
    Absence,
    Handover,
    HandoverSignature,
    Account,
    Calendar,
    CalendarVersion,
    Workflow,
    Bundle,
    SmsApproval,
    SmsSwitch,
    Authority,
    Preferences,
    Feed,
    Webhook,
    Assessment,
}

impl Kind {
    const ALL: [Self; 18] = [
        Self::Office,
        Self::Person,
        Self::Holding,
        Self::Absence,
        Self::Handover,
        Self::HandoverSignature,
        Self::Account,
        Self::Calendar,
        Self::CalendarVersion,
        Self::Workflow,
        Self::Bundle,
        Self::SmsApproval,
        Self::SmsSwitch,
        Self::Authority,
        Self::Preferences,
        Self::Feed,
        Self::Webhook,
        Self::Assessment,
    ];

    const fn key(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Person => "person",
            Self::Holding => "holding",
            Self::Absence => "absence",
            Self::Handover => "handover",
            Self::HandoverSignature => HANDOVER_SIGNATURE,
            Self::Account => "account",
            Self::Calendar => "calendar",
            Self::CalendarVersion => CALENDAR_VERSION,
            Self::Workflow => "workflow",
            Self::Bundle => "bundle",
            Self::SmsApproval => SMS_APPROVAL,
            Self::SmsSwitch => SMS_SWITCH,
            Self::Authority => STANDING_AUTHORITY,
            Self::Preferences => PREFERENCES,
            Self::Feed => FEED,
            Self::Webhook => WEBHOOK,
            Self::Assessment => ASSESSMENT,
        }
    }

    fn take(self, entry: &RegistryEntry, held: &Known, known: &mut Known) -> Result<(), Fault> {
        let broken = |cause: &dyn std::fmt::Display| Fault::new(format!("reading {} `{}` of the register", self.key(), entry.key), cause);
        let json = |cause: serde_json::Error| broken(&cause);
        match self {
            Self::Office => {
                let office: Office = serde_json::from_slice(&entry.value).map_err(json)?;
                known.roster.offices.insert(office.key.clone(), office);
            }
            Self::Person => {
                let person: Person = serde_json::from_slice(&entry.value).map_err(json)?;
                known.roster.people.insert(person.id, person);
            }
            Self::Holding => known.roster.holdings.push(serde_json::from_slice::<Holding>(&entry.value).map_err(json)?),
            Self::Absence => known.roster.absences.push(serde_json::from_slice::<Absence>(&entry.value).map_err(json)?),
            Self::Handover => drop(known.handovers.insert(entry.key.clone(), serde_json::from_slice(&entry.value).map_err(json)?)),
            // Read after the handovers themselves; one row each, so that two who sign at once on two nodes both have signed.
            Self::HandoverSignature => {
                let signature: Signature = serde_json::from_slice(&entry.value).map_err(json)?;
                if let Some(handover) = known.handovers.get_mut(&signature.handover) {
                    handover.signed.insert(signature.person, signature.at);
                }
            }
            Self::Account => drop(known.accounts.insert(entry.key.clone(), serde_json::from_slice(&entry.value).map_err(json)?)),
            Self::Calendar => known.calendar = calendar(&entry.value).map_err(|cause| broken(&cause))?,
            Self::CalendarVersion => {
                let version: CalendarVersion = serde_json::from_slice(&entry.value).map_err(json)?;
                known.calendars.insert(version.number, version);
            }
            Self::Workflow => {
                let digest = String::from_utf8_lossy(&entry.value).parse().map_err(|cause| broken(&cause))?;
                known.current.insert(entry.key.as_str().into(), digest);
            }
            Self::Bundle => {
                let digest: Digest = entry.key.parse().map_err(|cause| broken(&cause))?;
                let compiled = match held.bundles.get(&digest) {
                    Some(compiled) => compiled.clone(),
                    None => compile(&serde_json::from_slice(&entry.value).map_err(json)?).map_err(|cause| broken(&cause))?,
                };
                known.bundles.insert(digest, compiled);
            }
            Self::Authority => drop(known.authorities.insert(entry.key.clone(), serde_json::from_slice(&entry.value).map_err(json)?)),
            Self::Webhook => drop(known.webhooks.insert(entry.key.clone(), serde_json::from_slice(&entry.value).map_err(json)?)),
            Self::Assessment => {
                let plan: AssessmentPlan = serde_json::from_slice(&entry.value).map_err(json)?;
                known.assessments.insert(plan.from, plan);
            }
            Self::Feed => {
                let person = entry.key.parse().map_err(|cause| broken(&cause))?;
                known.feeds.insert(person, serde_json::from_slice(&entry.value).map_err(json)?);
            }
            Self::Preferences => {
                let person = entry.key.parse().map_err(|cause| broken(&cause))?;
                known.preferences.insert(person, serde_json::from_slice(&entry.value).map_err(json)?);
            }
            // A kind that this program no longer has says nothing any more.
            Self::SmsApproval => {
                let approval: Approval = serde_json::from_slice(&entry.value).map_err(json)?;
                approval::of_key(&entry.key).into_iter().for_each(|text| known.texts.approve(text, approval.clone()));
            }
            Self::SmsSwitch => {
                let on: bool = serde_json::from_slice(&entry.value).map_err(json)?;
                approval::of_key(&entry.key).into_iter().for_each(|text| known.texts.switch(text, on));
            }
        }
        Ok(())
    }
}

fn calendar(bytes: &[u8]) -> Result<Calendar, String> {
    let text = std::str::from_utf8(bytes).map_err(|cause| cause.to_string())?;
    Calendar::parse(text, "calendar").map_err(|mistakes| mistakes.first().map_or_else(String::new, |first| first.en.clone()))
}

/// Compiles a published bundle; it was checked when it was published, so a mistake here is a fault.
fn compile(published: &PublishedBundle) -> Result<Arc<Bundle>, String> {
    let library = library::load(&source_files(&published.files)).map_err(|mistakes| mistakes.first().map_or_else(String::new, Diagnostic::one_line))?;
    library.bundle(&published.workflow).cloned().map(Arc::new).ok_or_else(|| format!("expected a workflow `{}`, found none", published.workflow))
}

/// Files by path, as the library takes them.
#[must_use]
pub fn source_files(files: &BTreeMap<String, String>) -> Vec<SourceFile> {
    files.iter().map(|(key, text)| SourceFile { key: key.clone(), shown: key.clone(), text: text.clone() }).collect()
}

/// How often something was looked at to be recorded: again while somebody recorded something between the look and the act, so that what is recorded rests on
/// what stands.
#[derive(Default)]
pub(in crate::app) struct Looks(u32);

impl Looks {
    /// Whether another look is due after this answer.
    pub(in crate::app) fn again<R>(&mut self, answer: &Result<R, Failure>) -> bool {
        self.0 += 1;
        matches!(answer, Err(Failure::Refused(refusal)) if refusal.code == MOVED) && self.0 < REGISTER_TRIES_MAX
    }
}

/// Waits a moment for what moved the register: it was decided, and may still be on its way to the disk.
pub(in crate::app) async fn settles() {
    tokio::time::sleep(REGISTER_SETTLES).await;
}

/// A register row.
///
/// # Errors
/// When the value cannot be written as JSON.
pub fn put(app: &App, tenant: Tenant, kind: &str, key: &str, value: &impl Serialize) -> Result<RegistryRow, Fault> {
    let value = serde_json::to_vec(value).map_err(|cause| Fault::new(format!("writing {kind} `{key}` to the register"), cause))?;
    Ok(RegistryRow::Put { tenant, kind: kind.to_owned(), key: key.to_owned(), value, at: app.clock().now() })
}

impl App {
    /// Writes an act on the tenant's register case, opening that case at its first act.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn record(&self, tenant: Tenant, actor: Actor, what: &str, details: serde_json::Value, rows: RegisterRows) -> Result<Receipt, Failure> {
        self.record_as(tenant, actor, None, what, details, rows).await
    }

    /// As `record`, under the caller's command id: the same again is the same act.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn record_as(
        &self,
        tenant: Tenant,
        actor: Actor,
        command_id: Option<CommandId>,
        what: &str,
        details: serde_json::Value,
        rows: RegisterRows,
    ) -> Result<Receipt, Failure> {
        self.open_register(tenant, &actor).await?;
        let act = Act::Record { what: what.into(), details: Some(details), rows, after: None };
        self.execute(Order { tenant, case: Some(case_of(tenant)), actor, command_id, act }).await
    }

    /// Records what was made from the register as it stood after so many acts.
    pub(in crate::app) async fn record_after(
        &self,
        (tenant, actor): (Tenant, Actor),
        (command_id, after): (CommandId, u64),
        (what, details): (&str, serde_json::Value),
        rows: RegisterRows,
    ) -> Result<Receipt, Failure> {
        let act = Act::Record { what: what.into(), details: Some(details), rows, after: Some(after) };
        self.execute(Order { tenant, case: Some(case_of(tenant)), actor, command_id: Some(command_id), act }).await
    }

    /// How many acts the register holds; it is opened when it is not there.
    pub(in crate::app) async fn register_seq(&self, tenant: Tenant, actor: &Actor) -> Result<u64, Failure> {
        self.open_register(tenant, actor).await?;
        let row = self.store().case(tenant, case_of(tenant)).await.map_err(|cause| Fault::new("looking for the register", cause))?;
        Ok(row.and_then(|row| u64::try_from(row.version).ok()).unwrap_or_default())
    }

    async fn open_register(&self, tenant: Tenant, actor: &Actor) -> Result<(), Failure> {
        let reading = |cause: StoreFault| Fault::new("looking for the register", cause);
        if self.store().case(tenant, case_of(tenant)).await.map_err(reading)?.is_some() {
            return Ok(());
        }
        // The command's id is the case's own, so that two nodes opening it at once open it once.
        let command_id = Some(CommandId(case_of(tenant).0));
        let act = Act::Start { workflow: WORKFLOW.into(), form: None, rank: 9 };
        self.execute(Order { tenant, case: Some(case_of(tenant)), actor: actor.clone(), command_id, act }).await?;
        Ok(())
    }
}
