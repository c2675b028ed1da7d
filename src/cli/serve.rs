//! `greenlane serve`: serves people and machines until it is told to stop. Its clock is the machine's and cannot be moved.

use std::process::ExitCode;

use crate::app::clockwork;
use crate::app::failure::Fault;
use crate::boot::{Node, Start};
use crate::cli::operate;
use crate::cli::place::Place;
use crate::cli::{Trouble, say};
use crate::clock::Clock;
use crate::config::Role;
use crate::store::Store;

/// How to serve.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 监听地址；不写则按配置。The address to listen on; else the configuration's.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<std::net::SocketAddr>,
    /// 节点角色:web、worker 或 both;不写则按配置。The node's role; else the configuration's.
    #[arg(long)]
    role: Option<Role>,
}

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// What start-up refuses.
pub async fn run(args: &Args, place: &Place) -> Result<ExitCode, Trouble> {
    let mut config = place.config()?;
    config.listen = args.listen.unwrap_or(config.listen);
    config.role = args.role.unwrap_or(config.role);
    refuse_demonstration(place).await?;
    let start = Start { target: place.target(), clock: Clock::Machine, config, home: place.home() };
    let node = Node::start(start).await?;
    say(&format!("绿色通道已启动 serving on http://{}", node.address()));
    until_told(node, place).await
}

/// A database with a movable clock belongs to a demonstration: its record has days that have not come.
async fn refuse_demonstration(place: &Place) -> Result<(), Trouble> {
    let store = Store::open(place.target()).await.map_err(|cause| Fault::new("opening the database", cause))?;
    let demonstration = clockwork::stored_clock(&store).await?.is_some();
    store.close().await;
    if demonstration {
        return Err(Trouble(
            "该数据库属于演示环境（时钟被拨动过）,不能用于正式服务。\ncannot serve: this database belongs to a demonstration, its clock was moved".to_owned(),
        ));
    }
    Ok(())
}

/// Waits for a signal, then stops the node.
///
/// # Errors
/// When signals or the socket cannot be listened to.
pub async fn until_told(node: Node, place: &Place) -> Result<ExitCode, Trouble> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let stop = tokio_util::sync::CancellationToken::new();
    let socket = tokio::spawn(operate::listen(node.app.clone(), place.home(), stop.clone()));
    tokio::select! {
        _ = terminated.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    stop.cancel();
    if let Ok(Err(fault)) = socket.await {
        tracing::warn!(%fault, "the socket ended");
    }
    node.stop().await;
    Ok(ExitCode::SUCCESS)
}
