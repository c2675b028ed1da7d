//! Identifiers, moments and amounts: the small values every room shares.
//! Invariant: nothing here reads a clock or a random source; whoever makes an id passes both in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A short shared word: a step, an outcome, an office, a post. Shared, because one definition's words live in many cases.
pub type Name = Arc<str>;

/// A text in the two languages of the product; Chinese leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Text {
    /// zh-CN.
    pub zh: String,
    /// English.
    pub en: String,
}

/// The six-digit code of a city or county; the leading column of every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tenant(pub i32);

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, ordered by time: `moment` leads, `random` fills the rest.
            #[must_use]
            pub fn new(moment: Moment, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(moment.0.max(0).unsigned_abs(), &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// A case: one run of a declared workflow. Version 7, so that a new case's rows land beside each other.
    CaseId
);
uuid_id!(
    /// A person. Opaque, because it stands in audit leaves that outlive the person's data.
    PersonId
);
uuid_id!(
    /// A command, named by its caller so that the same command again returns the stored receipt.
    CommandId
);

impl CommandId {
    /// The id that follows from a text: whoever says the same again asks for the same command.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = Digest::of(text.as_bytes()).0;
        Self(uuid::Builder::from_custom_bytes(head).into_uuid())
    }
}

/// An instant: milliseconds since 1970-01-01T00:00:00Z. A signed integer, because both databases store it as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

/// China Standard Time: UTC+8 the whole year; deadlines are civil dates there (DOMAIN rule 15).
#[must_use]
pub fn china() -> FixedOffset {
    const HOURS_EAST: i32 = 8;
    // Eight hours are inside the range of an offset, so the fallback is never taken.
    FixedOffset::east_opt(HOURS_EAST * 3600).unwrap_or_else(|| chrono::Offset::fix(&chrono::Utc))
}

impl Moment {
    /// The civil date in China.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.civil().date_naive()
    }

    /// The civil date and time in China.
    #[must_use]
    pub fn civil(self) -> DateTime<FixedOffset> {
        let utc = DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH);
        utc.with_timezone(&china())
    }

    /// The moment at which the clock in China shows `time` on `date`.
    #[must_use]
    pub fn at(date: NaiveDate, time: NaiveTime) -> Self {
        let civil = date.and_time(time);
        // A fixed offset maps every civil time to exactly one instant.
        let instant = china().from_local_datetime(&civil).single().map_or(0, |moment| moment.timestamp_millis());
        Self(instant)
    }

    /// The first moment of `date` in China.
    #[must_use]
    pub fn start_of(date: NaiveDate) -> Self {
        Self::at(date, NaiveTime::MIN)
    }

    /// RFC 3339 with the offset +08:00, to the millisecond.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        self.civil().to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
    }
}

/// SHA-256 of something: a body, a definition, a leaf.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = hex::FromHexError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
