//! Reading: cases, inboxes, accounts, documents, notices, the log. Every answer is what a committed version says.
//! Invariant: a query changes nothing. Never: a permission; the surface asked before it came here.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::replay;
use crate::app::view::{self, CaseView};
use crate::app::writer::Working;
use crate::calendar::Due;
use crate::engine::case::{Local, Term};
use crate::engine::refusal::{Class, Refusal};
use crate::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant, Text};
pub use crate::store::CaseFilter;
use crate::store::rows::{PostingKind, TaskRow};
use crate::store::{Held, Inbox, InboxCursor, Late, LoadedCase, Seat, StoreFault};

/// A case in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseLine {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: Option<String>,
    /// The workflow.
    pub workflow: String,
    /// 0 A, 1 B, 2 C, 9 ordinary.
    pub rank: i16,
    /// When it began.
    pub started: String,
    /// When it ended.
    pub ended: Option<String>,
    /// With what.
    pub result: Option<String>,
}

/// A page of an inbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InboxPage {
    /// The tasks.
    pub tasks: Vec<InboxLine>,
    /// Where the next page begins; absent on the last.
    pub after: Option<String>,
}

/// A task in an inbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InboxLine {
    /// The case's id.
    pub case: String,
    /// The task's id within it.
    pub task: Local,
    /// The number people use.
    pub number: Option<String>,
    /// The workflow it is a step of.
    pub workflow: String,
    /// The step.
    pub step: String,
    /// The step's name.
    #[schema(value_type = Object)]
    pub title: Text,
    /// The office asked.
    pub office: String,
    /// The post asked.
    pub post: String,
    /// Who claimed it, by id.
    pub claimed: Option<String>,
    /// 0 A, 1 B, 2 C, 9 ordinary.
    pub rank: i16,
    /// When it opened.
    pub opened: String,
    /// The due day.
    pub due: Option<String>,
    /// Past its due day now.
    pub overdue: bool,
}

/// A day of a term.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DayLine {
    /// The day.
    pub date: String,
    /// Its number when it counts.
    pub counted: Option<u32>,
    /// Why, or why not.
    #[schema(value_type = Object)]
    pub why: Text,
}

/// A document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DocumentLine {
    /// Its kind.
    pub kind: String,
    /// Its number.
    pub number: Option<String>,
    /// The link's number.
    pub link: Option<String>,
    /// When.
    pub at: String,
}

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountLine {
    /// Its key.
    pub account: String,
    /// `m2` or `fen`.
    pub unit: String,
    /// Its name.
    #[schema(value_type = Object)]
    pub title: Text,
    /// Issued and added so far.
    pub issued: i64,
    /// Reserved.
    pub reserved: i64,
    /// Used.
    pub used: i64,
    /// Free.
    pub free: i64,
    /// Who waits, first in line first.
    pub waiting: Vec<WaitingLine>,
}

/// A place on a waiting list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingLine {
    /// The case's id.
    pub case: String,
    /// Its rank.
    pub rank: i16,
    /// Since when.
    pub since: String,
    /// For how much.
    pub amount: i64,
}

/// A posting.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PostingLine {
    /// `issue`, `add`, `reserve`, `use`, `release`, `write-off`, `carry-over`, `carry-in`.
    pub kind: &'static str,
    /// How much.
    pub amount: i64,
    /// Free after it.
    pub free: i64,
    /// The case that caused it.
    pub case: String,
    /// The document it rests on.
    pub document: Option<String>,
    /// When.
    pub at: String,
}

/// Names what was being read when the store failed.
pub(crate) fn reading(what: &'static str) -> impl Fn(StoreFault) -> Fault {
    move |cause| Fault::new(what, cause)
}

