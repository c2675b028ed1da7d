//! Changing who is there: adding somebody, how to reach them, their posts, their access, the invitation. All of it is an act on the register, by whoever did it.
//! Invariant: every change asks `identity::may` and reads the roster it replaces while no other change on this node can. Never: a person taken off the record, or a holding whose days are rewritten in silence.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::app::execute::{RegisterRows, entropy};
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::login::fold;
use crate::app::operate::{Told, line, wrong_input};
use crate::app::plant::holding_key;
use crate::app::register::put;
use crate::engine::refusal::{Class, Detail, Refusal};
use crate::identity::absence::Absence;
use crate::identity::may::{Act, Standing, Verdict, may};
use crate::identity::roster::{About, RosterMistake};
use crate::identity::{Actor, Holding, Person, Roster};
use crate::ids::{CommandId, Digest, Moment, PersonId, Tenant};
use crate::notice::Kind;
use crate::store::StoreFault;
use crate::store::rows::{NoticeRow, RegistryRow};

mod contact;

pub use contact::{Contact, login_of};

/// A change of the roster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Adds somebody.
    Add {
        /// The login, which never changes.
        login: String,
        /// Name and how to reach them.
        contact: Contact,
        /// The first posts.
        posts: Vec<Post>,
        /// Whether the invitation leaves at once.
        invite: bool,
    },
    /// Another name, address, number or language.
    Contact {
        /// Whose.
        login: String,
        /// The new ones.
        contact: Contact,
    },
    /// Gives a post.
    Give {
        /// To whom.
        login: String,
        /// Which.
        post: Post,
    },
    /// Ends a post.
    End {
        /// Whose.
        login: String,
        /// The office.
        office: String,
        /// The post.
        post: String,
        /// The holding's first day, which tells two of the same post apart.
        from: Option<NaiveDate>,
        /// Its last day.
        until: NaiveDate,
    },
    /// Writes down that somebody is away, and who stands in.
    Away {
        /// Whose.
        login: String,
        /// The office.
        office: String,
        /// The post.
        post: String,
        /// First day away.
        from: NaiveDate,
        /// Last day away; a row of the same first day is replaced, so that an earlier return is written by an earlier last day.
        until: NaiveDate,
        /// The login of whoever stands in; the B post when nobody is named.
        substitute: Option<String>,
    },
    /// Writes down that somebody is back earlier, or that an absence is called off.
    Back {
        /// Whose.
        login: String,
        /// The office.
        office: String,
        /// The post.
        post: String,
        /// The absence's first day.
        from: NaiveDate,
        /// Its last day; before the first day it is called off.
        until: NaiveDate,
    },
    /// Ends somebody's access: sessions and tokens are dead, the person stays on the record.
    Disable {
        /// Whose.
        login: String,
    },
    /// Gives access back.
    Enable {
        /// To whom.
        login: String,
    },
    /// Sends the invitation (again).
    Invite {
        /// To whom.
        login: String,
    },
}

/// A post to give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The office.
    pub office: String,
    /// The post.
    pub post: String,
    /// First day; always so far when there is none.
    pub from: Option<NaiveDate>,
    /// Last day; open when there is none.
    pub until: Option<NaiveDate>,
}

/// What a change writes, with what it is called in the record and what is told.
struct Written {
    what: &'static str,
    person: PersonId,
    registry: Vec<RegistryRow>,
    notices: Vec<NoticeRow>,
    told: Told,
}

impl Written {
    fn new(what: &'static str, person: PersonId, registry: Vec<RegistryRow>, (zh, en): (String, String)) -> Self {
        Self { what, person, registry, notices: Vec::new(), told: vec![line(zh, en)] }
    }

    /// There is nothing to do: it is so already.
    fn nothing(person: PersonId, told: (String, String)) -> Self {
        Self::new("", person, Vec::new(), told)
    }
}

