//! The leaf of one act: who did what to which case when, and the digest of the events it left. Its bytes are stored beside the act and hashed as they are.
//! Invariant: one leaf has exactly one encoding; `parse` refuses every other spelling of the same content.
//! Never: a second encoder. A field added later makes version 2 and leaves these bytes as they were.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::audit::tree;
use crate::engine::command::{Actor, Command};
use crate::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant};

/// The version written into every leaf.
pub const LEAF_VERSION: u32 = 1;
/// The sequence of a case's first act: the version the case has after it.
pub const FIRST_SEQ: u64 = 1;
/// What stands for the previous leaf in the first leaf of a case.
pub const NO_LEAF: Digest = Digest([0; 32]);
/// Room for a leaf with a post of usual length; a longer one grows once.
const LEAF_BYTES_USUAL: usize = 448;

/// The commitment that stands in an event for a body kept beside it: SHA-256(salt ‖ body). The salt makes guessing a short body useless once both are erased.
#[must_use]
pub fn commit(salt: &[u8; 32], body: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(body);
    Digest(hasher.finalize().into())
}

/// Who acted, without a name: the name belongs to the roster, which may forget it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A person.
    Person(PersonId),
    /// The program itself: a timer, a delivery, a table.
    System,
    /// Somebody at the machine's command line.
    Operator,
}

impl From<&Actor> for Who {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Person(person) => Self::Person(*person),
            Actor::System => Self::System,
            Actor::Operator(_) => Self::Operator,
        }
    }
}

/// The word a leaf uses for a command.
#[must_use]
pub const fn kind_of(command: &Command) -> &'static str {
    match command {
        Command::Start { .. } => "start",
        Command::Claim { .. } => "claim",
        Command::Release { .. } => "release",
        Command::Complete { .. } => "complete",
        Command::Return { .. } => "return",
        Command::AddSigners { .. } => "add-signers",
        Command::RemoveSigner { .. } => "remove-signer",
        Command::Transfer { .. } => "transfer",
        Command::HandOverDesk { .. } => "hand-over-desk",
        Command::Delegate { .. } => "delegate",
        Command::Reply { .. } => "reply",
        Command::Recall { .. } => "recall",
        Command::CompleteInBatch { .. } => "complete-in-batch",
        Command::TakeBack { .. } => "take-back",
        Command::AskRecusal { .. } => "ask-recusal",
        Command::DecideRecusal { .. } => "decide-recusal",
        Command::Copy { .. } => "copy",
        Command::Urge { .. } => "urge",
        Command::Comment { .. } => "comment",
        Command::Extend { .. } => "extend",
        Command::StateReason { .. } => "state-reason",
        Command::Withdraw { .. } => "withdraw",
        Command::Message { .. } => "message",
        Command::Signal { .. } => "signal",
        Command::JobComplete { .. } => "job-complete",
        Command::JobFail { .. } => "job-fail",
        Command::JobError { .. } => "job-error",
        Command::JobRetry { .. } => "job-retry",
        Command::Wake => "wake",
        Command::Recompute => "recompute",
        Command::NoticeSettled { .. } => "notice-settled",
        Command::NoticeReturned { .. } => "notice-returned",
        Command::NoticeResent { .. } => "notice-resent",
        Command::Migrate { .. } => "migrate",
        Command::Record { .. } => "record",
    }
}

/// The leaf of one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The case's tenant.
    pub tenant: Tenant,
    /// The case.
    pub case: CaseId,
    /// The act's place in the case, from `FIRST_SEQ`, without gaps.
    pub seq: u64,
    /// The digest of the case's previous leaf; `NO_LEAF` in the first.
    pub prev: Digest,
    /// What the command was; see `kind_of`.
    pub kind: Cow<'static, str>,
    /// Who acted.
    pub actor: Who,
    /// For whom a delegate acted.
    pub on_behalf_of: Option<PersonId>,
    /// The post it was done in, as `office/post`.
    pub post: Option<Name>,
    /// When; within one case never before the previous act.
    pub at: Moment,
    /// SHA-256 of the act's event bytes as stored. Events hold the commitments of bodies, so the leaf binds those as well.
    pub events: Digest,
}

