//! Every bound of the program, with its unit in its name.

/// Commands that one commit may carry.
pub const BATCH_COMMANDS_MAX: usize = 256;
/// Acts after which a case gets a new snapshot row.
pub const SNAPSHOT_ACTS: u64 = 64;
/// Reform items one list shows.
pub const REFORM_ITEMS_MAX: u32 = 200;
/// Characters of a source or a reason that stands beside a figure or a change of the list of indicators.
pub const INDICATOR_TEXT_MAX: usize = 200;
/// How long whoever found the register moved waits before another look.
pub const REGISTER_SETTLES: std::time::Duration = std::time::Duration::from_millis(5);
/// Looks at the register because something else was recorded meanwhile.
pub const REGISTER_TRIES_MAX: u32 = 32;
/// Days for which a receipt answers a repeated command.
pub const RECEIPT_DAYS: u32 = 90;
/// Bytes of one request body.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Steps the engine takes for one command before it says the definition runs in circles.
pub const ENGINE_STEPS_MAX: usize = 1_000;
/// Seats one act may add to an approval group; three times as many may stand in one with all that was added.
pub const ADDED_SEATS_MAX: usize = 20;
/// People one act may make a case known to.
pub const COPIES_MAX: usize = 50;
/// Tasks one batch may answer.
pub const BATCH_TASKS_MAX: usize = 100;
/// Depth of calls within one case.
pub const CALL_DEPTH_MAX: usize = 16;
/// Markings looked at when a workflow is proved sound; past it `check` says that it was not fully explored.
pub const SOUNDNESS_STATES_MAX: usize = 20_000;
/// Acts of a path that a message names; of a longer one the middle is left out.
pub const SOUNDNESS_PATH_ACTS_MAX: usize = 12;
/// Members for which one step runs.
pub const MEMBERS_MAX: usize = 200;
/// Bytes of one file an author writes: a workflow, a form, a table.
pub const SOURCE_BYTES_MAX: usize = 256 * 1024;
/// Levels a file may nest: reading takes a part of the stack for each, and what authors write stays under half of it.
pub const SOURCE_DEPTH_MAX: usize = 32;
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
/// Further tries an outside job may ask for after its first.
pub const JOB_RETRIES_MAX: u32 = 50;
/// Further tries of an outside job whose author does not say.
pub const JOB_RETRIES_DEFAULT: u32 = 3;
/// Seconds between the tries of an outside job whose author does not say: after the first failure, the second, every later one.
pub const JOB_PAUSES_DEFAULT_S: &[u32] = &[60, 10 * 60, 60 * 60];
/// The longest pause between two tries of an outside job, in seconds: thirty days.
pub const JOB_PAUSE_S_MAX: u32 = 30 * 24 * 60 * 60;
/// Different pauses one outside job may name.
pub const JOB_PAUSES_MAX: usize = 20;
/// Supervision orders that one turn opens.
pub const ORDERS_PER_TURN_MAX: u32 = 64;
/// Seconds before a drafted order that could not be opened is tried again: the first time, and at most.
pub const ORDER_RETRY_S: (i64, i64) = (60, 60 * 60);
/// Cases whose limits one turn writes down that have no rows yet.
pub const TERMS_FILLED_PER_TURN_MAX: u32 = 100;
/// Signals to other cases that one turn delivers.
pub const SIGNALS_PER_TURN_MAX: u32 = 200;
/// How long a case that refused a signal is left alone the first time, in milliseconds.
pub const SIGNAL_PAUSE_MS: i64 = 1_000;
/// How often that pause doubles at the most.
pub const SIGNAL_DOUBLINGS_MAX: i64 = 12;
/// The longest pause: an hour.
pub const SIGNAL_PAUSE_MS_MAX: i64 = 3_600_000;
/// Outside jobs one fetch may take.
pub const JOBS_PER_FETCH_MAX: u32 = 100;
/// The longest lease on an outside job, in seconds: a day.
pub const JOB_LEASE_S_MAX: u32 = 24 * 60 * 60;
/// Characters of what an outside system says of a failure.
pub const JOB_MESSAGE_CHARS_MAX: usize = 2_000;
/// Days one calendar may cover: a century.
pub const CALENDAR_DAYS_MAX: usize = 36_600;
/// How old, in milliseconds of real time, an unfinished calendar is before a worker finishes it: whoever put it in force has died by then.
pub const CALENDAR_UNFINISHED_MS: i64 = 120_000;
/// Between these ages, in milliseconds, a node goes over the open cases once more after a new calendar: by then no node dates by the one before.
pub const CALENDAR_SWEPT_MS: (i64, i64) = (2 * REGISTER_STALE_MS_MAX, 600_000);
/// Attempts at one notice before it is parked; with the waits below, a weekend without a mail server loses nothing.
pub const NOTICE_ATTEMPTS_MAX: u32 = 20;
/// Seconds to wait after the first failed attempt; doubled after each further one.
pub const NOTICE_RETRY_FIRST_S: u32 = 60;
/// The longest wait between two attempts, in seconds.
pub const NOTICE_RETRY_MAX_S: u32 = 6 * 60 * 60;
/// Characters of a Chinese short message with its signature: one part.
pub const SMS_CHARS_MAX: usize = 70;
/// Characters of an English short message with its signature: one part.
pub const SMS_EN_CHARS_MAX: usize = 160;
/// Characters of a matter's name in a Chinese short message; a longer name is cut.
pub const SMS_ITEM_CHARS_MAX: usize = 12;
/// Characters of a matter's name in an English short message; a longer name is cut.
pub const SMS_EN_ITEM_CHARS_MAX: usize = 36;
/// Characters of a case's number in a short message.
pub const SMS_NUMBER_CHARS_MAX: usize = 16;
/// Characters of the signature of a short message.
pub const SMS_SIGNATURE_CHARS: std::ops::RangeInclusive<usize> = 2..=18;
/// Characters of each part of a Chinese short message that needs several.
pub const SMS_PART_CHARS_MAX: usize = 67;
/// Characters of each part of an English short message that needs several.
pub const SMS_EN_PART_CHARS_MAX: usize = 153;
/// The time a gateway for short messages is given for one message unless the configuration says otherwise.
pub const SMS_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
/// The shortest time it may be given.
pub const SMS_TIMEOUT_MIN: std::time::Duration = std::time::Duration::from_millis(10);
/// The longest: a turn of the delivery worker must end before its leases do.
pub const SMS_TIMEOUT_MAX: std::time::Duration = std::time::Duration::from_secs(30);
/// Bytes of a gateway's answer that are read.
pub const SMS_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one request that brings delivery receipts.
pub const SMS_RECEIPT_BYTES_MAX: usize = 64 * 1024;
/// Receipts one such request may bring.
pub const SMS_RECEIPTS_MAX: usize = 100;
/// Characters of a field an operator fills in about a text: a number, a name, a reason.
pub const TEXT_FIELD_CHARS_MAX: usize = 200;
/// Receipts kept with one notice.
pub const NOTICE_RECEIPTS_MAX: i64 = 16;
/// The shortest time the mail server may be given for one message.
pub const SMTP_TIMEOUT_MIN: std::time::Duration = std::time::Duration::from_millis(10);
/// The longest.
pub const SMTP_TIMEOUT_MAX: std::time::Duration = std::time::Duration::from_secs(600);
/// Connections to the mail server kept open between messages.
pub const SMTP_IDLE_CONNECTIONS_MAX: usize = 4;
/// Characters of the other side's words kept with an attempt.
pub const SEND_DETAIL_CHARS_MAX: usize = 300;
/// Inputs of one decision table.
pub const TABLE_INPUTS_MAX: usize = 32;
/// Rows of one decision table.
pub const TABLE_ROWS_MAX: usize = 500;
/// Regions walked when a table is checked for gaps and overlaps.
pub const TABLE_REGIONS_MAX: usize = 200_000;
/// Characters of a one-line field unless its form says less.
pub const FORM_LINE_CHARACTERS_MAX: usize = 500;
/// Characters of a field of several lines unless its form says less.
pub const FORM_TEXT_CHARACTERS_MAX: usize = 10_000;
/// Rows of one field.
pub const FORM_ROWS_MAX: usize = 500;
/// Fields of one form, those of rows included.
pub const FORM_FIELDS_MAX: usize = 500;
/// Cases a lane keeps as working copies.
pub const CASE_CACHE_MAX: usize = 20_000;
/// Tokens whose rows a node remembers.
pub const TOKEN_CACHE_MAX: usize = 20_000;
/// Parsed bodies a lane keeps.
pub const BODY_CACHE_MAX: usize = 2_000;
/// Commands that may wait in one queue of a lane.
pub const LANE_QUEUE_MAX: usize = 4_096;
/// Times a command that lost a version race is decided again before it is answered as a conflict.
pub const CONFLICT_RETRIES_MAX: u32 = 16;
/// Milliseconds for which a node trusts its copy of the register when it accepts something (a refusal always asks).
pub const REGISTER_STALE_MS_MAX: i64 = 1_000;
/// Cases woken in one turn of the deadlines worker.
pub const WAKES_PER_TURN_MAX: u32 = 512;
/// Wakes that wait for the writer at once.
pub const WAKES_AT_ONCE_MAX: usize = 128;
/// Heads of waiting lists served in one turn.
pub const WAITING_PER_TURN_MAX: u32 = 64;
/// Notices claimed in one turn of the delivery worker: as many as are surely over, `NOTICES_AT_ONCE_MAX` at a time with half a minute each, before the claim is.
pub const NOTICES_PER_TURN_MAX: u32 = 48;
/// Notices an operator's list counts before it says "more than".
pub const NOTICES_COUNTED_MAX: u32 = 10_000;
/// Notices on one page of an operator's list.
pub const NOTICES_PER_PAGE: u32 = 50;
/// The hour from which routine short messages wait for the morning.
pub const QUIET_FROM_HOUR: u32 = 22;
/// The hour until which they wait.
pub const QUIET_UNTIL_HOUR: u32 = 8;
/// Days one waits at most for a working day: longer than any holiday.
pub const HELD_DAYS_MAX: u64 = 15;
/// Delivery receipts kept in one turn.
pub const RECEIPTS_PER_TURN_MAX: usize = 256;
/// Milliseconds a receipt waits for the record of its message before the message centre is asked to give it again.
pub const RECEIPT_WAIT_MS: i64 = 10_000;
/// Milliseconds the names a message centre gave are kept: no receipt comes later.
pub const MESSAGE_IDS_MS_MAX: i64 = 30 * 24 * 3_600_000;
/// Receipts of a message centre that wait to be kept.
pub const SMPP_REPORTS_WAITING_MAX: usize = 256;
/// The longest command a message centre may send.
pub const SMPP_PDU_BYTES_MAX: usize = 64 * 1024;
/// The longest pause before binding again.
pub const SMPP_REBIND_PAUSE_MAX: std::time::Duration = std::time::Duration::from_secs(60);
/// Messages without an answer at one time, unless configured.
pub const SMPP_WINDOW: usize = 10;
/// What may be configured.
pub const SMPP_WINDOW_BOUNDS: std::ops::RangeInclusive<usize> = 1..=100;
/// Messages a second, unless configured.
pub const SMPP_PER_SECOND: u32 = 20;
/// What may be configured; with fewer, a full turn of long messages would outlast its claim.
pub const SMPP_PER_SECOND_BOUNDS: std::ops::RangeInclusive<u32> = 5..=1_000;
/// What may be configured as the wait for one answer.
pub const SMPP_TIMEOUT_BOUNDS: std::ops::RangeInclusive<std::time::Duration> = std::time::Duration::from_secs(1)..=std::time::Duration::from_secs(10);
/// How often a bind is asked whether it still stands, unless configured.
pub const SMPP_ENQUIRE_LINK: std::time::Duration = std::time::Duration::from_secs(30);
/// What may be configured.
pub const SMPP_ENQUIRE_LINK_BOUNDS: std::ops::RangeInclusive<std::time::Duration> = std::time::Duration::from_secs(5)..=std::time::Duration::from_secs(300);
/// Notices on their way at once.
pub const NOTICES_AT_ONCE_MAX: usize = 16;
/// Milliseconds a claimed notice belongs to one worker.
pub const NOTICE_LEASE_MS: i64 = 120_000;
/// Leaves sealed in one turn.
pub const LEAVES_PER_TURN_MAX: u32 = 4_096;
/// Acts read in one go.
pub const CASE_ACTS_PER_READ_MAX: u32 = 1_000;
/// Tasks one digest lists.
pub const DIGEST_TASKS_MAX: u32 = 200;
/// The format of snapshots this program writes and reads; one with another is thrown away and the acts are folded from the first.
pub const SNAPSHOT_FORMAT: i32 = 5;
/// Cases whose bodies an inspection reads in one go: a body may be large.
pub const WALK_BODIES_CASES: u32 = 50;
/// Rows read in one go by an inspection.
pub const WALK_PAGE_ROWS: u32 = 1_000;
/// Findings an inspection lists; further ones are counted.
pub const FINDINGS_LISTED_MAX: usize = 50;
/// Bytes of one uploaded paper.
pub const UPLOAD_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Bytes of one part of it, as it is stored and sent; an upload or a download holds no more than this in memory.
pub const UPLOAD_PART_BYTES: usize = 256 * 1024;
/// Papers one person may upload in a day.
pub const UPLOADS_PER_DAY_MAX: i64 = 200;
/// Bytes of the answers in one draft.
pub const DRAFT_BYTES_MAX: usize = 256 * 1024;
/// Drafts one list shows.
pub const DRAFTS_LISTED_MAX: u32 = 50;
/// Characters of a password.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 10..=128;
/// Password hashes computed at once; each takes 19 MiB and a core for some tens of milliseconds.
pub const PASSWORD_HASHES_AT_ONCE: usize = 2;
/// People who may wait for a hash before others are told to come back.
pub const PASSWORD_HASHES_WAITING_MAX: usize = 64;
/// Failures of one login before it pauses.
pub const LOGIN_FAILURES_MAX: u32 = 5;
/// Milliseconds of the first pause of a login; doubled by each further failure.
pub const LOGIN_PAUSE_FIRST_MS: i64 = 60_000;
/// The longest pause of a login.
pub const LOGIN_PAUSE_MS_MAX: i64 = 60 * 60_000;
/// Milliseconds after which the failures of a login are counted anew.
pub const LOGIN_WINDOW_MS: i64 = 24 * 60 * 60_000;
/// Failures from one address, which a whole office may share, before it pauses.
pub const ADDRESS_FAILURES_MAX: u32 = 60;
/// Milliseconds of that pause.
pub const ADDRESS_PAUSE_MS: i64 = 15 * 60_000;
/// Milliseconds after which the failures from an address are counted anew.
pub const ADDRESS_WINDOW_MS: i64 = 15 * 60_000;
/// Milliseconds after which a session nobody uses is over.
pub const SESSION_IDLE_MS_MAX: i64 = 30 * 60_000;
/// Milliseconds after which every session is over.
pub const SESSION_MS_MAX: i64 = 12 * 60 * 60_000;
/// Milliseconds between two notes that a session is in use, so that looking at a page seldom writes.
pub const SESSION_SEEN_MS: i64 = 60_000;
/// Characters kept of what a browser calls itself.
pub const AGENT_CHARS_MAX: usize = 200;
/// Milliseconds for which an invitation counts: seven days.
pub const INVITATION_MS: i64 = 7 * 24 * 60 * 60_000;
/// Milliseconds for which a reset link counts: one hour.
pub const RESET_MS: i64 = 60 * 60_000;
/// Resets somebody may ask for within the hour.
pub const RESETS_PER_HOUR_MAX: u32 = 3;
/// Resets that may be asked for from one address within the hour.
pub const RESETS_PER_ADDRESS_MAX: u32 = 60;
/// Resets looked at in one turn.
pub const RESETS_PER_TURN_MAX: u32 = 32;
/// Characters of a login.
pub const LOGIN_CHARS: std::ops::RangeInclusive<usize> = 2..=40;
/// Characters of a person's name.
pub const PERSON_NAME_CHARS_MAX: usize = 40;
/// Characters of a mail address.
pub const EMAIL_CHARS_MAX: usize = 254;
/// Tasks one list of lights exports.
pub const LIGHTS_LISTED_MAX: u32 = 10_000;
/// Entries of the log looked through for one page of a search.
pub const SEARCH_ENTRIES_MAX: i64 = 2_000;
/// Accounts, and places of one waiting list, that a page shows.
pub const ACCOUNTS_SHOWN_MAX: u32 = 1_000;
/// Cases of one procedure that the page of land looks through for whom a plot fits.
pub const PLOT_CASES_MAX: u32 = 200;
/// Cases of one procedure whose money the page of funds reads.
pub const FUNDED_CASES_MAX: u32 = 50;
/// Findings of a verification that are kept and shown.
pub const FINDINGS_SHOWN_MAX: usize = 20;
/// Bytes of an export handed out in one piece.
pub const EXPORT_CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of a posted form that wait while somebody signs in again.
pub const KEPT_BYTES_MAX: usize = 512 * 1024;
/// People a demonstration's sign-in page finds at once.
pub const DEMO_PEOPLE_MAX: usize = 40;
/// People one page lists.
pub const PEOPLE_PER_PAGE: usize = 50;
/// Cases a search for part of a number or a name looks at, newest first.
pub const CASES_SEARCHED_MAX: u32 = 10_000;
/// Cases a list counts before it says that there are more.
pub const CASES_COUNTED_MAX: u32 = 1_000;
/// Days in a calendar feed: what is open on one desk.
pub const FEED_ENTRIES_MAX: u32 = 500;
/// Bytes of a ledger that is frozen at once.
pub const FROZEN_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Rows of the ledger that a page shows.
pub const LEDGER_SHOWN_MAX: usize = 500;
/// Cases of one name looked through for the one that is public.
pub const NAMED_CASES_LOOKED_MAX: u32 = 8;
/// Cases looked through for one page of the public list.
pub const PUBLIC_CASES_LOOKED_MAX: u32 = 500;
/// Cases of one workflow that an assessment looks at, the newest first.
pub const ASSESSED_CASES_MAX: u32 = 10_000;
/// Webhooks in use at once.
pub const WEBHOOKS_MAX: usize = 20;
/// Characters of a webhook's address.
pub const WEBHOOK_URL_CHARS_MAX: usize = 500;
/// How long the secret before the newest signs as well.
pub const WEBHOOK_OLD_KEY_MS: i64 = 86_400_000;
/// How long a secret is shown again to the same form: as long as a second click may take.
pub const WEBHOOK_SHOWN_MS: i64 = 600_000;
/// Ended subscriptions a page shows.
pub const WEBHOOKS_ENDED_SHOWN_MAX: usize = 20;
/// Messages to webhooks claimed in one turn: as many as are surely over before the claim is.
pub const WEBHOOKS_PER_TURN_MAX: usize = 48;
