//! Quota and funds as people read them: a balance an account, each posting with its case, who waits.
//! Invariant: amounts are whole numbers of the account's unit; issued is what is reserved, used, written off and free. Never: a change of a balance.

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::notices::short_name;
use crate::app::register;
use crate::engine::refusal::Class;
use crate::exports::safe::{self, Cell};
use crate::ids::{CaseId, Digest, Moment, Tenant, Text};
use crate::limits::{ACCOUNTS_SHOWN_MAX, LIGHTS_LISTED_MAX};
use crate::store::{AccountRow, PlaceView, PostedView, StoreFault};

/// What an account is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Square metres.
    Area,
    /// 分.
    Money,
    /// Pieces: a plot is one.
    Pieces,
}

/// A balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The account's key.
    pub key: String,
    /// Its unit.
    pub unit: Unit,
    /// Its name.
    pub title: Text,
    /// Issued and not carried over.
    pub issued: i64,
    /// Reserved by running cases.
    pub reserved: i64,
    /// Used.
    pub used: i64,
    /// Written off.
    pub written_off: i64,
    /// Free.
    pub free: i64,
    /// How many wait for it.
    pub waiting: i64,
    /// For how much together.
    pub waiting_amount: i64,
}

/// A posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its place in the account.
    pub id: i64,
    /// `issue`, `add`, `reserve`, `use`, `release`, `write-off`, `carry-over`, `carry-in`.
    pub kind: &'static str,
    /// How much.
    pub amount: i64,
    /// Free after it.
    pub free: i64,
    /// The case; `None` for an act of the register.
    pub case: Option<CaseId>,
    /// It was posted by a document, in an act of the register.
    pub by_document: bool,
    /// What people call it.
    pub name: String,
    /// The act.
    pub seq: i64,
    /// The document it rests on.
    pub document: Option<String>,
    /// When.
    pub at: Moment,
}

/// An account with a page of its postings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The balance.
    pub balance: Balance,
    /// Postings, newest first.
    pub postings: Vec<Posted>,
    /// Where older ones begin.
    pub before: Option<i64>,
    /// Who waits, first in line first, up to the bound.
    pub waiting: Vec<Waiting>,
}

/// A place in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The case.
    pub case: CaseId,
    /// What people call it.
    pub name: String,
    /// Its rank today.
    pub rank: i16,
    /// Since when.
    pub since: Moment,
    /// For how much.
    pub amount: i64,
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("reading the accounts", cause)
}

impl App {
    /// Every account with its balance.
    ///
    /// # Errors
    /// A fault.
    pub async fn balances(&self, tenant: Tenant) -> Result<Vec<Balance>, Fault> {
        let rows = self.store().accounts(tenant, "", ACCOUNTS_SHOWN_MAX).await.map_err(reading)?;
        let sums = self.store().waiting_sums(tenant).await.map_err(reading)?;
        let waits = |key: &str| sums.iter().find(|sum| sum.account == key).map_or((0, 0), |sum| (sum.count, sum.amount));
        Ok(rows.into_iter().map(|row| balance(waits(&row.account), row)).collect())
    }

    /// One account with its postings before posting `before`, and its waiting list.
    ///
    /// # Errors
    /// `unknown_account`, or a fault.
    pub async fn statement(&self, tenant: Tenant, key: &str, before: Option<i64>, limit: u32) -> Result<Statement, Failure> {
        let row = self.store().account(tenant, key).await.map_err(reading)?.ok_or_else(|| {
            let (zh, en) = (format!("没有账户“{key}”。"), format!("cannot find account `{key}`"));
            refusal("unknown_account", Class::NotFound, zh, en)
        })?;
        let sums = self.store().waiting_sums(tenant).await.map_err(reading)?;
        let waits = sums.iter().find(|sum| sum.account == key).map_or((0, 0), |sum| (sum.count, sum.amount));
        let found = self.store().posted(tenant, key, before.unwrap_or(i64::MAX), limit).await.map_err(reading)?;
        let waiting = self.store().in_line(tenant, key, &self.lapsed(tenant).await?, ACCOUNTS_SHOWN_MAX).await.map_err(reading)?;
        let waiting = waiting.into_iter().map(place).collect();
        let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let before = found.last().filter(|_| full).map(|last| last.id);
        let register = register::case_of(tenant);
        Ok(Statement { balance: balance(waits, row), postings: found.into_iter().map(|row| posted(row, register)).collect(), before, waiting })
    }

