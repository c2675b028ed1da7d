//! The ledger 台账: one row for every step that was done and every step that is open, in the order of cases and acts.
//! Invariant: each row is read off the events; nothing in it was typed for it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};

use chrono::NaiveDate;
use futures::Stream;
use rust_xlsxwriter::XlsxError;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::app::App;
use crate::app::clockwork::stored_clock;
use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::{inspect, naming, register, view};
use crate::clock::Clock;
use crate::definition::graph::{Bundle, TermKind};
use crate::engine::case::{BodyRef, Case, Local, Term};
use crate::engine::event::Event;
use crate::engine::refusal::Class;
use crate::exports::ledger::{Evidence, LedgerRow, Line, Writing, widths};
use crate::exports::xlsx::Book;
use crate::forms::Viewer;
use crate::identity::Actor;
use crate::ids::{Digest, Moment, PersonId, Tenant, Text};
use crate::limits::{EXPORT_CHUNK_BYTES, WALK_PAGE_ROWS};
use crate::notice::Language;
use crate::store::rows::CaseRow;
use crate::store::{Store, StoreFault};
use crate::supervision::{Watch, margin};

/// What an act on the register is called that takes the ledger out of the house.
pub const EXPORTED: &str = "ledger-exported";

/// Which rows, and in which language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// English headings and words.
    pub english: bool,
    /// Steps done (or opened, while they are open) on this day or later.
    pub from: Option<NaiveDate>,
    /// On this day or earlier.
    pub to: Option<NaiveDate>,
    /// Steps of this workflow only.
    pub link: Option<String>,
}

impl Wanted {
    const fn language(&self) -> Language {
        if self.english { Language::En } else { Language::Zh }
    }

