//! The pages, an area a file.

mod home;
pub mod sign_in;

use axum::Router;

use super::Shared;

/// The routes of every area.
pub fn router() -> Router<Shared> {
    Router::new().merge(home::router()).merge(sign_in::router()).fallback(home::missing)
}
