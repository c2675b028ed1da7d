//! Doing an operation from the command line: through the socket of a running `serve` when there is one, else in this process.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::failure::Fault;
use crate::app::operate::{Operation, Told};
use crate::boot::{self, Start};
use crate::cli::place::{Place, operator};
use crate::cli::{Trouble, say};
use crate::clock::Clock;
use crate::identity::Actor;
use crate::ids::Tenant;

/// The socket's file in the data folder.
const SOCKET: &str = "greenlane.sock";

/// What goes over the socket.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    tenant: Tenant,
    operator: String,
    operation: Operation,
}

/// What comes back.
#[derive(Debug, Serialize, Deserialize)]
enum Answered {
    Told(Told),
    Trouble(String),
}

/// Where the socket is.
#[must_use]
pub fn socket(home: &Path) -> PathBuf {
    home.join(SOCKET)
}

/// Has an operation done and prints what was done.
///
/// # Errors
/// What was refused or broke.
pub async fn operate(place: &Place, operation: Operation) -> Result<(), Trouble> {
    let config = place.config()?;
    let told = match UnixStream::connect(socket(&place.home())).await {
        Ok(stream) => ask(stream, config.tenant, operation).await?,
        Err(_) => {
            let start = Start { target: place.target(), clock: Clock::Machine, config: config.clone(), home: place.home() };
            let (app, _) = boot::open(&start).await?;
            app.operate(config.tenant, operator(), operation).await?
        }
    };
    for line in told {
        say(&format!("{}\n{}", line.zh, line.en));
    }
    Ok(())
}

async fn ask(stream: UnixStream, tenant: Tenant, operation: Operation) -> Result<Told, Trouble> {
    let Actor::Operator(name) = operator() else { return Err(Trouble("expected an operator".to_owned())) };
    let asked = serde_json::to_string(&Asked { tenant, operator: name, operation }).map_err(|cause| Fault::new("asking the running server", cause))?;
    let (read, mut write) = stream.into_split();
    write.write_all(format!("{asked}\n").as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(read).read_line(&mut line).await?;
    match serde_json::from_str(&line).map_err(|cause| Fault::new("reading the running server's answer", cause))? {
        Answered::Told(told) => Ok(told),
        Answered::Trouble(text) => Err(Trouble(text)),
    }
}

/// Answers operations on the socket until `stop`. Only the owner of the folder can reach it.
///
/// # Errors
/// When the socket cannot be made.
pub async fn listen(app: App, home: PathBuf, stop: CancellationToken) -> Result<(), Fault> {
    let path = socket(&home);
    let making = |cause: std::io::Error| Fault::new(format!("making the socket {}", path.display()), cause);
    // The lock on the database is ours, so a socket that is there was left by a server that died.
    if path.exists() {
        std::fs::remove_file(&path).map_err(making)?;
    }
    let listener = UnixListener::bind(&path).map_err(making)?;
    let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, owner_only).map_err(making)?;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tokio::spawn(answer(app.clone(), stream))),
                Err(cause) => tracing::warn!(%cause, "a connection to the socket failed"),
            },
        }
    }
    drop(std::fs::remove_file(&path));
    Ok(())
}

async fn answer(app: App, stream: UnixStream) {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    if BufReader::new(read).read_line(&mut line).await.is_err() {
        return;
    }
    let answered = match serde_json::from_str::<Asked>(&line) {
        Ok(asked) => match app.operate(asked.tenant, Actor::Operator(asked.operator), asked.operation).await {
            Ok(told) => Answered::Told(told),
            Err(failure) => Answered::Trouble(Trouble::from(failure).0),
        },
        Err(cause) => Answered::Trouble(format!("cannot read the operation: {cause}")),
    };
    // Plain data always serialises; a caller that went away needs no answer.
    let text = serde_json::to_string(&answered).unwrap_or_default();
    drop(write.write_all(format!("{text}\n").as_bytes()).await);
}
