//! The rows of each seed file.
//! Invariant: a row that is wrong is left out and reported, so that the rows after it are still read. Never: a row without `seed`.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::read::Reading;
use super::{AccountSeed, Amendment, IssueSeed, NamedProject, Plan, ProjectSeed, TenantSeeds};
use crate::identity::phone::{NOBODYS_CODE, is_phone};
use crate::identity::{Holding, Office, Person};
use crate::ids::{Name, PersonId, Tenant};
use crate::source::{Fields, Node, Place, Reader, Tree};
use crate::store::rows::PostingKind;

/// Where rows stand, for what is found wrong only when all are read.
#[derive(Default)]
pub(super) struct Places {
    pub offices: BTreeMap<Name, Place>,
    pub people: BTreeMap<PersonId, Place>,
}

/// `offices.yaml`: the plans, the tenants, the offices.
pub(super) fn offices(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(top) = reader.fields(node, &["plans", "tenants", "offices"]) else { return };
    let [plans, tenants, rows] = ["plans", "tenants", "offices"].map(|key| reader.required(&top, key));
    for entry in tenants.map_or(&[][..], |tenants| reader.entries(tenants)) {
        let title = reader.bilingual(&entry.value);
        if let (Some(tenant), Some(title)) = (tenant_code(reader, &entry.key, entry.at), title) {
            reading.seeds.tenants.insert(tenant, TenantSeeds { title, ..TenantSeeds::default() });
        }
    }
    for entry in plans.map_or(&[][..], |plans| reader.entries(plans)) {
        reading.plans.insert(entry.key.clone());
        if let Some(plan) = plan(reading, reader, &entry.value) {
            reading.seeds.plans.insert(entry.key.clone(), plan);
        }
    }
    for row in rows.map_or(&[][..], |rows| reader.list(rows)) {
        office(reading, reader, row);
    }
}

fn plan(reading: &Reading, reader: &mut Reader<'_>, node: &Node) -> Option<Plan> {
    let fields = reader.fields(node, &["title", "issuer", "issued", "tenant"])?;
    let title = reader.required(&fields, "title").and_then(|node| reader.bilingual(node));
    let issuer = required_text(reader, &fields, "issuer");
    let issued = reader.required(&fields, "issued").and_then(|node| date(reader, node));
    let tenant = known_tenant(reading, reader, &fields);
    Some(Plan { title: title?, issuer: issuer?, issued: issued?, tenant: tenant? })
}

fn office(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    const KEYS: &[&str] = &["key", "tenant", "zh", "en", "seed", "from", "until", "successor", "members", "open-ended", "note", "invented"];
    let Some(fields) = reader.fields(node, KEYS) else { return };
    let tenant = known_tenant(reading, reader, &fields);
    let [key, zh, en] = ["key", "zh", "en"].map(|name| required_text(reader, &fields, name));
    let seed = seed(reading, reader, &fields);
    let [from, until] = ["from", "until"].map(|name| optional_date(reader, &fields, name));
    let successor = fields.get("successor").and_then(|node| reader.text(node)).map(Name::from);
    let members: Vec<Name> =
        fields.get("members").map_or(&[][..], |node| reader.list(node)).iter().filter_map(|node| reader.text(node)).map(Name::from).collect();
    let open_ended = fields.get("open-ended").and_then(|node| reader.flag(node)).unwrap_or(false);
    invented_fields(reader, &fields, KEYS);
    let Some(key) = key else { return };
    if reading.tenant_of.insert(key.clone(), tenant).is_some() {
        taken(reader, node.at, &key);
    }
    let (Some(tenant), Some(zh), Some(en), Some(seed)) = (tenant, zh, en, seed) else { return };
    let key = Name::from(key);
    reading.places.offices.insert(key.clone(), node.at);
    let office = Office { key: key.clone(), zh, en, seed, from, until, successor, members, open_ended };
    tenant_of(reading, tenant).roster.offices.insert(key, office);
}

