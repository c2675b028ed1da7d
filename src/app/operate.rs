//! What an operator does from the command line: publish, seed, issue quota, hand out tokens. The same operation runs in the command's own process or, while `serve` holds the database, behind its socket.
//! Invariant: every operation is an act on the register, by the operator's name. Never: a way around the writer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::app::authority::AuthorityAsked;
use crate::app::calendars::Proposal;
use crate::app::execute::{RegisterRows, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::frozen::FreezeAsked;
use crate::app::indicators::{FigureAsked, ListAsked};
use crate::app::migrate::Migration;
use crate::app::people::Change;
use crate::app::postings::ByDocument;
use crate::app::publish::Publication;
use crate::app::webhooks::HookAct;
use crate::calendar::Head;
use crate::definition::diagnostics::Diagnostic;
use crate::definition::library;
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::{Actor, Person};
use crate::ids::{Digest, Moment, Tenant};
use crate::source::Mistake;
use crate::store::rows::RegistryRow;

/// An operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "kebab-case")]
pub enum Operation {
    /// Publishes the workflows among the files: all of them, or those named.
    Publish {
        /// Files by path below `workflows/`.
        files: BTreeMap<String, String>,
        /// The workflows to publish; empty for every one.
        workflows: Vec<String>,
    },
    /// Says what publishing them would change and what stands in the way, and publishes nothing.
    ComparePublished {
        /// Files by path below `workflows/`.
        files: BTreeMap<String, String>,
        /// The workflows to compare; empty for every one.
        workflows: Vec<String>,
    },
    /// Takes running cases over to another version of their workflow.
    MigrateCases(Migration),
    /// Puts a working calendar in force.
    Calendar {
        /// The file's text.
        text: String,
        /// The file's name.
        file: String,
    },
    /// Says what a calendar would move, and writes nothing.
    PreviewCalendar(Proposal),
    /// Puts a calendar in force that was previewed.
    ApplyCalendar {
        /// The calendar.
        proposal: Proposal,
        /// The beginning of the preview's stamp.
        stamp: String,
    },
    /// Lists the versions of the calendar.
    Calendars,
    /// Plants the seeds; what is there already is left as it is.
    Seed {
        /// Files by path below `seeds/`.
        files: BTreeMap<String, String>,
    },
    /// Publishes what places have of their own, and opens the reform items of their plans.
    ImportItems {
        /// Files by path below `seeds/`.
        files: BTreeMap<String, String>,
        /// What places have of their own, by path below `seeds/`.
        places: BTreeMap<String, String>,
    },
    /// Hands out a bearer token.
    Token {
        /// Whose.
        login: String,
        /// For how many days.
        days: u32,
    },
    /// Ends somebody's access: the person stays on the record, the tokens are dead.
    Disable {
        /// Whose.
        login: String,
    },
    /// Adds somebody, changes their access or their posts.
    People(Change),
    /// Has an outside job tried again.
    RetryJob {
        /// The case, by number or id.
        case: String,
        /// The job within it.
        job: u32,
    },
    /// Registers a standing authorisation to issue supervision orders.
    RegisterAuthority(AuthorityAsked),
    /// Revokes one.
    RevokeAuthority {
        /// Its document.
        document: String,
    },
    /// Lists the indicators with what is said of each target.
    Indicators,
    /// Reports a figure of an indicator.
    ReportFigure(FigureAsked),
    /// Adds an indicator or takes one off.
    ChangeIndicators(ListAsked),
    /// Freezes the ledger of a period and a unit.
    FreezeLedger(FreezeAsked),
    /// Puts it on the record that a copy of a frozen ledger is taken out.
    TakeLedgerCopy {
        /// The frozen ledger.
        ledger: String,
        /// Which copy, from 1.
        copy: u32,
    },
    /// Changes the webhooks, or lists them.
    Webhook(HookAct),
    /// Posts to an account by a document.
    Post {
        /// The account's key.
        account: String,
        /// One of `postings::KINDS`.
        kind: String,
        /// How much, in the account's unit.
        amount: i64,
        /// The document it rests on.
        document: String,
        /// The case whose kept reservation is used or released.
        #[serde(default)]
        case: Option<String>,
    },
}

/// The workflow files the program carries, by path.
#[must_use]
pub fn embedded_workflows() -> BTreeMap<String, String> {
    library::embedded_files().into_iter().map(|file| (file.key, file.text)).collect()
}

/// What was done, a line each in both languages.
pub type Told = Vec<crate::ids::Text>;

pub(super) fn line(zh: impl Into<String>, en: impl Into<String>) -> crate::ids::Text {
    crate::ids::Text { zh: zh.into(), en: en.into() }
}

impl App {
    /// Does an operation.
    ///
    /// # Errors
    /// A refusal with every mistake of the input, or a fault.
    pub async fn operate(&self, tenant: Tenant, actor: Actor, operation: Operation) -> Result<Told, Failure> {
        match operation {
            Operation::Publish { files, workflows } => self.publish_told(tenant, &actor, &Publication { files, workflows, dry_run: false }).await,
            Operation::ComparePublished { files, workflows } => self.publish_told(tenant, &actor, &Publication { files, workflows, dry_run: true }).await,
            Operation::MigrateCases(asked) => self.migrate_told(tenant, &actor, &asked).await,
            Operation::Calendar { text, file } => self.calendar_in_force(tenant, actor, Proposal { text, file, head: Head::default() }).await,
            Operation::PreviewCalendar(proposal) => self.calendar_previewed(tenant, &actor, &proposal).await,
            Operation::ApplyCalendar { proposal, stamp } => self.calendar_applied(tenant, actor, &proposal, &stamp).await,
            Operation::Calendars => self.calendars_told(tenant).await,
            Operation::Seed { files } => self.plant(actor, &files).await,
            Operation::ImportItems { files, places } => self.import_items(&actor, &files, &places).await,
            Operation::Token { login, days } => self.hand_out_token(tenant, actor, &login, days).await,
            Operation::Disable { login } => self.manage(tenant, actor, None, &Change::Disable { login }).await,
            Operation::People(change) => self.manage(tenant, actor, None, &change).await,
            Operation::RetryJob { case, job } => {
                let case = self.case_named(tenant, &case).await?;
                self.retry_job(tenant, actor, None, (case, job)).await?;
                Ok(vec![line(format!("外部作业 {job} 可以领取"), format!("job {job} may be fetched"))])
            }
            Operation::RegisterAuthority(asked) => self.register_authority_told(tenant, actor, &asked).await,
            Operation::RevokeAuthority { document } => self.revoke_authority_told(tenant, actor, &document).await,
            Operation::Indicators => self.indicators_told(tenant).await,
            Operation::ReportFigure(asked) => self.figure_told(tenant, actor, &asked).await,
            Operation::ChangeIndicators(asked) => self.list_told(tenant, actor, &asked).await,
            Operation::FreezeLedger(asked) => self.freeze_told(tenant, actor, &asked).await,
            Operation::TakeLedgerCopy { ledger, copy } => self.copy_told(tenant, actor, &ledger, copy).await,
            Operation::Webhook(act) => self.change_webhooks(tenant, actor, act).await,
            Operation::Post { account, kind, amount, document, case } => {
                let receipt = self.post_by_document(tenant, actor, &ByDocument { account, kind, amount, document, case }).await?;
                Ok(vec![line(format!("已记账，登记簿第 {} 项", receipt.version), format!("posted: act {} of the register", receipt.version))])
            }
        }
    }

    async fn hand_out_token(&self, tenant: Tenant, actor: Actor, login: &str, days: u32) -> Result<Told, Failure> {
        let person = self.person(tenant, login).await?;
        let (token, row) = token(tenant, &person, days)?;
        let rows = RegisterRows { registry: vec![row], ..RegisterRows::default() };
        self.record(tenant, actor, "token-handed-out", json!({"person": person.id, "days": days}), rows).await?;
        Ok(vec![line(
            format!("{} 的令牌（只显示这一次，{days} 天有效）:{token}", person.name),
            format!("token of {} (shown only now, valid {days} days): {token}", person.name),
        )])
    }

    /// A token for everybody who may sign in, in one act: for demonstrations.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn hand_out_tokens(&self, tenant: Tenant, actor: Actor, days: u32) -> Result<Vec<(Person, String)>, Failure> {
        let known = self.known(tenant).await?;
        let mut tokens = Vec::new();
        let mut registry = Vec::new();
        for person in known.roster.people.values().filter(|person| !person.disabled) {
            let (text, row) = token(tenant, person, days)?;
            registry.push(row);
            tokens.push((person.clone(), text));
        }
        let rows = RegisterRows { registry, ..RegisterRows::default() };
        self.record(tenant, actor, "tokens-handed-out", json!({"people": tokens.len(), "days": days}), rows).await?;
        Ok(tokens)
    }

    pub(super) async fn person(&self, tenant: Tenant, login: &str) -> Result<Person, Failure> {
        let known = self.known(tenant).await?;
        known.roster.people.values().find(|person| person.login == login).cloned().ok_or_else(|| {
            let (zh, en) = (format!("没有登录名为“{login}”的人员。"), format!("cannot find a person with the login `{login}`"));
            refusal("unknown_person", Class::NotFound, zh, en).into()
        })
    }
}

