//! Logs and metrics. Invariant: a log line holds ids and codes, never a form, an opinion, an address or a token.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::ids::Moment;

/// The node's figures, in the text form Prometheus reads.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Turns logging on: `GREENLANE_LOG` chooses what is told (`info` unless said), always on standard error.
pub fn log() {
    let filter = EnvFilter::try_from_env("GREENLANE_LOG").unwrap_or_else(|_| EnvFilter::new("warn,sqlx::postgres::notice=error,greenlane=info"));
    // A second call (tests in one process) finds a subscriber in place, which is as good.
    drop(tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init());
}

/// Upper bounds of the lateness histograms, in seconds: a reminder is good within a minute, bad after an hour.
const LATE_BUCKETS_S: [f64; 10] = [0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

/// Notes in a histogram how long after its moment something was done.
pub fn late(name: &'static str, due: Moment, done: Moment) {
    let millis = u64::try_from(done.0.saturating_sub(due.0)).unwrap_or(0);
    metrics::histogram!(name).record(Duration::from_millis(millis).as_secs_f64());
}

impl Metrics {
    /// The process's recorder; installed at the first call.
    #[must_use]
    pub fn install() -> Self {
        static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
        let handle = HANDLE.get_or_init(|| {
            // Bounds are there and in order, which is all that can be wrong with them.
            let builder = PrometheusBuilder::new().set_buckets(&LATE_BUCKETS_S).unwrap_or_else(|_| PrometheusBuilder::new());
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            // Somebody else's recorder stays; ours then shows its own gauges only.
            drop(metrics::set_global_recorder(recorder));
            handle
        });
        Self { handle: handle.clone() }
    }

    /// Everything counted so far, with `figures` read now beside it.
    #[must_use]
    pub fn render(&self, figures: &[(&'static str, i64)]) -> String {
        for (name, value) in figures {
            // A figure for a graph: past 2^53 it loses its last digits, which nobody reads there.
            metrics::gauge!(*name).set(*value as f64);
        }
        self.handle.render()
    }
}
