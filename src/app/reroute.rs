//! A notice that did not arrive goes by the recipient's other medium: once, in the commit that says so, under the key the same notice has there.
//! Invariant: both are on the record, each leads to the other, and a person told by the other medium already is not told again. Never: a third way; then an operator sees it.

use crate::app::App;
use crate::app::execute::{Act, Order};
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::app::notices::reaching;
use crate::engine::refusal::Class;
use crate::identity::Actor;
use crate::ids::{CaseId, CommandId, Moment, Tenant};
use crate::notice::{Kind, Language, Medium, Recipient, leaves_at};
use crate::store::StoreFault;
use crate::store::rows::NoticeRow;

fn looking(cause: StoreFault) -> Fault {
    Fault::new("looking for another way to tell somebody", cause)
}

impl App {
    /// The row that goes by the other medium; `None` when there is none, or the person was told by it already.
    pub(super) async fn other_way(&self, known: &Known, (tenant, case): (Tenant, CaseId), failed: &NoticeRow) -> Result<Option<NoticeRow>, Fault> {
        let Some(next) = other_row(known, failed, self.clock().now()) else { return Ok(None) };
        let told = self.store().notice(tenant, case, &next.key).await.map_err(looking)?.is_some();
        Ok((!told).then_some(next))
    }

    /// A carrier's receipt says that a short message did not arrive: its case hears of it, and the notice goes by mail when that reaches the person.
    ///
    /// # Errors
    /// A fault: the receipt is then given again.
    pub(super) async fn returned(&self, tenant: Tenant, case: CaseId, key: &str) -> Result<(), Fault> {
        let Some(view) = self.store().notice(tenant, case, key).await.map_err(looking)?.filter(|view| view.sent == Some(true)) else {
            // Still to be settled (whoever settles it looks at the receipts), or known already.
            return Ok(());
        };
        let known = self.known(tenant).await?;
        let next = self.other_way(&known, (tenant, case), &view.notice).await?.map(Box::new);
        let act = Act::NoticeReturned { key: key.to_owned(), at: self.clock().now(), next };
        // One for each time it was sent, however many parts and nodes say so.
        let command_id = Some(CommandId::of(&format!("returned {key} {}", view.attempts)));
        match self.execute(Order { tenant, case: Some(case), actor: Actor::System, command_id, act }).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused(refusal)) if refusal.class == Class::Conflict => Ok(()),
            Err(failure) => Err(Fault::new("recording what did not arrive in its case", failure)),
        }
    }
}

fn other_row(known: &Known, failed: &NoticeRow, now: Moment) -> Option<NoticeRow> {
    if failed.follows.is_some() {
        return None;
    }
    let (key, medium, kind) = (failed.other.clone()?, Medium::of(&failed.channel)?.other(), failed.kind.parse::<Kind>().ok()?);
    let person = known.roster.people.get(&failed.recipient).filter(|person| !person.disabled)?;
    // The language is the notice's own: the text was chosen when it was made.
    let recipient = Recipient { language: Language::of(&failed.language), ..Recipient::from(person) };
    reaching(kind, &recipient, known).contains(&medium).then(|| NoticeRow {
        key,
        channel: medium.key().to_owned(),
        due: leaves_at(kind, medium, now, &known.calendar),
        other: Some(failed.key.clone()),
        follows: Some(failed.key.clone()),
        folds: false,
        ..failed.clone()
    })
}
