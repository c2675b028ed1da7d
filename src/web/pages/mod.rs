//! The pages, an area a file.

mod account;
mod accounts;
mod apply;
mod assessment;
mod audit;
mod calendars;
mod case;
mod cases;
mod clock;
mod home;
mod inbox;
mod indicators;
mod items;
mod jobs;
mod land;
mod ledger;
mod lights;
mod notices;
mod office;
mod offices;
mod own_links;
mod people;
mod preferences;
mod projects;
mod public;
mod record;
mod reports;
mod reset;
pub mod sign_in;
mod term;
mod texts;
mod verify;
mod webhooks;

use axum::Router;

use super::Shared;

/// The routes of every area.
pub fn router() -> Router<Shared> {
    Router::new()
        .merge(account::router())
        .merge(accounts::router())
        .merge(apply::router())
        .merge(assessment::router())
        .merge(audit::router())
        .merge(calendars::router())
        .merge(case::router())
        .merge(cases::router())
        .merge(clock::router())
        .merge(home::router())
        .merge(inbox::router())
        .merge(indicators::router())
        .merge(items::router())
        .merge(jobs::router())
        .merge(webhooks::router())
        .merge(land::router())
        .merge(ledger::router())
        .merge(lights::router())
        .merge(notices::router())
        .merge(office::router())
        .merge(offices::router())
        .merge(own_links::router())
        .merge(people::router())
        .merge(preferences::router())
        .merge(projects::router())
        .merge(public::router())
        .merge(record::router())
        .merge(reports::router())
        .merge(reset::router())
        .merge(sign_in::router())
        .merge(term::router())
        .merge(texts::router())
        .merge(verify::router())
        .fallback(home::missing)
        .method_not_allowed_fallback(home::only_posted)
}
