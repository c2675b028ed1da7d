//! The inbox: open tasks of the seats a person holds, the overdue first by how long, then by rank, then by when they turn red.
//! Invariant: a page costs the same at a thousand and at a hundred thousand open tasks: it is a handful of ranges of one index, each cut at the page's length.
//! Never: a colour; `red_from` against `now` is all it looks at.

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::definition::graph::ORDINARY;
use crate::identity::absence::B_POST;
use crate::ids::{CaseId, Digest, Moment, PersonId, Tenant};
use crate::store::dialect::on_both;
use crate::store::rows::TaskRow;
use crate::store::topics::cases::escaped;
use crate::store::topics::lapsed::of_lapsed;
use crate::store::{Store, StoreFault};

/// Every rank there is; the tables refuse another.
const RANKS: [i16; 4] = [0, 1, 2, ORDINARY];

/// A seat whose tasks are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seat {
    /// A post in an office.
    Post {
        /// The office.
        office: String,
        /// The post.
        post: String,
    },
    /// A B post: tasks of its A post that nobody claimed in time.
    Backup {
        /// The office.
        office: String,
        /// The B post.
        post: String,
    },
    /// The applicant of cases.
    Applicant(PersonId),
}

impl Seat {
    /// The seats somebody has who holds a post: a B post has its A post's tasks that nobody claimed in time as well.
    pub fn of_post(office: &str, post: &str) -> impl Iterator<Item = Self> {
        let (office, post) = (office.to_owned(), post.to_owned());
        let backup = post.ends_with(B_POST).then(|| Self::Backup { office: office.clone(), post: post.clone() });
        std::iter::once(Self::Post { office, post }).chain(backup)
    }

    /// Pool and post, as the tasks table has them.
    fn key(&self) -> (String, String) {
        match self {
            Self::Post { office, post } | Self::Backup { office, post } => (office.clone(), post.clone()),
            Self::Applicant(person) => (person.to_string(), "applicant".to_owned()),
        }
    }

    /// The column of the tasks table its post stands in.
    const fn column(&self) -> &'static str {
        match self {
            Self::Backup { .. } => "backup",
            Self::Post { .. } | Self::Applicant(_) => "post",
        }
    }
}

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    /// The seats.
    pub seats: Vec<Seat>,
    /// Now; the next pages keep the first page's, in the cursor.
    pub now: Moment,
    /// The versions of workflows whose rank counts no more today: their tasks stand among the ordinary ones, whatever rank was given.
    pub lapsed: Vec<Digest>,
    /// Of this program.
    pub program: Option<String>,
    /// Whose number or project holds this text.
    pub text: Option<String>,
    /// Whose hands it is in.
    pub held: Held,
    /// How late it is.
    pub late: Late,
    /// After this one.
    pub after: Option<InboxCursor>,
    /// How many.
    pub limit: u32,
}

/// Whose hands a task is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Held {
    /// Anybody's.
    #[default]
    Any,
    /// This person claimed it.
    By(PersonId),
    /// Nobody claimed it.
    Nobody,
}

/// How late a task is at the inbox's `now`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Late {
    /// However late.
    #[default]
    Any,
    /// Past its due day.
    Overdue,
    /// Not yet, but its light is yellow.
    Soon,
}

/// How many tasks of one kind an inbox holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxCount {
    /// The program.
    pub program: String,
    /// Overdue, soon due, or (`Any`) neither.
    pub late: Late,
    /// The person has claimed them.
    pub own: bool,
    /// Nobody has.
    pub free: bool,
    /// How many.
    pub tasks: i64,
}

/// Where a page ended: the place of its last task in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxCursor {
    /// The `now` of the first page.
    pub now: Moment,
    /// The last task's rank.
    pub rank: i16,
    /// Its moment of red.
    pub red_from: Moment,
    /// Its case.
    pub case: CaseId,
    /// Its id.
    pub task: u32,
}

/// An open task with its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxTask {
    /// The case.
    pub case: CaseId,
    /// The task.
    pub task: TaskRow,
    /// What lists call its case, where the list asks for it.
    pub title: Option<String>,
}

