//! The outbox between workers and store: claiming, recording attempts, and the one event that says a notice is over.
//! Invariant: a claim is committed before anything is sent; an attempt is on record before the event.

use std::sync::Arc;

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::clock;
use crate::engine::refusal::Class;
use crate::identity::Actor;
use crate::ids::{CaseId, Moment, PersonId, Tenant};
use crate::limits::NOTICE_LEASE_MS;
use crate::notice::{Medium, Next, Outcome, Recipient, settle};
use crate::store::{Attempt, ClaimedNotice, NoticeReceipt, StoreFault};
use crate::telemetry;
use serde::Serialize;
use utoipa::ToSchema;

/// A notice this worker may send until its lease ends.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its key.
    pub key: String,
    /// Its kind.
    pub kind: String,
    /// `zh-CN` or `en`.
    pub language: String,
    /// The context, JSON.
    pub context: Vec<u8>,
    /// When it was due to leave.
    pub due: Moment,
    /// By which medium it goes; `None` for a word of a later program.
    pub medium: Option<Medium>,
    /// The recipient's address for it, as it is now.
    pub address: Option<String>,
    /// What is known of the tenant, approvals of texts among it.
    pub known: Arc<Known>,
    /// What leaves with it in one message.
    pub with: Vec<Claimed>,
    pub(super) claim: ClaimedNotice,
}

/// A notice with its attempts, for operators and auditors.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticeLine {
    /// Its key.
    pub key: String,
    /// Its kind.
    pub kind: String,
    /// The channel.
    pub channel: String,
    /// The recipient's name.
    pub recipient: String,
    /// When it was due to leave.
    pub due: String,
    /// Sent, parked, or (absent) still to go.
    pub sent: Option<bool>,
    /// The notice that did not arrive by the other medium and that this one was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// The message it left with, together with others of the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// Each attempt: when, whether it was taken, and what the other side said.
    pub attempts: Vec<AttemptLine>,
    /// What the gateway said later of a short message it had taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<ReceiptLine>,
}

/// A delivery receipt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceiptLine {
    /// When we heard it.
    pub at: String,
    /// It arrived, or will not.
    pub delivered: bool,
    /// The gateway's words.
    pub words: String,
}

impl From<NoticeReceipt> for ReceiptLine {
    fn from(receipt: NoticeReceipt) -> Self {
        Self { at: receipt.at.to_rfc3339(), delivered: receipt.delivered, words: receipt.words }
    }
}

/// An attempt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttemptLine {
    /// When.
    pub at: String,
    /// The other side took it.
    pub sent: bool,
    /// What it said.
    pub answer: String,
}

impl From<Attempt> for AttemptLine {
    fn from(attempt: Attempt) -> Self {
        Self { at: attempt.at.to_rfc3339(), sent: attempt.sent, answer: attempt.answer }
    }
}

fn storing(cause: StoreFault) -> Fault {
    Fault::new("recording a delivery", cause)
}

impl Claimed {
    pub(super) fn new(claim: ClaimedNotice, known: Arc<Known>) -> Self {
        let medium = Medium::of(&claim.notice.channel);
        let recipient = known.roster.people.get(&claim.notice.recipient).map(Recipient::from);
        let address = recipient.zip(medium).and_then(|(recipient, medium)| recipient.address(medium).map(str::to_owned));
        Self {
            key: claim.notice.key.clone(),
            kind: claim.notice.kind.clone(),
            language: claim.notice.language.clone(),
            context: claim.notice.context.clone(),
            due: claim.notice.due,
            medium,
            address,
            known,
            with: Vec::new(),
            claim,
        }
    }

    /// The message it leads, when it leaves together with others.
    #[must_use]
    pub fn fold(&self) -> Option<&str> {
        self.claim.fold.as_deref()
    }

    /// Whether it may leave together with others: never claimed before, so never sent alone.
    pub(super) fn may_fold(&self) -> bool {
        self.claim.notice.folds && self.claim.attempts == 0 && self.claim.fence == 1
    }

    /// The tenant and the recipient.
    #[must_use]
    pub fn to(&self) -> (Tenant, PersonId) {
        (self.claim.tenant, self.claim.notice.recipient)
    }

    /// The other side took it already, and only its case does not know: whoever sent it died between its two records.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.claim.taken
    }
}

impl App {
    /// Claims notices whose turn it is; leases run on real time.
    ///
    /// # Errors
    /// A fault.
    pub async fn claim_notices(&self, limit: u32) -> Result<Vec<Claimed>, Fault> {
        let real = clock::real();
        let until = Moment(real.0 + NOTICE_LEASE_MS);
        let found = self.store().claim_notices(self.clock().now(), real, until, limit).await.map_err(|cause| Fault::new("claiming notices", cause))?;
        let mut claimed = Vec::with_capacity(found.len());
        for claim in found {
            let known = self.known(claim.tenant).await?;
            claimed.push(Claimed::new(claim, known));
        }
        Ok(claimed)
    }

