//! `greenlane authority`: standing authorisations to issue supervision orders (常态化授权): list, register, revoke.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;

use crate::app::authority::{Authority, AuthorityAsked, STANDING_AUTHORITY};
use crate::app::failure::Fault;
use crate::app::operate::Operation;
use crate::cli::operate::operate;
use crate::cli::place::Place;
use crate::cli::{Trouble, say};

/// What to do.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出常态化授权。Lists them.
    List,
    /// 登记：文号、签发人、适用情形、期限。Registers one.
    Register {
        /// 文号。The document it rests on.
        document: String,
        /// 签发人账号。The issuer's login.
        #[arg(long)]
        issuer: String,
        /// 适用情形：promised 超承诺、statutory 超法定、step 超步骤时限。Which dates it speaks of.
        #[arg(long, value_delimiter = ',', required = true)]
        about: Vec<String>,
        /// 只适用这些流程；不写是全部。Only links of these workflows.
        #[arg(long, value_delimiter = ',')]
        workflows: Vec<String>,
        /// 起。Its first day.
        #[arg(long)]
        from: NaiveDate,
        /// 止。Its last day.
        #[arg(long)]
        until: NaiveDate,
    },
    /// 撤销。Revokes one.
    Revoke {
        /// 文号。Its document.
        document: String,
    },
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    match &args.verb {
        Verb::List => list(place).await?,
        Verb::Register { document, issuer, about, workflows, from, until } => {
            let asked = AuthorityAsked {
                document: document.clone(),
                issuer: issuer.clone(),
                about: about.clone(),
                workflows: workflows.clone(),
                from: *from,
                until: *until,
            };
            operate(place, Operation::RegisterAuthority(asked)).await?;
        }
        Verb::Revoke { document } => operate(place, Operation::RevokeAuthority { document: document.clone() }).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(place: &Place) -> Result<(), Trouble> {
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    let reading = |cause: &dyn std::fmt::Display| Fault::new("reading the standing authorisations", cause);
    for entry in store.registry_list(tenant, STANDING_AUTHORITY).await.map_err(|cause| reading(&cause))? {
        let held: Authority = serde_json::from_slice(&entry.value).map_err(|cause| reading(&cause))?;
        let about: Vec<&str> = held.about.iter().map(String::as_str).collect();
        let revoked = held.revoked.map_or_else(String::new, |on| format!("  已撤销 revoked {on}"));
        say(&format!("{}  {} – {}  {}{revoked}", held.document, held.from, held.until, about.join(", ")));
    }
    Ok(())
}