#[derive(FromRow)]
pub(super) struct StoredTask {
    case_id: Uuid,
    task: i64,
    pool: String,
    number: Option<String>,
    program: String,
    step: String,
    post: String,
    claimed: Option<Uuid>,
    rank: i16,
    opened: i64,
    red_from: i64,
    yellow_from: i64,
    due: Option<String>,
    dark_red_from: i64,
    grey_from: i64,
    lead: i16,
    backup: Option<String>,
    asked: Option<Uuid>,
}

#[derive(FromRow)]
pub(super) struct TitledTask {
    #[sqlx(flatten)]
    task: StoredTask,
    title: Option<String>,
}

impl TitledTask {
    pub(super) fn row(self) -> Result<InboxTask, StoreFault> {
        Ok(InboxTask { title: self.title, ..self.task.row()? })
    }
}

impl StoredTask {
    pub(super) fn row(self) -> Result<InboxTask, StoreFault> {
        let task = u32::try_from(self.task).map_err(|_| StoreFault::Broken { table: "tasks", why: format!("task {} is not a local id", self.task) })?;
        let office = if self.post == "applicant" { String::new() } else { self.pool };
        let row = TaskRow {
            task,
            number: self.number,
            program: self.program,
            step: self.step,
            office,
            post: self.post,
            backup: self.backup,
            claimed: self.claimed.map(PersonId),
            asked: self.asked.map(PersonId),
            closed: None,
            rank: self.rank,
            opened: Moment(self.opened),
            red_from: Moment(self.red_from),
            yellow_from: Moment(self.yellow_from),
            dark_red_from: Moment(self.dark_red_from),
            grey_from: Moment(self.grey_from),
            lead: self.lead != 0,
            due: self.due,
        };
        Ok(InboxTask { case: CaseId(self.case_id), task: row, title: None })
    }
}

impl InboxTask {
    /// The cursor after this task, on the page made at `now`.
    #[must_use]
    pub fn cursor(&self, now: Moment) -> InboxCursor {
        InboxCursor { now, rank: self.task.rank, red_from: self.task.red_from, case: self.case, task: self.task.task }
    }
}

