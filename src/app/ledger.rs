//! The ledger 台账: one row for every step that was done and every step that is open, in the order of cases and acts.
//! Invariant: each row is read off the events; nothing in it was typed for it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::sync::Arc;

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
use crate::app::notices::short_name;
use crate::app::{evidence, inspect, naming, register, view};
use crate::clock::Clock;
use crate::definition::graph::{Bundle, NodeKind, TermKind};
use crate::engine::case::{BodyRef, Case, Local, Task, TaskPool, Term};
use crate::engine::event::Event;
use crate::engine::refusal::Class;
use crate::exports::ledger::{Evidence, LedgerRow, Line, Writing, widths};
use crate::exports::xlsx::Book;
use crate::forms::{Form as Asked, LedgerColumn, Viewer};
use crate::identity::Actor;
use crate::ids::{CaseId, Digest, Moment, Name, PersonId, Tenant, Text};
use crate::limits::{EXPORT_CHUNK_BYTES, LEDGER_SHOWN_MAX, WALK_PAGE_ROWS};
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
    /// Steps of this office only, or of an office it took over from.
    pub unit: Option<Name>,
}

impl Wanted {
    const fn language(&self) -> Language {
        if self.english { Language::En } else { Language::Zh }
    }

    /// Whether a case can have rows of the period at all.
    fn may_hold(&self, row: &CaseRow) -> bool {
        self.to.is_none_or(|to| row.started.date() <= to) && self.from.is_none_or(|from| row.ended.is_none_or(|ended| from <= ended.date()))
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

/// The ledger of a period as a page shows it.
#[derive(Debug, Default)]
pub struct Looked {
    /// Its first rows, each with the case it was read off.
    pub rows: Vec<(LedgerRow, CaseId)>,
    /// How many rows there are.
    pub count: usize,
    /// Pieces of evidence, by class.
    pub evidence: BTreeMap<String, Vec<Piece>>,
}

/// A piece of evidence.
#[derive(Clone, Debug)]
pub struct Piece {
    /// What it is called.
    pub name: String,
    /// The digest of the file.
    pub digest: Digest,
    /// The case it was filed to.
    pub case: CaseId,
    /// What that is called.
    pub case_name: String,
}

impl App {
    /// The rows of a ledger, up to what a page shows, and all its evidence by class.
    ///
    /// # Errors
    /// A fault.
    pub async fn look_at_ledger(&self, tenant: Tenant, actor: &Actor, wanted: &Wanted) -> Result<Looked, Failure> {
        let known = self.known(tenant).await?;
        let mut looked = Looked::default();
        each_row(self.store(), (tenant, &known, self.clock().now()), wanted, actor, &mut |row, case| {
            looked.count += 1;
            for piece in &row.evidence {
                // An opinion is a record of its act; evidence has a class.
                if let Some((class, name)) = piece.number.split_once(' ') {
                    let case_name = case.number.clone().unwrap_or_else(|| short_name(case.id));
                    let piece = Piece { name: name.to_owned(), digest: piece.digest, case: case.id, case_name };
                    looked.evidence.entry(class.to_owned()).or_default().push(piece);
                }
            }
            if looked.rows.len() < LEDGER_SHOWN_MAX {
                looked.rows.push((row, case.id));
            }
            Ok(())
        })
        .await?;
        Ok(looked)
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
    each_row(store, (tenant, &known, now), wanted, by, &mut |row, _| sheet.line(&writing_rows.row(&row))).await?;
    let facts = facts(store, wanted, &writing_rows, now, &known.called(by)).await?;
    let (rows, head) = (writing_rows.rows(), writing_rows.head());
    let english = wanted.english;
    let finished = tokio::task::spawn_blocking(move || sheet.finish(english, &facts)).await;
    let mut file = finished.map_err(|cause| Fault::new("writing the ledger", cause))??;
    let bytes = file.seek(std::io::SeekFrom::End(0)).map_err(writing)?;
    file.rewind().map_err(writing)?;
    Ok(Written { file, bytes, rows, head })
}

/// Reads the rows one by one, in the order of cases and acts; whoever takes them may stop at one. Each comes with the case it was read off.
pub(in crate::app) async fn each_row(
    store: &Store,
    (tenant, known, now): (Tenant, &Known, Moment),
    wanted: &Wanted,
    by: &Actor,
    take: &mut (dyn FnMut(LedgerRow, &CaseRow) -> Result<(), Failure> + Send),
) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let cases = store.cases_onward(tenant, after, WALK_PAGE_ROWS).await.map_err(reading)?;
        let Some(last) = cases.last() else { return Ok(()) };
        after = Some(last.id);
        for row in cases.iter().filter(|row| row.workflow != register::WORKFLOW && wanted.may_hold(row)) {
            let bundle = register::bundle_of(known, row.revision)?;
            let acts = view::acts(store, tenant, row.id, row.version).await?;
            let orders = Orders::about(store, tenant, row).await?;
            let mut case =
                Pages { known, bundle: &bundle, wanted, now, by, orders, state: None, project: Project::default(), said: BTreeMap::new(), rows: Vec::new() };
            for act in &acts {
                case.act(store, row, act).await?;
            }
            case.open_tasks();
            for written in case.rows {
                take(written, row)?;
            }
        }
    }
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
    /// Supervision orders about the case.
    orders: Orders,
    state: Option<Case>,
    project: Project,
    /// By the scope it was said in.
    said: BTreeMap<Local, evidence::Said>,
    rows: Vec<LedgerRow>,
}

impl Pages<'_> {
    async fn act(&mut self, store: &Store, row: &CaseRow, act: &view::Act) -> Result<(), Fault> {
        for event in &act.events {
            if let Event::Submitted { form, scope: 0, .. } = event {
                self.submitted(store, row, *form).await?;
            }
            if let Event::StepDone { .. } = event {
                self.done(store, row, event, act).await?;
            }
        }
        self.state = crate::engine::fold_act(self.state.take(), &act.events);
        Ok(())
    }

