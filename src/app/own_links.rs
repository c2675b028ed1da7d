//! Addresses that stand for one person without signing in: the link in a digest that stops it (RFC 8058), and the calendar feed of one's due dates.
//! Invariant: a link that stops a mail is signed and does that alone; a feed's secret is kept as its digest, and a new one ends the old. Never: a paper, a
//! project's name or another person in a feed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use crate::app::App;
use crate::app::execute::{RegisterRows, entropy};
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::app::notices::short_name;
use crate::app::queries::reading;
use crate::app::register::put;
use crate::engine::refusal::Refusal;
use crate::identity::{Actor, Person};
use crate::ids::{CommandId, Digest, Moment, PersonId, Tenant};
use crate::limits::FEED_ENTRIES_MAX;
use crate::notice::{Choice, Group, Kind, Language};
use crate::store::{Held, Inbox, Late, Seat};

/// The kind of rows that hold the calendar feeds.
pub const FEED: &str = "calendar-feed";

/// The setting that signs links.
const LINK_KEY: &str = "link-key";

/// A person's calendar feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// The digest of its secret; `None` once it is ended.
    pub digest: Option<Digest>,
    /// Since when.
    pub since: Moment,
}

/// What a link in a mail stops.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Whose tenant.
    pub tenant: Tenant,
    /// Who gets no more of it.
    pub person: PersonId,
    /// Of which group.
    pub group: Group,
    /// It is off already.
    pub off: bool,
}

/// A day in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    /// Which task, the same at every reading.
    pub id: String,
    /// The day it is due.
    pub due: NaiveDate,
    /// Since when it is open.
    pub opened: Moment,
    /// What to do and where: the step and the number of the case.
    pub title: String,
    /// Its page.
    pub path: String,
}

/// A feed as it is read.
#[derive(Clone, Debug)]
pub struct FeedRead {
    /// The language of its owner.
    pub language: Language,
    /// What is due.
    pub entries: Vec<FeedEntry>,
}

impl App {
    /// The path that stops mails of a kind for somebody with one request; `None` for a kind that cannot be turned off.
    ///
    /// # Errors
    /// A fault.
    pub async fn stop_link(&self, kind: Kind, tenant: Tenant, person: PersonId) -> Result<Option<String>, Fault> {
        let group = Group::of(kind, false);
        if !kind.is_digest() || !group.choices().contains(&Choice::Off) {
            return Ok(None);
        }
        let proof = self.signed(&stop_words(tenant, person, group)).await?;
        Ok(Some(format!("/unsubscribe/{tenant}-{}-{}-{}", person.0.simple(), group.key(), hex::encode(proof))))
    }

    /// What a link stops; looking changes nothing, because programs that read mail look, too.
    ///
    /// # Errors
    /// `link_wrong`, or a fault.
    pub async fn stops(&self, token: &str) -> Result<Stop, Failure> {
        let parts: Vec<&str> = token.split('-').collect();
        let [tenant, person, group, proof] = parts.as_slice() else { return Err(wrong_link().into()) };
        let read = (tenant.parse().ok().map(Tenant), person.parse::<PersonId>().ok(), Group::of_key(group), hex::decode(proof).ok());
        let (Some(tenant), Some(person), Some(group), Some(proof)) = read else { return Err(wrong_link().into()) };
        let key = self.link_key().await?;
        let right = mac(&key, &stop_words(tenant, person, group)).is_some_and(|mac| mac.verify_slice(&proof).is_ok());
        if !right || !self.tenants().await?.contains(&tenant) {
            return Err(wrong_link().into());
        }
        let known = self.known(tenant).await?;
        let off = known.preferences_of(person).of(group) == Choice::Off;
        known.roster.people.contains_key(&person).then_some(Stop { tenant, person, group, off }).ok_or_else(|| wrong_link().into())
    }

    /// Stops it. Whoever has the mail may; it is recorded as the link's doing, not as the person's.
    ///
    /// # Errors
    /// `link_wrong`, or a fault.
    pub async fn stop_by_link(&self, token: &str) -> Result<Stop, Failure> {
        let stop = self.stops(token).await?;
        let asked = BTreeMap::from([(stop.group.key().to_owned(), Choice::Off.key().to_owned())]);
        self.choose_channels_by(stop.tenant, Actor::System, stop.person, &asked).await?;
        Ok(Stop { off: true, ..stop })
    }