    /// The newest postings of some accounts together, newest first.
    ///
    /// # Errors
    /// A fault.
    pub async fn newest(&self, tenant: Tenant, balances: &[&Balance], most: u32) -> Result<Vec<(Balance, Posted)>, Fault> {
        let register = register::case_of(tenant);
        let mut newest = Vec::new();
        for balance in balances {
            let found = self.store().posted(tenant, &balance.key, i64::MAX, most).await.map_err(reading)?;
            newest.extend(found.into_iter().map(|row| ((*balance).clone(), posted(row, register))));
        }
        newest.sort_by_key(|(_, posted): &(Balance, Posted)| std::cmp::Reverse((posted.at, posted.id)));
        newest.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(newest)
    }

    /// Who waits for some accounts, account by account, first in line first.
    ///
    /// # Errors
    /// A fault.
    pub async fn lines(&self, tenant: Tenant, balances: &[&Balance]) -> Result<Vec<(Balance, Vec<Waiting>)>, Fault> {
        let (mut lines, lapsed) = (Vec::new(), self.lapsed(tenant).await?);
        for balance in balances.iter().filter(|balance| balance.waiting > 0) {
            let waiting = self.store().in_line(tenant, &balance.key, &lapsed, ACCOUNTS_SHOWN_MAX).await.map_err(reading)?;
            lines.push(((*balance).clone(), waiting.into_iter().map(place).collect()));
        }
        Ok(lines)
    }

    /// The versions whose ranks count no more today.
    async fn lapsed(&self, tenant: Tenant) -> Result<Vec<Digest>, Fault> {
        Ok(self.known(tenant).await?.lapsed(self.clock().now().date()))
    }

    /// The postings of an account as CSV, newest first, up to the bound.
    ///
    /// # Errors
    /// `unknown_account`, or a fault.
    pub async fn statement_csv(&self, tenant: Tenant, key: &str, english: bool) -> Result<String, Failure> {
        let statement = self.statement(tenant, key, None, LIGHTS_LISTED_MAX).await?;
        let header = if english {
            ["At", "Posting", "Amount", "Unit", "Free after", "Case", "Document"]
        } else {
            ["时间", "记账", "数额", "单位", "其后可用", "办件编号", "文号"]
        };
        let unit = match (statement.balance.unit, english) {
            (Unit::Area, _) => "m²",
            (Unit::Money, false) => "分",
            (Unit::Money, true) => "fen",
            (Unit::Pieces, false) => "宗",
            (Unit::Pieces, true) => "pieces",
        };
        let rows = statement.postings.iter().map(|posted| {
            let words = |text: &Option<String>| Cell::words(text.as_deref().unwrap_or_default());
            vec![
                Cell::At(posted.at),
                Cell::plain(Some(posted.kind)),
                Cell::Number(posted.amount),
                Cell::plain(Some(unit)),
                Cell::Number(posted.free),
                Cell::words(if posted.case.is_some() { &posted.name } else { "" }),
                words(&posted.document),
            ]
        });
        Ok(safe::csv(header, rows))
    }
}

fn place(PlaceView { case, number, rank, since, amount }: PlaceView) -> Waiting {
    let name = number.unwrap_or_else(|| short_name(case));
    Waiting { case, name, rank, since, amount }
}

fn balance((waiting, waiting_amount): (i64, i64), row: AccountRow) -> Balance {
    Balance {
        unit: match row.unit.as_str() {
            "fen" => Unit::Money,
            "pieces" => Unit::Pieces,
            _area => Unit::Area,
        },
        title: serde_json::from_str(&row.title).unwrap_or_else(|_| Text { zh: row.account.clone(), en: row.account.clone() }),
        issued: row.issued,
        reserved: row.reserved,
        used: row.used,
        written_off: row.written_off,
        free: row.free,
        waiting,
        waiting_amount,
        key: row.account,
    }
}

fn posted(row: PostedView, register: CaseId) -> Posted {
    let PostedView { id, kind, amount, free, case, about, number, seq, document, at } = row;
    let shown = about.unwrap_or(case);
    let name = number.unwrap_or_else(|| short_name(shown));
    Posted { id, kind: kind.word(), amount, free, case: (shown != register).then_some(shown), by_document: case == register, name, seq, document, at }
}