impl App {
    /// Changes the roster.
    ///
    /// # Errors
    /// A refusal with every mistake of the input, or a fault.
    pub async fn manage(&self, tenant: Tenant, actor: Actor, command_id: Option<CommandId>, change: &Change) -> Result<Told, Failure> {
        let _alone = self.inner.rosters.lock().await;
        let known = self.known(tenant).await?;
        self.may_change(&actor, &known, change)?;
        let id = match command_id {
            Some(id) => id,
            None => CommandId::new(self.clock().now(), entropy()?),
        };
        let written = match change {
            Change::Add { login, contact, posts, invite } => self.added(tenant, &known, id, (login, contact, posts, *invite)).await?,
            Change::Contact { login, contact } => self.reached(tenant, self.person(tenant, login).await?, contact)?,
            Change::Give { login, post } => self.given(tenant, &known, &self.person(tenant, login).await?, post)?,
            Change::End { login, office, post, from, until } => {
                let person = self.person(tenant, login).await?;
                self.ended(tenant, &known, &person, (office, post, *from), *until)?
            }
            Change::Away { login, office, post, from, until, substitute } => {
                let person = self.person(tenant, login).await?;
                let substitute = match substitute {
                    Some(login) => Some(self.person(tenant, login).await?.id),
                    None => None,
                };
                let (office, post) = (office.trim().into(), post.trim().into());
                let absence = Absence { person: person.id, office, post, from: *from, until: *until, substitute, called_off: false };
                self.away(tenant, &known, &person, absence)?
            }
            Change::Back { login, office, post, from, until } => {
                let person = self.person(tenant, login).await?;
                self.back(tenant, &known, &person, (office, post, *from), *until)?
            }
            Change::Disable { login } => self.disabled(tenant, &actor, self.person(tenant, login).await?)?,
            Change::Enable { login } => self.enabled(tenant, self.person(tenant, login).await?)?,
            Change::Invite { login } => self.invited_again(tenant, &self.person(tenant, login).await?, id)?,
        };
        if !written.what.is_empty() {
            let details = serde_json::json!({"person": written.person, "change": change});
            let rows = RegisterRows { registry: written.registry, notices: written.notices, ..RegisterRows::default() };
            self.record_as(tenant, actor, Some(id), written.what, details, rows).await?;
        }
        if matches!(change, Change::Disable { .. }) {
            self.end_sessions(tenant, written.person, None).await?;
        }
        Ok(written.told)
    }

    /// An absence is one's own, one's leader's or an operator's to write; everything else an operator's.
    fn may_change(&self, actor: &Actor, known: &Known, change: &Change) -> Result<(), Refusal> {
        let today = self.clock().now().date();
        let posts = match actor {
            Actor::Person(person) => known.roster.posts_of(*person, today),
            Actor::System | Actor::Operator(_) => Vec::new(),
        };
        let (act, concerned) = match (change, actor) {
            (Change::Away { login, office, .. } | Change::Back { login, office, .. }, Actor::Person(person)) => {
                let own = known.roster.people.get(person).is_some_and(|known| known.login == *login);
                (Act::SetAbsence, own || known.roster.leads(*person, &office.trim().into(), today))
            }
            (Change::Away { .. } | Change::Back { .. }, Actor::System | Actor::Operator(_)) => (Act::SetAbsence, false),
            (Change::Add { .. } | Change::Contact { .. } | Change::Give { .. } | Change::End { .. }, _) => (Act::ManagePeople, false),
            (Change::Disable { .. } | Change::Enable { .. } | Change::Invite { .. }, _) => (Act::ManagePeople, false),
        };
        match may(actor, act, &Standing { concerned, ..Standing::of(posts) }) {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(why) => Err(refusal(why.code, Class::Forbidden, why.zh, why.en)),
        }
    }