impl Store {
    /// A page of the inbox.
    pub async fn inbox(&self, tenant: Tenant, inbox: &Inbox) -> Result<Vec<InboxTask>, StoreFault> {
        // Beyond the last overdue task there is nothing more to read of the overdue.
        let over = inbox.late == Late::Overdue && inbox.after.is_some_and(|after| after.red_from > after.now);
        if inbox.seats.is_empty() || over {
            return Ok(Vec::new());
        }
        let now = inbox.after.map_or(inbox.now, |after| after.now);
        let after = inbox.after;
        let overdue_before = after.is_none_or(|after| after.red_from <= now);
        let text = page(inbox, overdue_before);
        let mut connection = self.reader(tenant).await?;
        let found: Vec<TitledTask> = on_both!(&mut connection, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(text))
                .bind(tenant.0)
                .bind(now.0)
                .bind(i64::from(inbox.limit))
                .bind(&inbox.program)
                .bind(inbox.text.as_deref().map(escaped))
                .bind(holder(inbox.held))
                .bind(after.map_or(i64::MIN, |after| after.red_from.0))
                .bind(after.map_or(Uuid::nil(), |after| after.case.0))
                .bind(after.map_or(-1, |after| i64::from(after.task)));
            for seat in &inbox.seats {
                let (pool, post) = seat.key();
                query = query.bind(pool).bind(post);
            }
            for revision in &inbox.lapsed {
                query = query.bind(&revision.0[..]);
            }
            query.fetch_all(&mut **c).await?
        });
        let mut tasks = found.into_iter().map(TitledTask::row).collect::<Result<Vec<_>, StoreFault>>()?;
        // A task of two offices stands in two pools; somebody with a seat in both sees it once.
        tasks.dedup_by(|later, earlier| later.case == earlier.case && later.task.task == earlier.task.task);
        Ok(tasks)
    }

    /// How many open tasks the seats have, by program, lateness and holder, so that every filter can say its count. `text` narrows as in a page.
    pub async fn inbox_counts(&self, tenant: Tenant, inbox: &Inbox, person: PersonId) -> Result<Vec<InboxCount>, StoreFault> {
        if inbox.seats.is_empty() {
            return Ok(Vec::new());
        }
        let text = counts(inbox);
        let mut connection = self.reader(tenant).await?;
        let found: Vec<(String, i32, i32, i64)> = on_both!(&mut connection, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(text)).bind(tenant.0).bind(inbox.now.0).bind(person.0).bind(&inbox.program).bind(inbox.text.as_deref().map(escaped));
            for seat in &inbox.seats {
                let (pool, post) = seat.key();
                query = query.bind(pool).bind(post);
            }
            query.fetch_all(&mut **c).await?
        });
        let count = |(program, late, held, tasks): (String, i32, i32, i64)| InboxCount {
            program,
            late: [Late::Any, Late::Soon, Late::Overdue][usize::try_from(late).unwrap_or(0).min(2)],
            own: held == 1,
            free: held == 0,
            tasks,
        };
        Ok(found.into_iter().map(count).collect())
    }

    /// The tasks about which somebody is asked in another's place, the one soonest late first. Their own seats do not matter.
    pub async fn asked_of(&self, tenant: Tenant, person: PersonId, limit: u32) -> Result<Vec<InboxTask>, StoreFault> {
        let text = "select t.case_id, t.task, t.pool, t.number, t.program, t.step, t.post, t.claimed, t.rank, t.opened, t.red_from, t.yellow_from, t.due, t.dark_red_from, t.grey_from,
            t.lead, t.backup, t.asked, c.title from tasks t join cases c on c.tenant = t.tenant and c.id = t.case_id
            where t.tenant = $1 and t.asked = $2 and t.lead = 1 order by t.red_from, t.case_id, t.task limit $3";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<TitledTask> =
            on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(person.0).bind(i64::from(limit)).fetch_all(&mut **c).await?);
        found.into_iter().map(TitledTask::row).collect()
    }

    /// The open tasks of a case, in order.
    pub async fn tasks(&self, tenant: Tenant, case: CaseId) -> Result<Vec<TaskRow>, StoreFault> {
        let text =
            "select case_id, task, pool, number, program, step, post, claimed, rank, opened, red_from, yellow_from, due, dark_red_from, grey_from, lead, backup, asked
            from tasks where tenant = $1 and case_id = $2 order by task, pool";
        let mut connection = self.reader(tenant).await?;
        let found: Vec<StoredTask> = on_both!(&mut connection, c => sqlx::query_as(text).bind(tenant.0).bind(case.0).fetch_all(&mut **c).await?);
        found.into_iter().map(|task| task.row().map(|found| found.task)).collect()
    }
}

/// A task of the tasks table whose number or whose case's title holds `$5`.
const HOLDS_TEXT: &str = " and (number like '%' || $5 || '%' escape '!'
   or exists (select 1 from cases o where o.tenant = $1 and o.id = tasks.case_id and o.title like '%' || $5 || '%' escape '!'))";

/// The statement of the counts: a task that stands in two of the seats' pools counts once.
fn counts(inbox: &Inbox) -> String {
    const FIRST_SEAT: usize = 6;
    let holds_text = if inbox.text.is_some() { HOLDS_TEXT } else { "" };
    let seat = |seat: usize| {
        let (pool, post) = (FIRST_SEAT + 2 * seat, FIRST_SEAT + 2 * seat + 1);
        let column = inbox.seats[seat].column();
        format!(
            "select case_id, task, program, red_from, yellow_from, claimed from tasks where tenant = $1 and pool = ${pool} and {column} = ${post}{holds_text}"
        )
    };
    let seats: Vec<String> = (0..inbox.seats.len()).map(seat).collect();
    format!(
        "select program, late, held, count(*) from (
           select program, case when red_from <= $2 then 2 when yellow_from <= $2 then 1 else 0 end as late,
             case when claimed is null then 0 when claimed = $3 then 1 else 2 end as held from ({}) every) counted
         group by program, late, held order by program, late, held",
        seats.join(" union ")
    )
}

fn holder(held: Held) -> Option<Uuid> {
    match held {
        Held::By(person) => Some(person.0),
        Held::Any | Held::Nobody => None,
    }
}

/// Tasks of one stored rank, shown at one rank.
struct Shelf {
    stored: i16,
    shown: i16,
    /// Which of them: all, or those whose rank still counts, or those whose rank does not.
    only: String,
}

