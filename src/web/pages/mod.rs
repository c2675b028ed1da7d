//! The pages, an area a file.

mod account;
mod apply;
mod home;
mod people;
mod projects;
mod reset;
pub mod sign_in;

use axum::Router;

use super::Shared;

/// The routes of every area.
pub fn router() -> Router<Shared> {
    Router::new()
        .merge(home::router())
        .merge(sign_in::router())
        .merge(reset::router())
        .merge(account::router())
        .merge(people::router())
        .merge(apply::router())
        .merge(projects::router())
        .fallback(home::missing)
}
