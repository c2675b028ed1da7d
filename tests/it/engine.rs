//! The engine from outside: each verb told as a story, and a storm of random acts over random workflows.

mod chance;
mod counts;
mod flow;
mod laws;
mod parallel;
mod random;
mod random_flow;
mod storm;
mod world;
