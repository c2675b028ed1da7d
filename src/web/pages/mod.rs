//! The pages, an area a file.

mod apply;
mod home;
mod projects;
pub mod sign_in;

use axum::Router;

use super::Shared;

/// The routes of every area.
pub fn router() -> Router<Shared> {
    Router::new().merge(apply::router()).merge(home::router()).merge(projects::router()).merge(sign_in::router()).fallback(home::missing)
}