    async fn added(&self, tenant: Tenant, known: &Known, id: CommandId, asked: (&String, &Contact, &[Post], bool)) -> Result<Written, Failure> {
        let (login, contact, posts, invite) = asked;
        // From the command's id, so that the same command again finds that it was done.
        let person_id = PersonId(uuid_of(&format!("person\n{tenant}\n{id}")));
        let login = login.trim();
        if known.roster.people.get(&person_id).is_some_and(|person| person.login == login) {
            return Ok(Written::nothing(person_id, (format!("已添加 {login}"), format!("{login} was added"))));
        }
        let mut details = contact.mistakes(invite);
        details.extend(login_of(login).err());
        if details.is_empty() && self.found_by_login(login).await?.is_some() {
            let (zh, en) = (format!("登录名“{login}”已有人使用"), format!("expected a login nobody has, found `{login}`, which somebody has"));
            details.push(Detail::new("login", "login_taken", zh, en));
        }
        let person = contact.applied(Person {
            id: person_id,
            login: login.to_owned(),
            name: String::new(),
            email: None,
            phone: None,
            language: String::new(),
            disabled: false,
        });
        let mut roster = known.roster.clone();
        roster.people.insert(person.id, person.clone());
        let mut registry = vec![put(self, tenant, "person", &person.id.to_string(), &person)?];
        for (index, post) in posts.iter().enumerate() {
            let holding = post.held_by(person.id);
            details.extend(wrong_holding(&mut roster, holding.clone()).into_iter().map(|detail| Detail { path: format!("posts.{index}"), ..detail }));
            registry.push(put(self, tenant, "holding", &holding_key(&holding), &holding)?);
        }
        if !details.is_empty() {
            return Err(wrong_input("person_wrong", details.into_iter()).into());
        }
        let name = &person.name;
        let mut written = Written::new("person-added", person.id, registry, (format!("已添加 {name}（{login}）"), format!("{name} ({login}) is added")));
        if invite {
            written.notices.extend(self.account_notice(tenant, &person, Kind::Invitation, id.0)?);
            written.told.push(line("邀请邮件已交付发送", "the invitation is on its way"));
        }
        Ok(written)
    }

    fn reached(&self, tenant: Tenant, person: Person, contact: &Contact) -> Result<Written, Failure> {
        let details = contact.mistakes(false);
        if !details.is_empty() {
            return Err(wrong_input("person_wrong", details.into_iter()).into());
        }
        let changed = contact.applied(person.clone());
        let name = &changed.name;
        if changed == person {
            return Ok(Written::nothing(person.id, (format!("{name} 的信息没有变化"), format!("nothing changed for {name}"))));
        }
        let rows = vec![put(self, tenant, "person", &changed.id.to_string(), &changed)?];
        Ok(Written::new("person-changed", changed.id, rows, (format!("已更新 {name} 的信息"), format!("{name} is updated"))))
    }

    fn given(&self, tenant: Tenant, known: &Known, person: &Person, post: &Post) -> Result<Written, Failure> {
        let (holding, name) = (post.held_by(person.id), &person.name);
        if known.roster.holdings.contains(&holding) {
            return Ok(Written::nothing(person.id, (format!("{name} 已担任该岗位"), format!("{name} holds this post already"))));
        }
        let details = wrong_holding(&mut known.roster.clone(), holding.clone());
        if !details.is_empty() {
            return Err(wrong_input("post_wrong", details.into_iter()).into());
        }
        let rows = vec![put(self, tenant, "holding", &holding_key(&holding), &holding)?];
        Ok(Written::new("post-given", person.id, rows, (format!("已为 {name} 增加岗位"), format!("{name} was given the post"))))
    }

    fn ended(
        &self,
        tenant: Tenant,
        known: &Known,
        person: &Person,
        (office, post, from): (&str, &str, Option<NaiveDate>),
        until: NaiveDate,
    ) -> Result<Written, Failure> {
        let name = &person.name;
        let meant = |held: &Holding| held.person == person.id && &*held.office == office && &*held.post == post && held.from == from;
        let mut roster = known.roster.clone();
        let Some(held) = roster.holdings.iter_mut().find(|held| meant(held)) else {
            let (zh, en) = (format!("{name} 没有担任 {office} 的 {post}。"), format!("cannot end the post: {name} does not hold `{post}` of `{office}`"));
            return Err(refusal("post_not_held", Class::NotFound, zh, en).into());
        };
        if held.until == Some(until) {
            return Ok(Written::nothing(person.id, (format!("{name} 的该岗位已定于 {until} 结束"), format!("the post of {name} ends on {until} already"))));
        }
        held.until = Some(until);
        let holding = held.clone();
        let details: Vec<Detail> = news(&known.roster.check(), roster.check()).collect();
        if !details.is_empty() {
            return Err(wrong_input("post_wrong", details.into_iter()).into());
        }
        let rows = vec![put(self, tenant, "holding", &holding_key(&holding), &holding)?];
        let told = (format!("{name} 的该岗位于 {until} 结束"), format!("the post of {name} ends on {until}"));
        Ok(Written::new("post-ended", person.id, rows, told))
    }

