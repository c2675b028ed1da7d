//! A PostgreSQL of this test process's own: started on first use, an empty database for whoever asks, gone with the process.
//! Invariant: the server lives exactly as long as the process, also when that is killed, because a guard shell holds the other end of a pipe.
//! Never: a server that was there before, a fixed port, a wait by sleeping.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::Connection;

/// An empty database, dropped with this value. The roles are those of an installation: one owns, one writes and owns nothing, one reads.
pub struct Database {
    server: &'static Server,
    name: String,
    /// For `migrate --owner-url`.
    pub owner: String,
    /// For the writers.
    pub writer: String,
    /// For the readers.
    pub reader: String,
}

/// A database on a server that trusts the operating system with its writes: for everything but kill tests.
pub fn database() -> Database {
    static SERVER: OnceLock<Server> = OnceLock::new();
    Database::on(SERVER.get_or_init(|| Server::start(Writes::Fast)))
}

/// A database on a server with PostgreSQL's own settings for fsync.
pub fn durable_database() -> Database {
    static SERVER: OnceLock<Server> = OnceLock::new();
    Database::on(SERVER.get_or_init(|| Server::start(Writes::Durable)))
}

impl Database {
    fn on(server: &'static Server) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        server.sql("postgres", &format!("CREATE DATABASE {name} OWNER gl_owner TEMPLATE template0"));
        let url = |role: &str| format!("postgres://{role}@127.0.0.1:{}/{name}?sslmode=disable", server.port);
        Self { server, owner: url("gl_owner"), writer: url("gl_writer"), reader: url("gl_reader"), name }
    }

    /// Runs `sql` as the superuser, for a test that has to look or meddle from outside; answers with unaligned rows.
    pub fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.name, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server.sql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

enum Writes {
    Durable,
    Fast,
}

/// A cluster in a temporary folder on a free loopback port.
struct Server {
    port: u16,
    bin: PathBuf,
    folder: PathBuf,
    guard: Child,
    /// Held open for as long as the server shall live.
    lifeline: Option<ChildStdin>,
}

/// Started with the programs' folder, the cluster's folder, a port and the server's settings. It ignores signals: only the pipe ends it.
const GUARD: &str = r#"
trap '' INT TERM HUP PIPE
bin=$1 folder=$2 port=$3 settings=$4 as=
cd "$folder" || exit 1
if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; as='runuser -u postgres --'; fi
{
  $as "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync &&
  $as "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 120 \
    -o "-p $port -k $folder -c listen_addresses=127.0.0.1 $settings" start
} </dev/null >"$folder/start.log" 2>&1 && echo ready || echo failed
read -r _
$as "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop </dev/null >/dev/null 2>&1
cd / && rm -rf "$folder"
"#;

const ROLES: &str = "CREATE ROLE gl_owner LOGIN; CREATE ROLE gl_writer LOGIN; CREATE ROLE gl_reader LOGIN";

impl Server {
    fn start(writes: Writes) -> Self {
        let fast = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off";
        let settings = match writes {
            Writes::Durable => "",
            Writes::Fast => fast,
        };
        // Another process may take the port between the asking and the starting, so a few are tried.
        for _ in 0..5 {
            match Self::try_start(settings) {
                Ok(server) => {
                    server.sql("postgres", ROLES);
                    return server;
                }
                Err(log) if log.contains("Address already in use") => {}
                Err(log) => panic!("expected PostgreSQL to start, found:\n{log}"),
            }
        }
        panic!("expected a free loopback port in five attempts, found none");
    }

    fn try_start(settings: &str) -> Result<Self, String> {
        let bin = programs();
        let folder = tempfile::Builder::new().prefix("greenlane-pg-").tempdir().unwrap().keep();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = format!("-c max_connections=300 -c shared_buffers=64MB {settings}");
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "greenlane-pg-guard"])
            .args([bin.as_os_str(), folder.as_os_str()])
            .args([&port.to_string(), &settings])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0) // So that Ctrl-C at a terminal reaches the tests and not the one who cleans up after them.
            .spawn()
            .unwrap();
        let lifeline = guard.stdin.take();
        let mut said = String::new();
        BufReader::new(guard.stdout.take().unwrap()).read_line(&mut said).unwrap();
        if said.trim() == "ready" {
            return Ok(Self { port, bin, folder, guard, lifeline });
        }
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let log = format!("{}{}", read("start.log"), read("server.log"));
        drop(lifeline);
        guard.wait().unwrap();
        Err(log)
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        let answer = Command::new(self.bin.join("psql"))
            .args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-d", database, "-c", sql])
            .args(["-p", &self.port.to_string()])
            .output()
            .unwrap();
        assert!(answer.status.success(), "{sql}: {}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8_lossy(&answer.stdout).trim().to_owned()
    }

    /// Lets go of the pipe, as the end of the process does, and waits for the guard.
    fn let_go(&mut self) {
        self.lifeline = None;
        self.guard.wait().unwrap();
    }
}

/// Where `initdb` and `pg_ctl` are: Debian keeps them beside the versions, others on the path.
fn programs() -> PathBuf {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let found = folders.iter().find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists());
    found.cloned().expect("PostgreSQL's `initdb` and `pg_ctl`: install the package postgresql, as tests/run does")
}

fn listens(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn a_database_is_empty_and_its_roles_own_and_may_nothing_more() {
    let (first, second) = (database(), database());
    first.sql("CREATE TABLE only_here (n int)");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!((first.sql(tables).as_str(), second.sql(tables).as_str()), ("1", "0"));
    let rights =
        "SELECT string_agg(rolname || rolsuper || rolbypassrls || rolcreatedb || rolcreaterole, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'gl%'";
    assert_eq!(first.sql(rights), "gl_ownerfalsefalsefalsefalse gl_readerfalsefalsefalsefalse gl_writerfalsefalsefalsefalse");
    assert_eq!(first.sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"), "gl_owner");
}

#[tokio::test]
async fn each_role_signs_in_by_its_url() {
    let database = database();
    for (url, role) in [(&database.owner, "gl_owner"), (&database.writer, "gl_writer"), (&database.reader, "gl_reader")] {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        let found: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, role);
    }
}

#[test]
fn only_the_durable_server_waits_for_the_disk() {
    assert_eq!(durable_database().sql("SHOW fsync"), "on");
    assert_eq!(database().sql("SHOW fsync"), "off");
}

#[test]
fn a_server_goes_with_its_process() {
    let mut server = Server::start(Writes::Fast);
    assert!(listens(server.port) && Path::new(&server.folder).exists());
    server.let_go();
    assert!(!listens(server.port), "the server still listens");
    assert!(!server.folder.exists(), "the cluster is still there");
}
