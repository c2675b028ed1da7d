//! Changing subscriptions: begun, paused and resumed, given another secret, tried out, ended. Invariant: the same command again is the same act and shows the
//! same secret. Never: a subscription that is gone; an ended one stays on record.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{HookAct, KINDS, WEBHOOK, Webhook, storing, subscription};
use crate::app::App;
use crate::app::execute::{RegisterRows, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::operate::wrong_input;
use crate::app::register::{self, put};
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::Actor;
use crate::ids::{CommandId, Digest, Moment, Tenant};
use crate::limits::{WEBHOOK_SHOWN_MS, WEBHOOKS_MAX};
use crate::secret::Secret;
use crate::store::rows::HookRow;

/// What a change came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The subscription.
    pub id: String,
    /// Where it goes.
    pub url: String,
    /// What it is told.
    pub kinds: Vec<String>,
    /// Its secret, when it has a new one.
    pub secret: Option<Secret>,
    /// Messages that are sent again.
    pub again: u64,
}

/// Who changes something, where, under which command, and after how many acts of the register what they change was read.
struct Asked {
    tenant: Tenant,
    actor: Actor,
    command: Option<CommandId>,
    after: u64,
}

impl App {
    /// Changes a subscription under the caller's command id: the same again is the same change.
    ///
    /// # Errors
    /// Every mistake of a new one, a refusal, or a fault.
    pub async fn change_webhook(&self, tenant: Tenant, actor: Actor, command: Option<CommandId>, act: &HookAct) -> Result<Changed, Failure> {
        // No change undoes another.
        let mut looks = register::Looks::default();
        loop {
            let answer = self.change_once(tenant, actor.clone(), command, act).await;
            if !looks.again(&answer) {
                return answer;
            }
            register::settles().await;
        }
    }

    async fn change_once(&self, tenant: Tenant, actor: Actor, command: Option<CommandId>, act: &HookAct) -> Result<Changed, Failure> {
        let after = self.register_seq(tenant, &actor).await?;
        let known = self.known(tenant).await?;
        self.permit_notices(&known, &actor)?;
        // Read after the count, and not from the shelf, which may be one act behind it.
        let rows = self.store().registry_list(tenant, WEBHOOK).await.map_err(storing)?;
        let parsed = rows.into_iter().map(|row| serde_json::from_slice(&row.value).map(|hook| (row.key, hook)));
        let webhooks = parsed.collect::<Result<_, _>>().map_err(|cause| Fault::new("reading the subscriptions", cause))?;
        let known = Known { webhooks, ..Known::default() };
        let asked = Asked { tenant, actor, command, after };
        match act {
            HookAct::Add { url, kinds } => self.subscribe(&known, asked, url.trim(), kinds).await,
            HookAct::End { id } => self.end_webhook(&known, asked, id).await,
            HookAct::Pause { id } => self.pause_webhook(&known, asked, id).await,
            HookAct::Resume { id } => self.resume_webhook(&known, asked, id).await,
            HookAct::Rekey { id, seen } => self.rekey_webhook(&known, asked, (id, *seen)).await,
            HookAct::Test { id } => self.test_webhook(&known, asked, id).await,
            HookAct::Retry { id } => self.retry_webhook(&known, asked, id).await,
            HookAct::List => Err(refusal("webhook_wrong", Class::Invalid, "列出订阅不是变更。", "cannot change a subscription by listing them").into()),
        }
    }

    async fn subscribe(&self, known: &Known, asked: Asked, url: &str, kinds: &[String]) -> Result<Changed, Failure> {
        let number = match asked.command {
            // One form is one subscription, however often it arrives.
            Some(command) => Digest::of(format!("greenlane webhook v1\n{}\n{command}", asked.tenant).as_bytes()).0[..8].to_vec(),
            None => entropy::<8>()?.to_vec(),
        };
        let id = format!("wh_{}", hex::encode(number));
        let all = if kinds.is_empty() { KINDS.map(str::to_owned).to_vec() } else { kinds.to_vec() };
        if let Some(there) = known.webhooks.get(&id) {
            if (there.url.as_str(), &there.kinds) != (url, &all) {
                return Err(filed_already(&there.url).into());
            }
            // A button clicked twice shows the secret again; a page that is sent again later does not.
            let new = there.key == 0 && there.ended.is_none() && just_now(there.since, self.clock().now());
            return self.shown(asked.tenant, there, new.then_some(0)).await;
        }
        let details = self.webhook_mistakes(known, url, kinds);
        if !details.is_empty() {
            return Err(wrong_input("webhook_wrong", details.into_iter()).into());
        }
        let kinds = all;
        let details = json!({"id": id, "url": url, "kinds": kinds});
        let hook = Webhook { id, url: url.to_owned(), kinds, since: self.clock().now(), ended: None, paused: None, key: 0, rekeyed: None, key_after: None };
        let tenant = asked.tenant;
        self.write_webhook(asked, "webhook-added", details, &hook).await?;
        self.shown(tenant, &hook, Some(0)).await
    }