    fn away(&self, tenant: Tenant, known: &Known, person: &Person, absence: Absence) -> Result<Written, Failure> {
        let name = &person.name;
        if known.roster.absences.contains(&absence) {
            return Ok(Written::nothing(person.id, (format!("{name} 的离岗已登记"), format!("the absence of {name} is written down already"))));
        }
        let mut roster = known.roster.clone();
        let before = roster.check();
        roster.absences.retain(|held| held.key() != absence.key());
        roster.absences.push(absence.clone());
        // Every mistake this absence takes part in, its stand-in's included.
        let details: Vec<Detail> = news(&before, roster.check()).collect();
        if !details.is_empty() {
            return Err(wrong_input("absence_wrong", details.into_iter()).into());
        }
        let rows = vec![put(self, tenant, "absence", &absence.key(), &absence)?];
        let Absence { from, until, .. } = absence;
        let told = (
            format!("{name} 于 {from} 至 {until} 离岗，待办同时给 B 岗或代理人"),
            format!("{name} is away from {from} to {until}; tasks are also offered to the stand-in"),
        );
        Ok(Written::new("person-away", person.id, rows, told))
    }

    fn back(
        &self,
        tenant: Tenant,
        known: &Known,
        person: &Person,
        (office, post, from): (&str, &str, NaiveDate),
        until: NaiveDate,
    ) -> Result<Written, Failure> {
        let name = &person.name;
        let meant = |held: &&Absence| held.person == person.id && &*held.office == office && &*held.post == post && held.from == from;
        let Some(held) = known.roster.absences.iter().find(meant) else {
            let (zh, en) = (format!("{name} 没有自 {from} 起的离岗登记。"), format!("cannot end the absence: {name} has none from {from}"));
            return Err(refusal("no_such_absence", Class::NotFound, zh, en).into());
        };
        let over = if held.called_off { until < from } else { until == held.until };
        if over {
            return Ok(Written::nothing(person.id, (format!("{name} 的离岗已如此登记"), format!("the absence of {name} ends like that already"))));
        }
        if held.called_off || until > held.until {
            let last = held.until;
            let (zh, en) = (
                format!("返岗日不能晚于原定的 {last}；延长请重新登记。"),
                format!("expected a last day up to {last}, found {until}; write a new absence to extend it"),
            );
            return Err(refusal("absence_not_longer", Class::Invalid, zh, en).into());
        }
        let absence = if until < from { Absence { called_off: true, ..held.clone() } } else { Absence { until, ..held.clone() } };
        let rows = vec![put(self, tenant, "absence", &absence.key(), &absence)?];
        let told = if absence.called_off {
            (format!("{name} 的离岗登记已取消"), format!("the absence of {name} is called off"))
        } else {
            (format!("{name} 离岗至 {until} 为止"), format!("{name} is away until {until}"))
        };
        Ok(Written::new("person-back", person.id, rows, told))
    }

    fn disabled(&self, tenant: Tenant, actor: &Actor, person: Person) -> Result<Written, Failure> {
        let name = &person.name;
        if *actor == Actor::Person(person.id) {
            let (zh, en) = ("不能停用自己的账号，请由另一位系统运维人员办理。", "cannot disable your own account: another operator has to do it");
            return Err(refusal("own_access", Class::Forbidden, zh, en).into());
        }
        let told = (format!("{name} 已停用"), format!("{name} is disabled"));
        if person.disabled {
            return Ok(Written::nothing(person.id, told));
        }
        let changed = Person { disabled: true, ..person.clone() };
        let rows = vec![put(self, tenant, "person", &changed.id.to_string(), &changed)?];
        Ok(Written::new("person-disabled", changed.id, rows, told))
    }

    fn enabled(&self, tenant: Tenant, person: Person) -> Result<Written, Failure> {
        let told = (format!("{} 已恢复使用", person.name), format!("{} may sign in again", person.name));
        if !person.disabled {
            return Ok(Written::nothing(person.id, told));
        }
        let changed = Person { disabled: false, ..person };
        let rows = vec![put(self, tenant, "person", &changed.id.to_string(), &changed)?];
        Ok(Written::new("person-enabled", changed.id, rows, told))
    }

