//! `greenlane case`: lists cases, and shows one as JSON.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;

use crate::app::failure::Fault;
use crate::app::known::Known;
use crate::app::writer::Working;
use crate::app::{register, replay, view};
use crate::cli::place::Place;
use crate::cli::{Trouble, say};
use crate::clock::Clock;
use crate::definition::graph::Bundle;
use crate::ids::{CaseId, Moment};
use crate::store::{CaseFilter, Store};

/// What to do.
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 列出办件，新的在前。Lists cases, newest first.
    List {
        /// 最多几件。At most this many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// 显示一件：环节、待办、时限、经过。Shows one: links, tasks, terms, history.
    Show {
        /// 办件编号或 id。Its number or id.
        case: String,
    },
}

/// Does it.
///
/// # Errors
/// What was refused or broke.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    match &args.verb {
        Verb::List { limit } => list(place, *limit).await?,
        Verb::Show { case } => show(place, case).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(place: &Place, limit: u32) -> Result<(), Trouble> {
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    let rows = store.cases(tenant, &CaseFilter::default(), limit).await.map_err(|cause| Fault::new("listing cases", cause))?;
    for row in rows.into_iter().filter(|row| row.workflow != register::WORKFLOW) {
        let state = row.result.unwrap_or_else(|| "在办 open".to_owned());
        say(&format!("{}  {}  {}  {}  {state}", row.number.unwrap_or_else(|| "-".to_owned()), row.id, row.workflow, row.started.to_rfc3339()));
    }
    Ok(())
}

/// A case read from the store, with what it is read by.
pub(super) struct Read {
    pub store: Store,
    pub working: Working,
    pub bundle: Arc<Bundle>,
    pub known: Known,
    pub now: Moment,
}

/// Reads a case by its number or id, at the moment of the store's own clock when it has one.
pub(super) async fn read(place: &Place, case: &str) -> Result<Read, Trouble> {
    let store = place.store().await?;
    let tenant = place.config()?.tenant;
    let reading = |cause| Fault::new("reading a case", cause);
    let unknown = || Trouble(format!("没有办件“{case}”。\ncannot find case `{case}`"));
    let id: CaseId = match case.parse() {
        Ok(id) => id,
        Err(_) => store.case_by_number(tenant, case).await.map_err(reading)?.ok_or_else(unknown)?.id,
    };
    let loaded = store.load_case(tenant, id).await.map_err(reading)?.ok_or_else(unknown)?;
    let working = replay::working(loaded).map_err(|cause| Fault::new("reading a case", cause))?;
    let version = store.registry_version(tenant).await.map_err(reading)?;
    let known = register::read(&store, tenant, version, &Known::default()).await?;
    let bundle = register::bundle_of(&known, working.state.revision)?;
    let now = crate::app::clockwork::stored_clock(&store).await?.unwrap_or(Clock::Machine).now();
    Ok(Read { store, working, bundle, known, now })
}

async fn show(place: &Place, case: &str) -> Result<(), Trouble> {
    let Read { store, working, bundle, known, now } = read(place, case).await?;
    let acts = view::acts(&store, working.row.tenant, working.row.id, working.row.version).await?;
    let view = view::case(&working, &acts, &bundle, &known, now);
    say(&serde_json::to_string_pretty(&view).map_err(|cause| Fault::new("showing a case", cause))?);
    Ok(())
}
