//! Accounts: balances that are never negative, changed only by paired postings.
