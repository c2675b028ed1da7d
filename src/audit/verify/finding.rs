//! What can be wrong with a record, where, and the sentence for it.
//! Invariant: every finding names its place and has a stable code. Never: the content of an act or a body.

use std::fmt;

use crate::audit::leaf::LeafError;
use crate::audit::note::NoteError;
use crate::audit::tile::TileId;
use crate::ids::{CaseId, Digest, Moment};

/// Something wrong and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What.
    pub wrong: Wrong,
}

impl Finding {
    /// The stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.wrong.code()
    }

    /// Place and sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        format!("{}：{}", self.place.zh(), self.wrong.zh())
    }

    /// Place and sentence in English.
    #[must_use]
    pub fn en(&self) -> String {
        format!("{}: {}", self.place, self.wrong)
    }
}

/// Where something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An act of a case.
    Act {
        /// The case.
        case: CaseId,
        /// The act.
        seq: u64,
    },
    /// An entry of the log.
    Entry {
        /// Its index, from 0.
        index: u64,
        /// The case it names.
        case: CaseId,
        /// The act it names.
        seq: u64,
    },
    /// A tile.
    Tile(TileId),
    /// A stored checkpoint.
    Checkpoint {
        /// Its size.
        size: u64,
    },
    /// A checkpoint that was kept outside.
    Outside {
        /// Its size.
        size: u64,
    },
    /// A body beside the log.
    Body {
        /// Its commitment.
        commit: Digest,
    },
}

