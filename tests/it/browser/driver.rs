//! The chromedriver of this test process: started on first use, shared by every test, gone with the process together with every Chromium it started.
//! Invariant: a guard shell holds the other end of a pipe, so that nothing is left when the tests are killed. Never: a fixed port, a browser that was there before.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

/// How many browsers work at the same time; more would only wait for the two processors this has to pass on.
const BROWSERS_MAX: u32 = 2;

/// Started with the folder of everything. It ignores signals: only the pipe ends it. The driver starts with signals as usual, because it and the
/// browsers use them. A browser is known by the folder in its command line, which nobody else has.
const GUARD: &str = r#"
trap '' INT TERM HUP PIPE
folder=$1
cd "$folder" || exit 1
(
  trap - INT TERM HUP PIPE
  TMPDIR=$folder HOME=$folder XDG_CONFIG_HOME=$folder XDG_CACHE_HOME=$folder exec chromedriver --port=0 --log-path="$folder/driver.log"
) </dev/null 2>"$folder/errors.log" &
driver=$!
read -r _
kill -9 "$driver" 2>/dev/null
for process in /proc/[0-9]*; do
  grep -aqF -- "$folder/" "$process/cmdline" 2>/dev/null && kill -9 "${process#/proc/}" 2>/dev/null
done
cd / && for _ in 1 2 3 4 5; do rm -rf "$folder" 2>/dev/null; [ -e "$folder" ] || break; done
"#;

/// A running chromedriver.
pub struct Driver {
    /// Where it listens.
    pub url: String,
    folder: PathBuf,
    guard: Child,
    /// Held open for as long as the driver shall live.
    lifeline: Option<ChildStdin>,
    /// Held so that the driver may go on writing.
    _said: BufReader<ChildStdout>,
}

/// The driver all tests share.
pub fn driver() -> &'static Driver {
    static DRIVER: OnceLock<Driver> = OnceLock::new();
    DRIVER.get_or_init(Driver::start)
}

impl Driver {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("greenlane-browser-").tempdir().unwrap().keep();
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "greenlane-browser-guard"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0) // So that Ctrl-C at a terminal reaches the tests and not the one who cleans up after them.
            .spawn()
            .unwrap();
        let lifeline = guard.stdin.take();
        let mut said = BufReader::new(guard.stdout.take().unwrap());
        let port = port(&mut said);
        let complaint = || std::fs::read_to_string(folder.join("errors.log")).unwrap_or_default();
        let port = port.unwrap_or_else(|| panic!("chromedriver did not start; tests/run installs it (packages chromium, chromium-driver): {}", complaint()));
        Self { url: format!("http://127.0.0.1:{port}"), folder, guard, lifeline, _said: said }
    }

    /// A folder for one browser's profile.
    pub fn profile(&self) -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        self.folder.join(format!("profile-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Lets go of the pipe, as the end of the process does, and waits for the guard.
    fn let_go(&mut self) {
        self.lifeline = None;
        self.guard.wait().unwrap();
    }
}

/// The port chromedriver says it took; `None` when it ended before.
fn port(said: &mut BufReader<ChildStdout>) -> Option<u16> {
    loop {
        let mut line = String::new();
        if said.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        if let Some((_, port)) = line.trim_end().trim_end_matches('.').split_once("started successfully on port ") {
            return port.parse().ok();
        }
    }
}

static WORKING: Mutex<u32> = Mutex::new(0);
static LEFT: Condvar = Condvar::new();

/// The right to have a browser open.
pub struct Turn(());

impl Turn {
    /// Waits for it.
    pub fn take() -> Self {
        let working = WORKING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut working = LEFT.wait_while(working, |working| *working >= BROWSERS_MAX).unwrap_or_else(PoisonError::into_inner);
        *working += 1;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *WORKING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        LEFT.notify_one();
    }
}

/// Processes whose command line names a folder.
fn living(folder: &Path) -> Vec<String> {
    let named = |pid: &str| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&format!("{}/", folder.display()))
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    all.filter(|name| name.chars().all(|c| c.is_ascii_digit()) && named(name)).collect()
}

#[tokio::test]
async fn a_driver_and_its_browsers_go_with_the_process() {
    let _turn = Turn::take();
    let mut driver = Driver::start();
    let session = super::session::start(&driver, &super::session::Settings::default()).await;
    assert!(!living(&driver.folder).is_empty(), "the browser runs under its own folder");
    std::mem::forget(session); // As when the tests are killed: nobody says goodbye.
    driver.let_go();
    assert_eq!(living(&driver.folder), Vec::<String>::new());
    assert!(!driver.folder.exists(), "the folder is still there");
}