    async fn end_webhook(&self, known: &Known, asked: Asked, id: &str) -> Result<Changed, Failure> {
        let hook = subscription(known, id)?;
        let tenant = asked.tenant;
        if hook.ended.is_none() {
            let ended = Webhook { ended: Some(self.clock().now()), ..hook.clone() };
            self.write_webhook(asked, "webhook-ended", json!({"id": id}), &ended).await?;
            // Whatever waits is parked as its turn comes, with the reason.
            self.store().release_hooks(tenant, id).await.map_err(storing)?;
        }
        self.shown(tenant, hook, None).await
    }

    async fn pause_webhook(&self, known: &Known, asked: Asked, id: &str) -> Result<Changed, Failure> {
        let hook = in_use(known, id)?;
        let tenant = asked.tenant;
        if hook.paused.is_none() {
            let paused = Webhook { paused: Some(self.clock().now()), ..hook.clone() };
            self.write_webhook(asked, "webhook-paused", json!({"id": id}), &paused).await?;
        }
        self.shown(tenant, hook, None).await
    }

    async fn resume_webhook(&self, known: &Known, asked: Asked, id: &str) -> Result<Changed, Failure> {
        let hook = in_use(known, id)?;
        let tenant = asked.tenant;
        if hook.paused.is_some() {
            let resumed = Webhook { paused: None, ..hook.clone() };
            self.write_webhook(asked, "webhook-resumed", json!({"id": id}), &resumed).await?;
        }
        // Also when it was resumed by another click whose process died before this.
        let again = self.store().release_hooks(tenant, id).await.map_err(storing)?;
        Ok(Changed { again, ..self.shown(tenant, hook, None).await? })
    }

    async fn rekey_webhook(&self, known: &Known, asked: Asked, (id, seen): (&str, Option<u32>)) -> Result<Changed, Failure> {
        let hook = in_use(known, id)?;
        let (tenant, seen) = (asked.tenant, seen.unwrap_or(hook.key));
        let number = seen.saturating_add(1);
        // The command's id is the secret's number, so that a button clicked twice makes one, and two people do not each make theirs.
        let command = Some(CommandId::of(&format!("webhook secret {tenant} {id} {number}")));
        let now = self.clock().now();
        let again = hook.key == number && hook.rekeyed.is_some_and(|at| just_now(at, now));
        if hook.key != seen && !again {
            return Err(moved_on().into());
        }
        // The same once more is the same command only with what it rested on.
        let after = hook.key_after.filter(|_| again).unwrap_or(asked.after);
        let rekeyed = Webhook { key: number, rekeyed: Some(now), key_after: Some(after), ..hook.clone() };
        match self.write_webhook(Asked { command, after, ..asked }, "webhook-rekeyed", json!({"id": id, "number": number}), &rekeyed).await {
            Ok(()) => self.shown(tenant, &rekeyed, Some(number)).await,
            Err(Failure::Refused(refused)) if refused.code == "command_id_reused" => Err(moved_on().into()),
            Err(failure) => Err(failure),
        }
    }

    async fn test_webhook(&self, known: &Known, asked: Asked, id: &str) -> Result<Changed, Failure> {
        let hook = in_use(known, id)?;
        if hook.paused.is_some() {
            let zh = "该订阅已暂停，请先恢复再试发。";
            return Err(refusal("webhook_paused", Class::Conflict, zh, "cannot send a test: the subscription is paused; resume it first").into());
        }
        let (tenant, now) = (asked.tenant, self.clock().now());
        let name = match asked.command {
            Some(command) => command.to_string(),
            None => hex::encode(entropy::<16>()?),
        };
        let message = format!("msg_{}", hex::encode(&Digest::of(format!("greenlane webhook test v1\n{tenant}\n{id}\n{name}").as_bytes()).0[..16]));
        let event = json!({
            "specversion": "1.0", "id": message, "source": format!("urn:greenlane:{tenant}"), "type": "greenlane.webhook.test.v1",
            "subject": id, "time": now.to_rfc3339(), "datacontenttype": "application/json", "data": {},
        });
        let row = HookRow { id: message, hook: id.to_owned(), kind: "webhook.test".to_owned(), body: event.to_string().into_bytes(), at: now };
        let rows = RegisterRows { hooks: vec![row], ..RegisterRows::default() };
        self.record_as(tenant, asked.actor, asked.command, "webhook-tested", json!({"id": id}), rows).await?;
        self.shown(tenant, hook, None).await
    }

