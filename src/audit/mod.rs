//! Audit: what makes a change of the record visible afterwards. Leaves chain the acts of a case, the log's Merkle tree (RFC 6962) binds all leaves,
//! signed checkpoints (C2SP signed notes) bind the tree, and a checkpoint kept elsewhere binds whoever holds the database and the key.
//! Invariant: everything here is a function of its arguments; keys, salts and moments are handed in.
//! Never: a name, a phone number or a form's content; a leaf holds opaque ids and digests only.

pub mod checkpoint;
pub mod leaf;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use leaf::{Leaf, Who, commit, kind_of};
pub use note::{LogKey, LogSecret, Note};
pub use proof::ActProof;
pub use tile::{Growth, ProofPlan, Tile, TileId};
pub use tree::{Frontier, Head};
