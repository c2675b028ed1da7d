//! What a person chose to hear, and how: shown and changed by that person alone, each change an act on the register.
//! Invariant: a wrong choice names every mistake and changes nothing; the same choices again are no act. Never: somebody else's choices.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::App;
use crate::app::execute::RegisterRows;
use crate::app::failure::Failure;
use crate::app::known::Known;
use crate::app::operate::wrong_input;
use crate::app::register::{PREFERENCES, put};
use crate::engine::refusal::Detail;
use crate::identity::Actor;
use crate::ids::{PersonId, Tenant};
use crate::notice::{Audience, Choice, Group, Kind, Medium, Preferences};

impl Known {
    /// Whether somebody is to get the mails of a kind that goes by mail alone.
    #[must_use]
    pub(super) fn hears(&self, person: PersonId, kind: Kind) -> bool {
        !self.preferences_of(person).media(Group::of(kind, false), &[Medium::Mail]).is_empty()
    }

    /// The groups somebody chooses for, by the posts of today: what applicants hear, what officers hear, or both.
    #[must_use]
    pub fn groups_of(&self, person: PersonId, on: chrono::NaiveDate) -> Vec<Group> {
        let posts = self.roster.posts_of(person, on);
        let officer = posts.iter().any(|(_, post)| &**post != "agent");
        let applicant = !officer || posts.iter().any(|(_, post)| &**post == "agent");
        let heard = |group: &&Group| match group.audience() {
            Audience::Applicant => applicant,
            Audience::Officer => officer,
        };
        Group::ALL.iter().filter(|group| group.is_chosen()).filter(heard).copied().collect()
    }
}

impl App {
    /// Chooses how groups of notices are told, by the words for group and choice; groups not named stay as they are. Answers whether anything changed.
    ///
    /// # Errors
    /// `preferences_wrong` with every mistake, or a fault.
    pub async fn choose_channels(&self, tenant: Tenant, person: PersonId, asked: &BTreeMap<String, String>) -> Result<bool, Failure> {
        self.choose_channels_by(tenant, Actor::Person(person), person, asked).await
    }

    /// The same by whoever acts for the person: a link in a mail they got acts in their name.
    pub(super) async fn choose_channels_by(&self, tenant: Tenant, actor: Actor, person: PersonId, asked: &BTreeMap<String, String>) -> Result<bool, Failure> {
        let _alone = self.inner.rosters.lock().await;
        let known = self.known(tenant).await?;
        let before = known.preferences_of(person);
        let chosen = read(&before, asked).map_err(|details| wrong_input("preferences_wrong", details.into_iter()))?;
        if chosen == before {
            return Ok(false);
        }
        let changed: BTreeMap<&str, &str> =
            Group::ALL.iter().filter(|group| chosen.of(**group) != before.of(**group)).map(|group| (group.key(), chosen.of(*group).key())).collect();
        if changed.is_empty() {
            return Ok(false);
        }
        let rows = RegisterRows { registry: vec![put(self, tenant, PREFERENCES, &person.to_string(), &chosen)?], ..RegisterRows::default() };
        self.record(tenant, actor, "preferences-chosen", json!({"person": person, "changed": changed}), rows).await?;
        Ok(true)
    }
}

fn read(before: &Preferences, asked: &BTreeMap<String, String>) -> Result<Preferences, Vec<Detail>> {
    let mut details = Vec::new();
    let mut chosen = before.clone();
    for (group_word, word) in asked {
        let mut say = |code, zh: String, en: String| details.push(Detail::new(group_word, code, zh, en));
        let Some(group) = Group::of_key(group_word).filter(|group| group.is_chosen()) else {
            say("unknown_group", format!("没有通知类别 `{group_word}`"), format!("expected a group of notices, found `{group_word}`"));
            continue;
        };
        let words: Vec<&str> = group.choices().into_iter().map(Choice::key).collect();
        match Choice::of_key(word) {
            Some(choice) if group.choices().contains(&choice) => chosen = chosen.with(group, choice),
            Some(Choice::Off) => say(
                "cannot_turn_off",
                "这类通知依法或者按规定必须告知，不能关闭，只能选择方式".to_owned(),
                "cannot turn these off: they must be told by law or by rule; only the way can be chosen".to_owned(),
            ),
            Some(Choice::Both | Choice::Mail | Choice::Sms) | None => {
                say("unknown_word", format!("应为 {} 之一，实际 `{word}`", words.join("、")), format!("expected one of {}, found `{word}`", words.join(", ")))
            }
        }
    }
    if details.is_empty() { Ok(chosen) } else { Err(details) }
}
