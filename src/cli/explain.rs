//! `greenlane explain`: what a case is doing and why, on the screen.
//! Invariant: the same answers as the API's, for whoever `--for` names. Never: a change, or a right that the person does not have.

use std::process::ExitCode;

use crate::app::explain::explain;
use crate::app::failure::Fault;
use crate::cli::case::{Read, read};
use crate::cli::place::Place;
use crate::cli::{Trouble, say};

/// What to explain.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 办件编号或 id。Its number or id.
    case: String,
    /// 为谁解释：登录名。Whom to explain it to, by login: may they act, and why not.
    #[arg(long = "for", value_name = "LOGIN")]
    login: Option<String>,
    /// 输出 JSON。As JSON.
    #[arg(long)]
    json: bool,
}

/// Explains.
///
/// # Errors
/// No such case or person, or what broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    let Read { working, bundle, known, now, .. } = read(place, &args.case).await?;
    let person = args.login.as_ref().map(|login| {
        let found = known.roster.people.values().find(|person| person.login == *login);
        found.map(|person| person.id).ok_or_else(|| Trouble(format!("没有登录名“{login}”。\ncannot find login `{login}`")))
    });
    let told = explain(&working, &bundle, &known, now, person.transpose()?);
    if args.json {
        say(&serde_json::to_string_pretty(&told).map_err(|cause| Fault::new("explaining a case", cause))?);
    } else {
        for line in told.lines() {
            say(&line);
        }
    }
    Ok(ExitCode::SUCCESS)
}
