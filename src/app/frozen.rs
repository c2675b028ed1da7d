//! The ledger of a period and a unit, frozen (台账一式两份): its rows as they stand at one moment, kept on the register, and the copies that leave the house.
//! Invariant: a frozen ledger is an act on the register with the digest of its rows, and never changes; every copy is made of the kept rows and is on record with its
//! number, holder and purpose before its first byte leaves. Never: a second ledger made up from the same name; what is frozen again later is another one.

use chrono::{Datelike, Months, NaiveDate};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::evidence;
use crate::app::execute::{Act, Order, RegisterRows};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::ledger::{Wanted, each_row};
use crate::app::operate::{Told, line, raw, short};
use crate::app::register::{self, put};
use crate::definition::graph::NodeKind;
use crate::engine::case::Local;
use crate::engine::refusal::Class;
use crate::exports::frozen::{CopyLine, Freezing, Payload, copy};
use crate::forms::Freezes;
use crate::identity::Actor;
use crate::identity::may::{self, Verdict};
use crate::ids::{CaseId, CommandId, Digest, Moment, Name, Tenant, Text};
use crate::limits::FROZEN_BYTES_MAX;
use crate::store::{Store, StoreFault};

/// The kind of rows that say what is frozen.
pub const FROZEN: &str = "frozen-ledger";
/// The kind of rows that hold what is frozen.
const FROZEN_TEXT: &str = "frozen-text";
/// What an act on the register is called that freezes a ledger.
pub const LEDGER_FROZEN: &str = "ledger-frozen";
/// What one is called that takes a copy out.
const COPY_EXPORTED: &str = "ledger-copy-exported";

/// A period: a year, a quarter or a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// `2025`, `2025Q1`, `2025-03`.
    pub label: String,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
}

impl Period {
    /// Reads one; `None` for what is none.
    #[must_use]
    pub fn parse(label: &str) -> Option<Self> {
        const MONTHS_OF_A_QUARTER: u32 = 3;
        let label = label.trim();
        let year = label.get(..4)?.parse::<i32>().ok().filter(|year| (1949..=2999).contains(year))?;
        let (month, months) = match label.get(4..)? {
            "" => (1, 12),
            rest => match (rest.strip_prefix('Q'), rest.strip_prefix('-')) {
                (Some(quarter), _) => (quarter.parse::<u32>().ok().filter(|quarter| (1..=4).contains(quarter))? * MONTHS_OF_A_QUARTER - 2, MONTHS_OF_A_QUARTER),
                (None, Some(month)) if month.len() == 2 => (month.parse().ok()?, 1),
                (None, _) => return None,
            },
        };
        let from = NaiveDate::from_ymd_opt(year, month, 1)?;
        let to = from.checked_add_months(Months::new(months))?.pred_opt()?;
        Some(Self { label: label.to_owned(), from, to })
    }

    /// The quarter a day lies in.
    #[must_use]
    pub fn quarter_of(day: NaiveDate) -> Self {
        let label = format!("{}Q{}", day.year(), day.month0() / 3 + 1);
        Self::parse(&label).unwrap_or(Self { label, from: day, to: day })
    }
}

/// What is to be frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeAsked {
    /// `2025Q1`.
    pub period: String,
    /// The office; every one when left out.
    pub unit: Option<String>,
    /// The workflow; every one when left out.
    pub link: Option<String>,
}

/// A frozen ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// Its key: the period, the unit and the beginning of its digest.
    pub id: String,
    /// The period.
    pub period: Period,
    /// The office; every one when left out.
    pub unit: Option<String>,
    /// What the office was called then.
    pub unit_title: Text,
    /// The workflow; every one when left out.
    pub link: Option<String>,
    /// How many rows.
    pub rows: u64,
    /// The digest of the payload: the same in every copy.
    pub digest: Digest,
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
    /// The command that froze it, so that a form sent twice finds what it made.
    pub command: Option<CommandId>,
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("reading a frozen ledger", cause)
}

fn unknown(id: &str) -> Failure {
    refusal("unknown_ledger", Class::NotFound, format!("没有冻结过台账“{id}”。"), format!("cannot find the frozen ledger `{id}`")).into()
}

