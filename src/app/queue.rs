//! The outbox for an operator: its lists, one notice with all that became of it, a parked one sent again; and the receipts gateways send.
//! Invariant: a receipt is kept with its notice once and moves nothing else. Never: what a notice says; an operator looks after the post and does not read it.

use std::sync::Arc;

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::outbox::AttemptLine;
use crate::channels::{SmsReceipt, Unread};
use crate::engine::refusal::Class;
use crate::identity::Actor;
use crate::ids::{CaseId, CommandId, Moment, Tenant};
use crate::limits::NOTICES_COUNTED_MAX;
use crate::notice::{Kind, Medium};
use crate::store::{CalledMessage, NoticeFilter, NoticeReceipt, NoticeView, StoreFault};

pub use crate::store::NoticeState;

/// Which notices are asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What became of them.
    pub state: NoticeState,
    /// By which medium they go.
    pub medium: Medium,
    /// One kind only.
    pub kind: Option<Kind>,
    /// Those after this one in the list's order.
    pub after: Option<(Moment, String)>,
    /// At most so many.
    pub limit: u32,
}

impl Asked {
    fn filter(&self) -> NoticeFilter {
        NoticeFilter {
            state: self.state,
            channel: self.medium.key().to_owned(),
            kind: self.kind.map(|kind| kind.key().to_owned()),
            after: self.after.clone(),
            limit: self.limit,
        }
    }
}

/// How many there are, as far as was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// So many.
    pub count: i64,
    /// Or more: counting ended before the end.
    pub or_more: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct QueuePage {
    /// Its lines.
    pub lines: Vec<QueueLine>,
    /// How many there are in each state, by the same medium and of the same kind.
    pub counts: [(NoticeState, Counted); 3],
    /// Where the next page begins.
    pub next: Option<(Moment, String)>,
}

/// A notice as a list shows it.
#[derive(Clone, Debug)]
pub struct QueueLine {
    /// The case it speaks of.
    pub case: CaseId,
    /// Its key.
    pub key: String,
    /// Its kind.
    pub kind: String,
    /// `mail` or `sms`.
    pub channel: String,
    /// `zh-CN` or `en`.
    pub language: String,
    /// The recipient's name.
    pub recipient: String,
    /// When it was made.
    pub due: Moment,
    /// What became of it.
    pub state: NoticeState,
    /// When it is tried next, or was sent or parked.
    pub moment: Moment,
    /// Attempts so far.
    pub attempts: u32,
    /// The notice that did not arrive by the other medium and that this one was made for.
    pub follows: Option<String>,
    /// The one that was made for this by the other medium, and what has become of it.
    pub next: Option<(String, NoticeState)>,
    /// It left together with others of the hour.
    pub folded: bool,
}

/// One notice with all that became of it.
#[derive(Clone, Debug)]
pub struct NoticeRecord {
    /// The notice.
    pub line: QueueLine,
    /// Each attempt.
    pub attempts: Vec<AttemptLine>,
    /// What the gateway said later.
    pub receipts: Vec<NoticeReceipt>,
}

/// What became of a gateway's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipts {
    /// No gateway of ours sends any.
    NotExpected,
    /// Its proof is missing or wrong.
    Unproven,
    /// It could not be read.
    Unreadable(String),
    /// None of its ids is one of ours.
    Unknown,
    /// Kept, now or before; the words the gateway wants to hear.
    Taken(String),
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("reading the outbox", cause)
}

impl App {
    /// A page of the outbox, newest first (what waits: next first).
    ///
    /// # Errors
    /// A refusal for who does not look after notices, or a fault.
    pub async fn queue(&self, tenant: Tenant, actor: &Actor, asked: &Asked) -> Result<QueuePage, Failure> {
        let known = self.known(tenant).await?;
        self.permit_notices(&known, actor)?;
        let filter = asked.filter();
        let size = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let one_more = NoticeFilter { limit: filter.limit.saturating_add(1), ..filter.clone() };
        let count = async |state| {
            let count = self.store().notices_counted(tenant, &NoticeFilter { state, ..filter.clone() }, NOTICES_COUNTED_MAX).await?;
            Ok::<_, StoreFault>((state, Counted { count, or_more: count >= i64::from(NOTICES_COUNTED_MAX) }))
        };
        let counts = async { tokio::try_join!(count(NoticeState::Parked), count(NoticeState::Waiting), count(NoticeState::Sent)) };
        let (found, counts) = tokio::try_join!(self.store().notices_in(tenant, &one_more), counts).map_err(reading)?;
        let more = found.len() > size;
        let lines: Vec<QueueLine> = found.into_iter().take(size).map(|view| queue_line(&known, view)).collect();
        let next = lines.last().filter(|_| more).map(|line| (line.moment, line.key.clone()));
        Ok(QueuePage { lines, counts: counts.into(), next })
    }

