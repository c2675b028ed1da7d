//! Standing authorisations (常态化授权): by whose document, for which passed dates and how long supervision orders are issued without a signature for each.
//! Invariant: an authorisation is an act of the register, has an end, and is printed on every order issued by it. Never: one for an order that a person drafted;
//! those are signed one by one (政府督查工作条例 7、11; PROCEDURES 5).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::operate::{Told, line};
use crate::app::register::put;
use crate::app::writer::Receipt;
use crate::engine::refusal::Class;
use crate::identity::Actor;
use crate::ids::{PersonId, Tenant};
use crate::store::rows::OrderRow;

/// The kind of rows that hold them.
pub const STANDING_AUTHORITY: &str = "standing-authority";
/// The post whose holders issue orders.
const ISSUER: &str = "issuer";
/// Characters a document's number may have; the order's form holds no more.
const DOCUMENT_CHARACTERS_MAX: usize = 60;
/// Which dates an authorisation may speak of.
const DATES: [&str; 3] = ["promised", "statutory", "step"];

/// An authorisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// The number of the document it rests on; its key.
    pub document: String,
    /// Who gave it.
    pub issuer: PersonId,
    /// `promised`, `statutory`, `step`: the dates whose passing it speaks of.
    pub about: BTreeSet<String>,
    /// The links' workflows it is for; empty for all.
    pub workflows: BTreeSet<String>,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
    /// The day it was revoked; from then on it issues nothing.
    pub revoked: Option<NaiveDate>,
}

/// An authorisation as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorityAsked {
    /// The number of the document it rests on.
    pub document: String,
    /// The login of the issuer who gave it.
    pub issuer: String,
    /// `promised`, `statutory`, `step`.
    pub about: Vec<String>,
    /// Workflows of links; empty for all.
    #[serde(default)]
    pub workflows: Vec<String>,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
}

/// An authorisation as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuthorityView {
    /// The number of its document.
    pub document: String,
    /// Who gave it.
    pub issuer: String,
    /// `promised`, `statutory`, `step`.
    pub about: Vec<String>,
    /// Workflows of links; empty for all.
    pub workflows: Vec<String>,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
    /// The day it was revoked.
    pub revoked: Option<NaiveDate>,
    /// It issues orders today.
    pub in_force: bool,
}

impl Authority {
    /// Whether it issues orders on a day.
    #[must_use]
    pub fn in_force(&self, on: NaiveDate) -> bool {
        (self.from..=self.until).contains(&on) && self.revoked.is_none_or(|revoked| on < revoked)
    }

    /// Whether it issues this order on a day.
    #[must_use]
    pub(in crate::app) fn covers(&self, order: &OrderRow, on: NaiveDate) -> bool {
        let of_link = self.workflows.is_empty() || self.workflows.contains(&order.program);
        self.in_force(on) && self.about.contains(&order.kind) && of_link
    }
}

impl App {
    /// Registers an authorisation.
    ///
    /// # Errors
    /// `authority_wrong` with what is wrong, `authority_exists`, or a fault.
    pub async fn register_authority(&self, tenant: Tenant, actor: Actor, asked: &AuthorityAsked) -> Result<Receipt, Failure> {
        let authority = self.authority_of(tenant, asked).await?;
        let details = json!({"document": authority.document, "issuer": authority.issuer, "from": authority.from, "until": authority.until});
        self.keep_authority(tenant, actor, "authority-registered", details, &authority).await
    }

    /// Revokes one from today on; orders issued by it stay issued.
    ///
    /// # Errors
    /// `unknown_authority`, or a fault.
    pub async fn revoke_authority(&self, tenant: Tenant, actor: Actor, document: &str) -> Result<Receipt, Failure> {
        let known = self.known(tenant).await?;
        let Some(held) = known.authorities.get(document) else {
            let (zh, en) = (format!("没有登记过常态化授权“{document}”。"), format!("cannot revoke the authorisation `{document}`: there is none"));
            return Err(refusal("unknown_authority", Class::NotFound, zh, en).into());
        };
        let on = self.clock().now().date();
        let revoked = Authority { revoked: Some(held.revoked.unwrap_or(on)), ..held.clone() };
        self.keep_authority(tenant, actor, "authority-revoked", json!({"document": document, "on": on}), &revoked).await
    }

