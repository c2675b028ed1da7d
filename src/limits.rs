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
/// Bytes of one file an author writes: a workflow, a form, a table.
pub const SOURCE_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one expression.
pub const EXPR_BYTES_MAX: usize = 4 * 1024;
/// Levels of nesting in one expression; parsing and evaluation use the stack once a level.
pub const EXPR_DEPTH_MAX: usize = 48;
/// Steps one evaluation may take: a node evaluated, an item looked at, a value copied.
pub const EXPR_STEPS_MAX: u64 = 100_000;
/// Items a list may hold inside an expression.
pub const EXPR_LIST_ITEMS_MAX: usize = 10_000;
/// Bytes a text may hold inside an expression.
pub const EXPR_TEXT_BYTES_MAX: usize = 64 * 1024;
/// Days a term, an extension or a rung may count: ten years.
pub const SPAN_DAYS_MAX: u32 = 3_660;
/// Days one calendar may cover: a century.
pub const CALENDAR_DAYS_MAX: usize = 36_600;
