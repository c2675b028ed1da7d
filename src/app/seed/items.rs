//! `items.yaml`: the reform items of a plan, in its order.
//! Invariant: who leads is said by the row, and whether the plan says so; a lead is one of the units. Never: a lead taken from the order.

use super::ItemSeed;
use super::indicators::office;
use super::read::Reading;
use super::rows::{known_tenant, seed, taken, tenant_of};
use crate::source::{Node, Reader};

pub(super) fn items(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(top) = reader.fields(node, &["items"]) else { return };
    for row in reader.required(&top, "items").map_or(&[][..], |rows| reader.list(rows)) {
        item(reading, reader, row);
    }
}

fn item(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    const KEYS: &[&str] = &["no", "tenant", "tier", "title", "units", "lead", "lead-by", "deliverables", "seed"];
    let Some(fields) = reader.fields(node, KEYS) else { return };
    let no = reader.required(&fields, "no").and_then(|node| reader.whole(node)).and_then(|no| u32::try_from(no).ok());
    let tenant = known_tenant(reading, reader, &fields);
    let tier = reader.required(&fields, "tier").and_then(|node| reader.word(node, &[("lead", "lead"), ("join", "join"), ("own", "own")]));
    let title = reader.required(&fields, "title").and_then(|node| reader.bilingual(node));
    let units = reader.required(&fields, "units").map_or(&[][..], |node| reader.list(node));
    let units: Vec<_> = units.iter().filter_map(|node| office(reading, reader, node)).collect();
    let lead = reader.required(&fields, "lead").and_then(|node| Some((node, office(reading, reader, node)?)));
    let lead_by = reader.required(&fields, "lead-by").and_then(|node| reader.word(node, &[("plan", "plan"), ("convention", "convention")]));
    let deliverables = fields.get("deliverables").map_or(&[][..], |node| reader.list(node));
    let deliverables = deliverables.iter().filter_map(|node| reader.text(node)).collect();
    let seed = seed(reading, reader, &fields);
    let Some((lead_node, lead)) = lead else { return };
    if !units.contains(&lead) {
        reader.expected(lead_node, "not-a-unit", ("本行 units 之一", "one of the units of this row"));
    }
    let (Some(no), Some(tenant), Some(tier), Some(title), Some(lead_by), Some(seed)) = (no, tenant, tier, title, lead_by, seed) else { return };
    if !reading.taken.insert(("item", format!("{tenant}/{no}"))) {
        taken(reader, node.at, &no.to_string());
    }
    tenant_of(reading, tenant).items.push(ItemSeed { no, tier, title, units, lead, lead_by, deliverables, seed });
}