    /// All of them, the newest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn authorities(&self, tenant: Tenant) -> Result<Vec<AuthorityView>, Fault> {
        let known = self.known(tenant).await?;
        let on = self.clock().now().date();
        let view = |held: &Authority| AuthorityView {
            document: held.document.clone(),
            issuer: known.person_name(held.issuer),
            about: held.about.iter().cloned().collect(),
            workflows: held.workflows.iter().cloned().collect(),
            from: held.from,
            until: held.until,
            revoked: held.revoked,
            in_force: held.in_force(on),
        };
        let mut all: Vec<AuthorityView> = known.authorities.values().map(view).collect();
        all.sort_by(|left, right| (right.from, &right.document).cmp(&(left.from, &left.document)));
        Ok(all)
    }

    /// Registers or revokes from a command line.
    ///
    /// # Errors
    /// As the two.
    pub(in crate::app) async fn register_authority_told(&self, tenant: Tenant, actor: Actor, asked: &AuthorityAsked) -> Result<Told, Failure> {
        self.register_authority(tenant, actor, asked).await?;
        let AuthorityAsked { document, until, .. } = asked;
        Ok(vec![line(format!("常态化授权 {document} 已登记，至 {until}"), format!("authorisation {document} is registered until {until}"))])
    }

    pub(in crate::app) async fn revoke_authority_told(&self, tenant: Tenant, actor: Actor, document: &str) -> Result<Told, Failure> {
        self.revoke_authority(tenant, actor, document).await?;
        Ok(vec![line(format!("常态化授权 {document} 已撤销"), format!("authorisation {document} is revoked"))])
    }

    async fn authority_of(&self, tenant: Tenant, asked: &AuthorityAsked) -> Result<Authority, Failure> {
        let known = self.known(tenant).await?;
        let wrong = |zh: String, en: String| Failure::from(refusal("authority_wrong", Class::Invalid, zh, en));
        let document = asked.document.trim();
        if document.is_empty() || document.chars().count() > DOCUMENT_CHARACTERS_MAX {
            let most = DOCUMENT_CHARACTERS_MAX;
            return Err(wrong(format!("文号应有 1 至 {most} 字。"), format!("expected a document's number of 1 to {most} characters")));
        }
        if known.authorities.contains_key(document) {
            let (zh, en) = (format!("常态化授权“{document}”已经登记。"), format!("cannot register the authorisation `{document}`: it is registered already"));
            return Err(refusal("authority_exists", Class::Conflict, zh, en).into());
        }
        let (from, until) = (asked.from, asked.until);
        if until < from {
            return Err(wrong(format!("期限止于 {until}，早于起始 {from}。"), format!("expected a last day from {from} on, found {until}")));
        }
        if asked.about.is_empty() || asked.about.iter().any(|word| !DATES.contains(&word.as_str())) {
            let all = DATES.join(", ");
            return Err(wrong(format!("适用情形应为 {all} 中的一项或几项。"), format!("expected one or more of {all}, found `{}`", asked.about.join(", "))));
        }
        if let Some(unknown) = asked.workflows.iter().find(|name| !known.bundles.values().any(|bundle| bundle.programs.contains_key(name.as_str()))) {
            return Err(wrong(format!("没有发布过流程“{unknown}”。"), format!("expected a published workflow, found `{unknown}`")));
        }
        let issuer = known.roster.people.values().find(|person| person.login == asked.issuer);
        let signs = issuer.filter(|person| known.roster.posts_of(person.id, from).iter().any(|(_, post)| &**post == ISSUER));
        let Some(issuer) = signs else {
            let login = &asked.issuer;
            return Err(wrong(
                format!("“{login}”在 {from} 不是督办签发人。"),
                format!("expected somebody who holds the post `{ISSUER}` on {from}, found `{login}`"),
            ));
        };
        let (about, workflows) = (asked.about.iter().cloned().collect(), asked.workflows.iter().cloned().collect());
        Ok(Authority { document: document.to_owned(), issuer: issuer.id, about, workflows, from, until, revoked: None })
    }

    async fn keep_authority(&self, tenant: Tenant, actor: Actor, what: &str, details: serde_json::Value, authority: &Authority) -> Result<Receipt, Failure> {
        let rows = RegisterRows { registry: vec![put(self, tenant, STANDING_AUTHORITY, &authority.document, authority)?], ..RegisterRows::default() };
        self.record(tenant, actor, what, details, rows).await
    }
}
