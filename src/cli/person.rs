//! `greenlane person`: who is there, a token for somebody, the end of somebody's access.

use std::process::ExitCode;

use clap::Subcommand;

use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::operate::Operation;
use crate::app::register;
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
    /// 列出人员和岗位。Lists people with their posts.
    List,
    /// 发放令牌，只显示一次。Hands out a bearer token, shown once.
    Token {
        /// 登录名。The login.
        login: String,
        /// 有效天数。For how many days.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
        days: u32,
    },
    /// 停用人员，令牌立即失效。Ends somebody's access at once.
    Disable {
        /// 登录名。The login.
        login: String,
    },
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    match &args.verb {
        Verb::List => list(place).await?,
        Verb::Token { login, days } => operate(place, Operation::Token { login: login.clone(), days: *days }).await?,
        Verb::Disable { login } => operate(place, Operation::Disable { login: login.clone() }).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(place: &Place) -> Result<(), Trouble> {
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    let version = store.registry_version(tenant).await.map_err(|cause| Fault::new("reading the register", cause))?;
    let known = register::read(&store, tenant, version, &Known::default()).await?;
    let mut people: Vec<_> = known.roster.people.values().collect();
    people.sort_by(|left, right| left.login.cmp(&right.login));
    for person in people {
        let held = known.roster.holdings.iter().filter(|holding| holding.person == person.id);
        let posts: Vec<String> = held.map(|holding| format!("{}/{}", holding.office, holding.post)).collect();
        let state = if person.disabled { " (停用 disabled)" } else { "" };
        say(&format!("{}  {}{state}  {}", person.login, person.name, posts.join(" ")));
    }
    Ok(())
}