/// A refusal that lists every mistake of an input.
pub(super) fn wrong_input(code: &'static str, details: impl Iterator<Item = Detail>) -> Refusal {
    let details: Vec<Detail> = details.collect();
    let (zh, en) =
        (format!("输入有 {} 处错误，什么也没有改变。", details.len()), format!("cannot accept the input; mistakes: {}; nothing was changed", details.len()));
    Refusal { details, ..refusal(code, Class::Invalid, zh, en) }
}

impl From<&Mistake> for Detail {
    fn from(mistake: &Mistake) -> Self {
        let place = format!("{}:{}:{}", mistake.file, mistake.line, mistake.column);
        Self::new(&place, mistake.code, mistake.zh.clone(), mistake.en.clone())
    }
}

impl From<&Diagnostic> for Detail {
    fn from(diagnostic: &Diagnostic) -> Self {
        let place = format!("{}:{}:{}", diagnostic.file, diagnostic.line, diagnostic.column);
        Self::new(&place, diagnostic.code, diagnostic.zh.clone(), diagnostic.en.clone())
    }
}

pub(super) fn raw(app: &App, tenant: Tenant, kind: &str, key: &str, value: Vec<u8>) -> RegistryRow {
    RegistryRow::Put { tenant, kind: kind.to_owned(), key: key.to_owned(), value, at: app.clock().now() }
}

pub(super) fn short(digest: Digest) -> String {
    digest.to_string().chars().take(12).collect()
}

/// A new token and the row that stands for it: 256 random bits, at rest as SHA-256.
pub(super) fn token(tenant: Tenant, person: &Person, days: u32) -> Result<(String, RegistryRow), Fault> {
    const DAY_MS: i64 = 86_400_000;
    let token = format!("gl_{}", hex::encode(entropy::<32>()?));
    let expires = Moment(crate::clock::real().0 + i64::from(days) * DAY_MS);
    let row = RegistryRow::Token { tenant, digest: Digest::of(token.as_bytes()), person: person.id, expires };
    Ok((token, row))
}
