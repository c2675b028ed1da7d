//! The engine from outside: each verb told as a story, and a storm of random acts over random workflows.

mod accounts;
mod cases;
pub mod chance;
mod clocks;
mod counts;
mod fill;
mod flow;
mod groups;
mod hands;
mod laws;
mod migrations;
mod mutant;
mod parallel;
mod people;
mod published;
mod random;
mod random_flow;
mod returns;
mod shape;
mod sound;
mod storm;
mod storm_jobs;
mod storm_verbs;
mod verbs;
pub mod world;
mod written;
