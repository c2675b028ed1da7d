//! The engine from outside: each verb told as a story, and a storm of random acts over random workflows.

mod flow;
mod parallel;
mod world;
