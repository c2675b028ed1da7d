//! The key of a notice and the Message-ID made of it.
//! Invariant: equal occasion, recipient and medium give equal keys on every node and at every attempt; anything else differs.
//! Never: a name, an address or a number of a case in clear, because keys stand in logs and mail headers.

use chrono::NaiveDate;

use super::{Kind, Medium};
use crate::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant};

/// What a notice is about, to the point where two of them are the same thing said twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Something in a case.
    Case {
        /// The case.
        case: CaseId,
        /// The scope: two links of one project may open in the same moment.
        scope: u32,
        /// The step, when it is about one.
        step: Option<Name>,
        /// When the step was entered; entered again, it reminds again.
        entry: Moment,
        /// The rung: its term's key and its index; `None` for a notice that follows an act.
        rung: Option<(Name, u16)>,
        /// The due day it speaks of; a moved date reminds again.
        due: Option<NaiveDate>,
    },
    /// Something about a person's access.
    Account {
        /// The tenant.
        tenant: Tenant,
        /// What it follows: a command, or a reset somebody asked for.
        cause: uuid::Uuid,
    },
    /// A calendar that was put in force.
    Calendar {
        /// The tenant.
        tenant: Tenant,
        /// Its number.
        number: u32,
    },
    /// A digest of one morning.
    Digest {
        /// The tenant.
        tenant: Tenant,
        /// The morning.
        on: NaiveDate,
    },
}

impl Occasion {
    /// The key: 32 hexadecimal digits (the first half of a SHA-256 over the fields, each with its length before it).
    #[must_use]
    pub fn key(&self, kind: Kind, recipient: PersonId, medium: Medium) -> String {
        const BYTES: usize = 16;
        let mut canonical = Canonical::default();
        canonical.put("greenlane notice v1").put(kind.key()).put(recipient).put(medium.key());
        match self {
            Self::Case { case, scope, step, entry, rung, due } => {
                canonical.put("case").put(case).put(scope).maybe(step.as_ref()).put(entry.0);
                canonical.maybe(rung.as_ref().map(|(term, _)| term)).maybe(rung.as_ref().map(|(_, index)| index)).maybe(due.as_ref());
            }
            Self::Account { tenant, cause } => {
                canonical.put("account").put(tenant).put(cause);
            }
            Self::Calendar { tenant, number } => {
                canonical.put("calendar").put(tenant).put(number);
            }
            Self::Digest { tenant, on } => {
                canonical.put("digest").put(tenant).put(on);
            }
        }
        hex::encode(&Digest::of(&canonical.0).0[..BYTES])
    }
}

/// The Message-ID of a key: the same at every attempt, so that a mail program can drop the copy a crash may cause.
#[must_use]
pub fn message_id(key: &str, origin: &str) -> String {
    format!("<{key}@{origin}>")
}

/// Fields one after another, each led by its length, so that no two lists of fields share their bytes.
#[derive(Default)]
struct Canonical(Vec<u8>);

impl Canonical {
    fn put(&mut self, field: impl std::fmt::Display) -> &mut Self {
        let text = field.to_string();
        self.0.extend_from_slice(format!("{}:", text.len()).as_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn maybe(&mut self, field: Option<impl std::fmt::Display>) -> &mut Self {
        match field {
            Some(field) => self.put(field),
            None => {
                self.0.push(b'-');
                self
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(last: u8) -> PersonId {
        PersonId::new(Moment(0), [last; 10])
    }

    fn occasion() -> Occasion {
        Occasion::Case {
            case: CaseId::new(Moment(1_741_000_000_000), [7; 10]),
            scope: 3,
            step: Some("review".into()),
            entry: Moment(1_742_000_000_000),
            rung: Some(("promised".into(), 1)),
            due: NaiveDate::from_ymd_opt(2025, 4, 22),
        }
    }

    fn key(occasion: &Occasion) -> String {
        occasion.key(Kind::OYellow, person(1), Medium::Mail)
    }

    #[test]
    fn the_key_of_an_occasion_never_changes() {
        // A frozen value: another one would send every open reminder a second time after an upgrade.
        assert_eq!(key(&occasion()), "1fd08282cf423d0bb7276dfba6df7a94");
        assert_eq!(message_id("0f", "greenlane.example.invalid"), "<0f@greenlane.example.invalid>");
    }

    #[test]
    fn each_part_of_the_occasion_makes_another_key() {
        let base = occasion();
        let Occasion::Case { case, scope, step, entry, rung, due } = base.clone() else { unreachable!() };
        let build = |case, scope, step, entry, rung, due| Occasion::Case { case, scope, step, entry, rung, due };
        let others = [
            build(CaseId::new(Moment(0), [8; 10]), scope, step.clone(), entry, rung.clone(), due),
            build(case, 4, step.clone(), entry, rung.clone(), due),
            build(case, scope, Some("sign".into()), entry, rung.clone(), due),
            build(case, scope, None, entry, rung.clone(), due),
            build(case, scope, step.clone(), Moment(entry.0 + 1), rung.clone(), due),
            build(case, scope, step.clone(), entry, Some(("statutory".into(), 1)), due),
            build(case, scope, step.clone(), entry, Some(("promised".into(), 2)), due),
            build(case, scope, step.clone(), entry, None, due),
            build(case, scope, step.clone(), entry, rung.clone(), NaiveDate::from_ymd_opt(2025, 4, 23)),
            build(case, scope, step, entry, rung, None),
            Occasion::Digest { tenant: Tenant(420_700), on: NaiveDate::MIN },
            Occasion::Account { tenant: Tenant(420_700), cause: case.0 },
        ];
        let mut keys: std::collections::BTreeSet<String> = others.iter().map(key).collect();
        keys.insert(key(&base));
        keys.insert(base.key(Kind::OYellow, person(2), Medium::Mail));
        keys.insert(base.key(Kind::ORed, person(1), Medium::Mail));
        keys.insert(base.key(Kind::OYellow, person(1), Medium::Sms));
        assert_eq!(keys.len(), others.len() + 4);
    }
}