impl Leaf {
    /// The canonical bytes: compact JSON, all fields, this order.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        // Written by hand because it runs in every command: a general encoder took several times as long.
        let mut out = Vec::with_capacity(LEAF_BYTES_USUAL);
        out.extend_from_slice(b"{\"v\":");
        push_integer(&mut out, u64::from(LEAF_VERSION));
        out.extend_from_slice(b",\"tenant\":");
        push_signed(&mut out, i64::from(self.tenant.0));
        out.extend_from_slice(b",\"case\":");
        push_uuid(&mut out, self.case.0);
        out.extend_from_slice(b",\"seq\":");
        push_integer(&mut out, self.seq);
        out.extend_from_slice(b",\"prev\":");
        push_digest(&mut out, &self.prev);
        out.extend_from_slice(b",\"kind\":");
        push_text(&mut out, &self.kind);
        out.extend_from_slice(b",\"actor\":");
        match self.actor {
            Who::Person(person) => push_uuid(&mut out, person.0),
            Who::System => out.extend_from_slice(b"\"system\""),
            Who::Operator => out.extend_from_slice(b"\"operator\""),
        }
        out.extend_from_slice(b",\"on_behalf_of\":");
        match self.on_behalf_of {
            Some(person) => push_uuid(&mut out, person.0),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"post\":");
        match &self.post {
            Some(post) => push_text(&mut out, post),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"at\":");
        push_signed(&mut out, self.at.0);
        out.extend_from_slice(b",\"events\":");
        push_digest(&mut out, &self.events);
        out.push(b'}');
        out
    }

    /// The digest of leaf bytes: what the next leaf of the case names as `prev` and what the log's tree holds. One hash for both, so a command pays once.
    #[must_use]
    pub fn digest(bytes: &[u8]) -> Digest {
        tree::leaf_hash(bytes)
    }

    /// Reads leaf bytes back.
    ///
    /// # Errors
    /// Says what is wrong with bytes that are not exactly what `bytes` would write.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let written: Written<'_> = serde_json::from_slice(bytes).map_err(|error| LeafError::NotALeaf(error.to_string()))?;
        if written.v != LEAF_VERSION {
            return Err(LeafError::Version(written.v));
        }
        let leaf = Self {
            tenant: Tenant(written.tenant),
            case: CaseId(written.case),
            seq: written.seq,
            prev: written.prev,
            kind: Cow::Owned(written.kind.into_owned()),
            actor: who(&written.actor)?,
            on_behalf_of: written.on_behalf_of.map(PersonId),
            post: written.post.map(|post| Name::from(post.as_ref())),
            at: Moment(written.at),
            events: written.events,
        };
        if leaf.bytes() == bytes { Ok(leaf) } else { Err(LeafError::NotCanonical) }
    }
}

/// Why bytes are no leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafError {
    /// They do not have the fields of a leaf.
    NotALeaf(String),
    /// They are of a version this program does not know.
    Version(u32),
    /// The actor is neither a person nor `system` nor `operator`.
    Actor(String),
    /// They say the same as a leaf in another spelling.
    NotCanonical,
}

impl LeafError {
    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::NotALeaf(why) => format!("不是一条记录：{why}"),
            Self::Version(found) => format!("记录版本应为 {LEAF_VERSION}，实为 `{found}`"),
            Self::Actor(found) => format!("经办人应为人员编号、`system` 或 `operator`，实为 `{found}`"),
            Self::NotCanonical => "记录的写法不规范（内容相同而字节不同）".to_owned(),
        }
    }
}

impl fmt::Display for LeafError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotALeaf(why) => write!(f, "expected a leaf: {why}"),
            Self::Version(found) => write!(f, "expected a leaf of version {LEAF_VERSION}, found `{found}`"),
            Self::Actor(found) => write!(f, "expected a person's id, `system` or `operator` as actor, found `{found}`"),
            Self::NotCanonical => f.write_str("expected the canonical spelling of the leaf, found another one"),
        }
    }
}

impl std::error::Error for LeafError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    v: u32,
    tenant: i32,
    case: Uuid,
    seq: u64,
    prev: Digest,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    on_behalf_of: Option<Uuid>,
    #[serde(borrow)]
    post: Option<Cow<'a, str>>,
    at: i64,
    events: Digest,
}

fn who(text: &str) -> Result<Who, LeafError> {
    match text {
        "system" => Ok(Who::System),
        "operator" => Ok(Who::Operator),
        person => person.parse().map(Who::Person).map_err(|_| LeafError::Actor(text.to_owned())),
    }
}

fn push_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_integer(out, number.unsigned_abs());
}