impl App {
    /// Freezes the ledger of a period and a unit as it stands now.
    ///
    /// # Errors
    /// `period_not_read`, `unknown_office`, `unknown_workflow`, `ledger_too_large`, or a fault.
    pub async fn freeze_ledger(&self, tenant: Tenant, actor: Actor, command: Option<CommandId>, asked: &FreezeAsked) -> Result<Frozen, Failure> {
        if let Some(earlier) = self.frozen_by(tenant, command).await? {
            return Ok(earlier);
        }
        let known = self.known(tenant).await?;
        let period = period(&asked.period)?;
        if let Some(unit) = asked.unit.as_ref().filter(|unit| !known.roster.offices.contains_key(unit.as_str())) {
            return Err(refusal("unknown_office", Class::NotFound, format!("没有机构“{unit}”。"), format!("cannot find the office `{unit}`")).into());
        }
        if let Some(link) = asked.link.as_ref().filter(|link| !known.bundles.values().any(|bundle| bundle.programs.contains_key(link.as_str()))) {
            let (zh, en) = (format!("没有发布过流程“{link}”。"), format!("cannot find a published workflow `{link}`"));
            return Err(refusal("unknown_workflow", Class::NotFound, zh, en).into());
        }
        let at = self.clock().now();
        let unit_title = asked.unit.as_ref().map_or_else(|| line("全部单位", "every office"), |unit| known.office(unit));
        let link_title = asked.link.as_ref().map_or_else(|| "全部事项".to_owned(), |link| known.link_title(link).zh);
        let title = ["台账".to_owned(), unit_title.zh.clone(), link_title, period.label.clone(), format!("截至 {}", at.to_rfc3339())];
        let mut freezing = Freezing::begin(&title);
        let wanted =
            Wanted { english: false, from: Some(period.from), to: Some(period.to), link: asked.link.clone(), unit: asked.unit.as_deref().map(Name::from) };
        // A ledger is kept whole, as the office keeps it; what a reader may not see is cut where it is read.
        each_row(self.store(), (tenant, &known, at), &wanted, &actor, &mut |row, _| {
            freezing.row(&row);
            if freezing.bytes() > FROZEN_BYTES_MAX { Err(too_large()) } else { Ok(()) }
        })
        .await?;
        let payload = freezing.finish();
        let id = format!("{}-{}-{}", period.label, asked.unit.as_deref().unwrap_or("all"), short(payload.digest));
        // The same rows at the same moment are the same ledger, whoever asks.
        if self.store().registry(tenant, FROZEN, &id).await.map_err(reading)?.is_some() {
            return self.frozen_ledger(tenant, &id).await;
        }
        let (link, rows, digest) = (asked.link.clone(), payload.rows, payload.digest);
        let frozen = Frozen { id, period, unit: asked.unit.clone(), unit_title, link, rows, digest, at, by: known.called(&actor), command };
        let details = json!({"ledger": frozen.id, "from": frozen.period.from, "to": frozen.period.to, "unit": frozen.unit, "link": frozen.link, "rows": rows, "digest": digest});
        let registry = vec![put(self, tenant, FROZEN, &frozen.id, &frozen)?, raw(self, tenant, FROZEN_TEXT, &frozen.id, payload.text.into_bytes())];
        match self.record_as(tenant, actor, command, LEDGER_FROZEN, details, RegisterRows { registry, ..RegisterRows::default() }).await {
            Ok(receipt) if receipt.repeated => Ok(self.frozen_by(tenant, command).await?.unwrap_or(frozen)),
            Ok(_) => Ok(frozen),
            // The same form, a moment later: what it froze first is what it froze.
            Err(Failure::Refused(refused)) if refused.code == "command_id_reused" => self.frozen_by(tenant, command).await?.ok_or(Failure::Refused(refused)),
            Err(failure) => Err(failure),
        }
    }

    async fn frozen_by(&self, tenant: Tenant, command: Option<CommandId>) -> Result<Option<Frozen>, Fault> {
        let Some(command) = command else { return Ok(None) };
        Ok(self.frozen_ledgers(tenant).await?.into_iter().find(|frozen| frozen.command == Some(command)))
    }

