//! The pages, an area a file.

mod account;
mod home;
mod people;
mod reset;
pub mod sign_in;

use axum::Router;

use super::Shared;

/// The routes of every area.
pub fn router() -> Router<Shared> {
    Router::new().merge(home::router()).merge(sign_in::router()).merge(reset::router()).merge(account::router()).merge(people::router()).fallback(home::missing)
}