    fn takes(&self, link: &str, day: NaiveDate) -> bool {
        self.link.as_deref().is_none_or(|wanted| wanted == link) && self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated, with a byte order mark.
    Csv,
    /// A workbook.
    Xlsx,
}

impl Form {
    /// The ending of a file's name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// A written ledger: a file without a name, which goes when it is dropped.
#[derive(Debug)]
pub struct Written {
    /// The file, from its beginning.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// How many rows it has.
    pub rows: u64,
    /// The digest of its last row: two copies agree when this agrees.
    pub head: Digest,
}

impl Written {
    /// The file in pieces, so that no reader of it needs it whole.
    pub fn pieces(self) -> impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send {
        let file = tokio::fs::File::from_std(self.file);
        futures::stream::try_unfold(file, async |mut file| {
            let mut piece = Vec::with_capacity(EXPORT_CHUNK_BYTES);
            let read = (&mut file).take(EXPORT_CHUNK_BYTES as u64).read_to_end(&mut piece).await?;
            Ok((read > 0).then_some((piece, file)))
        })
    }
}

fn reading(cause: StoreFault) -> Fault {
    Fault::new("writing the ledger", cause)
}

fn writing(cause: std::io::Error) -> Fault {
    Fault::new("writing the ledger to a temporary file", cause)
}

impl App {
    /// Writes the ledger and puts it on the record who takes it out; the file leaves only after that.
    ///
    /// # Errors
    /// `too_many_rows` for a workbook, or a fault.
    pub async fn export_ledger(&self, tenant: Tenant, actor: Actor, wanted: &Wanted, form: Form) -> Result<Written, Failure> {
        let written = write(self.store(), tenant, wanted, form, &actor).await?;
        let size = self.store().log_size().await.map_err(reading)?;
        let details = json!({
            "form": form.ending(), "from": wanted.from, "to": wanted.to, "link": wanted.link, "english": wanted.english,
            "rows": written.rows, "last_row": written.head, "log_size": size,
        });
        self.record(tenant, actor, EXPORTED, details, RegisterRows::default()).await?;
        Ok(written)
    }
}

/// Writes the ledger of a tenant into a temporary file, row by row.
///
/// # Errors
/// `too_many_rows` for a workbook, or a fault.
pub async fn write(store: &Store, tenant: Tenant, wanted: &Wanted, form: Form, by: &Actor) -> Result<Written, Failure> {
    let version = store.registry_version(tenant).await.map_err(reading)?;
    let known = register::read(store, tenant, version, &Known::default()).await?;
    let now = stored_clock(store).await?.unwrap_or(Clock::Machine).now();
    let mut writing_rows = Writing::begin(wanted.language());
    let mut sheet = Sheet::begin(form, &writing_rows, wanted)?;
    let mut after = None;
    loop {
        let cases = store.cases_onward(tenant, after, WALK_PAGE_ROWS).await.map_err(reading)?;
        let Some(last) = cases.last() else { break };
        after = Some(last.id);
        for row in cases.iter().filter(|row| row.workflow != register::WORKFLOW) {
            let bundle = register::bundle_of(&known, row.revision)?;
            let acts = view::acts(store, tenant, row.id, row.version).await?;
            let mut case = Pages { known: &known, bundle: &bundle, wanted, now, by, state: None, project: Project::default(), rows: Vec::new() };
            for act in &acts {
                case.act(store, row, act).await?;
            }
            case.open_tasks();
            for row in &case.rows {
                sheet.line(&writing_rows.row(row))?;
            }
        }
    }
    let facts = facts(store, wanted, &writing_rows, now, &known.called(by)).await?;
    let (rows, head) = (writing_rows.rows(), writing_rows.head());
    let english = wanted.english;
    let finished = tokio::task::spawn_blocking(move || sheet.finish(english, &facts)).await;
    let mut file = finished.map_err(|cause| Fault::new("writing the ledger", cause))??;
    let bytes = file.seek(std::io::SeekFrom::End(0)).map_err(writing)?;
    file.rewind().map_err(writing)?;
    Ok(Written { file, bytes, rows, head })
}

/// Where the rows come from, for the workbook's second sheet.
async fn facts(store: &Store, wanted: &Wanted, written: &Writing, now: Moment, by: &str) -> Result<Vec<(String, String)>, Fault> {
    let note = store.checkpoint().await.map_err(reading)?.map(|row| row.note).unwrap_or_default();
    let keys: Vec<String> = inspect::keys(store).await?.iter().map(ToString::to_string).collect();
    let say = |zh: &str, en: &str| if wanted.english { en.to_owned() } else { zh.to_owned() };
    let day = |day: Option<NaiveDate>| day.map_or_else(|| say("不限", "any"), |day| day.to_string());
    let link = wanted.link.clone().unwrap_or_else(|| say("全部", "all"));
    Ok(vec![
        (say("导出时间", "Exported at"), now.to_rfc3339()),
        (say("导出人", "Exported by"), by.to_owned()),
        (say("起始日期", "From"), day(wanted.from)),
        (say("截止日期", "To"), day(wanted.to)),
        (say("环节", "Link"), link),
        (say("行数", "Rows"), written.rows().to_string()),
        (say("末行摘要值", "Digest of the last row"), written.head().to_string()),
        (say("最新检查点", "Newest checkpoint"), note.trim_end().to_owned()),
        (say("日志公钥", "Keys of the log"), keys.join("\n")),
        (
            say("怎样核对", "How to check"),
            say(
                "两份台账的末行摘要值相同，内容即相同；CSV 各行所记的前行摘要值由上一行的全部字节算出。检查点可用日志公钥验签。",
                "Two copies agree when the digests of their last rows agree. In the CSV each row names the SHA-256 of the bytes of the row before it. The checkpoint is signed with the log's key.",
            ),
        ),
    ])
}

/// The file of a ledger while it is written.
enum Sheet {
    Csv(BufWriter<File>),
    Xlsx(Box<Book>),
}

impl Sheet {
    fn begin(form: Form, rows: &Writing, wanted: &Wanted) -> Result<Self, Failure> {
        match form {
            Form::Csv => {
                let mut file = BufWriter::new(tempfile::tempfile().map_err(writing)?);
                file.write_all(rows.header_csv().as_bytes()).map_err(writing)?;
                Ok(Self::Csv(file))
            }
            Form::Xlsx => {
                let name = if wanted.english { "Ledger" } else { "台账" };
                Ok(Self::Xlsx(Box::new(Book::begin(name, &rows.header(), &widths()).map_err(workbook)?)))
            }
        }
    }

    fn line(&mut self, line: &Line) -> Result<(), Failure> {
        match self {
            Self::Csv(file) => Ok(file.write_all(line.csv.as_bytes()).map_err(writing)?),
            Self::Xlsx(book) => book.row(&line.cells).map_err(workbook),
        }
    }