/// `people.yaml`: people with the posts they hold.
pub(super) fn people(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(rows) = listed(reader, node, "people") else { return };
    for row in rows {
        person(reading, reader, row);
    }
}

fn person(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(fields) = reader.fields(node, &["id", "login", "name", "email", "phone", "language", "posts", "seed"]) else { return };
    let id = reader.required(&fields, "id").and_then(|node| person_id(reader, node));
    let [login, name] = ["login", "name"].map(|key| required_text(reader, &fields, key));
    let email = fields.get("email").and_then(|node| demo_address(reader, node));
    let phone = fields.get("phone").and_then(|node| demo_number(reader, node));
    let languages = [("zh-CN", "zh-CN"), ("en", "en")];
    let language = reader.required(&fields, "language").and_then(|node| reader.word(node, &languages));
    let seed = seed(reading, reader, &fields);
    let posts = reader.required(&fields, "posts").map_or(&[][..], |node| reader.list(node));
    if posts.is_empty() {
        let pair = ("期望至少一个岗位，实际没有".to_owned(), "expected at least one post, found none".to_owned());
        reader.mistake(node.at, "without-post", pair);
    }
    let held: Vec<(Tenant, Holding)> = id.map_or_else(Vec::new, |id| posts.iter().filter_map(|post| holding(reading, reader, post, id)).collect());
    let Some(login) = login else { return };
    let known = held.first().map(|(tenant, holding)| (*tenant, holding.person));
    if reading.logins.insert(login.clone(), known).is_some() {
        taken(reader, node.at, &login);
    }
    let (Some(id), Some(name), Some(language), Some(_)) = (id, name, language, seed) else { return };
    if reading.places.people.insert(id, node.at).is_some() {
        taken(reader, node.at, &id.to_string());
    }
    for (tenant, holding) in held {
        let roster = &mut tenant_of(reading, tenant).roster;
        let (login, name, email, phone) = (login.clone(), name.clone(), email.clone(), phone.clone());
        roster.people.insert(id, Person { id, login, name, email, phone, language: language.to_owned(), disabled: false });
        roster.holdings.push(holding);
    }
}

fn holding(reading: &Reading, reader: &mut Reader<'_>, node: &Node, person: PersonId) -> Option<(Tenant, Holding)> {
    let fields = reader.fields(node, &["office", "post", "from", "until"])?;
    let post = required_text(reader, &fields, "post");
    let [from, until] = ["from", "until"].map(|name| optional_date(reader, &fields, name));
    let office_node = reader.required(&fields, "office")?;
    let office = reader.text(office_node)?;
    let Some(tenant) = reading.tenant_of.get(&office) else {
        reader.expected(office_node, "unknown-office", ("offices.yaml 中的机构", "an office of offices.yaml"));
        return None;
    };
    Some(((*tenant)?, Holding { person, office: office.into(), post: post?.into(), from, until }))
}

/// `accounts.yaml`: accounts with what was issued to them.
pub(super) fn accounts(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(rows) = listed(reader, node, "accounts") else { return };
    for row in rows {
        account(reading, reader, row);
    }
}

fn account(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(fields) = reader.fields(node, &["key", "tenant", "title", "unit", "seed", "postings"]) else { return };
    let key = required_text(reader, &fields, "key");
    let tenant = known_tenant(reading, reader, &fields);
    let title = reader.required(&fields, "title").and_then(|node| reader.bilingual(node));
    let unit = reader.required(&fields, "unit").and_then(|node| reader.word(node, &[("m2", "m2"), ("fen", "fen"), ("pieces", "pieces")]));
    let seed = seed(reading, reader, &fields);
    let rows = reader.required(&fields, "postings").map_or(&[][..], |node| reader.list(node));
    let postings = rows.iter().filter_map(|row| issue(reader, row)).collect();
    let (Some(key), Some(tenant), Some(title), Some(unit), Some(seed)) = (key, tenant, title, unit, seed) else { return };
    if !reading.taken.insert(("account", key.clone())) {
        taken(reader, node.at, &key);
    }
    tenant_of(reading, tenant).accounts.push(AccountSeed { key, title, unit: unit.to_owned(), seed, postings });
}

