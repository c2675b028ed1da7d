//! A clerk's desk: the open tasks of one's seats with filters and counts, and the search over cases.
//! Invariant: a page costs the same however many tasks are open; nothing here loads a case. Never: a permission; the surface asked before it came here.

use crate::app::App;
use crate::app::failure::{Failure, Fault};
use crate::app::known::Known;
use crate::app::queries::{cursor, cursor_text, reading};
use crate::app::register;
use crate::definition::graph::Verb;
use crate::ids::{CaseId, Moment, Name, PersonId, Tenant, Text};
use crate::limits::CASES_COUNTED_MAX;
use crate::store::rows::TaskRow;
use crate::store::{Inbox, InboxCount, InboxTask, Seat};
use crate::supervision::Light;

pub use crate::store::rows::CaseRow;
pub use crate::store::{CaseSearch, Held, Late};

/// What of one's tasks is looked at.
#[derive(Clone, Debug, Default)]
pub struct DeskFilter {
    /// Steps of this program.
    pub program: Option<String>,
    /// How late.
    pub late: Late,
    /// In whose hands.
    pub held: Held,
    /// Whose number or project holds this.
    pub text: Option<String>,
    /// After the page that gave this.
    pub after: Option<String>,
}

/// A page of one's tasks.
pub struct Desk {
    /// The tasks, in the order in which they should be done.
    pub lines: Vec<DeskLine>,
    /// What others ask this person in their place (委派), whatever post it lies with; on the first page only.
    pub asked: Vec<DeskLine>,
    /// Where the next page begins.
    pub after: Option<String>,
    /// How many there are of each kind, whatever the filter; only the text narrows them.
    pub counts: Counts,
    /// The moment of the page.
    pub now: Moment,
}

/// A task.
pub struct DeskLine {
    /// Its case.
    pub case: CaseId,
    /// The task as the inbox has it.
    pub task: TaskRow,
    /// The project.
    pub project: Option<String>,
    /// The step's name.
    pub step: Text,
    /// The procedure's name.
    pub link: Text,
    /// Its light now.
    pub light: Light,
    /// Who claimed it.
    pub claimed: Option<PersonId>,
    /// Its step may be answered in a batch.
    pub batch: bool,
}

/// Counts of an inbox, to be added up under any filter.
pub struct Counts(Vec<InboxCount>);

impl Counts {
    /// How many a filter would show.
    #[must_use]
    pub fn of(&self, filter: &DeskFilter) -> i64 {
        let fits = |count: &&InboxCount| {
            let held = match filter.held {
                Held::Any => true,
                Held::By(_) => count.own,
                Held::Nobody => count.free,
            };
            let late = filter.late == Late::Any || filter.late == count.late;
            held && late && filter.program.as_ref().is_none_or(|program| *program == count.program)
        };
        self.0.iter().filter(fits).map(|count| count.tasks).sum()
    }

    /// The programs something is open in.
    #[must_use]
    pub fn programs(&self) -> Vec<String> {
        let programs: std::collections::BTreeSet<&String> = self.0.iter().map(|count| &count.program).collect();
        programs.into_iter().cloned().collect()
    }
}

/// A page of cases.
pub struct Shelfmark {
    /// The cases, newest first.
    pub rows: Vec<CaseRow>,
    /// How many there are, and whether there are more than that.
    pub count: (i64, bool),
    /// The next page begins after this case.
    pub before: Option<CaseId>,
}

impl App {
    /// A page of the tasks a person may do, with the counts of every filter.
    ///
    /// # Errors
    /// `cursor_not_read`, or a fault.
    pub async fn desk(&self, tenant: Tenant, person: PersonId, posts: &[(Name, Name)], filter: &DeskFilter, limit: u32) -> Result<Desk, Failure> {
        let known = self.known(tenant).await?;
        let now = self.clock().now();
        let seats = std::iter::once(Seat::Applicant(person)).chain(posts.iter().flat_map(|(office, post)| Seat::of_post(office, post))).collect();
        let after = filter.after.as_deref().map(cursor).transpose()?;
        let inbox = Inbox {
            seats,
            now,
            // The pages of one look are shelved by the day of the first, or what lapsed at midnight would come twice.
            lapsed: known.lapsed(after.map_or(now, |after| after.now).date()),
            program: filter.program.clone(),
            text: filter.text.clone(),
            held: filter.held,
            late: filter.late,
            after,
            limit,
        };
        let (found, counts) = tokio::join!(self.store().inbox(tenant, &inbox), self.store().inbox_counts(tenant, &inbox, person));
        let (found, counts) = (found.map_err(reading("reading an inbox"))?, counts.map_err(reading("counting an inbox"))?);
        let shown = after.map_or(now, |after| after.now);
        let full = found.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let next = found.last().filter(|_| full).map(|last| cursor_text(&last.cursor(shown)));
        let asked = match after {
            None => self.store().asked_of(tenant, person, limit).await.map_err(reading("reading what is asked of a person"))?,
            Some(_) => Vec::new(),
        };
        let line = |found| desk_line(&known, found, now);
        let (lines, asked) = (found.into_iter().map(line).collect(), asked.into_iter().map(line).collect());
        Ok(Desk { lines, asked, after: next, counts: Counts(counts), now })
    }

    /// A page of the cases that are looked for.
    ///
    /// # Errors
    /// A fault.
    pub async fn search_cases(&self, tenant: Tenant, search: CaseSearch, limit: u32) -> Result<Shelfmark, Fault> {
        let search = CaseSearch { except: register::WORKFLOW.to_owned(), ..search };
        let (rows, count) = tokio::join!(self.store().search_cases(tenant, &search, limit), self.store().count_cases(tenant, &search));
        let (mut rows, count) = (rows.map_err(reading("looking for cases"))?, count.map_err(reading("counting cases"))?);
        let (known, today) = (self.known(tenant).await?, self.clock().now().date());
        for row in rows.iter_mut().filter(|row| row.ended.is_none()) {
            row.rank = known.rank_on(row.revision, row.rank, today);
        }
        let full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let before = rows.last().filter(|_| full).map(|last| last.id);
        Ok(Shelfmark { rows, count: (count, count >= i64::from(CASES_COUNTED_MAX)), before })
    }
}

/// A task with the words of the newest bundle that has its program.
fn desk_line(known: &Known, found: InboxTask, now: Moment) -> DeskLine {
    let program = known.bundles.values().rev().find_map(|bundle| bundle.programs.get(found.task.program.as_str()));
    let node = program.and_then(|program| program.nodes.iter().find(|node| *node.key == *found.task.step));
    DeskLine {
        case: found.case,
        project: found.title,
        step: node.map(|node| node.title.clone()).unwrap_or_default(),
        link: program.map_or_else(Text::default, |program| program.title.clone()),
        light: light(&found.task, now),
        claimed: found.task.claimed,
        batch: node.is_some_and(|node| node.verbs.allow(Verb::Batch)),
        task: found.task,
    }
}

/// A light from the moments an inbox row keeps.
fn light(task: &TaskRow, now: Moment) -> Light {
    if task.dark_red_from <= now {
        Light::DarkRed
    } else if task.red_from <= now {
        Light::Red
    } else if task.yellow_from <= now {
        Light::Yellow
    } else if task.grey_from <= now {
        Light::Grey
    } else {
        Light::Green
    }
}