    fn finish(self, english: bool, facts: &[(String, String)]) -> Result<File, Failure> {
        match self {
            Self::Csv(file) => file.into_inner().map_err(|cause| writing(cause.into_error()).into()),
            Self::Xlsx(book) => {
                let file = tempfile::tempfile().map_err(writing)?;
                let name = if english { "Source" } else { "来源" };
                book.finish(name, facts, BufWriter::new(&file)).map_err(workbook)?;
                Ok(file)
            }
        }
    }
}

fn workbook(cause: XlsxError) -> Failure {
    match cause {
        XlsxError::RowColumnLimitError => {
            let (zh, en) = (
                "行数超过一张工作表的上限（1,048,576 行），请缩小范围或导出 CSV。",
                "cannot write the workbook: a sheet holds 1,048,576 rows; narrow the period or take the CSV",
            );
            refusal("too_many_rows", Class::Invalid, zh, en).into()
        }
        cause => Fault::new("writing the ledger as a workbook", cause).into(),
    }
}

/// What the form says of the project.
#[derive(Clone, Debug, Default)]
struct Project {
    code: String,
    name: String,
    owner: String,
    owner_code: String,
}

impl Project {
    /// The fields a ledger needs, where the form has them.
    fn of(form: &Value) -> Self {
        let text = |keys: &[&str]| keys.iter().find_map(|key| form.get(key).and_then(Value::as_str)).unwrap_or_default().to_owned();
        Self {
            code: text(&["project_code", "code"]),
            name: naming::project(form).unwrap_or_default().to_owned(),
            owner: text(&["applicant_name", "applicant", "company"]),
            owner_code: text(&["uscc"]),
        }
    }
}

/// The rows of one case.
struct Pages<'a> {
    known: &'a Known,
    bundle: &'a Bundle,
    wanted: &'a Wanted,
    now: Moment,
    /// Who takes the ledger out.
    by: &'a Actor,
    state: Option<Case>,
    project: Project,
    rows: Vec<LedgerRow>,
}

impl Pages<'_> {
    async fn act(&mut self, store: &Store, row: &CaseRow, act: &view::Act) -> Result<(), Fault> {
        for event in &act.events {
            if let Event::Submitted { form, scope: 0, .. } = event {
                self.submitted(store, row, *form).await?;
            }
            if let Event::StepDone { .. } = event {
                self.done(event, act);
            }
        }
        self.state = crate::engine::fold_act(self.state.take(), &act.events);
        Ok(())
    }

    async fn submitted(&mut self, store: &Store, row: &CaseRow, form: BodyRef) -> Result<(), Fault> {
        let found = store.body(row.tenant, row.id, form.commit).await.map_err(reading)?;
        let form: Option<Value> = found.and_then(|(_, bytes)| serde_json::from_slice(&bytes).ok());
        self.project = form.as_ref().map(|form| Project::of(&self.seen(form))).unwrap_or_default();
        Ok(())
    }

    /// A submission as whoever takes the ledger out may see it, by the posts they hold; the operator of the program sees it whole.
    fn seen(&self, form: &Value) -> Value {
        let program = self.bundle.programs.get(&self.bundle.root);
        match (self.by, program.and_then(|program| program.form.as_ref())) {
            (Actor::Person(person), Some(asked)) if asked.has_rules() => {
                let posts = self.known.roster.posts_of(*person, self.now.date());
                let posts = posts.into_iter().map(|(office, post)| (office.to_string(), post.to_string())).collect();
                asked.for_viewer(&Viewer { posts, ..Viewer::default() }).seen(form)
            }
            (Actor::Person(_) | Actor::System | Actor::Operator(_), _) => form.clone(),
        }
    }

    /// A step that was done, with the terms as they stood just before.
    fn done(&mut self, event: &Event, act: &view::Act) {
        let Event::StepDone { scope, step, outcome, by, deemed, at, body, .. } = event else { return };
        let Some(state) = &self.state else { return };
        if !self.wanted.takes(link(state, *scope), at.date()) {
            return;
        }
        let mut row = self.row(state, *scope, step, act.at);
        row.progress = deemed.as_ref().map_or_else(|| outcome.to_string(), |basis| format!("{outcome}({basis})"));
        row.person = by.map(|by| self.name(by)).unwrap_or_default();
        row.recorder = by.map_or_else(|| self.say("系统", "system"), |by| self.name(by));
        row.at = Some(*at);
        row.light = None;
        row.evidence = body.map(|body| Evidence { number: format!("{}", act.seq), digest: body.commit }).into_iter().collect();
        self.rows.push(row);
    }