    fn invited_again(&self, tenant: Tenant, person: &Person, id: CommandId) -> Result<Written, Failure> {
        let name = &person.name;
        let Some(notice) = self.account_notice(tenant, person, Kind::Invitation, id.0)? else {
            let zh = format!("无法向 {name} 发送邀请：没有登记邮箱，或者账号已停用。");
            return Err(
                refusal("not_reachable", Class::Conflict, zh, format!("cannot invite {name}: there is no mail address, or the account is disabled")).into()
            );
        };
        let told = (format!("发给 {name} 的邀请邮件已交付发送"), format!("the invitation for {name} is on its way"));
        Ok(Written { notices: vec![notice], ..Written::new("person-invited", person.id, Vec::new(), told) })
    }

    /// Chooses the language one is written to in.
    ///
    /// # Errors
    /// A refusal or a fault.
    pub async fn choose_language(&self, tenant: Tenant, person: PersonId, language: &str) -> Result<(), Failure> {
        let _alone = self.inner.rosters.lock().await;
        let known = self.known(tenant).await?;
        let language = crate::notice::Language::of(language).tag();
        let Some(held) = known.roster.people.get(&person).filter(|held| held.language != language) else { return Ok(()) };
        let changed = Person { language: language.to_owned(), ..held.clone() };
        let rows = RegisterRows { registry: vec![put(self, tenant, "person", &person.to_string(), &changed)?], ..RegisterRows::default() };
        self.record(tenant, Actor::Person(person), "language-chosen", serde_json::json!({"person": person, "language": language}), rows).await?;
        Ok(())
    }

    /// People of a tenant who have set a password.
    ///
    /// # Errors
    /// A fault.
    pub async fn with_password(&self, tenant: Tenant) -> Result<std::collections::BTreeSet<PersonId>, Fault> {
        let found = self.store().people_with_password(tenant).await.map_err(|cause: StoreFault| Fault::new("listing accounts", cause))?;
        Ok(found.into_iter().collect())
    }
}

impl Post {
    fn held_by(&self, person: PersonId) -> Holding {
        Holding { person, office: self.office.trim().into(), post: self.post.trim().into(), from: self.from, until: self.until }
    }
}

/// What is wrong with one more holding, and with nothing that was there before.
fn wrong_holding(roster: &mut Roster, holding: Holding) -> Vec<Detail> {
    let before = roster.check();
    let known = crate::identity::POSTS.contains(&&*holding.post)
        || crate::identity::may::is_connector(&holding.post)
        || roster.holdings.iter().any(|held| held.post == holding.post);
    let post = holding.post.clone();
    roster.holdings.push(holding);
    let mut details: Vec<Detail> = news(&before, roster.check()).collect();
    if !known {
        details.push(Detail::new("post", "unknown_post", format!("没有岗位 `{post}`"), format!("expected a post, found `{post}`")));
    }
    details
}

fn news(before: &[RosterMistake], after: Vec<RosterMistake>) -> impl Iterator<Item = Detail> {
    let news: Vec<RosterMistake> = after.into_iter().filter(|mistake| !before.contains(mistake)).collect();
    news.into_iter().map(|mistake| {
        let path = match mistake.about {
            About::Office(_) => "office",
            About::Person(_) => "login",
            About::Holding(_) => "post",
            About::Absence(_) => "absence",
        };
        Detail::new(path, mistake.code, mistake.zh, mistake.en)
    })
}

/// An id that follows from a text.
pub(super) fn uuid_of(text: &str) -> Uuid {
    let mut random = [0; 10];
    random.copy_from_slice(&Digest::of(text.as_bytes()).0[..10]);
    PersonId::new(Moment(0), random).0
}

/// Whether a person is meant by what was typed into a search: part of the login, the name or the address.
#[must_use]
pub fn meant(person: &Person, typed: &str) -> bool {
    let typed = fold(typed);
    typed.is_empty() || [Some(&person.login), Some(&person.name), person.email.as_ref()].into_iter().flatten().any(|text| text.to_lowercase().contains(&typed))
}
