//! Every bound of the program, with its unit in its name.

/// Commands that one commit may carry.
pub const BATCH_COMMANDS_MAX: usize = 256;
/// Acts after which a case gets a new snapshot row.
pub const SNAPSHOT_ACTS: u64 = 64;
/// Days for which a receipt answers a repeated command.
pub const RECEIPT_DAYS: u32 = 90;
/// Bytes of one request body.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Steps the engine takes for one command before it says the definition runs in circles.
pub const ENGINE_STEPS_MAX: usize = 1_000;
/// Depth of calls within one case.
pub const CALL_DEPTH_MAX: usize = 16;