    async fn submitted(&mut self, store: &Store, row: &CaseRow, form: BodyRef) -> Result<(), Fault> {
        let found = store.body(row.tenant, row.id, form.commit).await.map_err(reading)?;
        let form: Option<Value> = found.and_then(|(_, bytes)| serde_json::from_slice(&bytes).ok());
        let asked = self.bundle.programs.get(&self.bundle.root).and_then(|program| program.form.as_deref());
        self.project = form.as_ref().map(|form| Project::of(&self.seen(asked, form))).unwrap_or_default();
        Ok(())
    }

    /// A submission or an answer as whoever takes the ledger out may see it, by the posts they hold; the operator of the program sees it whole.
    fn seen(&self, asked: Option<&Asked>, form: &Value) -> Value {
        match (self.by, asked) {
            (Actor::Person(person), Some(asked)) if asked.has_rules() => {
                let posts = self.known.roster.posts_of(*person, self.now.date());
                let posts = posts.into_iter().map(|(office, post)| (office.to_string(), post.to_string())).collect();
                asked.for_viewer(&Viewer { posts, ..Viewer::default() }).seen(form)
            }
            (Actor::Person(_) | Actor::System | Actor::Operator(_), _) => form.clone(),
        }
    }

    /// A step that was done, with the terms as they stood just before.
    async fn done(&mut self, store: &Store, case: &CaseRow, event: &Event, act: &view::Act) -> Result<(), Fault> {
        let Event::StepDone { scope, step, outcome, by, deemed, at, body, .. } = event else { return Ok(()) };
        let Some(state) = &self.state else { return Ok(()) };
        let form = self.answer_form(state, *scope, step);
        let speaks = form.as_ref().is_some_and(|form| form.fields().any(|field| field.ledger.is_some()));
        let wanted = self.wanted.takes(link(state, *scope), at.date()) && self.of_unit(state, *scope, step);
        // What was said before the period, or by another office, still stands on the rows after it.
        if !wanted && !speaks {
            return Ok(());
        }
        let mut fields = None;
        if let (Some(body), Some(form)) = (body, &form) {
            let found = store.body(case.tenant, case.id, body.commit).await.map_err(reading)?;
            let answer: Option<Value> = found.and_then(|(_, bytes)| serde_json::from_slice(&bytes).ok());
            fields = answer.as_ref().and_then(|answer| answer.get("fields")).map(|fields| self.seen(Some(form), fields));
        }
        let mut said = self.said.get(scope).cloned().unwrap_or_default();
        if let Some(form) = form.as_ref().filter(|_| speaks) {
            said = said.hear(form, fields.as_ref());
        }
        if !wanted {
            self.said.insert(*scope, said);
            return Ok(());
        }
        let mut row = self.row(state, *scope, step, act.at);
        row.progress = deemed.as_ref().map_or_else(|| outcome.to_string(), |basis| format!("{outcome}({basis})"));
        row.person = by.map(|by| self.name(by)).unwrap_or_default();
        if let Some(by) = by {
            // Several offices may be asked; the one that did it is the doer's.
            let held = self.known.roster.posts_of(*by, at.date());
            let now = |office: &Name| self.known.roster.current(office, self.now.date());
            row.offices.retain(|office| held.iter().any(|(own, _)| now(own) == now(&Name::from(office.as_str()))));
        }
        row.recorder = by.map_or_else(|| self.say("系统", "system"), |by| self.name(by));
        row.at = Some(*at);
        row.light = None;
        row.evidence = body.map(|body| Evidence { number: format!("{}", act.seq), digest: body.commit }).into_iter().collect();
        if let (Some(form), Some(fields)) = (&form, &fields) {
            row.evidence.extend(evidence::filed(form, fields));
        }
        (row.leader, row.roadmap) = (said.leader.clone(), said.roadmap.clone());
        if form.as_ref().is_some_and(|form| form.fields().any(|field| matches!(field.ledger, Some(LedgerColumn::Problem | LedgerColumn::Next)))) {
            (row.problem, row.next) = (said.problem.clone(), said.next.clone());
        }
        self.said.insert(*scope, said);
        self.rows.push(row);
        Ok(())
    }

