//! Handing over a whole desk (交接): the giver, the taker and the head who oversees it sign, each for themselves; with the third signature every open task goes over.
//! Invariant: nothing goes over before three different people have signed, and each case has one act for it, done once however often it is asked for.
//! Never: a signature for somebody else. The rule is PROCEDURES 1.3: 移交人、接收人、监交人三方确认.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::app::desk::DeskFilter;
use crate::app::execute::{Act, Order, RegisterRows, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::people::uuid_of;
use crate::app::register::put;
use crate::engine::event::Event;
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::may::{self, Standing, Verdict};
use crate::identity::{Actor, Roster};
use crate::ids::{CaseId, CommandId, Moment, PersonId, Tenant};
use crate::store::rows::RegistryRow;

/// Tasks looked at in one go.
const TASKS_PER_READ: u32 = 200;

/// A desk that goes from one to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Its id.
    pub id: String,
    /// Who gives.
    pub giver: PersonId,
    /// Who takes.
    pub taker: PersonId,
    /// The head who oversees it.
    pub overseer: PersonId,
    /// Why.
    pub reason: String,
    /// When it was proposed.
    pub at: Moment,
    /// Who has signed, and when.
    pub signed: BTreeMap<PersonId, Moment>,
    /// Who declined.
    pub declined: Option<PersonId>,
    /// When the tasks had gone over.
    pub done: Option<Moment>,
    /// The cases they are in.
    pub cases: Vec<Handed>,
}

/// One person's signature under a handover, a row of the register to itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Signature {
    /// The handover's id.
    pub handover: String,
    /// Who signed.
    pub person: PersonId,
    /// When.
    pub at: Moment,
}

/// The kind of the register's rows that hold signatures.
pub(crate) const HANDOVER_SIGNATURE: &str = "handover-signature";

/// What went over in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: Option<String>,
    /// Tasks that went over.
    pub tasks: usize,
    /// Tasks the taker may not do, which stayed.
    pub left: usize,
}

/// Who is to give, take and oversee.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// Who gives.
    pub giver: PersonId,
    /// Who takes.
    pub taker: PersonId,
    /// Who oversees.
    pub overseer: PersonId,
    /// Why.
    pub reason: String,
}

impl Handover {
    /// The three, in the order in which they are named.
    #[must_use]
    pub fn signers(&self) -> [PersonId; 3] {
        [self.giver, self.taker, self.overseer]
    }

    /// Whether it waits for this person's signature.
    #[must_use]
    pub fn waits_for(&self, person: PersonId) -> bool {
        self.declined.is_none() && self.signers().contains(&person) && !self.signed.contains_key(&person)
    }

    fn all_signed(&self) -> bool {
        self.declined.is_none() && self.signers().iter().all(|signer| self.signed.contains_key(signer))
    }
}

impl App {
    /// Proposes a handover; whoever proposes it signs it with that.
    ///
    /// # Errors
    /// A refusal with everything that is wrong, or a fault.
    pub async fn propose_handover(&self, tenant: Tenant, person: PersonId, command_id: Option<CommandId>, proposal: Proposal) -> Result<Handover, Failure> {
        let _alone = self.inner.rosters.lock().await;
        let known = self.known(tenant).await?;
        let Proposal { giver, taker, overseer, reason } = proposal;
        let command_id = match command_id {
            Some(id) => id,
            None => CommandId::new(self.clock().now(), entropy()?),
        };
        let id = uuid_of(&format!("handover\n{tenant}\n{command_id}")).to_string();
        if let Some(known) = known.handovers.get(&id) {
            return Ok(known.clone());
        }
        let at = self.clock().now();
        let reason = reason.trim().to_owned();
        let signed = BTreeMap::from([(person, at)]);
        let handover = Handover { id, giver, taker, overseer, reason, at, signed, declined: None, done: None, cases: Vec::new() };
        permitted(&known, &handover, person)?;
        let details = wrong(&known.roster, &handover, at);
        if !details.is_empty() {
            return Err(Refusal { details, ..Refusal::invalid("handover_wrong", "请改正下列各处。", "cannot do this: correct what is listed") }.into());
        }
        let open = known.handovers.values().any(|other| other.giver == giver && other.declined.is_none() && other.done.is_none());
        if open {
            let (zh, en) = ("该人员已有一份交接待签字", "cannot propose the handover: another one of this desk is waiting to be signed");
            return Err(refusal("handover_open", Class::Conflict, zh, en).into());
        }
        self.keep_handover(tenant, Actor::Person(person), (Some(command_id), "handover-proposed"), &handover).await?;
        Ok(handover)
    }

