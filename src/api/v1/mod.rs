//! Version 1 of the API: one file per kind of thing.

pub mod accounts;
pub mod acts;
pub mod asked;
pub mod audit;
pub mod authorities;
pub mod calendars;
pub mod cases;
pub mod clock;
pub mod handovers;
pub mod indicators;
pub mod items;
pub mod jobs;
pub mod me;
pub mod speech;
pub mod verbs;
pub mod workflows;

use axum::Router;
use axum::routing::{get, post};

use super::Shared;

/// The routes below `/api/v1`.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/me", get(me::me))
        .route("/me/preferences", get(me::preferences).put(me::choose_preferences))
        .route("/inbox", get(me::inbox))
        .route("/cases", get(cases::list).post(cases::start))
        .route("/cases/{case}", get(cases::show))
        .route("/cases/{case}/explain", get(cases::explain))
        .route("/cases/{case}/form", get(cases::form))
        .route("/cases/{case}/documents", get(cases::documents))
        .route("/cases/{case}/terms/{term}/days", get(cases::days))
        .route("/cases/{case}/terms/{term}/extend", post(acts::extend))
        .route("/cases/{case}/terms/{term}/reason", post(acts::state_reason))
        .route("/cases/{case}/withdraw", post(acts::withdraw))
        .route("/cases/{case}/tasks/{task}/claim", post(acts::claim))
        .route("/cases/{case}/tasks/{task}/release", post(acts::release))
        .route("/cases/{case}/tasks/{task}/complete", post(acts::complete))
        .route("/cases/{case}/tasks/{task}/return", post(acts::send_back))
        .route("/cases/{case}/tasks/{task}/signers", post(verbs::add_signers))
        .route("/cases/{case}/tasks/{task}/remove", post(verbs::remove_signer))
        .route("/cases/{case}/groups/{group}/to-come/{chair}/remove", post(verbs::remove_to_come))
        .route("/cases/{case}/tasks/{task}/transfer", post(verbs::transfer))
        .route("/cases/{case}/tasks/{task}/delegate", post(verbs::delegate))
        .route("/cases/{case}/tasks/{task}/reply", post(verbs::reply))
        .route("/cases/{case}/tasks/{task}/recall", post(verbs::recall))
        .route("/cases/{case}/tasks/{task}/recusal", post(speech::ask_recusal))
        .route("/cases/{case}/tasks/{task}/recusal/decide", post(speech::decide_recusal))
        .route("/cases/{case}/tasks/{task}/urge", post(speech::urge))
        .route("/cases/{case}/scopes/{scope}/steps/{step}/take-back", post(speech::take_back))
        .route("/cases/{case}/copy", post(speech::copy))
        .route("/cases/{case}/comment", post(speech::comment))
        .route("/batch", post(speech::batch))
        .route("/people/away", post(speech::away))
        .route("/people/back", post(speech::back))
        .route("/handovers", get(handovers::list).post(handovers::propose))
        .route("/handovers/{id}/sign", post(handovers::sign))
        .route("/handovers/{id}/decline", post(handovers::decline))
        .route("/accounts", get(accounts::list))
        .route("/accounts/postings", get(accounts::postings).post(accounts::post))
        .route("/calendars", get(calendars::list).post(calendars::propose))
        .route("/calendars/{number}", get(calendars::show))
        .route("/indicators", get(indicators::list))
        .route("/indicators/{indicator}", get(indicators::show))
        .route("/indicators/{indicator}/figures", post(indicators::report))
        .route("/indicators/{indicator}/drop", post(indicators::drop_one))
        .route("/items", get(items::list))
        .route("/workflows", get(workflows::list))
        .route("/workflows/publish", post(workflows::publish))
        .route("/workflows/{workflow}/picture", get(workflows::picture))
        .route("/workflows/{workflow}/form", get(workflows::form))
        .route("/workflows/{workflow}/migrate", post(workflows::migrate))
        .route("/jobs", get(jobs::list))
        .route("/jobs/fetch", post(jobs::fetch))
        .route("/cases/{case}/jobs/{job}/complete", post(jobs::complete))
        .route("/cases/{case}/jobs/{job}/fail", post(jobs::fail))
        .route("/cases/{case}/jobs/{job}/error", post(jobs::error))
        .route("/cases/{case}/jobs/{job}/extend", post(jobs::extend))
        .route("/cases/{case}/jobs/{job}/retry", post(jobs::retry))
        .route("/notices", get(audit::notices))
        .route("/authorities", get(authorities::list).post(authorities::register))
        .route("/authorities/revoke", post(authorities::revoke))
        .route("/audit/checkpoint", get(audit::checkpoint))
        .route("/audit/ledger.csv", get(audit::ledger))
        .route("/clock", get(clock::show).put(clock::set))
}