fn push_integer(out: &mut Vec<u8>, mut number: u64) {
    const DIGITS_MAX: usize = 20;
    let mut digits = [0_u8; DIGITS_MAX];
    let mut first = DIGITS_MAX;
    loop {
        first -= 1;
        // A remainder of ten fits a byte.
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

fn push_uuid(out: &mut Vec<u8>, id: Uuid) {
    let mut text = [0_u8; uuid::fmt::Hyphenated::LENGTH];
    out.push(b'"');
    out.extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
    out.push(b'"');
}

fn push_digest(out: &mut Vec<u8>, digest: &Digest) {
    const NIBBLES: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0_u8; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest.0) {
        pair[0] = NIBBLES[usize::from(byte >> 4)];
        pair[1] = NIBBLES[usize::from(byte & 15)];
    }
    out.push(b'"');
    out.extend_from_slice(&text);
    out.push(b'"');
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    const NIBBLES: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[NIBBLES[usize::from(byte >> 4)], NIBBLES[usize::from(byte & 15)]]);
            }
            // Everything else stands for itself, Chinese included: JSON is UTF-8.
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            tenant: Tenant(420_700),
            case: CaseId::new(Moment(1_741_000_000_000), [7; 10]),
            seq: 1,
            prev: NO_LEAF,
            kind: Cow::Borrowed("complete"),
            actor: Who::Person(PersonId::new(Moment(1_700_000_000_000), [9; 10])),
            on_behalf_of: None,
            post: Some(Name::from("鄂州市发改委/handler")),
            at: Moment(1_741_000_000_123),
            events: Digest::of(b"[]"),
        }
    }

    #[test]
    fn the_bytes_of_a_leaf_are_compact_json_in_a_fixed_order() {
        let text = String::from_utf8(leaf().bytes()).unwrap();
        insta::assert_snapshot!(text, @r#"{"v":1,"tenant":420700,"case":"01955baf-c200-7707-8707-070707070707","seq":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","kind":"complete","actor":"018bcfe5-6800-7909-8909-090909090909","on_behalf_of":null,"post":"鄂州市发改委/handler","at":1741000000123,"events":"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"}"#);
    }

    #[test]
    fn every_leaf_reads_back_as_itself() {
        let mut one = leaf();
        for actor in [one.actor, Who::System, Who::Operator] {
            for post in [None, Some(Name::from("a \"b\" \\ \n\u{1}\u{7f} 岗位 🏗"))] {
                for (seq, at) in [(1, 0), (u64::MAX, i64::MIN), (10, i64::MAX), (999, -1)] {
                    one = Leaf { actor, post: post.clone(), seq, at: Moment(at), on_behalf_of: Some(PersonId(Uuid::nil())), ..one };
                    assert_eq!(Leaf::parse(&one.bytes()), Ok(one.clone()));
                }
            }
        }
    }

    #[test]
    fn another_spelling_of_the_same_leaf_is_refused() {
        let text = String::from_utf8(leaf().bytes()).unwrap();
        let spaced = text.replacen(",\"seq\":1", ", \"seq\":1", 1);
        let upper = text.replacen(&leaf().events.to_string(), &leaf().events.to_string().to_uppercase(), 1);
        let escaped = text.replacen("handler", "h\\u0061ndler", 1);
        let reordered = text.replacen("\"v\":1,\"tenant\":420700", "\"tenant\":420700,\"v\":1", 1);
        let absent = text.replacen(",\"on_behalf_of\":null", "", 1);
        for other in [spaced, upper, escaped, reordered, absent, format!("{text}\n")] {
            assert_eq!(Leaf::parse(other.as_bytes()), Err(LeafError::NotCanonical), "{other}");
        }
    }

    #[test]
    fn what_is_no_leaf_is_refused_with_the_reason() {
        let text = String::from_utf8(leaf().bytes()).unwrap();
        let twice = text.replacen("\"seq\":1", "\"seq\":1,\"seq\":1", 1);
        let float = text.replacen("\"seq\":1", "\"seq\":1.0", 1);
        let more = text.replacen("\"seq\":1", "\"seq\":1,\"name\":\"x\"", 1);
        for other in [twice, float, more, String::new(), "null".to_owned(), "[1]".to_owned()] {
            assert!(matches!(Leaf::parse(other.as_bytes()), Err(LeafError::NotALeaf(_))), "{other}");
        }
        assert_eq!(Leaf::parse(text.replacen("\"v\":1", "\"v\":2", 1).as_bytes()), Err(LeafError::Version(2)));
        let nobody = Leaf { actor: Who::System, ..leaf() };
        let nobody = String::from_utf8(nobody.bytes()).unwrap().replacen("system", "wang", 1);
        assert_eq!(Leaf::parse(nobody.as_bytes()).unwrap_err().to_string(), "expected a person's id, `system` or `operator` as actor, found `wang`");
    }

    #[test]
    fn a_commitment_hides_its_body_behind_the_salt() {
        // SHA-256 of 32 zero bytes followed by "abc".
        let expected = Digest::of(&[&[0_u8; 32][..], b"abc"].concat());
        assert_eq!(commit(&[0; 32], b"abc"), expected);
        assert_ne!(commit(&[1; 32], b"abc"), expected);
    }
}