    /// Signs a handover. With the third signature the tasks go over; signed again, what is left of that is done.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn sign_handover(&self, tenant: Tenant, person: PersonId, id: &str) -> Result<Handover, Failure> {
        let _alone = self.inner.rosters.lock().await;
        let known = self.known(tenant).await?;
        let mut handover = found(&known, id)?;
        permitted(&known, &handover, person)?;
        if handover.declined.is_some() {
            return Err(refusal("handover_declined", Class::Conflict, "该交接已被退回", "cannot sign the handover: it was declined").into());
        }
        if handover.waits_for(person) {
            let signature = Signature { handover: handover.id.clone(), person, at: self.clock().now() };
            handover.signed.insert(person, signature.at);
            let row = put(self, tenant, HANDOVER_SIGNATURE, &format!("{}/{person}", handover.id), &signature)?;
            self.record_handover(tenant, Actor::Person(person), (None, "handover-signed"), &handover, row).await?;
            // Another's signature may have come on another node meanwhile: of two, the one whose row came later sees both.
            let known = self.known(tenant).await?;
            handover = found(&known, id)?;
        }
        if handover.all_signed() && handover.done.is_none() {
            handover.cases = self.hand_over(tenant, &handover).await?;
            handover.done = Some(self.clock().now());
            self.keep_handover(tenant, Actor::System, (None, "desk-handed-over"), &handover).await?;
        }
        Ok(handover)
    }

    /// Declines a handover that is not signed by all: nothing goes over.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub async fn decline_handover(&self, tenant: Tenant, person: PersonId, id: &str) -> Result<Handover, Failure> {
        let _alone = self.inner.rosters.lock().await;
        let known = self.known(tenant).await?;
        let mut handover = found(&known, id)?;
        permitted(&known, &handover, person)?;
        if handover.all_signed() {
            let (zh, en) = ("三方均已签字，不能退回", "cannot decline the handover: all three have signed it");
            return Err(refusal("handover_signed", Class::Conflict, zh, en).into());
        }
        if handover.declined.is_none() {
            handover.declined = Some(person);
            self.keep_handover(tenant, Actor::Person(person), (None, "handover-declined"), &handover).await?;
        }
        Ok(handover)
    }

    async fn keep_handover(&self, tenant: Tenant, actor: Actor, (command_id, what): (Option<CommandId>, &str), handover: &Handover) -> Result<(), Failure> {
        let row = put(self, tenant, "handover", &handover.id, handover)?;
        self.record_handover(tenant, actor, (command_id, what), handover, row).await
    }

    async fn record_handover(
        &self,
        tenant: Tenant,
        actor: Actor,
        (command_id, what): (Option<CommandId>, &str),
        handover: &Handover,
        row: RegistryRow,
    ) -> Result<(), Failure> {
        let rows = RegisterRows { registry: vec![row], ..RegisterRows::default() };
        let details =
            json!({"handover": handover.id, "giver": handover.giver, "taker": handover.taker, "overseer": handover.overseer, "cases": handover.cases});
        self.record_as(tenant, actor, command_id, what, details, rows).await?;
        Ok(())
    }

    /// One act in each case the giver has something in. The command's id follows from handover and case, so that a second run finds what the first has done.
    async fn hand_over(&self, tenant: Tenant, handover: &Handover) -> Result<Vec<Handed>, Failure> {
        let mut handed = Vec::new();
        for case in self.cases_on_desk(tenant, handover.giver).await? {
            let act = Act::HandOverDesk { from: handover.giver, to: handover.taker, overseer: handover.overseer };
            let command_id = Some(CommandId::of(&format!("handover\n{}\n{case}", handover.id)));
            let receipt = match self.execute(Order { tenant, case: Some(case), actor: Actor::System, command_id, act }).await {
                Ok(receipt) => receipt,
                // It ended meanwhile: there is nothing to hand over.
                Err(Failure::Refused(refused)) if refused.code == "case_ended" => continue,
                Err(failure) => return Err(failure),
            };
            let acts = self.store().acts(tenant, case, receipt.version - 1, 1).await.map_err(|cause| Fault::new("reading what went over", cause))?;
            let events = acts.first().map(|act| serde_json::from_slice::<Vec<Event>>(&act.events)).transpose();
            let events = events.map_err(|cause| Fault::new("reading what went over", cause))?.unwrap_or_default();
            let left = events.iter().find_map(|event| if let Event::DeskHandedOver { left, .. } = event { Some(left.len()) } else { None });
            let Some(left) = left else { continue };
            let tasks = events.iter().filter(|event| matches!(event, Event::TaskHandedOver { .. })).count();
            handed.push(Handed { case, number: receipt.number, tasks, left });
        }
        Ok(handed)
    }

    /// Cases with a task a person has claimed, or that nobody has and their posts ask.
    async fn cases_on_desk(&self, tenant: Tenant, person: PersonId) -> Result<BTreeSet<CaseId>, Failure> {
        let posts = self.known(tenant).await?.roster.posts_of(person, self.clock().now().date());
        let (mut cases, mut filter) = (BTreeSet::new(), DeskFilter::default());
        loop {
            let desk = self.desk(tenant, person, &posts, &filter, TASKS_PER_READ).await?;
            cases.extend(desk.lines.iter().filter(|line| line.claimed.is_none_or(|holder| holder == person)).map(|line| line.case));
            filter.after = desk.after;
            if filter.after.is_none() {
                return Ok(cases);
            }
        }
    }
}

