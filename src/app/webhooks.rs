//! Webhooks: outside systems are told what happens to cases, as CloudEvents signed the way of Standard Webhooks.
//! Invariant: a message is a row in the commit of the act it tells of, and has one id at every attempt; subscribing is an act on the register, with who did it.
//! Never: a form, an opinion, a person or an amount in a message; a secret at rest (each is made of the deployment's key).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::execute::{RegisterRows, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::operate::{Told, line, wrong_input};
use crate::app::register::put;
use crate::clock;
use crate::engine::case::Case;
use crate::engine::event::Event;
use crate::engine::refusal::{Class, Detail};
use crate::identity::Actor;
use crate::ids::{Digest, Moment, Tenant};
use crate::limits::{NOTICE_LEASE_MS, WEBHOOK_URL_CHARS_MAX, WEBHOOKS_MAX, WEBHOOKS_PER_TURN_MAX};
use crate::notice::{Next, Outcome, settle};
use crate::store::rows::{CaseRow, HookRow};
use crate::store::{ClaimedHook, StoreFault};

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
    /// The key it is signed with.
    pub key: Vec<u8>,
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
    /// Changes the subscriptions, or lists them.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn change_webhooks(&self, tenant: Tenant, actor: Actor, act: HookAct) -> Result<Told, Failure> {
        let known = self.known(tenant).await?;
        self.permit_notices(&known, &actor)?;
        match act {
            HookAct::Add { url, kinds } => self.subscribe(tenant, &known, actor, &url, &kinds).await,
            HookAct::End { id } => {
                let hook = subscription(&known, &id)?;
                if hook.ended.is_none() {
                    let ended = Webhook { ended: Some(self.clock().now()), ..hook.clone() };
                    let rows = RegisterRows { registry: vec![put(self, tenant, WEBHOOK, &id, &ended)?], ..RegisterRows::default() };
                    self.record(tenant, actor, "webhook-ended", json!({"id": id}), rows).await?;
                }
                Ok(vec![line(format!("订阅 {id} 已停用"), format!("subscription {id} has ended"))])
            }
            HookAct::Retry { id } => {
                subscription(&known, &id)?;
                let details = json!({"id": id});
                self.record(tenant, actor, "webhook-retried", details, RegisterRows::default()).await?;
                let count = self.store().reopen_hooks(tenant, &id, self.clock().now()).await.map_err(storing)?;
                Ok(vec![line(format!("{count} 条消息重新排队"), format!("{count} messages are sent again"))])
            }
            HookAct::List => self.webhooks_told(tenant, &known).await,
        }
    }

    async fn subscribe(&self, tenant: Tenant, known: &Known, actor: Actor, url: &str, kinds: &[String]) -> Result<Told, Failure> {
        let mut details = Vec::new();
        let plain = url.len() <= WEBHOOK_URL_CHARS_MAX && url.bytes().all(|byte| byte.is_ascii_graphic());
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).map(|rest| rest.split('/').next().unwrap_or_default());
        if !plain || host.is_none_or(|host| host.is_empty() || host.contains('@')) {
            let zh = "应为 https 网址，不含用户名和密码";
            details.push(Detail::new("url", "wrong_value", zh, format!("expected an https address without a user, found `{url}`")));
        }
        for kind in kinds.iter().filter(|kind| !KINDS.contains(&kind.as_str())) {
            let all = KINDS.join(", ");
            details.push(Detail::new("kinds", "unknown_word", format!("应为 {all} 之一，实际 `{kind}`"), format!("expected one of {all}, found `{kind}`")));
        }
        if known.webhooks.values().filter(|hook| hook.ended.is_none()).count() >= WEBHOOKS_MAX {
            let en = format!("expected at most {WEBHOOKS_MAX} subscriptions; end one first");
            details.push(Detail::new("url", "too_many", format!("最多 {WEBHOOKS_MAX} 个订阅，请先停用一个"), en));
        }
        if !details.is_empty() {
            return Err(wrong_input("webhook_wrong", details.into_iter()).into());
        }
        let kinds = if kinds.is_empty() { KINDS.map(str::to_owned).to_vec() } else { kinds.to_vec() };
        let id = format!("wh_{}", hex::encode(entropy::<8>()?));
        let hook = Webhook { id: id.clone(), url: url.to_owned(), kinds: kinds.clone(), since: self.clock().now(), ended: None };
        let rows = RegisterRows { registry: vec![put(self, tenant, WEBHOOK, &id, &hook)?], ..RegisterRows::default() };
        self.record(tenant, actor, "webhook-added", json!({"id": id, "url": url, "kinds": kinds}), rows).await?;
        let secret = format!("whsec_{}", STANDARD.encode(self.webhook_key(tenant, &id).await?));
        Ok(vec![
            line(format!("订阅 {id}：{} → {url}", kinds.join("、")), format!("subscription {id}: {} -> {url}", kinds.join(", "))),
            line(format!("签名密钥（只显示这一次）：{secret}"), format!("signing secret (shown only now): {secret}")),
        ])
    }

    async fn webhooks_told(&self, tenant: Tenant, known: &Known) -> Result<Told, Failure> {
        let counts = self.store().hook_counts(tenant).await.map_err(storing)?;
        let mut told = Vec::new();
        for hook in known.webhooks.values() {
            let of = |state: i16| counts.iter().filter(|(id, found, _)| *id == hook.id && *found == state).map(|(.., count)| count).sum::<i64>();
            let (waiting, sent, parked) = (of(0), of(1), of(2));
            let (zh, en) = if hook.ended.is_some() { ("已停用", "ended") } else { ("使用中", "in use") };
            let mut text = line(
                format!("{} {zh} {} {}：待发 {waiting}，已送达 {sent}，停投 {parked}", hook.id, hook.url, hook.kinds.join("、")),
                format!("{} {en} {} {}: {waiting} waiting, {sent} delivered, {parked} parked", hook.id, hook.url, hook.kinds.join(", ")),
            );
            for (id, answer) in self.store().parked_hooks(tenant, &hook.id).await.map_err(storing)? {
                // Writing into a text cannot fail.
                let _ = write!(text.zh, "\n  {id}：{answer}");
                let _ = write!(text.en, "\n  {id}: {answer}");
            }
            told.push(text);
        }
        if told.is_empty() {
            told.push(line("还没有订阅", "there is no subscription yet"));
        }
        Ok(told)
    }

    async fn webhook_key(&self, tenant: Tenant, id: &str) -> Result<Vec<u8>, Fault> {
        self.signed(&format!("greenlane webhook key v1\n{tenant}\n{id}")).await
    }

    /// Claims messages whose turn it is; leases run on real time.
    ///
    /// # Errors
    /// A fault.
    pub async fn claim_hooks(&self) -> Result<Vec<HookMessage>, Fault> {
        let real = clock::real();
        let claims = self.store().claim_hooks(self.clock().now(), real, Moment(real.0 + NOTICE_LEASE_MS), WEBHOOKS_PER_TURN_MAX).await.map_err(storing)?;
        let mut messages = Vec::with_capacity(claims.len());
        for claim in claims {
            let known = self.known(claim.tenant).await?;
            let url = known.webhooks.get(&claim.hook).filter(|hook| hook.ended.is_none()).map(|hook| hook.url.clone());
            let key = self.webhook_key(claim.tenant, &claim.hook).await?;
            messages.push(HookMessage { id: claim.id.clone(), url, key, body: claim.body.clone(), claim });
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
