//! The pages, an area a file.

mod account;
mod accounts;
mod apply;
mod audit;
mod clock;
mod home;
mod lights;
mod people;
mod projects;
mod reset;
pub mod sign_in;

use axum::Router;

use super::Shared;

/// The routes of every area.
pub fn router() -> Router<Shared> {
    Router::new()
        .merge(account::router())
        .merge(accounts::router())
        .merge(apply::router())
        .merge(audit::router())
        .merge(clock::router())
        .merge(home::router())
        .merge(lights::router())
        .merge(people::router())
        .merge(projects::router())
        .merge(reset::router())
        .merge(sign_in::router())
        .fallback(home::missing)
}
