//! The lights board: how many open tasks are green, grey, yellow, red, dark red, by link and by office, and which those are.
//! Invariant: every number on the board is the length of a list one can open. Never: a stored colour; each answer is of this moment.

use serde::Serialize;

use crate::app::App;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::notices::short_name;
use crate::engine::refusal::{Class, Refusal};
use crate::exports::safe::{self, Cell};
use crate::ids::{Moment, PersonId, Tenant, Text};
use crate::limits::LIGHTS_LISTED_MAX;
use crate::store::{LightCount, Lit, LitCursor, Looked, StoreFault};
use crate::supervision::Light;

/// The lights in the order a board shows them: the most urgent first.
pub const SHOWN: [Light; 5] = [Light::DarkRed, Light::Red, Light::Yellow, Light::Grey, Light::Green];

/// How many tasks show each light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [(i64, i64); SHOWN.len()],
}

impl Tally {
    fn add(&mut self, row: &LightCount) {
        for (light, sums) in SHOWN.iter().zip(&mut self.counts) {
            if *light == row.light {
                sums.0 += row.count;
                sums.1 += row.fresh;
            }
        }
    }

    /// How many show `light`, and how many of them only since today began.
    #[must_use]
    pub fn of(&self, light: Light) -> (i64, i64) {
        SHOWN.iter().zip(&self.counts).find(|(shown, _)| **shown == light).map_or((0, 0), |(_, sums)| *sums)
    }

    /// How many tasks there are.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.counts.iter().map(|(count, _)| count).sum()
    }
}

/// A link or an office with its lights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its key; empty for the tasks of applicants.
    pub key: String,
    /// Its name.
    pub title: Text,
    /// Its lights.
    pub tally: Tally,
}

/// The board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// When.
    pub now: Moment,
    /// All tasks, each once.
    pub all: Tally,
    /// By link, each task once.
    pub links: Vec<Group>,
    /// By office; a task of two offices stands with both.
    pub offices: Vec<Group>,
}

/// Which tasks to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LitWanted {
    /// With this light.
    pub light: Option<Light>,
    /// Of this workflow.
    pub link: Option<String>,
    /// Of this office.
    pub office: Option<String>,
    /// Of applicants.
    pub applicants: bool,
    /// Only what shows its light, or is open, only since today began.
    pub fresh: bool,
    /// The page after this one.
    pub after: Option<String>,
}

/// A page of tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LitPage {
    /// The tasks.
    pub lines: Vec<LitLine>,
    /// How many there are on all pages.
    pub count: i64,
    /// Where the next page begins.
    pub after: Option<String>,
}

/// An open task with its light.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LitLine {
    /// The case's id.
    pub case: String,
    /// What people call it.
    pub name: String,
    /// The project, or the subject, as the inbox has it.
    pub project: Option<String>,
    /// The task's id within the case.
    pub task: u32,
    /// Its light.
    pub light: Light,
    /// Since when it shows.
    pub since: String,
    /// The link.
    pub link: Text,
    /// The step.
    pub step: Text,
    /// The office; absent for a task of the applicant.
    pub office: Option<Text>,
    /// Who claimed it.
    pub claimed: Option<String>,
    /// The due day.
    pub due: Option<String>,
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("reading the lights", cause)
}

impl App {
    /// The board of all offices, or of one.
    ///
    /// # Errors
    /// A fault.
    pub async fn lights(&self, tenant: Tenant, office: Option<&str>) -> Result<Board, Fault> {
        let known = self.known(tenant).await?;
        let now = self.clock().now();
        let counts = self.store().light_counts(tenant, now, Moment::start_of(now.date()), office).await.map_err(reading)?;
        let mut board = Board { now, all: Tally::default(), links: Vec::new(), offices: Vec::new() };
        for row in &counts {
            // Of one office every row counts; over all offices a task counts where its first office has it.
            if office.is_some() || row.lead {
                board.all.add(row);
                let link = || known.link_title(&row.program);
                group(&mut board.links, &row.program, link).add(row);
            }
            let key = row.office.clone().unwrap_or_default();
            group(&mut board.offices, &key, || if key.is_empty() { applicants() } else { known.office(&key) }).add(row);
        }
        for groups in [&mut board.links, &mut board.offices] {
            // What is late comes first; then whoever has most.
            let late = |tally: &Tally| (tally.of(Light::DarkRed).0, tally.of(Light::Red).0, tally.of(Light::Yellow).0, tally.total());
            groups.sort_by(|left, right| late(&right.tally).cmp(&late(&left.tally)).then_with(|| left.key.cmp(&right.key)));
        }
        Ok(board)
    }

    /// All lights, with how many tasks show theirs only since `since`.
    ///
    /// # Errors
    /// A fault.
    pub async fn lights_since(&self, tenant: Tenant, since: Moment) -> Result<Tally, Fault> {
        let counts = self.store().light_counts(tenant, self.clock().now(), since, None).await.map_err(reading)?;
        let mut tally = Tally::default();
        counts.iter().filter(|row| row.lead).for_each(|row| tally.add(row));
        Ok(tally)
    }

