//! Posting to an account by a document: 下达, 追加, 使用, 释放, 核销, 结转, each an act of the register under its number.
//! Invariant: a reservation that a case kept is used or released once, whoever tries; what is carried over arrives in the next year's account in the same commit.
//! Never: a posting without a document; a reservation of a running step taken from under it.

use serde_json::json;

use crate::app::App;
use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::AccountTitle;
use crate::app::operate::wrong_input;
use crate::app::queries::reading;
use crate::app::register::put;
use crate::app::writer::{Receipt, RegisterPosting};
use crate::engine::case::Local;
use crate::engine::refusal::{Class, Detail};
use crate::identity::Actor;
use crate::ids::{CaseId, CommandId, Tenant, Text};
use crate::store::rows::{PostingKind, RegistryRow};

/// What is typed to post by a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByDocument {
    /// The account's key.
    pub account: String,
    /// One of `KINDS`.
    pub kind: String,
    /// How much.
    pub amount: i64,
    /// The document's number.
    pub document: String,
    /// The case whose kept reservation is used or released.
    pub case: Option<String>,
}

/// What may be posted by a document.
pub const KINDS: [&str; 6] = ["issue", "add", "use", "release", "write-off", "carry-over"];

/// A reservation that a case kept when its step ended.
struct Kept {
    case: CaseId,
    hold: Local,
    amount: i64,
}

impl App {
    /// Posts by a document.
    ///
    /// # Errors
    /// A refusal naming everything that is wrong, or a fault.
    pub async fn post_by_document(&self, tenant: Tenant, actor: Actor, posting: &ByDocument) -> Result<Receipt, Failure> {
        self.post_by_document_once(tenant, actor, posting, None).await
    }

    /// The same for a sender who chose the command's id: sent again, it is answered with the first receipt.
    ///
    /// # Errors
    /// A refusal naming everything that is wrong, or a fault.
    pub async fn post_by_document_once(&self, tenant: Tenant, actor: Actor, posting: &ByDocument, command_id: Option<CommandId>) -> Result<Receipt, Failure> {
        let known = self.known(tenant).await?;
        let mut wrong = mistakes(posting);
        if !known.accounts.contains_key(posting.account.as_str()) {
            let account = &posting.account;
            wrong.push(Detail::new("account", "unknown_account", format!("没有账户 `{account}`"), format!("expected an account, found `{account}`")));
        }
        if !wrong.is_empty() {
            return Err(wrong_input("posting_wrong", wrong.into_iter()).into());
        }
        let plain = |kind| RegisterRows { postings: vec![to(&posting.account, kind, posting)], ..RegisterRows::default() };
        let (rows, command_id) = match posting.kind.as_str() {
            "issue" => (plain(PostingKind::Issue), command_id),
            "add" => (plain(PostingKind::Add), command_id),
            "write-off" => (plain(PostingKind::WriteOff), command_id),
            "carry-over" => (self.carried(tenant, posting, known.accounts.get(posting.account.as_str())).await?, command_id),
            _kept => {
                let kept = self.kept(tenant, posting).await?;
                // The same reservation settled twice at one moment is one command, on whichever node.
                let id = CommandId::of(&format!("kept {tenant} {} {} {}", posting.account, kept.case, kept.hold));
                (settled(posting, &kept), Some(id))
            }
        };
        let ByDocument { account, kind, amount, document, case } = posting;
        let mut details = json!({"account": account, "kind": kind, "amount": amount, "document": document});
        if let (Some(case), Some(details)) = (case, details.as_object_mut()) {
            let _none = details.insert("case".to_owned(), case.as_str().into());
        }
        self.record_as(tenant, actor, command_id, "account-posted", details, rows).await
    }

    /// What leaves this year's account arrives in the next year's, which is opened when it is not there yet.
    async fn carried(&self, tenant: Tenant, posting: &ByDocument, title: Option<&AccountTitle>) -> Result<RegisterRows, Failure> {
        let (Some((year, next)), Some(title)) = (next_year(&posting.account), title) else {
            let (zh, en) = ("该账户不分年度，没有可以结转到的下一年度账户。", "cannot carry over: the account is of no year");
            return Err(refusal("account_of_no_year", Class::Conflict, zh, en).into());
        };
        let mut registry = Vec::new();
        if !self.known(tenant).await?.accounts.contains_key(next.as_str()) {
            let later = |text: &str| text.replace(&year.to_string(), &(year + 1).to_string());
            let title = AccountTitle { zh: later(&title.zh), en: later(&title.en), unit: title.unit.clone() };
            let titled =
                serde_json::to_string(&Text { zh: title.zh.clone(), en: title.en.clone() }).map_err(|cause| Fault::new("opening an account", cause))?;
            registry.push(RegistryRow::Account { tenant, account: next.clone(), unit: title.unit.clone(), title: titled });
            registry.push(put(self, tenant, "account", &next, &title)?);
        }
        let postings = vec![to(&posting.account, PostingKind::CarryOver, posting), to(&next, PostingKind::CarryIn, posting)];
        Ok(RegisterRows { registry, postings, ..RegisterRows::default() })
    }