    /// All frozen ledgers, the newest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn frozen_ledgers(&self, tenant: Tenant) -> Result<Vec<Frozen>, Fault> {
        frozen_ledgers(self.store(), tenant).await
    }

    /// One of them.
    ///
    /// # Errors
    /// `unknown_ledger`, or a fault.
    pub async fn frozen_ledger(&self, tenant: Tenant, id: &str) -> Result<Frozen, Failure> {
        // A case names a ledger by its digest.
        let by_digest = id.parse::<Digest>().ok();
        let found = match by_digest {
            Some(digest) => self.frozen_ledgers(tenant).await?.into_iter().find(|frozen| frozen.digest == digest),
            None => None,
        };
        match found {
            Some(frozen) => Ok(frozen),
            None => Ok(kept(self.store(), tenant, id).await?.0),
        }
    }

    /// Puts it on the record who takes which copy of a frozen ledger, and answers the copy.
    ///
    /// # Errors
    /// `unknown_ledger`, `unknown_copy`, or a fault.
    pub async fn ledger_copy(&self, tenant: Tenant, actor: Actor, id: &str, number: u32) -> Result<String, Failure> {
        let (by, at) = (self.known(tenant).await?.called(&actor), self.clock().now());
        let (frozen, text) = copy_text(self.store(), (tenant, id), number, (&by, at)).await?;
        self.note_copy(tenant, actor, &frozen, number).await?;
        Ok(text)
    }

    async fn note_copy(&self, tenant: Tenant, actor: Actor, frozen: &Frozen, number: u32) -> Result<(), Failure> {
        let rule = rule(number)?;
        let details = json!({
            "form": "csv", "ledger": frozen.id, "from": frozen.period.from, "to": frozen.period.to, "rows": frozen.rows, "last_row": frozen.digest,
            "copy": number, "holder": rule.holder.zh, "purpose": rule.purpose.zh, "query": format!("{} 第 {number} 份 {}", frozen.id, rule.holder.zh),
        });
        self.record(tenant, actor, COPY_EXPORTED, details, RegisterRows::default()).await?;
        Ok(())
    }

    /// Freezes what an answer's form says it freezes, and writes the digests into the answer. Whoever may not give the answer freezes nothing: the engine says why.
    pub(in crate::app) async fn take_snapshots(&self, order: &mut Order, command: CommandId) -> Result<(), Failure> {
        let (tenant, actor) = (order.tenant, order.actor.clone());
        let (Some(case), Actor::Person(person)) = (order.case, &actor) else { return Ok(()) };
        let Act::Complete { task, answer, .. } = &mut order.act else { return Ok(()) };
        let Some(Value::Object(fields)) = &mut answer.fields else { return Ok(()) };
        let keys = self.freezing_fields((tenant, case), *task).await?;
        if keys.is_empty() || self.casefile(tenant, case).await?.may_on_task(may::Act::Complete, *task, *person) != Verdict::Allowed {
            return Ok(());
        }
        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
        let asked = FreezeAsked { period: text("period").unwrap_or_default(), unit: text("unit"), link: text("link") };
        for (key, what) in keys {
            let own = CommandId::of(&format!("snapshot {command} {key}"));
            let digest = match what {
                Freezes::Ledger => self.freeze_within(tenant, actor.clone(), own, &asked).await?.digest,
            };
            fields.insert(key, digest.to_string().into());
        }
        Ok(())
    }

    /// Freezing is an order within an order, so its future is a box of its own.
    fn freeze_within<'a>(&'a self, tenant: Tenant, actor: Actor, command: CommandId, asked: &'a FreezeAsked) -> BoxFuture<'a, Result<Frozen, Failure>> {
        Box::pin(self.freeze_ledger(tenant, actor, Some(command), asked))
    }

    /// The fields of a task's answer that freeze something.
    async fn freezing_fields(&self, (tenant, case): (Tenant, CaseId), task: Local) -> Result<Vec<(String, Freezes)>, Failure> {
        let working = self.working(tenant, case).await?;
        let known = self.known(tenant).await?;
        let bundle = register::bundle_of(&known, working.state.revision)?;
        let state = &working.state;
        let rule = state.tasks.get(&task).filter(|task| task.group.is_none()).and_then(|task| {
            let program = bundle.programs.get(&state.scopes.get(&task.scope)?.program)?;
            match &program.nodes.iter().find(|node| node.key == task.step)?.kind {
                NodeKind::Task(rule) => rule.fields.as_ref(),
                _ => None,
            }
        });
        let fields = rule.into_iter().flat_map(|answer| answer.form.fields());
        Ok(fields.filter_map(|field| Some((field.key.clone(), field.freezes?))).collect())
    }

    pub(in crate::app) async fn freeze_told(&self, tenant: Tenant, actor: Actor, asked: &FreezeAsked) -> Result<Told, Failure> {
        let frozen = self.freeze_ledger(tenant, actor, None, asked).await?;
        let Frozen { id, rows, digest, .. } = &frozen;
        Ok(vec![line(format!("台账 {id} 已冻结：{rows} 行，载荷摘要值 {digest}"), format!("ledger {id} is frozen: {rows} rows, payload digest {digest}"))])
    }

    pub(in crate::app) async fn copy_told(&self, tenant: Tenant, actor: Actor, id: &str, number: u32) -> Result<Told, Failure> {
        let frozen = self.frozen_ledger(tenant, id).await?;
        self.note_copy(tenant, actor, &frozen, number).await?;
        let rule = rule(number)?;
        Ok(vec![line(
            format!("第 {number} 份已登记：{}，用于{}", rule.holder.zh, rule.purpose.zh),
            format!("copy {number} is on record: {}, {}", rule.holder.en, rule.purpose.en),
        )])
    }
}

