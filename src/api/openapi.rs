//! The description of the API, made from the handlers themselves so that it cannot drift.

use axum::Json;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::api::v1::{accounts, acts, audit, authorities, calendars, cases, clock, handovers, indicators, items, jobs, me, speech, verbs, workflows};

#[derive(OpenApi)]
#[openapi(
    info(title = "Greenlane 绿色通道", description = "项目审批绿色通道引擎的接口。The green-channel approval engine."),
    paths(
        me::me, me::inbox, me::preferences, me::choose_preferences,
        cases::start, cases::list, cases::show, cases::form, cases::documents, cases::days, cases::explain,
        acts::claim, acts::release, acts::complete, acts::send_back, acts::extend, acts::state_reason, acts::withdraw,
        verbs::add_signers, verbs::remove_signer, verbs::remove_to_come, verbs::transfer, verbs::delegate, verbs::reply, verbs::recall,
        speech::ask_recusal, speech::decide_recusal, speech::take_back, speech::urge, speech::copy, speech::comment, speech::batch, speech::away, speech::back,
        handovers::list, handovers::propose, handovers::sign, handovers::decline,
        jobs::fetch, jobs::complete, jobs::fail, jobs::error, jobs::extend, jobs::retry, jobs::list,
        accounts::list, accounts::postings, accounts::post,
        indicators::list, indicators::show, indicators::report, indicators::drop_one, items::list,
        calendars::list, calendars::show, calendars::propose,
        workflows::list, workflows::picture, workflows::form, workflows::migrate, workflows::publish,
        authorities::list, authorities::register, authorities::revoke,
        audit::checkpoint, audit::ledger, audit::notices,
        clock::show, clock::set,
    ),
    modifiers(&Bearer),
    security(("bearer" = [])),
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The description.
#[must_use]
pub fn description() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// Serves it.
pub async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(description())
}