    /// Steps that are open now.
    fn open_tasks(&mut self) {
        let Some(state) = self.state.take() else { return };
        for task in state.tasks.values().filter(|task| self.wanted.takes(link(&state, task.scope), task.opened.date())) {
            let mut row = self.row(&state, task.scope, &task.step, self.now);
            row.planned_from = Some(task.opened.date());
            row.light = Some(Watch::over_task(&state, task, &self.known.calendar).light(self.now));
            row.person = task.claimed.map(|by| self.name(by)).unwrap_or_default();
            row.progress = self.say("在办", "open");
            self.rows.push(row);
        }
    }

    fn row(&self, state: &Case, scope: Local, step: &str, at: Moment) -> LedgerRow {
        let program = state.scopes.get(&scope).and_then(|scope| self.bundle.programs.get(&scope.program));
        let root = self.bundle.programs.get(&self.bundle.root);
        let node = program.and_then(|program| program.nodes.iter().find(|node| *node.key == *step));
        let terms: BTreeMap<TermKind, &Term> =
            state.terms.values().filter(|term| term.scope == scope && term.token.is_none()).map(|term| (term.kind, term)).collect();
        let lead = terms.get(&TermKind::Promised).or_else(|| terms.get(&TermKind::Statutory)).copied();
        LedgerRow {
            project_code: self.project.code.clone(),
            project: self.project.name.clone(),
            owner: self.project.owner.clone(),
            owner_code: self.project.owner_code.clone(),
            matter: root.map(|program| self.text(&program.title)).unwrap_or_default(),
            link: program.map(|program| self.text(&program.title)).unwrap_or_default(),
            step: node.map(|node| self.text(&node.title)).unwrap_or_else(|| step.to_owned()),
            unit: self.offices(state, scope, step),
            planned_to: lead.and_then(|term| term.due),
            statutory: terms.get(&TermKind::Statutory).map(|term| term.within),
            promised: terms.get(&TermKind::Promised).map(|term| term.within),
            used: lead.map(|term| self.used(term, at)),
            excluded: lead.map(excluded),
            left: lead.and_then(|term| margin(term.due?, at.date(), term.within.unit, &self.known.calendar)),
            ..LedgerRow::default()
        }
    }

    fn offices(&self, state: &Case, scope: Local, step: &str) -> String {
        let task = state.tasks.values().find(|task| task.scope == scope && *task.step == *step);
        let Some(crate::engine::case::TaskPool::Posts { offices, .. }) = task.map(|task| &task.pool) else { return String::new() };
        let name =
            |office: &crate::ids::Name| self.known.roster.offices.get(office).map_or_else(|| office.to_string(), |office| self.say(&office.zh, &office.en));
        offices.iter().map(name).collect::<Vec<_>>().join("、")
    }

    fn used(&self, term: &Term, at: Moment) -> u32 {
        let query = crate::calendar::TermQuery { from: term.from, within: term.within, extended: term.extended, suspended: &term.stopped, roll_over: false };
        self.known.calendar.used(&query, at.date())
    }

    fn name(&self, person: PersonId) -> String {
        self.known.roster.people.get(&person).map_or_else(|| person.to_string(), |person| person.name.clone())
    }

    fn text(&self, text: &Text) -> String {
        self.say(&text.zh, &text.en)
    }

    fn say(&self, zh: &str, en: &str) -> String {
        match self.wanted.language() {
            Language::Zh => zh.to_owned(),
            Language::En => en.to_owned(),
        }
    }
}

/// The workflow a scope runs.
fn link(case: &Case, scope: Local) -> &str {
    case.scopes.get(&scope).map_or("", |scope| &*scope.program)
}

/// Days left out so far.
fn excluded(term: &Term) -> u32 {
    let days = |(first, last): &(chrono::NaiveDate, chrono::NaiveDate)| u32::try_from(last.signed_duration_since(*first).num_days() + 1).unwrap_or(0);
    term.stopped.iter().map(days).sum()
}
