//! `greenlane migrate`: creates or upgrades the schema; on PostgreSQL as the owner, who then grants the two roles what they need and nothing more.

use std::process::ExitCode;

use crate::app::failure::Fault;
use crate::cli::place::Place;
use crate::cli::{Trouble, say};
use crate::store::Store;

/// As whom.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PostgreSQL:表的所有者的 URL,只有本命令使用。The URL of the role that owns the tables; only this command uses it.
    #[arg(long, value_name = "URL", env = "GREENLANE_OWNER", hide_env_values = true)]
    owner_url: Option<String>,
}

/// Migrates.
///
/// # Errors
/// What the database refused.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    Store::migrate(&place.target(), args.owner_url.as_deref()).await.map_err(|cause| Fault::new("migrating the database", cause))?;
    say("数据库结构已是最新。\nthe schema is current");
    Ok(ExitCode::SUCCESS)
}
