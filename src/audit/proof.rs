//! The proof of one act (C2SP tlog-proof): what an applicant or an agency keeps, and checks without the program's database.
//! Invariant: it carries the leaf's own bytes, so it says what was done and not only that something was.
//! Never: a proof without a signed checkpoint; an act that is not sealed yet has none.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::audit::checkpoint::{self, Checkpoint};
use crate::audit::leaf::{Leaf, LeafError};
use crate::audit::note::{Expected, LogKey, NoteError};
use crate::audit::tree::{Climbed, climb, includes};
use crate::ids::Digest;

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A path has one hash a level, and a tree at most 64 levels.
const PATH_HASHES_MAX: usize = 64;

/// The proof of one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActProof {
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
    /// Its index in the log.
    pub index: u64,
    /// The inclusion proof.
    pub path: Vec<Digest>,
    /// The signed checkpoint, as it was stored.
    pub checkpoint: String,
}

/// What a proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The act's leaf.
    pub leaf: Leaf,
    /// The checkpoint that holds it.
    pub checkpoint: Checkpoint,
}

impl ActProof {
    /// Reads the text of a `.tlog-proof` file.
    ///
    /// # Errors
    /// Says which part is not that of a proof.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(ProofError::Format(Expected { zh: "检查点前有一个空行", en: "a blank line before the checkpoint" }))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(ProofError::Format(Expected { zh: "第 1 行为 `c2sp.org/tlog-proof@v1`", en: "`c2sp.org/tlog-proof@v1` in line 1" }));
        }
        let leaf = lines.next().and_then(|line| line.strip_prefix("extra ")).and_then(|text| STANDARD.decode(text).ok());
        let leaf =
            leaf.ok_or(ProofError::Format(Expected { zh: "第 2 行为 `extra` 加记录（base64）", en: "`extra` and the leaf in base64 in line 2" }))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(checkpoint::decimal);
        let index = index.ok_or(ProofError::Format(Expected { zh: "第 3 行为 `index` 加序号", en: "`index` and a number in line 3" }))?;
        let path: Option<Vec<Digest>> = lines.take(PATH_HASHES_MAX + 1).map(checkpoint::digest).collect();
        let path = path
            .filter(|path| path.len() <= PATH_HASHES_MAX)
            .ok_or(ProofError::Format(Expected { zh: "至多 64 个 32 字节的哈希（base64）", en: "at most 64 hashes of 32 bytes in base64" }))?;
        Ok(Self { leaf, index, path, checkpoint: checkpoint.to_owned() })
    }

    /// Checks it with the log's keys alone.
    ///
    /// # Errors
    /// The checkpoint is not signed by such a key, the leaf is none, or it is not in the tree of the checkpoint at that index.
    pub fn verify(&self, keys: &[LogKey]) -> Result<Proven, ProofError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), keys).map_err(ProofError::Note)?;
        let leaf = Leaf::parse(&self.leaf).map_err(ProofError::Leaf)?;
        let head = checkpoint.head;
        if includes(&head.root, head.size, self.index, &Leaf::digest(&self.leaf), &self.path) {
            Ok(Proven { leaf, checkpoint })
        } else {
            Err(ProofError::NotIncluded { index: self.index, size: head.size })
        }
    }
}

impl ActProof {
    /// The way from the leaf to the root of a log of `size`; empty when the path leads nowhere.
    #[must_use]
    pub fn climb(&self, size: u64) -> Vec<Climbed> {
        climb(size, self.index, &Leaf::digest(&self.leaf), &self.path).unwrap_or_default()
    }
}

impl fmt::Display for ActProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nextra {}\nindex {}", STANDARD.encode(&self.leaf), self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", STANDARD.encode(hash.0))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Why a proof shows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// It is no proof: what was expected.
    Format(Expected),
    /// The checkpoint is not believed.
    Note(NoteError),
    /// The leaf is none.
    Leaf(LeafError),
    /// The leaf is not in the checkpoint's tree at that index.
    NotIncluded {
        /// Where it claims to be.
        index: u64,
        /// The checkpoint's size.
        size: u64,
    },
}

impl ProofError {
    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Format(expected) => format!("不是办理凭证（应为：{}）", expected.zh),
            Self::Note(error) => error.zh(),
            Self::Leaf(error) => error.zh(),
            Self::NotIncluded { index, size } => format!("该记录不在规模为 {size} 的日志的第 {index} 条"),
        }
    }
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(expected) => write!(f, "not a proof: expected {}", expected.en),
            Self::Note(error) => error.fmt(f),
            Self::Leaf(error) => error.fmt(f),
            Self::NotIncluded { index, size } => write!(f, "the leaf is not entry {index} of the log of {size}"),
        }
    }
}

impl std::error::Error for ProofError {}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use super::*;
    use crate::audit::leaf::{NO_LEAF, Who};
    use crate::audit::note::LogSecret;
    use crate::audit::tile::{Growth, ProofPlan};
    use crate::audit::tree::Head;
    use crate::ids::{CaseId, Moment, Tenant};

    fn leaf(seq: u64) -> Vec<u8> {
        let case = CaseId::new(Moment(0), [1; 10]);
        let (kind, actor) = (Cow::Borrowed("wake"), Who::System);
        Leaf { tenant: Tenant(420_700), case, seq, prev: NO_LEAF, kind, actor, on_behalf_of: None, post: None, at: Moment(0), events: NO_LEAF }.bytes()
    }

    fn proof() -> (ActProof, LogKey) {
        let secret = LogSecret::new("ezhou.example", &[1; 32]).unwrap();
        let mut log = Growth::new();
        for seq in 1..=1_000 {
            log.append(Leaf::digest(&leaf(seq)));
        }
        let tiles: BTreeMap<_, _> = log.take_changed().into_iter().map(|tile| (tile.id, tile.hashes)).collect();
        let path = ProofPlan::inclusion(600, 1_000).unwrap().prove(&tiles).unwrap();
        let checkpoint = Checkpoint::seal(Head { size: 1_000, root: log.root() }, Moment(0), &secret).unwrap().to_string();
        (ActProof { leaf: leaf(601), index: 600, path, checkpoint }, secret.public())
    }

    #[test]
    fn a_proof_travels_as_text_and_shows_its_act() {
        let (proof, key) = proof();
        let text = proof.to_string();
        assert!(text.len() < 1_536, "{}", text.len());
        let read = ActProof::parse(&text).unwrap();
        assert_eq!(read, proof);
        assert_eq!(read.verify(&[key]).unwrap().leaf.seq, 601);
    }

    #[test]
    fn a_proof_of_another_act_place_or_key_shows_nothing() {
        let (proof, key) = proof();
        let keys = [key];
        let other_act = ActProof { leaf: leaf(602), ..proof.clone() };
        let other_place = ActProof { index: 601, ..proof.clone() };
        for wrong in [other_act, other_place] {
            assert!(matches!(wrong.verify(&keys), Err(ProofError::NotIncluded { .. })));
        }
        let other_key = LogSecret::new("ezhou.example", &[2; 32]).unwrap().public();
        assert!(matches!(proof.verify(&[other_key]), Err(ProofError::Note(NoteError::NoKnownSignature { .. }))));
        let text = proof.to_string();
        for (from, to) in [("tlog-proof@v1", "tlog-proof@v2"), ("extra ", "extra *"), ("index 6", "index 06"), ("\n\n", "\n"), ("=\n\n", "=\nx\n\n")] {
            assert!(matches!(ActProof::parse(&text.replacen(from, to, 1)), Err(ProofError::Format(_))), "{from}");
        }
    }
}
