//! Accounts: balances, postings, waiting lists.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Asking, Body};
use crate::api::caller::Caller;
use crate::api::permit::permit;
use crate::api::problem::{Problem, Refused};
use crate::api::v1::acts::ReceiptBody;
use crate::app::App;
use crate::app::postings::ByDocument;
use crate::app::queries::{AccountLine, PostingLine};
use crate::identity::may;

/// Every account: issued, reserved, used, free, and who waits.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", responses((status = 200, body = Vec<AccountLine>), (status = 403, body = Problem)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<AccountLine>>, Refused> {
    permit(&app, &caller, may::Act::ReadAccounts)?;
    Ok(Json(app.accounts(caller.tenant).await?))
}

/// Which account.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PostingsQuery {
    /// Its key, such as `land/2025/420703/new`.
    pub account: String,
}

/// Each posting of an account with its running balance, oldest first.
#[utoipa::path(get, path = "/api/v1/accounts/postings", tag = "accounts", params(PostingsQuery),
    responses((status = 200, body = Vec<PostingLine>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn postings(State(app): State<App>, caller: Caller, Asking(query): Asking<PostingsQuery>) -> Result<Json<Vec<PostingLine>>, Refused> {
    permit(&app, &caller, may::Act::ReadAccounts)?;
    Ok(Json(app.postings(caller.tenant, &query.account).await?))
}

/// An issue (下达), an addition (追加), the use (使用) or release (释放) of what a case kept reserved, a write-off (核销), or a carry-over (结转) into next year's account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostBody {
    /// The account's key.
    pub account: String,
    /// `issue`, `add`, `use`, `release`, `write-off` or `carry-over`.
    pub kind: String,
    /// How much, in the account's unit (m² or 分).
    pub amount: i64,
    /// The document it rests on.
    pub document: String,
    /// The number of the case whose kept reservation is used or released.
    #[serde(default)]
    pub case: Option<String>,
}

/// Posts to an account by a document.
#[utoipa::path(post, path = "/api/v1/accounts/postings", tag = "accounts", request_body = PostBody,
    responses((status = 200, body = ReceiptBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn post(State(app): State<App>, caller: Caller, Body(body): Body<PostBody>) -> Result<Json<ReceiptBody>, Refused> {
    permit(&app, &caller, may::Act::IssueAccount)?;
    let PostBody { account, kind, amount, document, case } = body;
    let receipt = app.post_by_document(caller.tenant, caller.actor(), &ByDocument { account, kind, amount, document, case }).await?;
    Ok(Json(receipt.into()))
}