    /// The form of a step's answers, where the ledger reads something off it: evidence, or a column.
    fn answer_form(&self, state: &Case, scope: Local, step: &str) -> Option<Arc<Asked>> {
        let program = self.bundle.programs.get(&state.scopes.get(&scope)?.program)?;
        let NodeKind::Task(rule) = &program.nodes.iter().find(|node| *node.key == *step)?.kind else { return None };
        rule.fields.as_ref().map(|answer| answer.form.clone()).filter(|form| form.fields().any(|field| field.evidence.is_some() || field.ledger.is_some()))
    }

    /// Whether a step is the asked-for office's; what went to an office stays also its successor's.
    fn of_unit(&self, state: &Case, scope: Local, step: &str) -> bool {
        let Some(unit) = &self.wanted.unit else { return true };
        let now = |office: &Name| self.known.roster.current(office, self.now.date());
        self.pool(state, scope, step).iter().any(|office| now(office) == now(unit))
    }

    /// Steps that are open now.
    fn open_tasks(&mut self) {
        let Some(state) = self.state.take() else { return };
        let wanted = |task: &&Task| self.wanted.takes(link(&state, task.scope), task.opened.date()) && self.of_unit(&state, task.scope, &task.step);
        let open: Vec<&Task> = state.tasks.values().filter(wanted).collect();
        for task in open {
            let mut row = self.row(&state, task.scope, &task.step, self.now);
            row.planned_from = Some(task.opened.date());
            row.light = Some(Watch::over_task(&state, task, self.known.calendar.of(state.district.as_deref())).light(self.now));
            row.person = task.claimed.map(|by| self.name(by)).unwrap_or_default();
            row.progress = self.say("在办", "open");
            let said = self.said.get(&task.scope).cloned().unwrap_or_default();
            (row.leader, row.roadmap, row.problem, row.next) = (said.leader, said.roadmap, said.problem, said.next);
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
        let calendar = self.known.calendar.of(state.district.as_deref());
        LedgerRow {
            project_code: self.project.code.clone(),
            project: self.project.name.clone(),
            owner: self.project.owner.clone(),
            owner_code: self.project.owner_code.clone(),
            matter: root.map(|program| self.text(&program.title)).unwrap_or_default(),
            link: program.map(|program| self.text(&program.title)).unwrap_or_default(),
            step: node.map(|node| self.text(&node.title)).unwrap_or_else(|| step.to_owned()),
            unit: self.offices(state, scope, step),
            offices: self.pool(state, scope, step).iter().map(ToString::to_string).collect(),
            asked: self.answer_form(state, scope, step).is_some_and(|form| form.fields().any(|field| field.evidence.is_some())),
            planned_to: lead.and_then(|term| term.due),
            statutory: terms.get(&TermKind::Statutory).map(|term| term.within),
            promised: terms.get(&TermKind::Promised).map(|term| term.within),
            used: lead.map(|term| calendar.used(&term.query(&term.stopped), at.date())),
            excluded: lead.map(excluded),
            left: lead.and_then(|term| margin(term.due?, at.date(), term.within.unit, calendar)),
            order: self.orders.numbers(scope),
            reply: self.orders.replies(scope, self.wanted.english),
            ..LedgerRow::default()
        }
    }

    fn pool<'c>(&self, state: &'c Case, scope: Local, step: &str) -> &'c [Name] {
        let task = state.tasks.values().find(|task| task.scope == scope && *task.step == *step);
        match task.map(|task| &task.pool) {
            Some(TaskPool::Posts { offices, .. }) => offices,
            Some(TaskPool::Applicant) | None => &[],
        }
    }

    /// The names the offices had: an old row keeps the old name.
    fn offices(&self, state: &Case, scope: Local, step: &str) -> String {
        let name = |office: &Name| self.known.roster.offices.get(office).map_or_else(|| office.to_string(), |office| self.say(&office.zh, &office.en));
        self.pool(state, scope, step).iter().map(name).collect::<Vec<_>>().join("、")
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

/// The supervision orders about a case, by link.
#[derive(Debug, Default)]
struct Orders(Vec<(Local, CaseRow)>);

impl Orders {
    async fn about(store: &Store, tenant: Tenant, row: &CaseRow) -> Result<Self, Fault> {
        let mut orders = Self::default();
        for drafted in store.orders_about(tenant, row.id).await.map_err(reading)? {
            let case = store.case(tenant, drafted.row.order).await.map_err(reading)?;
            orders.0.extend(case.map(|case| (drafted.row.scope, case)));
        }
        Ok(orders)
    }

    fn of(&self, scope: Local) -> impl Iterator<Item = &CaseRow> {
        self.0.iter().filter(move |(about, _)| *about == scope).map(|(_, case)| case)
    }

    fn numbers(&self, scope: Local) -> String {
        self.of(scope).map(|case| case.number.clone().unwrap_or_else(|| short_name(case.id))).collect::<Vec<_>>().join("、")
    }

    /// How each was answered; one in hand says so.
    fn replies(&self, scope: Local, english: bool) -> String {
        let said = |case: &CaseRow| match &case.result {
            Some(result) => result.clone(),
            None => if english { "in hand" } else { "办理中" }.to_owned(),
        };
        self.of(scope).map(said).collect::<Vec<_>>().join("、")
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
