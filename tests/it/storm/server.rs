//! The real program, as an operator runs it: started, listened to, killed.
//! Invariant: a server is killed with the value that stands for it. Never: a fixed port, a signal that lets it finish.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use greenlane::store::Target;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::spine::node::Where;

/// A running `greenlane serve`.
pub struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts it and waits for the line that says where it listens.
    pub async fn start(place: &Where) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(log_file(place)).unwrap();
        let mut child = command(place)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("the server ended:\n{}", std::fs::read_to_string(log_file(place)).unwrap_or_default()));
            if let Some((_, address)) = line.split_once("http://") {
                return Self { child, lines, address: address.trim().parse().unwrap() };
            }
        }
    }

    /// Lets it live that long; it must not end by itself meanwhile.
    pub async fn live_for(&mut self, span: Duration) {
        if let Ok(line) = tokio::time::timeout(span, self.lines.next_line()).await {
            panic!("expected the server to live, found {line:?}");
        }
    }

    /// SIGKILL.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// `greenlane audit verify` on what is stored.
pub async fn verify(place: &Where, more: &[&str]) -> Output {
    command(place).args(["audit", "verify"]).args(more).output().await.unwrap()
}

fn command(place: &Where) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlane"));
    command.current_dir(place.home.path());
    match &place.target {
        Target::Sqlite(folder) => command.arg("--data").arg(folder),
        Target::Postgres { writer_url, reader_url } => command.args(["--database", writer_url, "--reader", reader_url]),
    };
    command
}

/// Where the program keeps what is not in the database: the folder given, or the one it makes in the folder it was started in.
pub fn home(place: &Where) -> PathBuf {
    match &place.target {
        Target::Sqlite(folder) => folder.clone(),
        Target::Postgres { .. } => place.home.path().join("greenlane-data"),
    }
}

fn log_file(place: &Where) -> PathBuf {
    place.home.path().join("serve.log")
}