    /// The reservation that the case kept in the account.
    async fn kept(&self, tenant: Tenant, posting: &ByDocument) -> Result<Kept, Failure> {
        let named = posting.case.as_deref().unwrap_or_default();
        let case = self.case_named(tenant, named).await?;
        let live = self.working(tenant, case).await?;
        let held = self.store().held_by(tenant, &posting.account, case).await.map_err(reading("reading the reservations of a case"))?;
        let kept = held.into_iter().find(|(hold, _)| !live.state.holds.contains_key(hold));
        let (hold, amount) = kept.ok_or_else(|| {
            let (zh, en) =
                (format!("办件 {named} 在该账户没有已办结并保留的预留。"), format!("cannot settle: case {named} keeps no reservation in this account"));
            refusal("nothing_kept", Class::Conflict, zh, en)
        })?;
        if posting.amount > amount {
            let (zh, en) =
                (format!("期望不超过预留的 {amount}，实际 {}", posting.amount), format!("expected at most the {amount} reserved, found {}", posting.amount));
            return Err(wrong_input("posting_wrong", std::iter::once(Detail::new("amount", "out_of_range", zh, en))).into());
        }
        Ok(Kept { case, hold, amount })
    }
}

/// What is wrong with it as typed.
fn mistakes(posting: &ByDocument) -> Vec<Detail> {
    let ByDocument { account: _, kind, amount, document, case } = posting;
    let mut wrong = Vec::new();
    if !KINDS.contains(&kind.as_str()) {
        let all = KINDS.join(", ");
        wrong.push(Detail::new("kind", "unknown_word", format!("期望 {all} 之一，实际 `{kind}`"), format!("expected one of {all}, found `{kind}`")));
    }
    if *amount <= 0 {
        let (zh, en) = (format!("期望大于零的整数，实际 `{amount}`"), format!("expected a whole number above zero, found `{amount}`"));
        wrong.push(Detail::new("amount", "out_of_range", zh, en));
    }
    if document.trim().is_empty() {
        wrong.push(Detail::new("document", "missing", "期望依据文号，实际为空", "expected the number of the document it rests on, found nothing"));
    }
    if matches!(kind.as_str(), "use" | "release") && case.as_ref().is_none_or(|case| case.trim().is_empty()) {
        let (zh, en) = ("期望办件编号，实际为空", "expected the number of the case whose reservation it is, found nothing");
        wrong.push(Detail::new("case", "missing", zh, en));
    }
    wrong
}

fn to(account: &str, kind: PostingKind, posting: &ByDocument) -> RegisterPosting {
    let document = Some(posting.document.trim().to_owned());
    RegisterPosting { account: account.to_owned(), kind, amount: posting.amount, document, at: None, settles: None }
}

/// A reservation is settled whole: what the document does not use is released with it.
fn settled(posting: &ByDocument, kept: &Kept) -> RegisterRows {
    let settles = Some((kept.case, kept.hold));
    let used = if posting.kind == "use" { posting.amount } else { 0 };
    let parts = [(PostingKind::Use, used), (PostingKind::Release, kept.amount - used)];
    let parts = parts.into_iter().filter(|(_, amount)| *amount > 0);
    let postings = parts.map(|(kind, amount)| RegisterPosting { amount, settles, ..to(&posting.account, kind, posting) }).collect();
    RegisterRows { postings, ..RegisterRows::default() }
}

/// The year of an account and the key of the next year's: `land/2025/420703/new` gives 2025 and `land/2026/420703/new`.
fn next_year(account: &str) -> Option<(i32, String)> {
    let mut parts: Vec<String> = account.split('/').map(str::to_owned).collect();
    let part = parts.get_mut(1)?;
    let year: i32 = part.parse().ok().filter(|year| (1_000..9_999).contains(year))?;
    *part = (year + 1).to_string();
    Some((year, parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_of_a_year_has_a_next_one() {
        assert_eq!(next_year("land/2025/420703/new"), Some((2_025, "land/2026/420703/new".to_owned())));
        assert_eq!(next_year("fund/2025/grant"), Some((2_025, "fund/2026/grant".to_owned())));
        for none in ["plot/S-07", "land", "land/25/x", "plot/9999"] {
            assert_eq!(next_year(none), None, "{none}");
        }
    }

    #[test]
    fn a_kept_reservation_is_settled_whole() {
        let kept = Kept { case: CaseId(uuid::Uuid::nil()), hold: 7, amount: 50_000 };
        let parts = |kind: &str, amount: i64| {
            let posting = ByDocument { kind: kind.to_owned(), amount, ..ByDocument::default() };
            settled(&posting, &kept).postings.into_iter().map(|posting| (posting.kind, posting.amount)).collect::<Vec<_>>()
        };
        assert_eq!(parts("use", 42_000), [(PostingKind::Use, 42_000), (PostingKind::Release, 8_000)]);
        assert_eq!(parts("use", 50_000), [(PostingKind::Use, 50_000)]);
        assert_eq!(parts("release", 1), [(PostingKind::Release, 50_000)]);
    }
}
