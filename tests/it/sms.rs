//! Short messages from the outside: what a gateway is sent, which texts leave, what becomes of them.

mod clouds;
pub mod gateway;
pub mod leaves;
mod pages;
mod receipts;
mod sends;
mod smpp;
pub mod smsc;
mod texts;
