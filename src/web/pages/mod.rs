//! The pages, an area a file.

mod account;
mod apply;
mod case;
mod cases;
mod home;
mod inbox;
mod people;
mod projects;
mod record;
mod reset;
pub mod sign_in;
mod term;

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
        .merge(inbox::router())
        .merge(cases::router())
        .merge(case::router())
        .merge(term::router())
        .merge(record::router())
        .fallback(home::missing)
}