fn issue(reader: &mut Reader<'_>, node: &Node) -> Option<IssueSeed> {
    let fields = reader.fields(node, &["kind", "on", "amount", "document"])?;
    let kinds = [("issue", PostingKind::Issue), ("add", PostingKind::Add)];
    let kind = reader.required(&fields, "kind").and_then(|node| reader.word(node, &kinds));
    let on = reader.required(&fields, "on").and_then(|node| date(reader, node));
    let document = required_text(reader, &fields, "document");
    let amount_node = reader.required(&fields, "amount")?;
    let amount = reader.whole(amount_node)?;
    if amount <= 0 {
        reader.expected(amount_node, "amount", ("大于零的整数", "a whole number above zero"));
        return None;
    }
    Some(IssueSeed { kind: kind?, on: on?, amount, document: document? })
}

/// `projects.yaml`: what the demonstration files.
pub(super) fn projects(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(rows) = listed(reader, node, "projects") else { return };
    for row in rows {
        project(reading, reader, row);
    }
}

fn project(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(fields) = reader.fields(node, &["key", "title", "workflow", "applicant", "on", "seed", "like", "form", "amendments"]) else { return };
    let [key, workflow] = ["key", "workflow"].map(|name| required_text(reader, &fields, name));
    let base = fields.get("like").map_or(Some(serde_json::Map::new()), |node| like(reading, reader, node));
    if let Some(key) = key.as_ref().filter(|key| !reading.taken.insert(("project", (*key).clone()))) {
        taken(reader, node.at, key);
    }
    let title = reader.required(&fields, "title").and_then(|node| reader.bilingual(node));
    let on = reader.required(&fields, "on").and_then(|node| date(reader, node));
    let seed = seed(reading, reader, &fields);
    let applicant = reader.required(&fields, "applicant").and_then(|node| applicant(reading, reader, node));
    let form = reader.required(&fields, "form").and_then(|node| json_object(reader, node));
    let form = form.and_then(|own| Some(base?.into_iter().chain(own).collect()));
    let later = fields.get("amendments").map_or(&[][..], |node| reader.list(node));
    let amendments = later.iter().filter_map(|node| amendment(reader, node, form.as_ref())).collect();
    let (Some(key), Some(title), Some(workflow), Some((tenant, applicant))) = (key, title, workflow, applicant) else { return };
    let (Some(on), Some(seed), Some(form)) = (on, seed, form) else { return };
    let project = ProjectSeed { key: key.into(), title, workflow: workflow.into(), applicant, on, seed, form, amendments };
    tenant_of(reading, tenant).projects.push(project);
}

/// The form of a project further up, of which this one's says what differs.
fn like(reading: &Reading, reader: &mut Reader<'_>, node: &Node) -> Option<serde_json::Map<String, serde_json::Value>> {
    let key = reader.text(node)?;
    let found = reading.seeds.tenants.values().flat_map(|seeds| &seeds.projects).find(|project| *project.key == *key);
    // One that is there and wrong has been told already.
    if !reading.taken.contains(&("project", key)) {
        reader.expected(node, "unknown-project", ("本文件中排在前面的项目", "a project further up in this file"));
    }
    found.map(|project| project.form.clone())
}

