//! Links that set a password: an invitation for the first, a reset for a forgotten one, and the notice that a password was changed.
//! Invariant: the outbox says whom to write to and why; the token is made while the mail leaves, stands in the mail alone, and counts once.
//! Never: an answer that tells whether somebody has an account.

use serde_json::json;
use uuid::Uuid;

use super::{address_key, fold, login_key, storing};
use crate::app::App;
use crate::app::execute::{Act, Order, RegisterRows, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::login::password::acceptable;
use crate::app::people::uuid_of;
use crate::app::register::case_of;
use crate::engine::refusal::{Class, Refusal};
use crate::identity::{Actor, Person};
use crate::ids::{CommandId, Digest, Moment, PersonId, Tenant};
use crate::limits::{INVITATION_MS, RESET_MS, RESETS_PER_ADDRESS_MAX, RESETS_PER_HOUR_MAX, RESETS_PER_TURN_MAX};
use crate::notice::{Context, Kind, Medium, Occasion};
use crate::store::rows::NoticeRow;
use crate::store::{LinkPurpose, LinkRow, PasswordChange, ResetAsk, TryRule};

const HOUR_MS: i64 = 60 * 60_000;

/// Whose password a link sets.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The tenant.
    pub tenant: Tenant,
    /// The person.
    pub person: Person,
}

fn reset_pause(failures: u32) -> i64 {
    if failures >= RESETS_PER_HOUR_MAX { HOUR_MS } else { 0 }
}

fn reset_once_pause(_: u32) -> i64 {
    HOUR_MS
}

fn reset_address_pause(failures: u32) -> i64 {
    if failures >= RESETS_PER_ADDRESS_MAX { HOUR_MS } else { 0 }
}

/// The purpose of the link a kind of notice carries.
fn purpose(kind: Kind) -> Option<LinkPurpose> {
    match kind {
        Kind::Invitation => Some(LinkPurpose::Invitation),
        Kind::PasswordReset => Some(LinkPurpose::Reset),
        _ => None, // Truly all others: only these two carry a link.
    }
}

/// Where a link leads, and for how long it counts.
fn path_and_time(purpose: LinkPurpose) -> (&'static str, i64) {
    match purpose {
        LinkPurpose::Invitation => ("invitation", INVITATION_MS),
        LinkPurpose::Reset => ("reset", RESET_MS),
    }
}

impl App {
    /// The row that has an account notice written; `None` for somebody without an address.
    pub(crate) fn account_notice(&self, tenant: Tenant, person: &Person, kind: Kind, cause: Uuid) -> Result<Option<NoticeRow>, Fault> {
        if person.email.is_none() || person.disabled {
            return Ok(None);
        }
        let context = Context { login: Some(person.login.clone()), ..Context::default() };
        let context = serde_json::to_vec(&context).map_err(|cause| Fault::new("writing a notice about an account", cause))?;
        Ok(Some(NoticeRow {
            key: Occasion::Account { tenant, cause }.key(kind, person.id, Medium::Mail),
            kind: kind.key().to_owned(),
            recipient: person.id,
            channel: Medium::Mail.key().to_owned(),
            language: person.language.clone(),
            context,
            due: self.clock().now(),
            other: None,
            follows: None,
            folds: false,
        }))
    }

    /// A fresh link for a notice that is leaving now, as a path of this host; `None` for a kind that carries none.
    ///
    /// # Errors
    /// A fault: the notice waits.
    pub async fn link_for(&self, kind: Kind, tenant: Tenant, person: PersonId, now: Moment) -> Result<Option<String>, Fault> {
        let Some(purpose) = purpose(kind) else { return Ok(None) };
        let (path, lasts_ms) = path_and_time(purpose);
        let token = hex::encode(entropy::<32>()?);
        let link = LinkRow { tenant, person, expires: Moment(now.0 + lasts_ms) };
        self.store().add_link(Digest::of(token.as_bytes()), purpose, &link, now).await.map_err(storing)?;
        Ok(Some(format!("/{path}/{token}")))
    }

    /// Whose password an invitation sets, while it counts.
    ///
    /// # Errors
    /// `link_over`, or a fault.
    pub async fn invited(&self, token: &str, now: Moment) -> Result<Linked, Failure> {
        self.linked(token, LinkPurpose::Invitation, now).await
    }

    /// Whose password a reset link sets, while it counts.
    ///
    /// # Errors
    /// `link_over`, or a fault.
    pub async fn resetting(&self, token: &str, now: Moment) -> Result<Linked, Failure> {
        self.linked(token, LinkPurpose::Reset, now).await
    }

    async fn linked(&self, token: &str, purpose: LinkPurpose, now: Moment) -> Result<Linked, Failure> {
        let found = self.store().link(Digest::of(token.as_bytes()), purpose).await.map_err(storing)?;
        let Some(link) = found.filter(|link| link.expires > now) else { return Err(over(purpose).into()) };
        let known = self.known(link.tenant).await?;
        let person = known.roster.people.get(&link.person).filter(|person| !person.disabled).cloned();
        let person = person.ok_or_else(|| over(purpose))?;
        Ok(Linked { tenant: link.tenant, person })
    }