    /// One notice with its attempts and receipts.
    ///
    /// # Errors
    /// A refusal (`no_such_notice`, or for who does not look after notices), or a fault.
    pub async fn notice_record(&self, tenant: Tenant, actor: &Actor, case: CaseId, key: &str) -> Result<NoticeRecord, Failure> {
        let known = self.known(tenant).await?;
        self.permit_notices(&known, actor)?;
        let view = self.store().notice(tenant, case, key).await.map_err(reading)?.ok_or_else(missing)?;
        let (attempts, receipts) = tokio::try_join!(self.store().attempts(tenant, case, key), self.store().receipts_of(tenant, case, key)).map_err(reading)?;
        Ok(NoticeRecord { line: queue_line(&known, view), attempts: attempts.into_iter().map(AttemptLine::from).collect(), receipts })
    }

    /// Has a parked notice sent again: an act of its case. One that is waiting again already stays as it is.
    ///
    /// # Errors
    /// `notice_sent` for one that is not parked, `no_such_notice`, a refusal for who does not look after notices, or a fault.
    pub async fn send_again(&self, tenant: Tenant, actor: Actor, command_id: Option<CommandId>, (case, key): (CaseId, &str)) -> Result<(), Failure> {
        let known = self.known(tenant).await?;
        self.permit_notices(&known, &actor)?;
        let view = self.store().notice(tenant, case, key).await.map_err(reading)?.ok_or_else(missing)?;
        match view.sent {
            None => Ok(()),
            Some(true) => Err(refusal("notice_sent", Class::Conflict, "该通知已经发出，不再重发。", "cannot send the notice again: it was sent").into()),
            Some(false) => {
                let act = Act::NoticeResent { key: key.to_owned() };
                self.execute(Order { tenant, case: Some(case), actor, command_id, act }).await.map(drop)
            }
        }
    }

    /// Takes a gateway's request with delivery receipts: `header` gives the value of a header of the request.
    ///
    /// # Errors
    /// A fault: the gateway then tells us again.
    pub async fn take_sms_receipts<'h>(&self, header: impl FnOnce(&str) -> Option<&'h [u8]>, form: bool, body: &[u8]) -> Result<Receipts, Fault> {
        let Some(rules) = self.sms_receipts() else { return Ok(Receipts::NotExpected) };
        let receipts = match rules.read(header(rules.header()), form, body) {
            Ok(receipts) => receipts,
            Err(Unread::Unproven) => return Ok(Receipts::Unproven),
            Err(Unread::Unreadable(why)) => return Ok(Receipts::Unreadable(why)),
        };
        let mut ours = receipts.is_empty();
        for receipt in receipts {
            ours |= self.keep_sms_receipt(receipt).await?;
        }
        Ok(if ours { Receipts::Taken(rules.answer().to_owned()) } else { Receipts::Unknown })
    }

    /// Keeps what a message centre reports of a message by its own name for it; false when no message is known by that name, or not yet.
    ///
    /// # Errors
    /// A fault: the message centre then tells us again.
    pub async fn keep_report(&self, id: &str, delivered: bool, words: &str) -> Result<bool, Fault> {
        let keeping = |cause: StoreFault| Fault::new("keeping a delivery receipt", cause);
        let Some(CalledMessage { key, part, parts, .. }) = self.store().message_called(id).await.map_err(keeping)? else { return Ok(false) };
        let words = if parts > 1 { format!("{words} {part}/{parts}") } else { words.to_owned() };
        self.keep_sms_receipt(SmsReceipt { id: key, delivered, words }).await
    }

    /// Whether the receipt is of a message of ours.
    async fn keep_sms_receipt(&self, receipt: SmsReceipt) -> Result<bool, Fault> {
        let keeping = |cause: StoreFault| Fault::new("keeping a delivery receipt", cause);
        let SmsReceipt { id, delivered, words } = receipt;
        let about = self.store().sms_notices(&id).await.map_err(keeping)?;
        let kept = NoticeReceipt { at: self.clock().now(), delivered, words };
        for (tenant, case, key) in &about {
            if self.store().keep_receipt((*tenant, *case, key), &kept).await.map_err(keeping)? {
                metrics::counter!("greenlane_sms_receipts_total", "outcome" => if delivered { "delivered" } else { "failed" }).increment(1);
            }
            if !delivered {
                self.returned(*tenant, *case, key).await?;
            }
        }
        Ok(!about.is_empty())
    }
}

fn missing() -> Failure {
    refusal("no_such_notice", Class::NotFound, "没有这条通知。", "cannot find the notice").into()
}

fn queue_line(known: &Arc<Known>, view: NoticeView) -> QueueLine {
    let state_of = |sent: Option<bool>| match sent {
        None => NoticeState::Waiting,
        Some(true) => NoticeState::Sent,
        Some(false) => NoticeState::Parked,
    };
    let state = state_of(view.sent);
    let folded = view.fold.is_some();
    let next = view.notice.other.clone().zip(view.next.map(state_of));
    let moment = view.settled_at.unwrap_or(view.next_attempt_at);
    let recipient = known.roster.people.get(&view.notice.recipient).map(|person| person.name.clone()).unwrap_or_default();
    let NoticeView { case, notice, attempts, .. } = view;
    QueueLine {
        case,
        key: notice.key,
        kind: notice.kind,
        channel: notice.channel,
        language: notice.language,
        recipient,
        due: notice.due,
        state,
        moment,
        attempts,
        follows: notice.follows,
        next,
        folded,
    }
}
