//! Subscriptions as an operator sees them, at a terminal and on a page: what waits, what could not be delivered, how the last attempt went.
//! Invariant: what is counted for a page is counted up to a bound. Never: a body of a message.

use std::fmt::Write as _;

use super::{Changed, HookAct, Webhook, storing, subscription};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::known::Known;
use crate::app::operate::{Told, line};
use crate::identity::Actor;
use crate::ids::{Moment, Tenant, Text};
use crate::limits::NOTICES_COUNTED_MAX;
use crate::secret::Secret;
pub use crate::store::{HookTry, ParkedHook};

/// A subscription with how it fares.
#[derive(Clone, Debug)]
pub struct HookLine {
    /// The subscription.
    pub hook: Webhook,
    /// Messages that wait, up to a bound.
    pub waiting: i64,
    /// Messages that were given up, up to a bound.
    pub parked: i64,
    /// The last attempt.
    pub last: Option<HookTry>,
}

impl App {
    /// Changes the subscriptions, or lists them, for somebody at a terminal.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn change_webhooks(&self, tenant: Tenant, actor: Actor, act: HookAct) -> Result<Told, Failure> {
        if matches!(act, HookAct::List) {
            let known = self.known(tenant).await?;
            self.permit_notices(&known, &actor)?;
            return self.webhooks_told(tenant, &known).await;
        }
        let changed = self.change_webhook(tenant, actor, None, &act).await?;
        Ok(said(&act, &changed))
    }

    async fn webhooks_told(&self, tenant: Tenant, known: &Known) -> Result<Told, Failure> {
        let counts = self.store().hook_counts(tenant).await.map_err(storing)?;
        let mut told = Vec::new();
        for hook in known.webhooks.values() {
            let of = |state: i16| counts.iter().filter(|(id, found, _)| *id == hook.id && *found == state).map(|(.., count)| count).sum::<i64>();
            let (waiting, sent, parked) = (of(0), of(1), of(2));
            let (zh, en) = match (hook.ended, hook.paused) {
                (Some(_), _) => ("已停用", "ended"),
                (None, Some(_)) => ("已暂停", "paused"),
                (None, None) => ("使用中", "in use"),
            };
            let mut text = line(
                format!("{} {zh} {} {}：待发 {waiting}，已送达 {sent}，停投 {parked}", hook.id, hook.url, hook.kinds.join("、")),
                format!("{} {en} {} {}: {waiting} waiting, {sent} delivered, {parked} parked", hook.id, hook.url, hook.kinds.join(", ")),
            );
            for parked in self.store().parked_hooks(tenant, &hook.id).await.map_err(storing)? {
                // Writing into a text cannot fail.
                let _ = write!(text.zh, "\n  {}：{}", parked.id, parked.answer);
                let _ = write!(text.en, "\n  {}: {}", parked.id, parked.answer);
            }
            told.push(text);
        }
        if told.is_empty() {
            told.push(line("还没有订阅", "there is no subscription yet"));
        }
        Ok(told)
    }

    /// The subscriptions in use, the oldest first, and the newest of those that ended.
    ///
    /// # Errors
    /// A refusal for who does not look after notices, or a fault.
    pub async fn webhooks(&self, tenant: Tenant, actor: &Actor, ended: usize) -> Result<(Vec<HookLine>, Vec<Webhook>), Failure> {
        let known = self.known(tenant).await?;
        self.permit_notices(&known, actor)?;
        let mut open: Vec<&Webhook> = known.webhooks.values().filter(|hook| hook.ended.is_none()).collect();
        open.sort_by_key(|hook| (hook.since, hook.id.clone()));
        let mut lines = Vec::with_capacity(open.len());
        for hook in open {
            lines.push(self.hook_line(tenant, hook).await?);
        }
        let mut over: Vec<Webhook> = known.webhooks.values().filter(|hook| hook.ended.is_some()).cloned().collect();
        over.sort_by_key(|hook| (std::cmp::Reverse(hook.ended), hook.id.clone()));
        over.truncate(ended);
        Ok((lines, over))
    }

    /// One subscription, with its newest messages that were given up.
    ///
    /// # Errors
    /// `no_such_webhook`, a refusal for who does not look after notices, or a fault.
    pub async fn webhook(&self, tenant: Tenant, actor: &Actor, id: &str) -> Result<(HookLine, Vec<ParkedHook>), Failure> {
        let known = self.known(tenant).await?;
        self.permit_notices(&known, actor)?;
        let line = self.hook_line(tenant, subscription(&known, id)?).await?;
        let parked = if line.parked == 0 { Vec::new() } else { self.store().parked_hooks(tenant, id).await.map_err(storing)? };
        Ok((line, parked))
    }

    async fn hook_line(&self, tenant: Tenant, hook: &Webhook) -> Result<HookLine, Failure> {
        let (waiting, parked, last) = self.store().hook_look(tenant, &hook.id, NOTICES_COUNTED_MAX).await.map_err(storing)?;
        Ok(HookLine { hook: hook.clone(), waiting, parked, last })
    }

    /// The last moment at which the secret before the newest signs as well, while it does.
    #[must_use]
    pub fn old_secret_until(&self, hook: &Webhook) -> Option<Moment> {
        hook.old_key_until().filter(|until| self.clock().now() < *until)
    }
}

/// What a change says at a terminal.
fn said(act: &HookAct, changed: &Changed) -> Told {
    let Changed { id, url, kinds, secret, again } = changed;
    let done: Text = match act {
        HookAct::Add { .. } => line(format!("订阅 {id}：{} → {url}", kinds.join("、")), format!("subscription {id}: {} -> {url}", kinds.join(", "))),
        HookAct::End { .. } => line(format!("订阅 {id} 已停用"), format!("subscription {id} has ended")),
        HookAct::Pause { .. } => {
            line(format!("订阅 {id} 已暂停，消息留待恢复后发送"), format!("subscription {id} is paused; messages wait until it is resumed"))
        }
        HookAct::Resume { .. } => {
            line(format!("订阅 {id} 已恢复，{again} 条消息立即发送"), format!("subscription {id} is resumed; {again} messages are sent now"))
        }
        HookAct::Rekey { .. } => {
            line(format!("订阅 {id} 已更换密钥，旧密钥一日内同时签名"), format!("subscription {id} has another secret; for a day the old one signs as well"))
        }
        HookAct::Test { .. } => line("测试消息已交付发送，结果见 list", "a test message is on its way; `list` says what came of it"),
        HookAct::Retry { .. } | HookAct::List => line(format!("{again} 条消息重新排队"), format!("{again} messages are sent again")),
    };
    let secret = secret
        .as_ref()
        .map(Secret::expose)
        .map(|secret| line(format!("签名密钥（只显示这一次）：{secret}"), format!("signing secret (shown only now): {secret}")));
    std::iter::once(done).chain(secret).collect()
}