    /// Keeps what the other side calls the message, before the attempt is on record: a receipt may be quicker than we are.
    ///
    /// # Errors
    /// A fault.
    pub async fn keep_message_ids(&self, claimed: &Claimed, ids: &[String]) -> Result<(), Fault> {
        let place = (claimed.claim.tenant, claimed.claim.case, claimed.key.as_str());
        self.store().keep_message_ids(place, ids, self.clock().now()).await.map_err(storing)
    }

    /// Records how an attempt went; once sent or parked, the case hears of it.
    ///
    /// # Errors
    /// A fault: the lease then ends and the notice is tried again.
    pub async fn settle_notice(&self, claimed: &Claimed, outcome: Outcome, answer: &str) -> Result<(), Fault> {
        let now = self.clock().now();
        let number = claimed.claim.attempts + 1;
        // Sent again by an operator, it has all of its attempts once more.
        let next = settle(number - claimed.claim.earlier.min(claimed.claim.attempts), outcome, now);
        let again_at = match next {
            Next::Retry { at } => Some(at),
            Next::Sent | Next::Parked => None,
        };
        let attempt = Attempt { at: now, sent: outcome == Outcome::Accepted, answer: answer.to_owned(), again_at };
        if !self.store().record_attempt(&claimed.claim, &attempt).await.map_err(storing)? {
            // Another worker has claimed it since; what it records counts.
            return Ok(());
        }
        let sent = match next {
            Next::Retry { .. } => return Ok(()),
            Next::Sent => {
                // One that was held to leave with others was due at the end of that.
                let turn = if number == 1 { claimed.claim.turn } else { claimed.due };
                telemetry::late("greenlane_notice_late_seconds", claimed.due.max(turn), now);
                true
            }
            Next::Parked => false,
        };
        self.close_all(claimed, sent, number).await
    }

    /// Tells the case of a notice that is on record as taken.
    ///
    /// # Errors
    /// A fault: the lease then ends and it is told again.
    pub async fn settle_taken(&self, claimed: &Claimed) -> Result<(), Fault> {
        self.close_all(claimed, true, claimed.claim.attempts).await
    }

    /// What leaves with a notice is told to its case first: as long as one of them is left, the leader is claimed again.
    async fn close_all(&self, claimed: &Claimed, sent: bool, attempts: u32) -> Result<(), Fault> {
        for member in &claimed.with {
            self.close_notice(member, sent, attempts).await?;
        }
        self.close_notice(claimed, sent, attempts).await
    }

    async fn close_notice(&self, claimed: &Claimed, sent: bool, attempts: u32) -> Result<(), Fault> {
        let medium = claimed.medium.map_or("unknown", Medium::key);
        metrics::counter!("greenlane_notices_total", "outcome" => if sent { "sent" } else { "parked" }, "medium" => medium).increment(1);
        let (tenant, case) = (claimed.claim.tenant, claimed.claim.case);
        let next = if sent { None } else { self.other_way(&claimed.known, (tenant, case), &claimed.claim.notice).await?.map(Box::new) };
        let act = Act::NoticeSettled { key: claimed.key.clone(), sent, attempts, at: self.clock().now(), next };
        match self.execute(Order { tenant, case: Some(case), actor: Actor::System, command_id: None, act }).await {
            Ok(_) => {}
            // Somebody else settled it: that is what was wanted.
            Err(Failure::Refused(refusal)) if refusal.class == Class::Conflict => {}
            Err(failure) => return Err(Fault::new("recording a delivery in its case", failure)),
        }
        if sent && claimed.medium == Some(Medium::Sms) {
            // A receipt may have been quicker than the record of its message.
            let receipts = self.store().receipts_of(tenant, case, &claimed.key).await.map_err(storing)?;
            if receipts.iter().any(|receipt| !receipt.delivered) {
                self.returned(tenant, case, &claimed.key).await?;
            }
        }
        Ok(())
    }

    /// The notices of a case with their attempts.
    ///
    /// # Errors
    /// A fault.
    pub async fn notices(&self, tenant: Tenant, case: CaseId) -> Result<Vec<NoticeLine>, Fault> {
        let known = self.known(tenant).await?;
        let mut lines = Vec::new();
        for view in self.store().notices(tenant, case).await.map_err(|cause| Fault::new("listing notices", cause))? {
            let attempts = self.store().attempts(tenant, case, &view.notice.key).await.map_err(|cause| Fault::new("listing attempts", cause))?;
            let receipts = match view.notice.channel.as_str() {
                "sms" => self.store().receipts_of(tenant, case, &view.notice.key).await.map_err(|cause| Fault::new("listing receipts", cause))?,
                _ => Vec::new(),
            };
            let recipient = known.roster.people.get(&view.notice.recipient).map(|person| person.name.clone()).unwrap_or_default();
            lines.push(NoticeLine {
                key: view.notice.key,
                kind: view.notice.kind,
                channel: view.notice.channel,
                recipient,
                due: view.notice.due.to_rfc3339(),
                sent: view.sent,
                follows: view.notice.follows,
                fold: view.fold,
                attempts: attempts.into_iter().map(AttemptLine::from).collect(),
                receipts: receipts.into_iter().map(ReceiptLine::from).collect(),
            });
        }
        Ok(lines)
    }
}
