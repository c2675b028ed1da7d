//! Audit: leaves, the Merkle tree, signed checkpoints and their verification.
