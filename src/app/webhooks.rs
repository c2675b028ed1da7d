//! Webhooks: outside systems are told what happens to cases, as CloudEvents signed the way of Standard Webhooks.
//! Invariant: a message is a row in the commit of the act it tells of, and has one id at every attempt; subscribing is an act on the register, with who did it.
//! Never: a form, an opinion, a person or an amount in a message; a secret at rest (each is made of the deployment's key).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::clock;
use crate::engine::case::Case;
use crate::engine::event::Event;
use crate::engine::refusal::Class;
use crate::ids::{Digest, Moment, Tenant};
use crate::limits::{NOTICE_LEASE_MS, WEBHOOK_OLD_KEY_MS, WEBHOOKS_PER_TURN_MAX};
use crate::notice::{Next, Outcome, settle};
use crate::secret::Secret;
use crate::store::rows::{CaseRow, HookRow};
use crate::store::{ClaimedHook, StoreFault};

mod change;
mod told;

pub use change::Changed;
pub use told::{HookLine, HookTry, ParkedHook};

/// The kind of rows that hold the subscriptions.
pub const WEBHOOK: &str = "webhook";

/// What may be subscribed to.
pub const KINDS: [&str; 5] = ["case.started", "case.ended", "link.opened", "link.closed", "document.issued"];

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Where messages go.
    pub url: String,
    /// What is told.
    pub kinds: Vec<String>,
    /// Since when.
    pub since: Moment,
    /// When it was ended.
    pub ended: Option<Moment>,
    /// Since when it is told nothing; what happens meanwhile waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Moment>,
    /// How often its secret was changed.
    #[serde(default)]
    pub key: u32,
    /// When it last was; the one before signs as well for a while, so that a receiver can change at its own hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rekeyed: Option<Moment>,
    /// After how many acts of the register its newest secret was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_after: Option<u64>,
}

impl Webhook {
    /// Until when the secret before the newest signs as well.
    fn old_key_until(&self) -> Option<Moment> {
        self.rekeyed.map(|at| Moment(at.0.saturating_add(WEBHOOK_OLD_KEY_MS)))
    }

    /// The keys that sign at a moment, the newest first.
    fn keys(&self, now: Moment) -> impl Iterator<Item = u32> {
        // The one before the last as well: who changes it twice in a row, because the new one was lost, has not told the receiver yet.
        let old = if self.old_key_until().is_some_and(|until| now < until) { self.key.min(2) } else { 0 };
        (0..=old).map(|back| self.key - back)
    }
}

/// A change of the subscriptions, or a look at them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum HookAct {
    /// Subscribes; the secret is shown.
    Add {
        /// Where messages go.
        url: String,
        /// What is told.
        kinds: Vec<String>,
    },
    /// Ends a subscription; what waits is parked.
    End {
        /// Its id.
        id: String,
    },
    /// Lets messages wait until it is resumed.
    Pause {
        /// Its id.
        id: String,
    },
    /// Sends what waited, and goes on.
    Resume {
        /// Its id.
        id: String,
    },
    /// Makes another secret and shows it.
    Rekey {
        /// Its id.
        id: String,
        /// How often it had been changed before, as whoever asks knows it; the same again is the same change.
        #[serde(default)]
        seen: Option<u32>,
    },
    /// Sends a message that tells of nothing, to see whether it arrives.
    Test {
        /// Its id.
        id: String,
    },
    /// Has what is parked sent again.
    Retry {
        /// Its id.
        id: String,
    },
    /// Lists subscriptions with what waits and what is parked.
    List,
}

/// A message whose turn it is.
#[derive(Clone, Debug)]
pub struct HookMessage {
    /// `webhook-id`.
    pub id: String,
    /// Where it goes; `None` when its subscription has ended.
    pub url: Option<String>,
    /// The keys it is signed with, the newest first.
    pub keys: Vec<Secret<Vec<u8>>>,
    /// The body.
    pub body: Vec<u8>,
    claim: ClaimedHook,
}

fn storing(cause: StoreFault) -> Fault {
    Fault::new("delivering to a webhook", cause)
}

/// The rows that tell of an act: one for each subscription and thing that happened.
pub(super) fn rows(known: &Known, (row, before): (&CaseRow, Option<&Case>), events: &[Event], at: Moment) -> Vec<HookRow> {
    let open: Vec<&Webhook> = known.webhooks.values().filter(|hook| hook.ended.is_none()).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (place, (kind, data)) in events.iter().filter_map(|event| told(event, before)).enumerate() {
        for hook in open.iter().filter(|hook| hook.kinds.iter().any(|wanted| wanted == kind)) {
            let name = format!("greenlane webhook v1\n{}\n{}\n{}\n{place}\n{}", row.tenant, row.id, row.version, hook.id);
            let id = format!("msg_{}", hex::encode(&Digest::of(name.as_bytes()).0[..16]));
            let subject = row.number.clone().unwrap_or_else(|| row.id.to_string());
            let mut data = data.clone();
            if let Value::Object(fields) = &mut data {
                fields.insert("case".to_owned(), json!(row.id.to_string()));
                fields.insert("number".to_owned(), json!(row.number));
                fields.insert("workflow".to_owned(), json!(row.workflow));
                fields.insert("version".to_owned(), json!(row.version));
            }
            let event = json!({
                "specversion": "1.0", "id": id, "source": format!("urn:greenlane:{}", row.tenant), "type": format!("greenlane.{kind}.v1"),
                "subject": subject, "time": at.to_rfc3339(), "datacontenttype": "application/json", "data": data,
            });
            rows.push(HookRow { id, hook: hook.id.clone(), kind: kind.to_owned(), body: event.to_string().into_bytes(), at });
        }
    }
    rows
}

