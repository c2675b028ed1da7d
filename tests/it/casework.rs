//! The clerk's pages over HTTP: the inbox, a case, its acts, its papers on paper. Invariant: what a page offers the engine takes, and what it refuses keeps what was typed.

mod deeds;
mod desk;
mod extended;
mod hand;
mod office;
mod paper;
mod said;
