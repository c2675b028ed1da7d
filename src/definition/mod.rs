//! The workflow language: syntax with positions, rules, diagnostics, the token graph, pictures.
//! Invariant: a program that `Library` hands out has passed every rule, so the engine may trust its indices and edges.
//! Never: opens a file; the outer rooms hand over texts by name.

pub mod account_kind;
pub mod ahead;
pub mod changes;
pub mod diagnostics;
pub mod draw;
pub mod graph;
pub mod groups;
pub mod library;
mod lower;
mod parts;
pub mod reach;
mod revision;
mod rules;
pub mod soundness;
pub mod syntax;

pub use groups::SUBMITTER;
