//! `greenlane demo --tour`.

use std::process::ExitCode;

use crate::cli::Trouble;
use crate::cli::demo::Demonstration;

/// Plays the story.
///
/// # Errors
/// What start-up refuses.
pub async fn run(_: Demonstration) -> Result<ExitCode, Trouble> {
    Ok(ExitCode::SUCCESS)
}