impl Place {
    /// The place in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Act { case, seq } => format!("案件 {case} 第 {seq} 步"),
            Self::Entry { index, case, seq } => format!("日志第 {index} 条（案件 {case} 第 {seq} 步）"),
            Self::Tile(tile) => format!("哈希块 {tile}"),
            Self::Checkpoint { size } => format!("规模 {size} 的检查点"),
            Self::Outside { size } => format!("外部保存的规模 {size} 的检查点"),
            Self::Body { commit } => format!("材料 {commit}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act { case, seq } => write!(f, "case {case}, act {seq}"),
            Self::Entry { index, case, seq } => write!(f, "log entry {index} (case {case}, act {seq})"),
            Self::Tile(tile) => write!(f, "tile {tile}"),
            Self::Checkpoint { size } => write!(f, "checkpoint of size {size}"),
            Self::Outside { size } => write!(f, "checkpoint of size {size} kept outside"),
            Self::Body { commit } => write!(f, "body {commit}"),
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The events are not those the leaf was made for.
    EventsChanged,
    /// The leaf's bytes are no leaf.
    LeafUnreadable(LeafError),
    /// The leaf is of another act.
    LeafMisplaced {
        /// The case the leaf names.
        case: CaseId,
        /// The act the leaf names.
        seq: u64,
    },
    /// The row's kind or moment is not the leaf's.
    ColumnsChanged {
        /// The leaf's kind.
        kind: String,
        /// The leaf's moment.
        at: Moment,
    },
    /// Acts are missing before this one, or it is there twice.
    ActGap {
        /// The act that should be here.
        expected: u64,
    },
    /// The leaf does not name the leaf before it.
    ChainBroken,
    /// The act is dated before the one it follows.
    ActBackwards {
        /// The latest moment before.
        before: Moment,
        /// This one's.
        found: Moment,
    },
    /// The act's case is not there.
    ActWithoutCase,
    /// The case's row and its last act do not agree.
    CaseHead {
        /// The acts the row counts.
        version: u64,
        /// The last act there is.
        acts: u64,
    },
    /// The act is neither in the log nor waiting to be sealed.
    ActUnlogged,
    /// The act is in the log and still waits to be sealed.
    ActLoggedAndPending {
        /// Its index.
        index: u64,
    },
    /// The log has another leaf hash for it.
    EntryLeaf {
        /// Its index.
        index: u64,
    },
    /// Another act has the same log entry.
    EntryShared {
        /// The index.
        index: u64,
    },
    /// The act's moment is before a checkpoint that does not hold it.
    Backdated {
        /// The act's.
        at: Moment,
        /// The checkpoint's.
        sealed: Moment,
    },
    /// The act's moment is after the checkpoint that holds it.
    Postdated {
        /// The act's.
        at: Moment,
        /// The checkpoint's.
        sealed: Moment,
    },
    /// Entries are missing, or there twice.
    LogGap {
        /// The index that should be here.
        expected: u64,
    },
    /// The entry's act is not there.
    EntryWithoutAct,
    /// The log goes on after its newest checkpoint.
    LogUnsigned {
        /// The newest checkpoint's size.
        signed: u64,
    },
    /// The checkpoint is not signed by a known key, or is none.
    CheckpointNotBelieved(NoteError),
    /// The checkpoint is stored under another size or moment than was signed.
    CheckpointMisplaced {
        /// The size signed.
        signed: u64,
        /// The moment signed.
        at: Moment,
    },
    /// The checkpoint is smaller than the one before.
    CheckpointShrinks {
        /// The size before.
        before: u64,
    },
    /// The checkpoint is older than the one before.
    CheckpointBackwards {
        /// The moment before.
        before: Moment,
        /// This one's.
        found: Moment,
    },
    /// The log's entries do not give the root that was signed.
    CheckpointRoot {
        /// The size up to which an earlier checkpoint vouches.
        from: u64,
    },
    /// The log is shorter than the checkpoint.
    CheckpointBeyond {
        /// Its length.
        log: u64,
    },
    /// The log does not begin as the outside checkpoint says: it was rewritten.
    OutsideRoot {
        /// When the checkpoint was sealed.
        at: Moment,
    },
    /// The log is shorter than the outside checkpoint: it was cut off or set back.
    OutsideBeyond {
        /// Its length.
        log: u64,
        /// When the checkpoint was sealed.
        at: Moment,
    },
    /// The tile is not what the entries give.
    TileChanged,
    /// The tile is not there.
    TileMissing,
    /// There should be no such tile, or it is there twice.
    TileUnexpected,
    /// The body or its salt is not what was committed to.
    BodyChanged,
}

impl Wrong {
    /// The stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EventsChanged => "events_changed",
            Self::LeafUnreadable(_) => "leaf_unreadable",
            Self::LeafMisplaced { .. } => "leaf_misplaced",
            Self::ColumnsChanged { .. } => "columns_changed",
            Self::ActGap { .. } => "act_gap",
            Self::ChainBroken => "chain_broken",
            Self::ActBackwards { .. } => "act_backwards",
            Self::ActWithoutCase => "act_without_case",
            Self::CaseHead { .. } => "case_head",
            Self::ActUnlogged => "act_unlogged",
            Self::ActLoggedAndPending { .. } => "act_logged_and_pending",
            Self::EntryLeaf { .. } => "entry_leaf",
            Self::EntryShared { .. } => "entry_shared",
            Self::Backdated { .. } => "backdated",
            Self::Postdated { .. } => "postdated",
            Self::LogGap { .. } => "log_gap",
            Self::EntryWithoutAct => "entry_without_act",
            Self::LogUnsigned { .. } => "log_unsigned",
            Self::CheckpointNotBelieved(error) => error.code(),
            Self::CheckpointMisplaced { .. } => "checkpoint_misplaced",
            Self::CheckpointShrinks { .. } => "checkpoint_shrinks",
            Self::CheckpointBackwards { .. } => "checkpoint_backwards",
            Self::CheckpointRoot { .. } => "checkpoint_root",
            Self::CheckpointBeyond { .. } => "checkpoint_beyond",
            Self::OutsideRoot { .. } => "outside_root",
            Self::OutsideBeyond { .. } => "outside_beyond",
            Self::TileChanged => "tile_changed",
            Self::TileMissing => "tile_missing",
            Self::TileUnexpected => "tile_unexpected",
            Self::BodyChanged => "body_changed",
        }
    }

    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::EventsChanged => "事件内容与记录的摘要不符，事件被改动".to_owned(),
            Self::LeafUnreadable(error) => error.zh(),
            Self::LeafMisplaced { case, seq } => format!("此处的记录属于案件 {case} 第 {seq} 步"),
            Self::ColumnsChanged { kind, at } => format!("所存的类别或时间被改动，记录中为 `{kind}`、{}", at.to_rfc3339()),
            Self::ActGap { expected } => format!("此处应为第 {expected} 步，中间缺失或重复"),
            Self::ChainBroken => "与上一步的摘要不衔接".to_owned(),
            Self::ActBackwards { before, found } => format!("时间 {} 早于上一步的 {}", found.to_rfc3339(), before.to_rfc3339()),
            Self::ActWithoutCase => "所属案件不存在".to_owned(),
            Self::CaseHead { version, acts } => format!("案件应有 {version} 步，记录到第 {acts} 步，末步不符"),
            Self::ActUnlogged => "既不在日志中，也不在待封存之列".to_owned(),
            Self::ActLoggedAndPending { index } => format!("已在日志第 {index} 条，却仍列为待封存"),
            Self::EntryLeaf { index } => format!("与日志第 {index} 条的摘要不符，记录或日志被改动"),
            Self::EntryShared { index } => format!("日志第 {index} 条已属另一步"),
            Self::Backdated { at, sealed } => format!("时间 {} 早于尚不含此步的检查点（{}），疑似倒签", at.to_rfc3339(), sealed.to_rfc3339()),
            Self::Postdated { at, sealed } => format!("时间 {} 晚于已含此步的检查点（{}）", at.to_rfc3339(), sealed.to_rfc3339()),
            Self::LogGap { expected } => format!("此处应为第 {expected} 条，中间缺失或重复"),
            Self::EntryWithoutAct => "对应的步骤不存在".to_owned(),
            Self::LogUnsigned { signed } => format!("自此条起没有检查点签名（最新检查点规模为 {signed}）"),
            Self::CheckpointNotBelieved(error) => error.zh(),
            Self::CheckpointMisplaced { signed, at } => format!("签名的规模为 {signed}、时间为 {}", at.to_rfc3339()),
            Self::CheckpointShrinks { before } => format!("规模小于前一检查点的 {before}"),
            Self::CheckpointBackwards { before, found } => format!("时间 {} 早于前一检查点的 {}", found.to_rfc3339(), before.to_rfc3339()),
            Self::CheckpointRoot { from } => format!("日志内容与签名的根不符，自第 {from} 条起有改动"),
            Self::CheckpointBeyond { log } => format!("日志只有 {log} 条，末尾缺失"),
            Self::OutsideRoot { at } => format!("日志开头与 {} 封存时不同，历史被重写", at.to_rfc3339()),
            Self::OutsideBeyond { log, at } => format!("日志只有 {log} 条，少于 {} 封存时，末尾被截断或回退", at.to_rfc3339()),
            Self::TileChanged => "与日志内容不符".to_owned(),
            Self::TileMissing => "缺失".to_owned(),
            Self::TileUnexpected => "多余或重复".to_owned(),
            Self::BodyChanged => "内容与承诺值不符，材料被改动".to_owned(),
        }
    }
}

