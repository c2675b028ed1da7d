//! The public page that verifies a certificate of admission: anybody who has its number, or reads its code, sees whether it is valid.
//! Invariant: it looks up one number and lists nothing. Never: a person's name, an amount, a way to the case for somebody who may not open it.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::apply::receipt::{origin, picture};
use crate::app::certificates::{Certificate, Standing};
use crate::ids::Text;
use crate::web::Shared;
use crate::web::answer::Trouble;
use crate::web::visitor::Passer;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/verify/{number}", get(show))
}

#[derive(Serialize)]
struct VerifyPage {
    #[serde(rename = "certificate_number")]
    number: String,
    holder: String,
    uscc: String,
    project: String,
    case: String,
    issued: String,
    until: Option<String>,
    valid: bool,
    standing: &'static str,
    ended: Option<String>,
    ground: Option<Text>,
    notice: Option<String>,
    address: String,
    code: String,
}

async fn show(State(shared): State<Shared>, passer: Passer, Path(number): Path<String>, headers: HeaderMap) -> Result<Response, Trouble> {
    let found = shared.app.certificate(&number).await?;
    let address = format!("{}/verify/{number}", origin(&headers));
    let Certificate { number, holder, code, project, case, issued, until, standing, ended, notice, ground } = found;
    let page = VerifyPage {
        code: picture(&address)?,
        address,
        number,
        holder,
        uscc: code,
        project,
        case,
        issued: issued.to_string(),
        until: until.map(|until| until.to_string()),
        valid: standing == Standing::Valid,
        standing: standing.word(),
        ended: ended.map(|ended| ended.to_string()),
        ground,
        notice,
    };
    let title = shared.pages.word(passer.site.language, "verify-title");
    Ok(shared.pages.page(&passer.site, "verify", &title, &page))
}
