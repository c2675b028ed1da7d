//! `indicators.yaml`: the indicators of the plans, and who reports them here.
//! Invariant: a target is a number of the indicator's unit or the name of a figure published elsewhere. Never: a value; figures are reported, with their source.

use std::collections::BTreeMap;

use super::read::Reading;
use super::rows::{known_tenant, required_text, seed, taken, tenant_code, tenant_of};
use crate::ids::{Name, Tenant};
use crate::indicators::{By, Goal, Indicator, Target, Wording, quantity};
use crate::source::{Entry, Fields, Node, Reader, Tree};

/// The most decimals a figure may have.
const DECIMALS_MAX: i64 = 4;

/// Who keeps a tenant's list and who reports to it.
struct Arrangement {
    keeper: Name,
    reporters: Vec<Name>,
}

pub(super) fn indicators(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(top) = reader.fields(node, &["lists", "indicators"]) else { return };
    let [lists, rows] = ["lists", "indicators"].map(|key| reader.required(&top, key));
    let mut arranged = BTreeMap::new();
    for entry in lists.map_or(&[][..], |lists| reader.entries(lists)) {
        let tenant = tenant_code(reader, &entry.key, entry.at);
        if let (Some(tenant), Some(arrangement)) = (tenant, arrangement(reading, reader, &entry.value)) {
            arranged.insert(tenant, arrangement);
        }
    }
    for row in rows.map_or(&[][..], |rows| reader.list(rows)) {
        indicator(reading, reader, row, &arranged);
    }
}

fn arrangement(reading: &Reading, reader: &mut Reader<'_>, node: &Node) -> Option<Arrangement> {
    let fields = reader.fields(node, &["keeper", "reporters", "invented"])?;
    // The plans say neither, so the row says that it is made up.
    reader.required(&fields, "invented");
    let keeper = reader.required(&fields, "keeper").and_then(|node| office(reading, reader, node));
    let reporters = reader.required(&fields, "reporters").map_or(&[][..], |node| reader.list(node));
    let reporters = reporters.iter().filter_map(|node| office(reading, reader, node)).collect();
    Some(Arrangement { keeper: keeper?, reporters })
}

pub(super) fn office(reading: &Reading, reader: &mut Reader<'_>, node: &Node) -> Option<Name> {
    let key = reader.text(node)?;
    if reading.tenant_of.contains_key(&key) {
        return Some(key.into());
    }
    reader.expected(node, "unknown-office", ("offices.yaml 中的机构", "an office of offices.yaml"));
    None
}

fn indicator(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node, arranged: &BTreeMap<Tenant, Arrangement>) {
    const KEYS: &[&str] = &["key", "tenant", "title", "unit", "decimals", "wording", "targets", "item", "note", "seed"];
    let Some(fields) = reader.fields(node, KEYS) else { return };
    let key = required_text(reader, &fields, "key");
    let tenant = known_tenant(reading, reader, &fields);
    let [title, unit] = ["title", "unit"].map(|key| reader.required(&fields, key).and_then(|node| reader.bilingual(node)));
    let decimals = decimals(reader, &fields);
    let wordings = [("reach", Wording::Reach), ("at-least", Wording::AtLeast), ("above", Wording::Above)];
    let wording = reader.required(&fields, "wording").and_then(|node| reader.word(node, &wordings));
    let targets = reader.required(&fields, "targets").map_or(&[][..], |node| reader.entries(node));
    let targets: Vec<Target> = targets.iter().filter_map(|entry| target(reader, entry, decimals.unwrap_or(0))).collect();
    let item = fields.get("item").and_then(|node| reader.whole(node)).and_then(|item| u32::try_from(item).ok());
    let note = fields.get("note").and_then(|node| reader.bilingual(node));
    let seed = seed(reading, reader, &fields);
    let (Some(key), Some(tenant), Some(title), Some(unit)) = (key, tenant, title, unit) else { return };
    let (Some(decimals), Some(wording), Some(seed)) = (decimals, wording, seed) else { return };
    if !reading.taken.insert(("indicator", key.clone())) {
        taken(reader, node.at, &key);
    }
    let Some(Arrangement { keeper, reporters }) = arranged.get(&tenant) else {
        let pair = (format!("`lists` 中缺少 {tenant}"), format!("expected {tenant} under `lists`, found no such key"));
        return reader.mistake(node.at, "missing-key", pair);
    };
    let (keeper, reporters) = (keeper.clone(), reporters.clone());
    let list = &mut tenant_of(reading, tenant).indicators;
    let place = u32::try_from(list.len()).unwrap_or(u32::MAX);
    let key = key.into();
    list.push(Indicator { key, place, title, unit, decimals, wording, targets, reporters, keeper, seed, note, item, dropped: false });
}

fn decimals(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<u8> {
    let node = reader.required(fields, "decimals")?;
    let decimals = reader.whole(node)?;
    if !(0..=DECIMALS_MAX).contains(&decimals) {
        reader.expected(node, "decimals", ("0 至 4 的整数", "a whole number from 0 to 4"));
        return None;
    }
    u8::try_from(decimals).ok()
}

/// `2020: 100`, `every-year: {reference: …}`, `unsaid: 2.5`.
fn target(reader: &mut Reader<'_>, entry: &Entry, decimals: u8) -> Option<Target> {
    let by = match (entry.key.as_str(), entry.key.parse::<i32>()) {
        ("every-year", _) => Some(By::EveryYear),
        ("unsaid", _) => Some(By::Unsaid),
        (_, Ok(year)) if (1949..2100).contains(&year) => Some(By::Year(year)),
        (found, _) => {
            let pair = (format!("期望年份、every-year 或 unsaid，实际 `{found}`"), format!("expected a year, every-year or unsaid, found `{found}`"));
            reader.mistake(entry.at, "unknown-key", pair);
            None
        }
    };
    let goal = if let Tree::Map(_) = &entry.value.tree {
        let fields = reader.fields(&entry.value, &["reference"])?;
        reader.required(&fields, "reference").and_then(|node| reader.bilingual(node)).map(Goal::Reference)
    } else {
        let goal = reader.text(&entry.value).and_then(|text| quantity::read(&text, decimals));
        if goal.is_none() {
            reader.expected(&entry.value, "number", ("本指标单位的数值", "a number of the indicator's unit"));
        }
        goal.map(Goal::Number)
    };
    Some(Target { by: by?, goal: goal? })
}