/// The sentence in English.
impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventsChanged => f.write_str("the events are not those the leaf was made for"),
            Self::LeafUnreadable(error) => error.fmt(f),
            Self::LeafMisplaced { case, seq } => write!(f, "the leaf here is that of case {case}, act {seq}"),
            Self::ColumnsChanged { kind, at } => write!(f, "the stored kind or moment is not the leaf's `{kind}` at {}", at.to_rfc3339()),
            Self::ActGap { expected } => write!(f, "expected act {expected} here: acts are missing or there twice"),
            Self::ChainBroken => f.write_str("the leaf does not follow the one before it"),
            Self::ActBackwards { before, found } => write!(f, "dated {}, before the act it follows ({})", found.to_rfc3339(), before.to_rfc3339()),
            Self::ActWithoutCase => f.write_str("its case is not there"),
            Self::CaseHead { version, acts } => write!(f, "the case counts {version} acts and the record ends with act {acts}, which is not the last it names"),
            Self::ActUnlogged => f.write_str("neither in the log nor waiting to be sealed"),
            Self::ActLoggedAndPending { index } => write!(f, "in the log as entry {index} and still waiting to be sealed"),
            Self::EntryLeaf { index } => write!(f, "the leaf is not the one of log entry {index}"),
            Self::EntryShared { index } => write!(f, "log entry {index} already belongs to another act"),
            Self::Backdated { at, sealed } => write!(f, "dated {}, before a checkpoint that does not hold it yet ({})", at.to_rfc3339(), sealed.to_rfc3339()),
            Self::Postdated { at, sealed } => write!(f, "dated {}, after the checkpoint that holds it ({})", at.to_rfc3339(), sealed.to_rfc3339()),
            Self::LogGap { expected } => write!(f, "expected entry {expected} here: entries are missing or there twice"),
            Self::EntryWithoutAct => f.write_str("its act is not there"),
            Self::LogUnsigned { signed } => write!(f, "no checkpoint signs it (the newest has size {signed})"),
            Self::CheckpointNotBelieved(error) => error.fmt(f),
            Self::CheckpointMisplaced { signed, at } => write!(f, "what was signed is size {signed} on {}", at.to_rfc3339()),
            Self::CheckpointShrinks { before } => write!(f, "smaller than the one before ({before})"),
            Self::CheckpointBackwards { before, found } => write!(f, "dated {}, before the one it follows ({})", found.to_rfc3339(), before.to_rfc3339()),
            Self::CheckpointRoot { from } => write!(f, "the log does not give the root that was signed: something from entry {from} on was changed"),
            Self::CheckpointBeyond { log } => write!(f, "the log has only {log} entries: its end is missing"),
            Self::OutsideRoot { at } => write!(f, "the log does not begin as it did on {}: it was rewritten", at.to_rfc3339()),
            Self::OutsideBeyond { log, at } => write!(f, "the log has only {log} entries, fewer than on {}: it was cut off or set back", at.to_rfc3339()),
            Self::TileChanged => f.write_str("not what the log's entries give"),
            Self::TileMissing => f.write_str("missing"),
            Self::TileUnexpected => f.write_str("not one of this log, or there twice"),
            Self::BodyChanged => f.write_str("not what was committed to: body or salt was changed"),
        }
    }
}
