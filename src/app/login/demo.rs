//! Signing in without a password, on a demonstration: as anybody of its story.
//! Invariant: only where the database itself says that it is a demonstration; `serve` refuses such a database. Never: a password that everybody knows.

use super::{Attempt, storing};
use crate::app::App;
use crate::app::clockwork::OFFSET_SETTING;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::people::meant;
use crate::engine::refusal::Class;
use crate::identity::Person;
use crate::ids::{Moment, Name, Text};
use crate::limits::DEMO_PEOPLE_MAX;

/// Those whom a first look needs: who applies, who receives, who decides on each link, who supervises, audits and operates.
pub const STORY: [&str; 16] = [
    "chen",
    "ez-ldxz.handler",
    "ez-ldz.leader",
    "ez-zwzx.receiver",
    "ez-fgw.liaison",
    "ez-sthj.receiver",
    "ez-sthj.handler",
    "ez-sthj.deputy-head",
    "ez-gdkfq.handler",
    "ez-zrzy.handler",
    "ez-jrb.handler",
    "ez-ldxz.sup-clerk",
    "ez-ldxz.auditor",
    "ez-tjj.liaison",
    "wh-cxb.handler",
    "ez-zwzx.operator",
];

/// Somebody of a demonstration.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The login.
    pub login: String,
    /// The name.
    pub name: String,
    /// Posts held today: the office's name, the post's key.
    pub posts: Vec<(Text, Name)>,
}

/// The people of a demonstration that were asked for.
#[derive(Clone, Debug)]
pub struct Guests {
    /// Those shown, in the order of the story or of their logins.
    pub shown: Vec<Guest>,
    /// How many there are that were meant.
    pub found: usize,
    /// How many there are at all.
    pub all: usize,
}

impl App {
    /// The people of a demonstration: those of the story, or whoever is meant by what was typed. `None` where this is no demonstration.
    ///
    /// # Errors
    /// A fault.
    pub async fn guests(&self, typed: &str) -> Result<Option<Guests>, Fault> {
        if !self.is_demonstration().await? {
            return Ok(None);
        }
        let (today, mut everybody) = (self.clock().now().date(), Vec::new());
        for tenant in self.tenants().await? {
            let known = self.known(tenant).await?;
            for person in known.roster.people.values().filter(|person| !person.disabled) {
                let posts = known.roster.posts_of(person.id, today).into_iter().map(|(office, post)| (known.office(&office), post)).collect();
                everybody.push((person.clone(), Guest { login: person.login.clone(), name: person.name.clone(), posts }));
            }
        }
        let all = everybody.len();
        let place = |login: &str| STORY.iter().position(|known| *known == login);
        let wanted = |(person, guest): &(Person, Guest)| match typed.trim() {
            "" => place(&person.login).is_some(),
            typed => meant(person, typed) || guest.posts.iter().any(|(office, _)| office.zh.contains(typed) || office.en.contains(typed)),
        };
        let mut shown: Vec<Guest> = everybody.into_iter().filter(wanted).map(|(_, guest)| guest).collect();
        shown.sort_by_key(|guest| (place(&guest.login).unwrap_or(STORY.len()), guest.login.clone()));
        let found = shown.len();
        shown.truncate(DEMO_PEOPLE_MAX);
        Ok(Some(Guests { shown, found, all }))
    }

    /// Whether this is the database of a demonstration. The clock alone does not say so: tests have one that stands still.
    ///
    /// # Errors
    /// A fault.
    pub async fn is_demonstration(&self) -> Result<bool, Fault> {
        Ok(self.clock().can_move() && self.store().setting(OFFSET_SETTING).await.map_err(storing)?.is_some())
    }

    /// Begins a session as one of the people of a demonstration; the attempt's password is not looked at.
    ///
    /// # Errors
    /// `not_a_demonstration`, `unknown_person`, or a fault.
    pub async fn sign_in_demo(&self, attempt: &Attempt, now: Moment) -> Result<String, Failure> {
        if !self.is_demonstration().await? {
            let (zh, en) = ("这里不是演示环境，请用密码登录。", "cannot sign in without a password: this is no demonstration");
            return Err(refusal("not_a_demonstration", Class::Forbidden, zh, en).into());
        }
        let found = self.found_by_login(&attempt.login).await?.filter(|found| !found.person.disabled);
        let Some(found) = found else {
            let login = &attempt.login;
            let (zh, en) = (format!("没有登录名为“{login}”的人员。"), format!("cannot find a person with the login `{login}`"));
            return Err(refusal("unknown_person", Class::NotFound, zh, en).into());
        };
        Ok(self.begin_session(&found, attempt, None, now).await?)
    }
}