/// A period as somebody wrote it.
///
/// # Errors
/// `period_not_read`.
pub fn period(label: &str) -> Result<Period, Failure> {
    Period::parse(label).ok_or_else(|| {
        let (zh, en) =
            (format!("期间应写成 2025Q1、2025-03 或 2025，收到“{label}”。"), format!("expected a period such as 2025Q1, 2025-03 or 2025, found `{label}`"));
        refusal("period_not_read", Class::Invalid, zh, en).into()
    })
}

fn too_large() -> Failure {
    let most = FROZEN_BYTES_MAX / 1024 / 1024;
    let (zh, en) = (format!("台账超过 {most} MB，请按单位或月份冻结。"), format!("cannot freeze more than {most} MB at once: take one office or one month"));
    refusal("ledger_too_large", Class::Invalid, zh, en).into()
}

fn rule(number: u32) -> Result<&'static evidence::CopyRule, Failure> {
    let found = number.checked_sub(1).and_then(|place| evidence::plan().copies.get(usize::try_from(place).ok()?));
    found.ok_or_else(|| {
        let most = evidence::plan().copies.len();
        refusal(
            "unknown_copy",
            Class::NotFound,
            format!("台账一式 {most} 份，没有第 {number} 份。"),
            format!("expected a copy from 1 to {most}, found {number}"),
        )
        .into()
    })
}

/// All frozen ledgers of a tenant, the newest first.
///
/// # Errors
/// A fault.
pub async fn frozen_ledgers(store: &Store, tenant: Tenant) -> Result<Vec<Frozen>, Fault> {
    let mut all = Vec::new();
    for entry in store.registry_list(tenant, FROZEN).await.map_err(reading)? {
        all.push(serde_json::from_slice::<Frozen>(&entry.value).map_err(|cause| Fault::new(format!("reading the frozen ledger `{}`", entry.key), cause))?);
    }
    all.sort_by(|left, right| (right.at, &right.id).cmp(&(left.at, &left.id)));
    Ok(all)
}

async fn kept(store: &Store, tenant: Tenant, id: &str) -> Result<(Frozen, String), Failure> {
    let head = store.registry(tenant, FROZEN, id).await.map_err(reading)?.ok_or_else(|| unknown(id))?;
    let text = store.registry(tenant, FROZEN_TEXT, id).await.map_err(reading)?.ok_or_else(|| unknown(id))?;
    let broken = |cause: &dyn std::fmt::Display| Fault::new(format!("reading the frozen ledger `{id}`"), cause);
    let frozen: Frozen = serde_json::from_slice(&head.value).map_err(|cause| broken(&cause))?;
    let text = String::from_utf8(text.value).map_err(|cause| broken(&cause))?;
    // What was frozen is what is kept: its digest stands in the act that froze it.
    if Digest::of(text.as_bytes()) != frozen.digest {
        return Err(broken(&"its text is not the one it was frozen with").into());
    }
    Ok((frozen, text))
}

/// A copy of a frozen ledger; the caller puts it on the record.
///
/// # Errors
/// `unknown_ledger`, `unknown_copy`, or a fault: also when what is kept is not what was frozen.
pub async fn copy_text(store: &Store, (tenant, id): (Tenant, &str), number: u32, (by, at): (&str, Moment)) -> Result<(Frozen, String), Failure> {
    let rule = rule(number)?;
    let (frozen, text) = kept(store, tenant, id).await?;
    let payload = Payload { text, rows: frozen.rows, digest: frozen.digest };
    let line = CopyLine { number, holder: rule.holder.zh.clone(), purpose: rule.purpose.zh.clone(), by: by.to_owned(), at: at.to_rfc3339() };
    Ok((frozen, copy(&payload, &line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_year_a_quarter_or_a_month() {
        let days = |label: &str| Period::parse(label).map(|period| (period.from.to_string(), period.to.to_string()));
        let pair = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(days("2025Q1"), pair("2025-01-01", "2025-03-31"));
        assert_eq!(days("2024Q4"), pair("2024-10-01", "2024-12-31"));
        assert_eq!(days("2017-09"), pair("2017-09-01", "2017-09-30"));
        assert_eq!(days("2025"), pair("2025-01-01", "2025-12-31"));
        for wrong in ["", "2025Q5", "2025Q", "2025-13", "2025-3", "25Q1", "0000", "2025Q1 or so", "二〇二五"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
        assert_eq!(Period::quarter_of(NaiveDate::from_ymd_opt(2025, 3, 31).unwrap()).label, "2025Q1");
    }
}
