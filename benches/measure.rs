//! Figures of a run, as one JSON row. Invariant: the keys are the same for every mode.

use std::path::Path;

use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::drive::Seen;

/// A runtime like the one the program uses on the machine the figures come from.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The `p`-th part of the latencies, in milliseconds.
pub fn percentile_ms(sorted: &[u32], p: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a rank within a slice")]
    let rank = (sorted.len().saturating_sub(1) as f64 * p) as usize;
    sorted.get(rank).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
}

/// The most memory this process had, in MiB.
fn rss_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The row of a run of commands.
pub fn row(peer: &str, clients: usize, mut seen: Seen, space: Space) -> Value {
    seen.latencies.sort_unstable();
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    #[expect(clippy::cast_precision_loss, reason = "bytes over cases")]
    let per_case = |bytes: i64| (bytes as f64 / seen.begun.max(1) as f64).round();
    json!({
        "peer": peer, "clients": clients,
        "cases_s": rounded(count(seen.finished) / seen.seconds), "cmds_s": rounded(count(seen.latencies.len()) / seen.seconds),
        "p50_ms": percentile_ms(&seen.latencies, 0.5), "p99_ms": percentile_ms(&seen.latencies, 0.99),
        "bytes_case": per_case(space.bytes), "wal_case": per_case(space.wal), "rss_mb": rss_mb(),
    })
}

/// The row of a list read again and again.
pub fn list_row(peer: &str, open: usize, mut latencies: Vec<u32>) -> Value {
    latencies.sort_unstable();
    json!({ "peer": peer, "open": open, "p50_ms": percentile_ms(&latencies, 0.5), "p99_ms": percentile_ms(&latencies, 0.99), "rss_mb": rss_mb() })
}

/// The row of timers fired.
pub fn timers_row(peer: &str, fired: usize, batch: usize, seconds: f64) -> Value {
    let count = f64::from(u32::try_from(fired).unwrap_or(u32::MAX));
    json!({ "peer": peer, "fired": fired, "batch": batch, "timers_s": (count / seconds).round(), "rss_mb": rss_mb() })
}

/// Bytes a run left behind.
#[derive(Clone, Copy, Default)]
pub struct Space {
    pub bytes: i64,
    pub wal: i64,
}

/// The size of a PostgreSQL database and of its log, before and after.
pub struct Growth {
    bytes: i64,
    lsn: String,
}

impl Growth {
    pub async fn from_here(admin: &mut PgConnection) -> Self {
        sqlx::query("checkpoint").execute(&mut *admin).await.unwrap();
        let bytes = sqlx::query_scalar("select pg_database_size(current_database())").fetch_one(&mut *admin).await.unwrap();
        let lsn = sqlx::query_scalar("select pg_current_wal_lsn()::text").fetch_one(&mut *admin).await.unwrap();
        Self { bytes, lsn }
    }

    pub async fn until_here(self, admin: &mut PgConnection) -> Space {
        let wal = sqlx::query_scalar("select pg_wal_lsn_diff(pg_current_wal_lsn(), $1::text::pg_lsn)::bigint");
        let wal = wal.bind(&self.lsn).fetch_one(&mut *admin).await.unwrap();
        sqlx::query("checkpoint").execute(&mut *admin).await.unwrap();
        let bytes: i64 = sqlx::query_scalar("select pg_database_size(current_database())").fetch_one(&mut *admin).await.unwrap();
        Space { bytes: bytes - self.bytes, wal }
    }
}

/// The size of a file.
pub fn file_space(file: &Path) -> Space {
    let bytes = std::fs::metadata(file).map_or(0, |data| i64::try_from(data.len()).unwrap_or(i64::MAX));
    Space { bytes, wal: 0 }
}
