//! The ledger, the assessment, the report upwards and the public pages: rows 11, 12, 13, 14 and 16 of what the two plans ask for, on both databases.

mod assessment;
mod ledger;
mod public;
mod report;