/// Handovers somebody has a part in, and those of offices they lead; the newest first.
#[must_use]
pub fn seen_by(known: &Known, person: PersonId, today: NaiveDate) -> Vec<&Handover> {
    let leads = |handover: &Handover| known.roster.own_posts(handover.giver, today).iter().any(|(office, _)| known.roster.leads(person, office, today));
    let mut seen: Vec<&Handover> = known.handovers.values().filter(|handover| handover.signers().contains(&person) || leads(handover)).collect();
    seen.sort_by_key(|handover| std::cmp::Reverse(handover.at));
    seen
}

fn found(known: &Known, id: &str) -> Result<Handover, Refusal> {
    let missing = || Refusal::not_found("no_such_handover", "没有这份交接", "cannot find this handover");
    known.handovers.get(id).cloned().ok_or_else(missing)
}

fn permitted(known: &Known, handover: &Handover, person: PersonId) -> Result<(), Refusal> {
    let disabled = known.roster.people.get(&person).is_none_or(|person| person.disabled);
    let standing = Standing { concerned: handover.signers().contains(&person), disabled, ..Standing::default() };
    match may::may(&Actor::Person(person), may::Act::SignHandover, &standing) {
        Verdict::Allowed => Ok(()),
        Verdict::Denied(why) => Err(refusal(why.code, Class::Forbidden, why.zh, why.en)),
    }
}

/// Three different people of one office, the third of whom leads it.
fn wrong(roster: &Roster, handover: &Handover, at: Moment) -> Vec<Detail> {
    let today = at.date();
    let mut details = Vec::new();
    let offices: Vec<_> = roster.own_posts(handover.giver, today).into_iter().map(|(office, _)| office).collect();
    let [giver, taker, overseer] = handover.signers();
    if giver == taker || giver == overseer || taker == overseer {
        details.push(Detail::new("taker", "three_needed", "移交人、接收人、监交人须是三个人", "expected three different people"));
    }
    if offices.is_empty() {
        details.push(Detail::new("giver", "holds_nothing", "移交人今天没有岗位", "expected the giver to hold a post today"));
    }
    if !roster.own_posts(taker, today).iter().any(|(office, _)| offices.contains(office)) {
        details.push(Detail::new("taker", "taker_outside", "接收人须是同一单位的人员", "expected the taker to work in the same office"));
    }
    if !offices.iter().any(|office| roster.leads(overseer, office, today)) {
        let (zh, en) = ("监交人须是该单位的科长、分管领导或主要负责人", "expected the overseer to lead the office");
        details.push(Detail::new("overseer", "overseer_no_leader", zh, en));
    }
    if handover.reason.is_empty() {
        details.push(Detail::new("reason", "reason_required", "请填写交接事由", "expected a reason"));
    }
    details
}