    /// Sets the first password by an invitation, which is used up.
    ///
    /// # Errors
    /// `link_over`, what the password lacks, or a fault.
    pub async fn accept_invitation(&self, token: &str, password: String, now: Moment) -> Result<Linked, Failure> {
        self.set_by_link(token, LinkPurpose::Invitation, password, now).await
    }

    /// Sets a new password by a reset link, which is used up; all sessions end and a pause is over.
    ///
    /// # Errors
    /// `link_over`, what the password lacks, or a fault.
    pub async fn reset_password(&self, token: &str, password: String, now: Moment) -> Result<Linked, Failure> {
        self.set_by_link(token, LinkPurpose::Reset, password, now).await
    }

    async fn set_by_link(&self, token: &str, purpose: LinkPurpose, password: String, now: Moment) -> Result<Linked, Failure> {
        let linked = self.linked(token, purpose, now).await?;
        acceptable(&password, &linked.person)?;
        let hash = self.inner.passwords.hash(password).await?;
        let change = PasswordChange {
            tenant: linked.tenant,
            person: linked.person.id,
            hash,
            at: now,
            link: Some(Digest::of(token.as_bytes())),
            replaces: None,
            kept: None,
            tries: vec![login_key(&linked.person.login)],
        };
        if !self.store().set_password(&change).await.map_err(storing)? {
            return Err(over(purpose).into());
        }
        let what = path_and_time(purpose).0;
        self.tell_of_password(&linked, what, purpose == LinkPurpose::Reset).await?;
        Ok(linked)
    }

    /// Changes one's own password; the session it is done in stays, all others end. Sent again after it was changed, it is answered alike and changes nothing.
    ///
    /// # Errors
    /// `password_wrong`, a pause, what the new password lacks, or a fault.
    pub async fn change_password(&self, session: &super::sessions::Session, old: String, new: String, now: Moment) -> Result<(), Failure> {
        let (tenant, id) = (session.signed_in.tenant, session.signed_in.person);
        let known = self.known(tenant).await?;
        let person = known.roster.people.get(&id).cloned().ok_or_else(|| Fault::new("changing a password", "the person is not in the roster"))?;
        acceptable(&new, &person)?;
        // Counted apart from signing in: a pause that a stranger caused there is none here.
        let tries = Digest::of(format!("own password\n{id}").as_bytes());
        if let Some(until) = self.store().count_try(tries, now, super::login_rule(now)).await.map_err(storing)? {
            return Err(super::pause(now, until).into());
        }
        let stored = self.store().password_hash(tenant, id).await.map_err(storing)?;
        if !self.inner.passwords.verify(old, stored.clone()).await? {
            return self.changed_already((tenant, id), new).await;
        }
        let hash = self.inner.passwords.hash(new.clone()).await?;
        let tries = vec![tries, login_key(&person.login)];
        let change = PasswordChange { tenant, person: id, hash, at: now, link: None, replaces: stored, kept: Some(session.digest), tries };
        if !self.store().set_password(&change).await.map_err(storing)? {
            return self.changed_already((tenant, id), new).await;
        }
        self.tell_of_password(&Linked { tenant, person }, "own", true).await
    }

    /// The old password is not right: because the form was sent twice, when the new one is set by now.
    async fn changed_already(&self, (tenant, id): (Tenant, PersonId), new: String) -> Result<(), Failure> {
        let stored = self.store().password_hash(tenant, id).await.map_err(storing)?;
        if self.inner.passwords.verify(new, stored).await? {
            return Ok(());
        }
        let (zh, en) = ("原密码不正确。", "cannot change the password: the old one is not right");
        Err(refusal("password_wrong", Class::Invalid, zh, en).into())
    }

    /// Puts on record that a password was set, by what, and writes to its owner when it replaced another.
    async fn tell_of_password(&self, linked: &Linked, by: &str, replaced: bool) -> Result<(), Failure> {
        let (tenant, person) = (linked.tenant, &linked.person);
        let id = CommandId::new(self.clock().now(), entropy()?);
        let notice = if replaced { self.account_notice(tenant, person, Kind::PasswordChanged, id.0)? } else { None };
        let rows = RegisterRows { notices: notice.into_iter().collect(), ..RegisterRows::default() };
        let details = json!({"person": person.id, "by": by});
        self.record_as(tenant, Actor::Person(person.id), Some(id), "password-set", details, rows).await?;
        Ok(())
    }