/// An amendment changes fields of the form it amends; another name would be a slip of the pen.
fn amendment(reader: &mut Reader<'_>, node: &Node, form: Option<&serde_json::Map<String, serde_json::Value>>) -> Option<Amendment> {
    let fields = reader.fields(node, &["on", "why", "set"])?;
    let on = reader.required(&fields, "on").and_then(|node| date(reader, node));
    let why = reader.required(&fields, "why").and_then(|node| reader.bilingual(node));
    let changed = reader.required(&fields, "set")?;
    for entry in reader.entries(changed) {
        if form.is_some_and(|form| !form.contains_key(&entry.key)) {
            let key = &entry.key;
            reader.mistake(entry.at, "not-in-the-form", (format!("期望 `form` 中的字段，实际 `{key}`"), format!("expected a field of `form`, found `{key}`")));
        }
    }
    let set = json_object(reader, changed);
    Some(Amendment { on: on?, why: why?, set: set? })
}

fn applicant(reading: &Reading, reader: &mut Reader<'_>, node: &Node) -> Option<(Tenant, PersonId)> {
    let login = reader.text(node)?;
    let Some(found) = reading.logins.get(&login) else {
        reader.expected(node, "unknown-login", ("people.yaml 中的登录名", "a login of people.yaml"));
        return None;
    };
    *found
}

/// `named.yaml`: what the plans name.
pub(super) fn named(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(top) = reader.fields(node, &["projects"]) else { return };
    for row in reader.required(&top, "projects").map_or(&[][..], |rows| reader.list(rows)) {
        named_project(reading, reader, row);
    }
}

fn named_project(reading: &mut Reading, reader: &mut Reader<'_>, node: &Node) {
    let Some(fields) = reader.fields(node, &["key", "tenant", "title", "seed"]) else { return };
    let key = required_text(reader, &fields, "key");
    let tenant = known_tenant(reading, reader, &fields);
    let title = reader.required(&fields, "title").and_then(|node| reader.bilingual(node));
    let seed = seed(reading, reader, &fields);
    let (Some(key), Some(tenant), Some(title), Some(seed)) = (key, tenant, title, seed) else { return };
    if !reading.taken.insert(("named", key.clone())) {
        taken(reader, node.at, &key);
    }
    let named = &mut tenant_of(reading, tenant).named;
    let place = u32::try_from(named.len()).unwrap_or(u32::MAX);
    named.push(NamedProject { key, place, title, seed });
}

/// A value of a form. Whole numbers only: money is in 分 and land in m², so a fraction is a mistake; a ratio is written as text.
fn json(reader: &mut Reader<'_>, node: &Node) -> Option<serde_json::Value> {
    Some(match &node.tree {
        Tree::Null => serde_json::Value::Null,
        Tree::Bool(flag) => (*flag).into(),
        Tree::Number(_) => reader.whole(node)?.into(),
        Tree::Text(text) => text.as_str().into(),
        Tree::List(items) => items.iter().map(|item| json(reader, item)).collect::<Option<Vec<_>>>()?.into(),
        Tree::Map(_) => json_object(reader, node)?.into(),
    })
}

fn json_object(reader: &mut Reader<'_>, node: &Node) -> Option<serde_json::Map<String, serde_json::Value>> {
    reader.entries(node).iter().map(|entry| Some((entry.key.clone(), json(reader, &entry.value)?))).collect()
}

/// The rows of a file whose whole content is made up and says so.
fn listed<'n>(reader: &mut Reader<'_>, node: &'n Node, key: &str) -> Option<&'n [Node]> {
    let fields = reader.fields(node, &["invented", key])?;
    let says_so = reader.required(&fields, "invented")?;
    if reader.flag(says_so) == Some(false) {
        reader.expected(says_so, "not-marked", ("演示数据标明 `invented: true`", "demonstration data to say `invented: true`"));
    }
    let rows = reader.required(&fields, key)?;
    Some(reader.list(rows))
}

pub(super) fn tenant_of(reading: &mut Reading, tenant: Tenant) -> &mut TenantSeeds {
    reading.seeds.tenants.entry(tenant).or_default()
}

