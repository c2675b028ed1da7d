//! Exports: the ledger as CSV.