    /// Takes down that somebody asked for a reset; a `form` sent twice asks once. Whether there is such a person is looked at by a worker, so that everybody is answered alike and as fast.
    ///
    /// # Errors
    /// `reset_paused` for an address that asks very often, or a fault.
    pub async fn ask_reset(&self, (asked, form): (&str, Option<CommandId>), address: &str, now: Moment) -> Result<(), Failure> {
        let rule = |pause_ms| TryRule { since: Moment(now.0 - HOUR_MS), pause_ms };
        let from = Digest::of(format!("reset from\n{}", address_key(address)).as_bytes());
        if self.store().count_try(from, now, rule(reset_address_pause)).await.map_err(storing)?.is_some() {
            let (zh, en) = (
                "从您的网络申请重设密码的次数过多，请一小时后再试。",
                "cannot ask for a reset now: too many were asked for from your network, try again in an hour",
            );
            return Err(refusal("reset_paused", Class::Conflict, zh, en).into());
        }
        // The same form sent again asks for nothing new and counts as nothing.
        let once = form.map(|form| Digest::of(format!("reset form\n{form}\n{}", fold(asked)).as_bytes()));
        if let Some(once) = once
            && self.store().count_try(once, now, rule(reset_once_pause)).await.map_err(storing)?.is_some()
        {
            return Ok(());
        }
        let taken = self.take_down((asked, form), now).await;
        if let (Err(_), Some(once)) = (&taken, once) {
            self.store().forget_try(once).await.map_err(storing)?;
        }
        Ok(taken?)
    }

    async fn take_down(&self, (asked, form): (&str, Option<CommandId>), now: Moment) -> Result<(), Fault> {
        const ASKED_CHARS_MAX: usize = 200;
        let asked: String = fold(asked).chars().filter(|letter| !letter.is_control()).take(ASKED_CHARS_MAX).collect();
        let of = Digest::of(format!("reset of\n{asked}").as_bytes());
        let rule = TryRule { since: Moment(now.0 - HOUR_MS), pause_ms: reset_pause };
        if self.store().count_try(of, now, rule).await.map_err(storing)?.is_none() {
            let id = match form {
                Some(form) => uuid_of(&format!("reset\n{form}\n{asked}")),
                None => CommandId::new(now, entropy()?).0,
            };
            self.store().ask_reset(id, &asked, now).await.map_err(storing)?;
        }
        Ok(())
    }

    /// Looks at the resets asked for and has a mail written to those there are; answers how many were looked at.
    ///
    /// # Errors
    /// A fault: they are looked at again.
    pub async fn answer_resets(&self) -> Result<usize, Fault> {
        let asks = self.store().reset_asks(RESETS_PER_TURN_MAX).await.map_err(storing)?;
        for ask in &asks {
            self.answer_reset(ask).await?;
            self.store().drop_reset_ask(ask.id).await.map_err(storing)?;
        }
        Ok(asks.len())
    }

    /// One login or one mail address; an address that several people share reaches each of them.
    async fn answer_reset(&self, ask: &ResetAsk) -> Result<(), Fault> {
        for tenant in self.tenants().await? {
            let known = self.known(tenant).await?;
            let meant = |person: &&Person| fold(&person.login) == ask.asked || person.email.as_deref().is_some_and(|email| fold(email) == ask.asked);
            let mut notices = Vec::new();
            for person in known.roster.people.values().filter(meant) {
                notices.extend(self.account_notice(tenant, person, Kind::PasswordReset, ask.id)?);
            }
            if notices.is_empty() {
                continue;
            }
            let people: Vec<PersonId> = notices.iter().map(|notice| notice.recipient).collect();
            let rows = RegisterRows { notices, ..RegisterRows::default() };
            let act = Act::Record { what: "reset-asked".into(), details: Some(json!({"people": people})), rows, after: None };
            // The command's id is the ask's own, so that two workers write once.
            let order = Order { tenant, case: Some(case_of(tenant)), actor: Actor::System, command_id: Some(CommandId(ask.id)), act };
            match self.execute(order).await {
                Ok(_) => {}
                // It was answered before, and the people meant have changed since.
                Err(Failure::Refused(refusal)) if refusal.class == Class::Conflict => {}
                Err(failure) => return Err(Fault::new("answering a reset", failure)),
            }
        }
        Ok(())
    }
}

fn over(purpose: LinkPurpose) -> Refusal {
    let (zh, en) = match purpose {
        LinkPurpose::Invitation => (
            "这个邀请链接已经用过、已过期或不完整。刚刚设好密码的，直接登录即可；否则请核对是否完整复制，过期的请联系系统运维人员重新发送。",
            "cannot use this invitation: it was used, is too old, or is not complete; if you have just set the password, sign in with it, else ask an operator to send another",
        ),
        LinkPurpose::Reset => (
            "这个链接已经用过、已过期或不完整。刚刚设好密码的，直接登录即可；否则请在“忘记密码”页面重新申请。",
            "cannot use this link: it was used, is too old, or is not complete; if you have just set the password, sign in with it, else ask for another on the page for forgotten passwords",
        ),
    };
    refusal("link_over", Class::NotFound, zh, en)
}