    async fn retry_webhook(&self, known: &Known, asked: Asked, id: &str) -> Result<Changed, Failure> {
        let hook = in_use(known, id)?;
        let tenant = asked.tenant;
        self.record_as(tenant, asked.actor, asked.command, "webhook-retried", json!({"id": id}), RegisterRows::default()).await?;
        let again = self.store().reopen_hooks(tenant, id, self.clock().now()).await.map_err(storing)?;
        Ok(Changed { again, ..self.shown(tenant, hook, None).await? })
    }

    async fn write_webhook(&self, asked: Asked, what: &str, details: Value, hook: &Webhook) -> Result<(), Failure> {
        let rows = RegisterRows { registry: vec![put(self, asked.tenant, WEBHOOK, &hook.id, hook)?], ..RegisterRows::default() };
        let command = asked.command.map_or_else(|| entropy().map(|random| CommandId::new(self.clock().now(), random)), Ok)?;
        self.record_after((asked.tenant, asked.actor), (command, asked.after), (what, details), rows).await.map(drop)
    }

    /// What is wrong with a new subscription; the address by the rule that also holds when something is sent.
    #[must_use]
    pub fn webhook_mistakes(&self, known: &Known, url: &str, kinds: &[String]) -> Vec<Detail> {
        let wrong = self.inner.webhooks.mistakes(url);
        let mut details: Vec<Detail> = wrong.into_iter().map(|text| Detail::new("url", "wrong_value", text.zh, text.en)).collect();
        for kind in kinds.iter().filter(|kind| !KINDS.contains(&kind.as_str())) {
            let all = KINDS.join(", ");
            details.push(Detail::new("kinds", "unknown_word", format!("应为 {all} 之一，实际 `{kind}`"), format!("expected one of {all}, found `{kind}`")));
        }
        if known.webhooks.values().filter(|hook| hook.ended.is_none()).count() >= WEBHOOKS_MAX {
            let en = format!("expected at most {WEBHOOKS_MAX} subscriptions; end one first");
            details.push(Detail::new("url", "too_many", format!("最多 {WEBHOOKS_MAX} 个订阅，请先停用一个"), en));
        }
        details
    }

    /// What a change came to; with the secret of that number.
    async fn shown(&self, tenant: Tenant, hook: &Webhook, secret: Option<u32>) -> Result<Changed, Failure> {
        let secret = match secret {
            Some(number) => Some(Secret::new(format!("whsec_{}", STANDARD.encode(self.webhook_key(tenant, &hook.id, number).await?.expose())))),
            None => None,
        };
        Ok(Changed { id: hook.id.clone(), url: hook.url.clone(), kinds: hook.kinds.clone(), secret, again: 0 })
    }
}

fn in_use<'k>(known: &'k Known, id: &str) -> Result<&'k Webhook, Failure> {
    let hook = subscription(known, id)?;
    if hook.ended.is_some() {
        let (zh, en) = (format!("订阅 {id} 已停用。"), format!("cannot do this: the subscription {id} has ended"));
        return Err(refusal("webhook_ended", Class::Conflict, zh, en).into());
    }
    Ok(hook)
}

/// Whether something happened so lately that the same form once more is a second click.
const fn just_now(then: Moment, now: Moment) -> bool {
    now.0 - then.0 < WEBHOOK_SHOWN_MS
}

fn filed_already(url: &str) -> Refusal {
    let zh = format!("这张表已经用来订阅了 {url}；请打开新的“添加订阅”页再提交。");
    let en = format!("cannot subscribe: this form subscribed {url} already; open the page anew and send it again");
    refusal("command_id_reused", Class::Conflict, zh, en)
}

fn moved_on() -> Refusal {
    let zh = "密钥刚刚已被更换，请重新打开页面再决定是否更换。";
    refusal("webhook_rekeyed", Class::Conflict, zh, "cannot change the secret: it was changed just now; open the page again and decide anew")
}