    /// A page of the tasks behind a number of the board.
    ///
    /// # Errors
    /// `cursor_not_read`, or a fault.
    pub async fn lit(&self, tenant: Tenant, wanted: &LitWanted, limit: u32) -> Result<LitPage, Failure> {
        let known = self.known(tenant).await?;
        let now = self.clock().now();
        let looked = Looked {
            now,
            today: Moment::start_of(now.date()),
            office: wanted.office.clone(),
            light: wanted.light,
            program: wanted.link.clone(),
            applicants: wanted.applicants,
            fresh: wanted.fresh,
            after: wanted.after.as_deref().map(cursor).transpose()?,
            limit,
        };
        let counts = self.store().light_counts(tenant, now, looked.today, wanted.office.as_deref()).await.map_err(reading)?;
        let counted = |row: &&LightCount| {
            let office = if wanted.applicants { row.office.is_none() } else { wanted.office.is_some() || row.lead };
            office && wanted.light.is_none_or(|light| light == row.light) && wanted.link.as_ref().is_none_or(|link| *link == row.program)
        };
        let count = counts.iter().filter(counted).map(|row| if wanted.fresh { row.fresh } else { row.count }).sum();
        let found = self.store().lit_tasks(tenant, &looked).await.map_err(reading)?;
        let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let after = found.last().filter(|_| full).map(|last| cursor_text(last.cursor()));
        Ok(LitPage { lines: found.into_iter().map(|lit| line(lit, &known)).collect(), count, after })
    }

    /// The same list as CSV, whole up to the bound.
    ///
    /// # Errors
    /// As `lit`.
    pub async fn lit_csv(&self, tenant: Tenant, wanted: &LitWanted, english: bool) -> Result<String, Failure> {
        let page = self.lit(tenant, &LitWanted { after: None, ..wanted.clone() }, LIGHTS_LISTED_MAX).await?;
        let header = if english {
            ["Case", "Project", "Link", "Step", "Office", "Claimed by", "Due", "Light", "Since"]
        } else {
            ["办件编号", "项目", "环节", "步骤", "承办单位", "签收人", "到期日", "灯", "亮灯起始"]
        };
        let say = |text: &Text| if english { text.en.clone() } else { text.zh.clone() };
        let rows = page.lines.iter().map(|line| {
            let words = |text: &Option<String>| Cell::words(text.as_deref().unwrap_or_default());
            vec![
                Cell::words(&line.name),
                words(&line.project),
                Cell::words(&say(&line.link)),
                Cell::words(&say(&line.step)),
                Cell::words(&line.office.as_ref().map(say).unwrap_or_default()),
                words(&line.claimed),
                Cell::plain(line.due.as_ref()),
                Cell::plain(Some(crate::exports::ledger::light_name(line.light, english))),
                Cell::plain(Some(&line.since)),
            ]
        });
        Ok(safe::csv(header, rows))
    }
}

impl Known {
    /// How a link is called.
    #[must_use]
    pub fn link_title(&self, program: &str) -> Text {
        let found = self.bundles.values().find_map(|bundle| bundle.programs.get(program));
        found.map_or_else(|| Text { zh: program.to_owned(), en: program.to_owned() }, |program| program.title.clone())
    }

    /// How a step is called.
    #[must_use]
    pub fn step_title(&self, program: &str, step: &str) -> Text {
        let program = self.bundles.values().find_map(|bundle| bundle.programs.get(program));
        let node = program.and_then(|program| program.nodes.iter().find(|node| *node.key == *step));
        node.map_or_else(|| Text { zh: step.to_owned(), en: step.to_owned() }, |node| node.title.clone())
    }

    /// How a person is called.
    #[must_use]
    pub fn person_name(&self, person: PersonId) -> String {
        self.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }
}

fn applicants() -> Text {
    Text { zh: "申请人".to_owned(), en: "Applicants".to_owned() }
}

fn group<'g>(groups: &'g mut Vec<Group>, key: &str, title: impl FnOnce() -> Text) -> &'g mut Tally {
    let place = groups.iter().position(|group| group.key == key).unwrap_or_else(|| {
        groups.push(Group { key: key.to_owned(), title: title(), tally: Tally::default() });
        groups.len() - 1
    });
    &mut groups[place].tally
}

fn line(lit: Lit, known: &Known) -> LitLine {
    let Lit { found, light, since } = lit;
    let task = found.task;
    LitLine {
        case: found.case.to_string(),
        name: task.number.unwrap_or_else(|| short_name(found.case)),
        project: found.title,
        task: task.task,
        light,
        since: since.to_rfc3339(),
        link: known.link_title(&task.program),
        step: known.step_title(&task.program, &task.step),
        office: Some(&task.office).filter(|office| !office.is_empty()).map(|office| known.office(office)),
        claimed: task.claimed.map(|person| known.person_name(person)),
        due: task.due,
    }
}

/// A cursor as text, so that it can stand in an address.
fn cursor_text(cursor: LitCursor) -> String {
    format!("{}.{}.{}", cursor.since.0, cursor.case, cursor.task)
}

fn cursor(text: &str) -> Result<LitCursor, Refusal> {
    let parsed = || {
        let mut parts = text.split('.');
        let (since, case, task) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(LitCursor { since: Moment(since), case, task })
    };
    parsed().ok_or_else(|| {
        let (zh, en) = (format!("翻页位置“{text}”无法识别，请从第一页重新打开。"), format!("expected an `after` that a page gave, found `{text}`"));
        refusal("cursor_not_read", Class::Invalid, zh, en)
    })
}