/// The shelves a page reads from, by the rank they are shown at. Nothing stored says that a rank lapsed, so nothing can be stale: the ranks are split by what lapsed by the page's day.
fn shelves(lapsed: usize, first: usize) -> Vec<Shelf> {
    if lapsed == 0 {
        return RANKS.map(|rank| Shelf { stored: rank, shown: rank, only: String::new() }).into();
    }
    let of_lapsed = of_lapsed("tasks", lapsed, first);
    let given = || RANKS.into_iter().filter(|rank| *rank != ORDINARY);
    let counts = given().map(|rank| Shelf { stored: rank, shown: rank, only: format!(" and not {of_lapsed}") });
    let lapses = given().map(|rank| Shelf { stored: rank, shown: ORDINARY, only: format!(" and {of_lapsed}") });
    counts.chain(lapses).chain([Shelf { stored: ORDINARY, shown: ORDINARY, only: String::new() }]).collect()
}

/// The statement of a page: for each seat and rank one range of overdue tasks and one of the others, each read from the index alone and cut at the limit; the rows of the page that is left are fetched last.
fn page(inbox: &Inbox, with_overdue: bool) -> String {
    const FIRST_SEAT: usize = 10;
    let mut text = String::from(
        "select t.case_id, t.task, t.pool, t.number, t.program, t.step, t.post, t.claimed, k.rank, t.opened, t.red_from, t.yellow_from, t.due, t.dark_red_from, t.grey_from, t.lead, t.backup, t.asked,
         c.title from (select * from (",
    );
    let mut ranges = 0_usize;
    let mut range = |seat: usize, shelf: &Shelf, late: bool, after: &str| {
        let (pool, post) = (FIRST_SEAT + 2 * seat, FIRST_SEAT + 2 * seat + 1);
        let union = if ranges == 0 { "" } else { " union all " };
        ranges += 1;
        let (side, part) = if late { ("<=", 0) } else { (">", 1) };
        // Only what the page asks for is tested; the rest would send every row of a range to the table.
        let column = inbox.seats[seat].column();
        let program = if inbox.program.is_some() { " and program = $4" } else { "" };
        let text_is = if inbox.text.is_some() { HOLDS_TEXT } else { "" };
        let held = match inbox.held {
            Held::Any => "",
            Held::By(_) => " and claimed = $6",
            Held::Nobody => " and claimed is null",
        };
        let soon = if inbox.late == Late::Soon { " and yellow_from <= $2" } else { "" };
        let Shelf { stored, shown, only } = shelf;
        let rank = if stored == shown { "rank".to_owned() } else { format!("cast({shown} as smallint) as rank") };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{union}select * from (select {part} as part, case_id, task, pool, {rank}, red_from from tasks where tenant = $1 and pool = ${pool} and {column} = ${post}
               and rank = {stored} and red_from {side} $2{after}{only}{program}{text_is}{held}{soon} order by red_from, case_id, task limit $3) r"
        );
    };
    let beyond = " and (red_from, case_id, task) > ($7, $8, $9)";
    let shelves = shelves(inbox.lapsed.len(), FIRST_SEAT + 2 * inbox.seats.len());
    for seat in 0..inbox.seats.len() {
        for shelf in &shelves {
            if with_overdue && inbox.late != Late::Soon {
                range(seat, shelf, true, if inbox.after.is_some() { beyond } else { "" });
            }
            match inbox.after {
                _ if inbox.late == Late::Overdue => {}
                // The page before ended among tasks not yet overdue: ranks before its own are done, its own goes on.
                Some(after) if !with_overdue && shelf.shown == after.rank => range(seat, shelf, false, beyond),
                Some(after) if !with_overdue && shelf.shown < after.rank => {}
                Some(_) | None => range(seat, shelf, false, ""),
            }
        }
    }
    text.push_str(
        ") every order by part, case when part = 0 then 0 else rank end, red_from, case_id, task limit $3) k
         join tasks t on t.tenant = $1 and t.case_id = k.case_id and t.task = k.task and t.pool = k.pool
         join cases c on c.tenant = $1 and c.id = k.case_id
         order by k.part, case when k.part = 0 then 0 else k.rank end, k.red_from, k.case_id, k.task",
    );
    text
}
