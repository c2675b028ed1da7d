//! `greenlane demo --tour`: the story of a project through the green channel, played through the HTTP API by its people and by the real workers, told as it goes.
//! Invariant: it succeeds only if every expectation held. Never: a look into the database past the API, except for the audit walk at the end.

mod stage;
mod story;

use std::process::ExitCode;

use crate::boot::Node;
use crate::cli::demo::{Demonstration, plant};
use crate::cli::{Trouble, say};
use crate::config::Role;
use stage::Stage;

/// Plays the story.
///
/// # Errors
/// When the demonstration cannot be started, or a request gets no answer at all.
pub async fn run(mut demonstration: Demonstration) -> Result<ExitCode, Trouble> {
    // The tour takes the workers' turns itself, after each move of the clock, so that it need not wait for them.
    demonstration.start.config.role = Role::Web;
    demonstration.start.config.listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let node = Node::start(demonstration.start.clone()).await?;
    let guests = plant(&node.app, &demonstration).await?;
    let mut stage = Stage::new(node, guests, demonstration.start.home.clone());
    let told = story::play(&mut stage).await;
    let (held, missed) = stage.close().await;
    told?;
    say("");
    if missed.is_empty() {
        say(&format!("故事讲完了：{held} 项预期全部实现。The end: all {held} expectations held."));
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("故事讲完了：{held} 项预期实现，{} 项没有：The end: {held} expectations held, {} did not:", missed.len(), missed.len()));
    for miss in &missed {
        say(&format!("  ✗ {miss}"));
    }
    Ok(ExitCode::FAILURE)
}