impl App {
    /// The store's figures for `/metrics`.
    ///
    /// # Errors
    /// A fault.
    pub async fn figures(&self) -> Result<[(&'static str, i64); 5], Fault> {
        let stats = self.store().stats(self.clock().now()).await.map_err(reading("reading the figures"))?;
        Ok([
            ("greenlane_acts_unsealed", stats.unsealed),
            ("greenlane_log_entries", stats.sealed),
            ("greenlane_notices_open", stats.notices_open),
            ("greenlane_cases_due", stats.cases_due),
            ("greenlane_waiting", stats.waiting),
        ])
    }

    /// The case that bears a number.
    ///
    /// # Errors
    /// `unknown_case`, or a fault.
    pub async fn case_by_number(&self, tenant: Tenant, number: &str) -> Result<CaseId, Failure> {
        let found = self.store().case_by_number(tenant, number).await.map_err(reading("looking for a case by number"))?;
        found.map(|row| row.id).ok_or_else(|| {
            let (zh, en) = (format!("没有编号为“{number}”的办件。"), format!("cannot find case `{number}`"));
            refusal("unknown_case", Class::NotFound, zh, en).into()
        })
    }

    /// A case as committed now.
    ///
    /// # Errors
    /// `unknown_case`, or a fault naming the act that cannot be read.
    pub async fn working(&self, tenant: Tenant, case: CaseId) -> Result<Working, Failure> {
        let loaded = self.store().load_case(tenant, case).await.map_err(reading("loading a case"))?;
        let loaded: LoadedCase = loaded.ok_or_else(|| unknown_case(case))?;
        Ok(replay::working(loaded).map_err(|cause| Fault::new(format!("loading case {case}"), cause))?)
    }

    /// A case as people read it.
    ///
    /// # Errors
    /// A fault.
    pub async fn case_view(&self, working: &Working) -> Result<CaseView, Failure> {
        let (tenant, case) = (working.row.tenant, working.row.id);
        let known = self.known(tenant).await?;
        let bundle = crate::app::register::bundle_of(&known, working.state.revision)?;
        let acts = view::acts(self.store(), tenant, case, working.row.version).await?;
        let mut view = view::case(working, &acts, &bundle, &known, self.clock().now());
        let mut reasons = self.reasons(working).await?;
        view.terms.iter_mut().for_each(|term| term.reason = reasons.remove(&term.term));
        Ok(CaseView { orders: self.orders_about(tenant, case).await?, about: self.order_causes(tenant, case).await?, ..view })
    }

    /// Cases, newest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn case_lines(&self, tenant: Tenant, filter: &CaseFilter, limit: u32) -> Result<Vec<CaseLine>, Fault> {
        let rows = self.store().cases(tenant, filter, limit).await.map_err(reading("listing cases"))?;
        let (register, known, today) = (crate::app::register::case_of(tenant), self.known(tenant).await?, self.clock().now().date());
        let line = |row: crate::store::rows::CaseRow| CaseLine {
            id: row.id.to_string(),
            number: row.number,
            workflow: row.workflow,
            // An ended case keeps the rank it was handled at.
            rank: if row.ended.is_some() { row.rank } else { known.rank_on(row.revision, row.rank, today) },
            started: row.started.to_rfc3339(),
            ended: row.ended.map(Moment::to_rfc3339),
            result: row.result,
        };
        Ok(rows.into_iter().filter(|row| row.id != register).map(line).collect())
    }

    /// The form of a case as last submitted.
    ///
    /// # Errors
    /// A fault.
    pub async fn form(&self, working: &Working) -> Result<Option<serde_json::Value>, Fault> {
        let Some(form) = working.state.scopes.get(&0).and_then(|scope| scope.form) else { return Ok(None) };
        self.body(working.row.tenant, working.row.id, form.commit).await
    }

    /// A body; `None` once it was erased.
    ///
    /// # Errors
    /// A fault.
    pub async fn body(&self, tenant: Tenant, case: CaseId, commit: Digest) -> Result<Option<serde_json::Value>, Fault> {
        let found = self.store().body(tenant, case, commit).await.map_err(reading("reading a body"))?;
        found.map(|(_, bytes)| serde_json::from_slice(&bytes).map_err(|cause| Fault::new("reading a body", cause))).transpose()
    }

