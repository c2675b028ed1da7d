//! People, offices, posts, successions, and the one permission check.
//! Invariant: who held what on a day is dated data; nothing here knows which day it is.
//! Never: a right that follows from a name or a login. Rights come from posts held that day, and from what one is to a case.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::ids::{Name, PersonId};

pub mod absence;
pub mod may;
pub mod phone;
pub mod roster;

/// The posts offices have, applicants first; the surfaces have a word for each.
pub const POSTS: &[&str] = &[
    "agent",
    "escort",
    "receiver",
    "handler",
    "handler_b",
    "section_head",
    "deputy_head",
    "head",
    "legal",
    "seal",
    "archivist",
    "liaison",
    "sup_clerk",
    "sup_head",
    "issuer",
    "leader",
    "auditor",
    "operator",
    "connector",
];

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// A person; which posts they held that day is in the roster.
    Person(PersonId),
    /// The engine's own clock, a worker, a delivery.
    System,
    /// Whoever runs the program on the machine, by name of the operating system's user.
    Operator(String),
}

/// Everybody and every office of a tenant, as of one version.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Grows with every change; a refusal is confirmed against the stored one.
    pub version: i64,
    /// Offices by key.
    pub offices: BTreeMap<Name, Office>,
    /// People by id.
    pub people: BTreeMap<PersonId, Person>,
    /// Who holds which post from when to when.
    pub holdings: Vec<Holding>,
    /// Who is away from a post, and who stands in.
    pub absences: Vec<absence::Absence>,
}

/// An office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// Its key, such as `ez-hbj`.
    pub key: Name,
    /// Its name.
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// Where the plans name it (`EZ:四(一)`), or `none`.
    pub seed: String,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub until: Option<NaiveDate>,
    /// Who took over after the last day.
    pub successor: Option<Name>,
    /// The offices that belong to it: of a leading group (领导小组).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Name>,
    /// Who named the members ended with “and others” (等): the list is not complete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_ended: bool,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The id that stands in the log.
    pub id: PersonId,
    /// A login name.
    pub login: String,
    /// The name shown; demo people are called by their post.
    pub name: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// Where short messages go: `phone::is_phone`. Rows written before there were any have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// `zh-CN` or `en`.
    pub language: String,
    /// May no longer sign in.
    pub disabled: bool,
}

/// Who holds which post in which office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The person.
    pub person: PersonId,
    /// The office.
    pub office: Name,
    /// The post.
    pub post: Name,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub until: Option<NaiveDate>,
}
