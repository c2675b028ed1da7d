//! Who receives a notice.
//! Invariant: a person receives a notice once, however many of their posts it was addressed to. Never: a guess at an address.

use std::collections::BTreeSet;

use super::{Language, Medium};
use crate::identity::Person;
use crate::ids::PersonId;

/// A person as far as a notice needs to know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Who.
    pub person: PersonId,
    /// The language they read.
    pub language: Language,
    /// Where mail goes.
    pub email: Option<String>,
    /// Where short messages go.
    pub phone: Option<String>,
}

impl From<&Person> for Recipient {
    fn from(person: &Person) -> Self {
        let address = |given: &Option<String>| given.as_deref().map(str::trim).filter(|address| !address.is_empty()).map(str::to_owned);
        Self { person: person.id, language: Language::of(&person.language), email: address(&person.email), phone: address(&person.phone) }
    }
}

impl Recipient {
    /// Where a notice by that medium goes; `None` when it does not reach the person.
    #[must_use]
    pub fn address(&self, medium: Medium) -> Option<&str> {
        match medium {
            Medium::Mail => self.email.as_deref(),
            Medium::Sms => self.phone.as_deref(),
        }
    }

    /// The people who shall hear of something, each once, in order of id; who may no longer sign in is left out.
    #[must_use]
    pub fn gather<'a>(people: impl IntoIterator<Item = &'a Person>) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut recipients: Vec<Self> = people.into_iter().filter(|person| !person.disabled && seen.insert(person.id)).map(Self::from).collect();
        recipients.sort_by_key(|recipient| recipient.person);
        recipients
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Moment;

    fn person(last: u8, email: Option<&str>, disabled: bool) -> Person {
        Person {
            id: PersonId::new(Moment(0), [last; 10]),
            login: format!("p{last}"),
            name: "承办人".into(),
            email: email.map(str::to_owned),
            phone: None,
            language: if last.is_multiple_of(2) { "zh-CN".into() } else { "en-GB".into() },
            disabled,
        }
    }

    #[test]
    fn a_person_with_two_posts_hears_once() {
        let (one, two, gone) = (person(1, Some("a@example.invalid"), false), person(2, Some("  "), false), person(3, None, true));
        let heard = Recipient::gather([&two, &one, &two, &gone]);
        assert_eq!(heard.iter().map(|recipient| recipient.person).collect::<Vec<_>>(), [one.id, two.id]);
        assert_eq!(heard[0].language, Language::En);
        assert_eq!(heard[1], Recipient { person: two.id, language: Language::Zh, email: None, phone: None });
    }

    #[test]
    fn each_medium_has_its_own_address() {
        let with_both = Person { phone: Some(" +99900000001 ".into()), ..person(1, Some("a@example.invalid"), false) };
        let both = Recipient::from(&with_both);
        assert_eq!(Medium::ALL.map(|medium| both.address(medium)), [Some("a@example.invalid"), Some("+99900000001")]);
        let without = Recipient::from(&person(1, Some("a@example.invalid"), false));
        assert_eq!(Medium::ALL.map(|medium| without.address(medium)), [Some("a@example.invalid"), None]);
    }
}
