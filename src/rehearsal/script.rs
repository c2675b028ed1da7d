//! A scenario file read: its head (procedure, day, people, accounts, form, workflows of its own) and its lines, every mistake at once.
//! Invariant: a `Script` exists only when the file has no mistake that can be seen without its workflow. Never: a default that its author cannot read here.

use chrono::{NaiveDate, NaiveTime};
use serde_json::{Map, Value};

use crate::definition::library::SourceFile;
use crate::ids::{Digest, Moment};
use crate::rehearsal::expect::Expected;
use crate::rehearsal::verbs::Verb;
use crate::rehearsal::{head, line};
use crate::source::{Mistake, Node, Place, Reader, Tree};

/// A word with its place.
#[derive(Clone, Debug)]
pub struct Word {
    /// What was written.
    pub text: String,
    /// Where.
    pub at: Place,
}

/// A scenario file.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The file, as its author knows it.
    pub file: String,
    /// The first comment: what the file shows.
    pub title: String,
    /// The workflow its cases run.
    pub procedure: Option<Word>,
    /// When it begins; nine in the morning unless said.
    pub today: Option<Moment>,
    /// It is written, and told as wrong already.
    pub today_wrong: bool,
    /// Who takes part; `None` for everybody of the seeds.
    pub people: Option<Vec<PersonLine>>,
    /// Who is away, and who stands in.
    pub away: Vec<AwayLine>,
    /// Accounts of its own.
    pub accounts: Option<Vec<AccountLine>>,
    /// The application its cases are filed with.
    pub form: FormLine,
    /// Workflows, forms, tables and kinds of accounts written in the file.
    pub files: Vec<SourceFile>,
    /// Files beside it that belong to it.
    pub beside: Vec<Word>,
    /// The lines.
    pub lines: Vec<Line>,
    /// Where blocks stand: first line, last line, columns they are moved in.
    pub blocks: Vec<(u32, u32, u32)>,
}

/// A person who takes part.
#[derive(Clone, Debug)]
pub struct PersonLine {
    /// The name.
    pub name: Word,
    /// Posts, as (office, post, first day, last day); the applicant's is `agent` of `company`.
    pub posts: Vec<(Word, Word, Option<NaiveDate>, Option<NaiveDate>)>,
}

/// Somebody who is away.
#[derive(Clone, Debug)]
pub struct AwayLine {
    /// Who.
    pub person: Word,
    /// From which office's …
    pub office: Word,
    /// … post.
    pub post: Word,
    /// First day away.
    pub from: NaiveDate,
    /// Last day away.
    pub until: NaiveDate,
    /// Who stands in; the B post when nobody is named.
    pub substitute: Option<Word>,
}

/// An account.
#[derive(Clone, Debug)]
pub struct AccountLine {
    /// Its key.
    pub key: Word,
    /// `m2` or `fen`.
    pub unit: String,
    /// What was issued to it.
    pub amount: i64,
}

/// The application.
#[derive(Clone, Debug, Default)]
pub struct FormLine {
    /// A project of the seeds it starts from, with how many of its amendments.
    pub project: Option<(Word, usize)>,
    /// Fields, over the project's.
    pub set: Map<String, Value>,
}

/// A line of the play.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number.
    pub number: u32,
    /// As written.
    pub text: String,
    /// What is done.
    pub deed: Deed,
    /// What is expected of it.
    pub expects: Vec<Expected>,
}

/// What a line does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Somebody acts on a case.
    Act(Box<ActLine>),
    /// Time passes.
    Time(TimeMove),
    /// An amount is issued to an account.
    Issue {
        /// The account.
        account: Word,
        /// How much.
        amount: i64,
    },
    /// A worker program fetches outside jobs of a step.
    Fetch {
        /// Who.
        who: Word,
        /// The case.
        case: Word,
        /// The step.
        step: Word,
        /// For how many minutes.
        minutes: u32,
    },
    /// Nothing: the case is only looked at.
    Look(Word),
}

/// An act.
#[derive(Clone, Debug)]
pub struct ActLine {
    /// Who; `None` is the system.
    pub who: Option<Word>,
    /// The post they act in, for the reader; held against the roster.
    pub post: Option<Word>,
    /// The verb.
    pub verb: &'static Verb,
    /// The case, by the name the file gives it.
    pub case: Word,
    /// What stands behind it, one word a slot.
    pub words: Vec<Word>,
    /// The opinion; `None` when none was written.
    pub said: Option<String>,
    /// The answer's fields.
    pub fields: Option<Map<String, Value>>,
    /// Changes to the form, for an act that brings one.
    pub form: Option<Map<String, Value>>,
}

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeMove {
    /// By so many days of a unit.
    Days(u32, crate::calendar::Unit),
    /// By so many minutes.
    Minutes(u32),
    /// Until a moment.
    Until(Moment),
}

