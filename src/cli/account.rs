//! `greenlane account`: balances, postings, and an issue by a document.

use std::process::ExitCode;

use clap::Subcommand;

use crate::app::clockwork::stored_clock;
use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::operate::Operation;
use crate::app::register;
use crate::cli::operate::operate;
use crate::cli::place::Place;
use crate::cli::{Trouble, say};
use crate::clock::Clock;

/// What to do.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出余额和候补。Lists balances and who waits.
    List,
    /// 按文号记账：下达、追加、使用、释放、核销、结转。Posts by a document.
    Post {
        /// 账户，如 land/2025/420703/new。The account.
        account: String,
        /// issue 下达 | add 追加 | use 使用 | release 释放 | write-off 核销 | carry-over 结转（转入下一年度账户 into next year's account）。
        kind: String,
        /// 数量，按账户单位（平方米或分）的整数。How much, a whole number of the account's unit.
        amount: i64,
        /// 依据文号。The document it rests on.
        document: String,
        /// 使用、释放的是哪个办件保留的预留。The case whose kept reservation is used or released.
        #[arg(long)]
        case: Option<String>,
    },
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    match &args.verb {
        Verb::List => list(place).await?,
        Verb::Post { account, kind, amount, document, case } => {
            let operation = Operation::Post { account: account.clone(), kind: kind.clone(), amount: *amount, document: document.clone(), case: case.clone() };
            operate(place, operation).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(place: &Place) -> Result<(), Trouble> {
    const ROWS_MAX: u32 = 10_000;
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    let reading = |cause| Fault::new("reading the accounts", cause);
    let today = stored_clock(&store).await?.unwrap_or(Clock::Machine).now().date();
    let version = store.registry_version(tenant).await.map_err(reading)?;
    let lapsed = register::read(&store, tenant, version, &Known::default()).await?.lapsed(today);
    for row in store.accounts(tenant, "", ROWS_MAX).await.map_err(reading)? {
        say(&format!(
            "{}  {}: issued {} = free {} + reserved {} + used {} + written off {}",
            row.account, row.unit, row.issued, row.free, row.reserved, row.used, row.written_off
        ));
        for (place, waiting) in store.waiting(tenant, &row.account, &lapsed, ROWS_MAX).await.map_err(reading)?.into_iter().enumerate() {
            say(&format!("  候补 {}  case {} wants {} since {}", place + 1, waiting.case, waiting.amount, waiting.since.to_rfc3339()));
        }
    }
    Ok(())
}