pub(super) fn required_text(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<String> {
    let node = reader.required(fields, key)?;
    let text = reader.text(node)?;
    if text.trim().is_empty() {
        reader.expected(node, "empty", ("非空文字", "a text that is not empty"));
        return None;
    }
    Some(text)
}

/// Where a plan names the row (`EZ:` and a heading of it), or `none`.
pub(super) fn seed(reading: &Reading, reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    let node = reader.required(fields, "seed")?;
    let text = reader.text(node)?;
    let named = text.split_once(':').is_some_and(|(plan, heading)| reading.plans.contains(plan) && !heading.trim().is_empty());
    if named || text == "none" {
        return Some(text);
    }
    let plans: Vec<&str> = reading.plans.iter().map(String::as_str).collect();
    let plans = plans.join(", ");
    let pair = (format!("`none` 或方案键（{plans}）加冒号和标题"), format!("`none`, or a plan ({plans}), a colon and a heading"));
    reader.expected(node, "unknown-seed", (&pair.0, &pair.1));
    None
}

/// `invented` names fields of its own row.
fn invented_fields(reader: &mut Reader<'_>, fields: &Fields<'_>, keys: &[&str]) {
    for node in fields.get("invented").map_or(&[][..], |node| reader.list(node)) {
        let Some(name) = reader.text(node) else { continue };
        if !keys.contains(&name.as_str()) || fields.get(&name).is_none() {
            reader.expected(node, "not-a-field", ("本行写了的字段", "a field this row has"));
        }
    }
}

pub(super) fn known_tenant(reading: &Reading, reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Tenant> {
    let node = reader.required(fields, "tenant")?;
    let code = reader.text(node)?;
    let known = reading.seeds.tenants.keys().find(|tenant| tenant.to_string() == code).copied();
    if known.is_none() {
        reader.expected(node, "unknown-tenant", ("offices.yaml 的 tenants 之一", "one of the tenants of offices.yaml"));
    }
    known
}

pub(super) fn tenant_code(reader: &mut Reader<'_>, text: &str, at: Place) -> Option<Tenant> {
    let code = text.parse().ok().filter(|_| text.len() == 6);
    if code.is_none() {
        reader.mistake(at, "tenant", (format!("期望六位行政区划代码，实际 `{text}`"), format!("expected a code of six digits, found `{text}`")));
    }
    code.map(Tenant)
}

fn person_id(reader: &mut Reader<'_>, node: &Node) -> Option<PersonId> {
    let parsed = reader.text(node)?.parse().ok();
    if parsed.is_none() {
        reader.expected(node, "person-id", ("UUID", "a UUID"));
    }
    parsed
}

/// Nobody in the seeds can be written to: the address must lie in a domain that cannot exist.
fn demo_address(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let address = reader.text(node)?;
    if address.ends_with("@example.invalid") {
        return Some(address);
    }
    reader.expected(node, "address", ("以 @example.invalid 结尾的邮箱", "an address that ends in @example.invalid"));
    None
}

/// Nor can anybody be called: the number must begin with a country's code that no country has.
fn demo_number(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let number = reader.text(node)?;
    if number.starts_with(NOBODYS_CODE) && is_phone(&number) {
        return Some(number);
    }
    let (zh, en) = (format!("以 {NOBODYS_CODE} 开头的虚构号码"), format!("an invented number that begins with {NOBODYS_CODE}"));
    reader.expected(node, "number", (&zh, &en));
    None
}

pub(in crate::app) fn date(reader: &mut Reader<'_>, node: &Node) -> Option<NaiveDate> {
    let parsed = reader.text(node)?.parse().ok();
    if parsed.is_none() {
        reader.expected(node, "date", ("YYYY-MM-DD 格式的日期", "a date as YYYY-MM-DD"));
    }
    parsed
}

fn optional_date(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<NaiveDate> {
    fields.get(key).and_then(|node| date(reader, node))
}

pub(super) fn taken(reader: &mut Reader<'_>, at: Place, key: &str) {
    reader.mistake(at, "taken", (format!("`{key}` 重复"), format!("expected each key once, found `{key}` again")));
}
