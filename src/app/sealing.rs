//! Sealing: the one place that gives leaves their index. It takes acts from the list of the unsealed (never "everything after the last"), so a late commit is not skipped.
//! Invariant: the log's primary key is the fence; of two sealers one writes and the other begins anew.

use std::path::{Path, PathBuf};

use tokio::sync::Mutex;

use crate::app::App;
use crate::app::failure::Fault;
use crate::audit::tile::{HASH_BYTES, edge};
use crate::audit::tree::leaf_hash;
use crate::audit::{Checkpoint, Growth, Head, LogKey, LogSecret, Tile, TileId};
use crate::ids::Moment;
use crate::limits::LEAVES_PER_TURN_MAX;
use crate::store::{CheckpointRow, LogRow, Sealing, Store, StoreFault, TileRow};

/// The file in the home folder that holds the log's secret key, readable by its owner only.
pub const KEY_FILE: &str = "log.key";

/// The setting that holds the log's public keys, one a line.
pub const KEYS_SETTING: &str = "log-keys";

/// The sealer of a node: its key, and the log's edge as it last saw it.
pub struct Sealer {
    secret: LogSecret,
    edge: Mutex<Option<Growth>>,
}

impl Sealer {
    /// Opens the key in `home`, or makes one there at the first start.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no key for `origin`.
    pub fn open(home: &Path, origin: &str) -> Result<Self, Fault> {
        let path = home.join(KEY_FILE);
        let secret = match std::fs::read_to_string(&path) {
            Ok(text) => LogSecret::parse(text.trim()).map_err(|cause| Fault::new(format!("reading the log's key in {}", path.display()), cause))?,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => make_key(home, &path, origin)?,
            Err(cause) => return Err(Fault::new(format!("reading the log's key in {}", path.display()), cause)),
        };
        if secret.name() != origin {
            let cause = format!("expected a key for `{origin}` (`origin` in the configuration), found one for `{}`", secret.name());
            return Err(Fault::new(format!("reading the log's key in {}", path.display()), cause));
        }
        Ok(Self { secret, edge: Mutex::new(None) })
    }

    /// The public key, as a verifier wants it.
    #[must_use]
    pub fn public(&self) -> LogKey {
        self.secret.public()
    }
}

fn make_key(home: &Path, path: &PathBuf, origin: &str) -> Result<LogSecret, Fault> {
    let making = |cause: &dyn std::fmt::Display| Fault::new(format!("making the log's key in {}", path.display()), cause);
    let seed = crate::app::execute::entropy::<32>()?;
    let secret = LogSecret::new(origin, &seed).map_err(|cause| making(&cause))?;
    std::fs::create_dir_all(home).map_err(|cause| making(&cause))?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|cause| making(&cause))?;
    std::io::Write::write_all(&mut file, format!("{}\n", secret.secret_text()).as_bytes()).map_err(|cause| making(&cause))?;
    file.sync_all().map_err(|cause| making(&cause))?;
    Ok(secret)
}

fn sealing(cause: StoreFault) -> Fault {
    Fault::new("sealing the log", cause)
}

impl App {
    /// Seals one batch; answers how many leaves were sealed.
    ///
    /// # Errors
    /// A fault; nothing is sealed then.
    pub async fn seal(&self) -> Result<usize, Fault> {
        let unsealed = self.store().unsealed(LEAVES_PER_TURN_MAX).await.map_err(sealing)?;
        if unsealed.is_empty() {
            return Ok(0);
        }
        let sealer = self.sealer();
        let mut edge = sealer.edge.lock().await;
        let mut growth = match edge.take() {
            Some(growth) => growth,
            None => resume(self.store()).await?,
        };
        let mut entries = Vec::with_capacity(unsealed.len());
        let mut done = Vec::with_capacity(unsealed.len());
        for act in &unsealed {
            let hash = leaf_hash(&act.leaf);
            let index = signed(growth.append(hash));
            entries.push(LogRow { index, tenant: act.tenant, case: act.case, seq: act.seq, hash });
            done.push(act.id);
        }
        let head = Head { size: growth.size(), root: growth.root() };
        let last = self.store().checkpoint().await.map_err(sealing)?.map_or(Moment(0), |row| row.at);
        let at = self.clock().now().max(last);
        let note = Checkpoint::seal(head, at, &sealer.secret).map_err(|cause| Fault::new("signing a checkpoint", cause))?;
        let tiles = growth.take_changed().into_iter().map(|tile| TileRow { level: i64::from(tile.id.level), index: signed(tile.id.index), bytes: tile.hashes });
        let checkpoint = Some(CheckpointRow { size: signed(head.size), at, note: note.to_string() });
        let rows = Sealing { entries, tiles: tiles.collect(), checkpoint, done };
        if self.store().seal(&rows).await.map_err(sealing)? {
            *edge = Some(growth);
            Ok(unsealed.len())
        } else {
            // Another sealer was first: the edge is read anew at the next turn.
            Ok(0)
        }
    }

    /// The newest checkpoint, a signed note.
    ///
    /// # Errors
    /// A fault.
    pub async fn checkpoint(&self) -> Result<Option<String>, Fault> {
        Ok(self.store().checkpoint().await.map_err(|cause| Fault::new("reading the checkpoint", cause))?.map(|row| row.note))
    }
}

/// Names the sealer's public key among the log's, beside those of other nodes and of earlier times.
pub(super) async fn name_key(store: &Store, sealer: &Sealer) -> Result<(), Fault> {
    let naming = |cause: StoreFault| Fault::new("naming the log's key", cause);
    let named = store.setting(KEYS_SETTING).await.map_err(naming)?.unwrap_or_default();
    let key = sealer.public().to_string();
    if named.lines().any(|line| line == key) {
        return Ok(());
    }
    store.set_setting(KEYS_SETTING, format!("{named}\n{key}").trim()).await.map_err(naming)
}

/// The edge of the stored log.
async fn resume(store: &Store) -> Result<Growth, Fault> {
    let size = unsigned(store.log_size().await.map_err(sealing)?);
    let mut tiles = Vec::new();
    for (id, width) in edge(size) {
        let row = store.tile(i64::from(id.level), signed(id.index)).await.map_err(sealing)?;
        let mut bytes = row.map(|row| row.bytes).unwrap_or_default();
        // Another node may have sealed since the size was read. Tiles only grow, so the log of that size is still there.
        bytes.truncate(width.saturating_mul(HASH_BYTES));
        tracing::trace!(%id, width, "tile of the log's edge read");
        tiles.push(Tile { id: TileId { level: id.level, index: id.index }, hashes: bytes });
    }
    Growth::resume(size, tiles).map_err(|cause| Fault::new("reading the log's edge", cause))
}

/// Indices are stored signed; no log reaches the end of them.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