    /// Documents issued in a case.
    ///
    /// # Errors
    /// A fault.
    pub async fn documents(&self, tenant: Tenant, case: CaseId) -> Result<Vec<DocumentLine>, Fault> {
        let found = self.store().documents(tenant, case).await.map_err(reading("listing documents"))?;
        let line = |row: crate::store::DocumentView| DocumentLine { kind: row.kind, number: row.number, link: row.scope_number, at: row.at.to_rfc3339() };
        Ok(found.into_iter().map(line).collect())
    }

    /// How the date of a term came about: the due day, whether provisional, and every day.
    ///
    /// # Errors
    /// `unknown_term`, or a fault.
    pub async fn days(&self, working: &Working, term: Local) -> Result<(Option<NaiveDate>, bool, Vec<DayLine>), Failure> {
        let known = self.known(working.row.tenant).await?;
        let term = working.state.terms.get(&term).ok_or_else(|| unknown_term(term))?;
        let explained = explained(known.calendar.of(working.state.district.as_deref()), term, self.clock().now().date());
        Ok((explained.due.date(), matches!(explained.due, Due::On { provisional: true, .. }), lines(&explained)))
    }

    /// A page of the tasks a person may do.
    ///
    /// # Errors
    /// `cursor_not_read`, or a fault.
    pub async fn inbox(&self, tenant: Tenant, person: PersonId, posts: &[(Name, Name)], limit: u32, after: Option<&str>) -> Result<InboxPage, Failure> {
        let known = self.known(tenant).await?;
        let now = self.clock().now();
        let mut seats = vec![Seat::Applicant(person)];
        seats.extend(posts.iter().flat_map(|(office, post)| Seat::of_post(office, post)));
        let after = after.map(cursor).transpose()?;
        let shelved = after.map_or(now, |after| after.now).date();
        let inbox = Inbox { seats, now, lapsed: known.lapsed(shelved), program: None, text: None, held: Held::Any, late: Late::Any, after, limit };
        let found = self.store().inbox(tenant, &inbox).await.map_err(reading("reading an inbox"))?;
        let shown = after.map_or(now, |after| after.now);
        let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let next = found.last().filter(|_| full).map(|last| cursor_text(&last.cursor(shown)));
        let lines = found.into_iter().map(|found| inbox_line(found.case, found.task, now, &known));
        Ok(InboxPage { tasks: lines.collect(), after: next })
    }

    /// Every account with its waiting list.
    ///
    /// # Errors
    /// A fault.
    pub async fn accounts(&self, tenant: Tenant) -> Result<Vec<AccountLine>, Fault> {
        const ACCOUNTS_MAX: u32 = 1_000;
        let known = self.known(tenant).await?;
        let (mut lines, lapsed) = (Vec::new(), known.lapsed(self.clock().now().date()));
        for row in self.store().accounts(tenant, "", ACCOUNTS_MAX).await.map_err(reading("listing accounts"))? {
            let waiting = self.store().waiting(tenant, &row.account, &lapsed, ACCOUNTS_MAX).await.map_err(reading("reading a waiting list"))?;
            let place = |place: crate::store::WaitingView| WaitingLine {
                case: place.case.to_string(),
                rank: place.rank,
                since: place.since.to_rfc3339(),
                amount: place.amount,
            };
            let title = known.accounts.get(&row.account).map(|title| Text { zh: title.zh.clone(), en: title.en.clone() }).unwrap_or_default();
            lines.push(AccountLine {
                account: row.account,
                unit: row.unit,
                title,
                issued: row.issued,
                reserved: row.reserved,
                used: row.used,
                free: row.free,
                waiting: waiting.into_iter().map(place).collect(),
            });
        }
        Ok(lines)
    }

    /// The postings of an account with the free balance after each.
    ///
    /// # Errors
    /// `unknown_account`, or a fault.
    pub async fn postings(&self, tenant: Tenant, account: &str) -> Result<Vec<PostingLine>, Failure> {
        const POSTINGS_MAX: u32 = 10_000;
        if self.store().account(tenant, account).await.map_err(reading("reading an account"))?.is_none() {
            return Err(refusal("unknown_account", Class::NotFound, format!("没有账户“{account}”。"), format!("cannot find account `{account}`")).into());
        }
        let mut free = 0;
        let rows = self.store().postings(tenant, account, 0, POSTINGS_MAX).await.map_err(reading("reading postings"))?;
        let line = |row: crate::store::PostingView| {
            free += freed(row.kind, row.amount);
            PostingLine { kind: row.kind.word(), amount: row.amount, free, case: row.case.to_string(), document: row.document, at: row.at.to_rfc3339() }
        };
        Ok(rows.into_iter().map(line).collect())
    }
}