    /// Makes somebody's feed anew and answers its secret, which is shown once; the old one ends. The same command again gives the same secret.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn renew_feed(&self, tenant: Tenant, person: PersonId, command: Option<CommandId>) -> Result<String, Failure> {
        let command = match command {
            Some(command) => command,
            None => CommandId::new(self.clock().now(), entropy()?),
        };
        let secret = hex::encode(self.signed(&format!("greenlane feed v1\n{tenant}\n{person}\n{command}")).await?);
        let token = format!("{tenant}-{secret}");
        let feed = Feed { digest: Some(Digest::of(token.as_bytes())), since: self.clock().now() };
        let rows = RegisterRows { registry: vec![put(self, tenant, FEED, &person.to_string(), &feed)?], ..RegisterRows::default() };
        self.record_as(tenant, Actor::Person(person), Some(command), "feed-renewed", json!({"person": person}), rows).await?;
        Ok(token)
    }

    /// Ends somebody's feed.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn end_feed(&self, tenant: Tenant, person: PersonId) -> Result<(), Failure> {
        let _alone = self.inner.rosters.lock().await;
        let known = self.known(tenant).await?;
        if known.feeds.get(&person).is_none_or(|feed| feed.digest.is_none()) {
            return Ok(());
        }
        let feed = Feed { digest: None, since: self.clock().now() };
        let rows = RegisterRows { registry: vec![put(self, tenant, FEED, &person.to_string(), &feed)?], ..RegisterRows::default() };
        self.record(tenant, Actor::Person(person), "feed-ended", json!({"person": person}), rows).await?;
        Ok(())
    }

    /// The feed a secret opens; `None` for one that is nobody's any more.
    ///
    /// # Errors
    /// A fault.
    pub async fn read_feed(&self, token: &str) -> Result<Option<FeedRead>, Fault> {
        let Some((tenant, _)) = token.split_once('-').and_then(|(tenant, secret)| Some((Tenant(tenant.parse().ok()?), secret))) else { return Ok(None) };
        if !self.tenants().await?.contains(&tenant) {
            return Ok(None);
        }
        let known = self.known(tenant).await?;
        let digest = Some(Digest::of(token.as_bytes()));
        let owner = known.feeds.iter().find(|(_, feed)| feed.digest == digest).and_then(|(person, _)| known.roster.people.get(person));
        let Some(owner) = owner.filter(|person| !person.disabled) else { return Ok(None) };
        let language = Language::of(&owner.language);
        Ok(Some(FeedRead { language, entries: self.feed_entries(tenant, &known, owner, language).await? }))
    }

    async fn feed_entries(&self, tenant: Tenant, known: &Known, owner: &Person, language: Language) -> Result<Vec<FeedEntry>, Fault> {
        let now = self.clock().now();
        let posts = known.roster.posts_of(owner.id, now.date());
        let seats = posts.iter().flat_map(|(office, post)| Seat::of_post(office, post)).chain([Seat::Applicant(owner.id)]).collect();
        let inbox = Inbox {
            seats,
            now,
            lapsed: known.lapsed(now.date()),
            program: None,
            text: None,
            held: Held::Any,
            late: Late::Any,
            after: None,
            limit: FEED_ENTRIES_MAX,
        };
        let tasks = self.store().inbox(tenant, &inbox).await.map_err(reading("reading what is due"))?;
        let entry = |found: crate::store::InboxTask| {
            let task = found.task;
            // What somebody else took is not due from this person.
            let other = task.claimed.is_some_and(|holder| holder != owner.id);
            let due = task.due.as_ref().filter(|_| !other)?.parse().ok()?;
            let step = known.step_title(&task.program, &task.step);
            let no = task.number.clone().unwrap_or_else(|| short_name(found.case));
            let title = match language {
                Language::Zh => format!("{} {no}", step.zh),
                Language::En => format!("{} {no}", step.en),
            };
            let applicant = posts.iter().all(|(_, post)| &**post == "agent");
            let room = if applicant { "projects" } else { "cases" };
            Some(FeedEntry { id: format!("{}-{}", found.case.0.simple(), task.task), due, opened: task.opened, title, path: format!("/{room}/{}", found.case) })
        };
        Ok(tasks.into_iter().filter_map(entry).collect())
    }

    pub(super) async fn signed(&self, words: &str) -> Result<Vec<u8>, Fault> {
        let key = self.link_key().await?;
        let mac = mac(&key, words).ok_or_else(|| Fault::new("signing a link", "the key does not fit"))?;
        Ok(mac.finalize().into_bytes().to_vec())
    }

    /// The key of this deployment, made when it is first needed; every node has the same.
    async fn link_key(&self) -> Result<Vec<u8>, Fault> {
        let fresh = hex::encode(entropy::<32>()?);
        let kept = self.store().setting_once(LINK_KEY, &fresh).await.map_err(|cause| Fault::new("reading the key of links", cause))?;
        hex::decode(kept).map_err(|cause| Fault::new("reading the key of links", cause))
    }
}

fn stop_words(tenant: Tenant, person: PersonId, group: Group) -> String {
    format!("greenlane unsubscribe v1\n{tenant}\n{person}\n{}", group.key())
}

fn mac(key: &[u8], words: &str) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(key).ok().map(|mac| mac.chain_update(words.as_bytes()))
}

fn wrong_link() -> Refusal {
    Refusal::not_found(
        "link_wrong",
        "这个链接不完整或者不对，什么也没有改变。可以登录后在“我的账号”里选择通知方式。",
        "cannot use this link: it is not complete or not right, and nothing was changed; sign in and choose under your account instead",
    )
}
