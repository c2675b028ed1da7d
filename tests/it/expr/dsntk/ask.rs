//! The oracle at the other end of a pipe.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value as Json;

/// How long it may think; its loops are slow.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Oracle {
    child: Child,
    answers: Receiver<String>,
    /// How often it aborted or thought for too long.
    pub stopped: usize,
}

impl Oracle {
    pub fn started() -> Self {
        let (child, answers) = spawned();
        Self { child, answers, stopped: 0 }
    }

    /// Its answer; one that stops it counts as an error of its own, and another takes its place.
    pub fn answer(&mut self, question: &Json) -> String {
        let written = self.child.stdin.as_mut().map(|input| writeln!(input, "{question}"));
        if let (Some(Ok(())), Ok(answer)) = (written, self.answers.recv_timeout(PATIENCE)) {
            return answer;
        }
        self.stopped += 1;
        self.stop();
        (self.child, self.answers) = spawned();
        "error stopped".to_owned()
    }

    fn stop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawned() -> (Child, Receiver<String>) {
    let program = std::env::var_os("GREENLANE_ORACLE").expect("the program of the oracle");
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the oracle starts");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, answers) = channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    (child, answers)
}