/// The days that do not count: closed intervals, and the open one through today.
/// How the date of a term came about, day by day.
#[must_use]
pub fn day_lines(calendar: &crate::calendar::Calendar, term: &Term, today: NaiveDate) -> Vec<DayLine> {
    lines(&explained(calendar, term, today))
}

fn explained(calendar: &crate::calendar::Calendar, term: &Term, today: NaiveDate) -> crate::calendar::Explanation {
    let suspended = suspended(term, today);
    calendar.explain(&term.query(&suspended))
}

fn lines(explained: &crate::calendar::Explanation) -> Vec<DayLine> {
    let line =
        |note: &crate::calendar::DayNote| DayLine { date: note.date.to_string(), counted: note.counted, why: Text { zh: note.why.zh(), en: note.why.en() } };
    explained.days.iter().map(line).collect()
}

fn suspended(term: &Term, today: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let open = term.stopped_on.and_then(|day| day.succ_opt()).filter(|first| *first <= today).map(|first| (first, today));
    term.stopped.iter().copied().chain(open).collect()
}

fn inbox_line(case: CaseId, task: TaskRow, now: Moment, known: &crate::app::known::Known) -> InboxLine {
    let program = known.bundles.values().find_map(|bundle| bundle.programs.get(task.program.as_str()));
    let node = program.and_then(|program| program.nodes.iter().find(|node| *node.key == *task.step));
    InboxLine {
        case: case.to_string(),
        task: task.task,
        number: task.number,
        title: node.map(|node| node.title.clone()).unwrap_or_default(),
        workflow: task.program,
        step: task.step,
        office: task.office,
        post: task.post,
        claimed: task.claimed.map(|person| person.to_string()),
        rank: task.rank,
        opened: task.opened.to_rfc3339(),
        due: task.due,
        overdue: task.red_from <= now,
    }
}

/// A cursor as text: its five numbers, so that it can stand in an address.
pub(crate) fn cursor_text(cursor: &InboxCursor) -> String {
    format!("{}.{}.{}.{}.{}", cursor.now.0, cursor.rank, cursor.red_from.0, cursor.case, cursor.task)
}

pub(crate) fn cursor(text: &str) -> Result<InboxCursor, Refusal> {
    let parts: Vec<&str> = text.split('.').collect();
    let parsed = || {
        let [now, rank, red_from, case, task] = parts.as_slice() else { return None };
        Some(InboxCursor {
            now: Moment(now.parse().ok()?),
            rank: rank.parse().ok()?,
            red_from: Moment(red_from.parse().ok()?),
            case: case.parse().ok()?,
            task: task.parse().ok()?,
        })
    };
    parsed().ok_or_else(|| {
        let (zh, en) = (format!("期望上一页给出的 after,实际为“{text}”。"), format!("expected an `after` that a page gave, found `{text}`"));
        refusal("cursor_not_read", Class::Invalid, zh, en)
    })
}

fn freed(kind: PostingKind, amount: i64) -> i64 {
    match kind {
        PostingKind::Issue | PostingKind::Add | PostingKind::Release | PostingKind::CarryIn => amount,
        PostingKind::Reserve | PostingKind::CarryOver => -amount,
        PostingKind::Use | PostingKind::WriteOff => 0,
    }
}

fn unknown_case(case: CaseId) -> Refusal {
    refusal("unknown_case", Class::NotFound, format!("没有编号为 {case} 的办件。"), format!("cannot find case {case}"))
}

fn unknown_term(term: Local) -> Refusal {
    refusal("unknown_term", Class::NotFound, format!("该办件没有编号为 {term} 的时限。"), format!("cannot find term {term} in this case"))
}
