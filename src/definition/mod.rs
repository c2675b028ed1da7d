//! The workflow language: syntax with positions, rules, diagnostics, the token graph, pictures.

pub mod graph;