/// Reads a scenario file.
///
/// # Errors
/// Every mistake of it, in the order of the file.
pub fn read(text: &str, file: &str) -> Result<Script, Vec<Mistake>> {
    let mut reader = Reader::new(file);
    let mut script = Script { file: file.to_owned(), ..Script::default() };
    let lines: Vec<&str> = text.lines().collect();
    let mut here = 0;
    while let Some(raw) = lines.get(here) {
        let number = u32::try_from(here + 1).unwrap_or(u32::MAX);
        here += 1;
        if let Some(comment) = raw.trim_start().strip_prefix('#') {
            if script.title.is_empty() {
                comment.trim().clone_into(&mut script.title);
            }
            continue;
        }
        if raw.trim().is_empty() {
            continue;
        }
        if raw.starts_with(char::is_whitespace) {
            line::more_expected(&mut reader, &mut script, (raw, number));
            continue;
        }
        if let Some(head) = head::Head::of(raw) {
            let block = head::block(&lines, here);
            here = block.end;
            head.read(&mut reader, &mut script, (raw, number), &block);
            continue;
        }
        line::read(&mut reader, &mut script, (raw, number));
    }
    whole(&mut reader, &script);
    let script_columns = script.blocks.clone();
    let mistakes = reader.into_mistakes();
    if mistakes.is_empty() { Ok(script) } else { Err(mistakes.into_iter().map(|mistake| moved(mistake, &script_columns)).collect()) }
}

/// What every file must have.
fn whole(reader: &mut Reader<'_>, script: &Script) {
    let top = Place { line: 1, column: 1 };
    if script.procedure.is_none() {
        reader.mistake(top, "missing-key", ("缺少“流程 …”".into(), "expected `procedure …`, found no such line".into()));
    }
    if script.today.is_none() && !script.today_wrong {
        reader.mistake(top, "missing-key", ("缺少“今日 …”".into(), "expected `today …`, found no such line".into()));
    }
    if script.lines.is_empty() {
        reader.mistake(top, "no-lines", ("期望至少一行办理，实际没有".into(), "expected at least one line of the play, found none".into()));
    }
}

/// A mistake inside a block that is moved in stands as many columns further right.
#[must_use]
pub fn moved(mut mistake: Mistake, blocks: &[(u32, u32, u32)]) -> Mistake {
    mistake.column += columns_in(blocks, mistake.line);
    mistake
}

/// How many columns the block on a line is moved in.
#[must_use]
pub fn columns_in(blocks: &[(u32, u32, u32)], line: u32) -> u32 {
    blocks.iter().find(|(from, to, _)| (*from..=*to).contains(&line)).map_or(0, |(_, _, columns)| *columns)
}

/// `2025-04-23` or `2025-04-23 09:00`; nine in the morning unless said.
#[must_use]
pub fn moment(text: &str) -> Option<Moment> {
    let (date, time) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), "09:00"));
    let time = NaiveTime::parse_from_str(time.trim(), "%H:%M").ok()?;
    Some(Moment::at(date.parse().ok()?, time))
}

/// A mapping as the value of a form. Whole numbers only, as in the seeds.
pub(super) fn json_object(reader: &mut Reader<'_>, node: &Node) -> Option<Map<String, Value>> {
    reader.entries(node).iter().map(|entry| Some((entry.key.clone(), json(reader, &entry.value)?))).collect()
}

/// `{file: 报告.pdf}` is an uploaded paper of that name; what it holds is made of the name, so that both drivers mean the same one.
fn paper(object: Map<String, Value>) -> Value {
    match (object.len(), object.get("file").and_then(Value::as_str)) {
        (1, Some(name)) => {
            let bytes = paper_text(name);
            serde_json::json!({"name": name, "sha256": Digest::of(bytes.as_bytes()).to_string(), "bytes": bytes.len()})
        }
        _ => object.into(),
    }
}

/// What a paper of a rehearsal holds.
#[must_use]
pub fn paper_text(name: &str) -> String {
    format!("%PDF-1.7\n% {name}\n%%EOF\n")
}

fn json(reader: &mut Reader<'_>, node: &Node) -> Option<Value> {
    Some(match &node.tree {
        Tree::Null => Value::Null,
        Tree::Bool(flag) => (*flag).into(),
        Tree::Number(_) => reader.whole(node)?.into(),
        Tree::Text(text) => text.as_str().into(),
        Tree::List(items) => items.iter().map(|item| json(reader, item)).collect::<Option<Vec<_>>>()?.into(),
        Tree::Map(_) => paper(json_object(reader, node)?),
    })
}
