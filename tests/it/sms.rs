//! Short messages from the outside: what a gateway is sent, which texts leave, what becomes of them.

mod gateway;
mod leaves;
mod pages;
mod receipts;
mod sends;
mod texts;
