//! Greenlane (绿色通道引擎): one binary that runs the priority approval of major projects.
//! Data flows one way: a surface (`web`, `api`, `cli`) or a worker hands a command to `app`, the pure `engine` decides, one store transaction commits, and only then is anybody answered.
#![doc = include_str!("ARCHITECTURE.md")]

pub mod clock;
pub mod ids;
pub mod limits;
pub mod secret;
pub mod source;

// The pure ring: no async, no I/O, no clock, no randomness, no hash order, no floats.
pub mod accounts;
pub mod audit;
pub mod calendar;
pub mod definition;
pub mod engine;
pub mod expr;
pub mod forms;
pub mod identity;
pub mod indicators;
pub mod notice;
pub mod rehearsal;
pub mod supervision;

// The outer ring.
pub mod api;
pub mod app;
pub mod boot;
pub mod channels;
pub mod cli;
pub mod config;
pub mod exports;
pub mod store;
pub mod telemetry;
pub mod web;
pub mod workers;