/// What an event is called outside, and what is told of it.
fn told(event: &Event, before: Option<&Case>) -> Option<(&'static str, Value)> {
    match event {
        Event::Started { .. } => Some(("case.started", json!({}))),
        Event::Ended { result, .. } => Some(("case.ended", json!({"result": result}))),
        Event::ScopeOpened { caller: Some(_), embedded: false, program, number, .. } => Some(("link.opened", json!({"link": program, "link_number": number}))),
        Event::ScopeClosed { scope, result } => {
            // A scope that closes is in the state before; the root and parts of a workflow are no links.
            let closed = before?.scopes.get(scope).filter(|scope| scope.caller.is_some() && !scope.embedded)?;
            Some(("link.closed", json!({"link": closed.program, "link_number": closed.number, "result": result})))
        }
        Event::DocumentIssued { kind, number, .. } => Some(("document.issued", json!({"document": kind, "document_number": number}))),
        // Everything else is the house's own.
        _ => None,
    }
}

impl App {
    async fn webhook_key(&self, tenant: Tenant, id: &str, number: u32) -> Result<Secret<Vec<u8>>, Fault> {
        // The first has no number in its name, so that subscriptions from before secrets could be changed keep theirs.
        let number = if number == 0 { String::new() } else { format!("\n{number}") };
        self.signed(&format!("greenlane webhook key v1\n{tenant}\n{id}{number}")).await.map(Secret::new)
    }

    /// Claims messages whose turn it is, of subscriptions that are told something; leases run on real time. What waits for a paused one is not touched.
    ///
    /// # Errors
    /// A fault.
    pub async fn claim_hooks(&self) -> Result<Vec<HookMessage>, Fault> {
        let (now, real) = (self.clock().now(), clock::real());
        let mut due = self.store().hooks_due(now).await.map_err(storing)?;
        let mut tenants: BTreeMap<Tenant, Option<Arc<Known>>> = BTreeMap::new();
        for found in &due {
            if let Entry::Vacant(place) = tenants.entry(found.tenant) {
                let known = self.known(found.tenant).await;
                place.insert(known.inspect_err(|fault| tracing::error!(tenant = %found.tenant, %fault, "a tenant's webhooks wait")).ok());
            }
        }
        let read = |tenant: Tenant| tenants.get(&tenant)?.as_ref();
        // One tenant's register keeps no other's messages back; its own wait, since nothing says yet which of them are told.
        due.retain(|found| read(found.tenant).is_some());
        let subscription = |tenant: Tenant, id: &str| read(tenant)?.webhooks.get(id).filter(|hook| hook.ended.is_none());
        // Of one that ended, also while it was paused, everything is taken up and parked with the reason.
        due.retain(|found| subscription(found.tenant, &found.hook).is_none_or(|hook| hook.paused.is_none()));
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let lease_until = Moment(real.0 + NOTICE_LEASE_MS);
        let claims = self.store().claim_hooks(&due, (now, real), lease_until, WEBHOOKS_PER_TURN_MAX).await.map_err(storing)?;
        let mut messages = Vec::with_capacity(claims.len());
        for claim in claims {
            let hook = subscription(claim.tenant, &claim.hook);
            let mut keys = Vec::new();
            for number in hook.into_iter().flat_map(|hook| hook.keys(now)) {
                keys.push(self.webhook_key(claim.tenant, &claim.hook, number).await?);
            }
            messages.push(HookMessage { id: claim.id.clone(), url: hook.map(|hook| hook.url.clone()), keys, body: claim.body.clone(), claim });
        }
        Ok(messages)
    }

    /// Records how an attempt went.
    ///
    /// # Errors
    /// A fault: the lease then ends and it is tried again under the same id.
    pub async fn settle_hook(&self, message: &HookMessage, outcome: Outcome, answer: &str) -> Result<(), Fault> {
        let now = self.clock().now();
        let (state, again): (i16, Option<Moment>) = match settle(message.claim.attempts + 1, outcome, now) {
            Next::Sent => (1, None),
            Next::Parked => (2, None),
            Next::Retry { at } => (0, Some(at)),
        };
        metrics::counter!("greenlane_webhooks_total", "outcome" => ["retried", "sent", "parked"][usize::from(state.unsigned_abs()).min(2)]).increment(1);
        self.store().record_hook(&message.claim, (state, again), (now, answer)).await.map_err(storing)
    }
}

fn subscription<'k>(known: &'k Known, id: &str) -> Result<&'k Webhook, Failure> {
    known
        .webhooks
        .get(id)
        .ok_or_else(|| refusal("no_such_webhook", Class::NotFound, format!("没有订阅 {id}。"), format!("cannot find the subscription {id}")).into())
}
