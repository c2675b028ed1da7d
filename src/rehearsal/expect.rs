//! What a line expects, as written behind its arrow.
//! Invariant: every expectation says something that can turn out false. Never: looks at a case; `judge` does.

use chrono::NaiveDate;

use crate::rehearsal::script::Word;
use crate::source::{Place, Reader};

/// Something expected, as written.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What.
    pub what: Expect,
    /// Of which case; `None` for the one the line is about.
    pub case: Option<Word>,
    /// Letter for letter.
    pub text: String,
    /// Where.
    pub at: Place,
}

/// Something expected.
#[derive(Clone, Debug)]
pub enum Expect {
    /// These tasks are open and no others.
    Open(Vec<TaskWanted>),
    /// These tasks are among the open ones.
    Includes(Vec<TaskWanted>),
    /// No task of these steps is open.
    NotOpen(Vec<Word>),
    /// These outside jobs are parked and no others.
    Parked(Vec<(Word, usize)>),
    /// A term has this date, stands still, has no date yet or does not run.
    Due(Word, Due),
    /// The act is refused with this code.
    Refused(String),
    /// The case has ended with this result.
    Ended(Word),
    /// The case has not ended.
    Running,
    /// So many tasks of the step were closed by the act without an answer.
    Closed(Word, usize),
    /// The act ended the step with the outcome, by that person, the system or the law.
    Done(Word, Word, Option<By>),
    /// The act had these notices given.
    Said(Vec<NoticeWanted>),
    /// The act had no notice of these kinds given; of no kind at all when none is named.
    Unsaid(Vec<Word>),
    /// The account stands so.
    Balance(Word, Vec<(Figure, i64)>),
    /// The account's postings are these, oldest first, each with its amount.
    Postings(Word, Vec<(Word, i64)>),
    /// These cases wait for the account, first in line first.
    Waiting(Word, Vec<Word>),
    /// Tokens stand at these steps and nowhere else.
    At(Vec<(Word, usize)>),
    /// The task of the step is claimed by that person, or by nobody.
    Claimed(Word, Option<Word>),
    /// The act stands in the record by this word, by and to or about that person where one is named.
    Recorded(Word, Option<Word>, Option<Word>),
    /// A document was issued, with this number when one is given.
    Document(Word, Option<String>),
    /// A supervision order was drafted about this term's date; none at all when nothing is named.
    Ordered(Option<(Word, NaiveDate)>),
    /// The case has this number.
    Number(String),
    /// The clock shows this day.
    Today(NaiveDate),
    /// The case has this rank.
    Rank(i16),
}

/// An open task as wanted.
#[derive(Clone, Debug)]
pub struct TaskWanted {
    /// The step.
    pub step: Word,
    /// For whom: the applicant, an office, `office/post`, or a person who may do it.
    pub whom: Option<Word>,
    /// How many.
    pub count: usize,
}

/// A notice as wanted.
#[derive(Clone, Debug)]
pub struct NoticeWanted {
    /// Its kind.
    pub kind: Word,
    /// To whom.
    pub whom: Option<Word>,
}

/// A term as wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// On that day.
    On(NaiveDate),
    /// It stands still.
    Stopped,
    /// It runs past the calendar and has no date yet.
    Undated,
    /// There is no such running term.
    Absent,
}

/// Who ended a step.
#[derive(Clone, Debug)]
pub enum By {
    /// A person.
    Person(Word),
    /// Nobody: a table, a timer.
    System,
    /// The law.
    Law,
}

/// A figure of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// What may be reserved.
    Free,
    /// What is reserved.
    Reserved,
    /// What is used.
    Used,
}

/// The words behind an arrow: in English, in Chinese, how it is spelled.
pub const WORDS: &[(&str, &str, &str)] = &[
    ("open", "待办", "STEP for WHO, STEP x2 | none"),
    ("includes", "待办含", "STEP for WHO, …"),
    ("not-open", "无待办", "STEP, …"),
    ("parked", "停投", "STEP, STEP x2 | none"),
    ("due", "到期", "TERM DATE | stopped | undated | none"),
    ("refused", "拒绝", "CODE"),
    ("ended", "办结", "RESULT"),
    ("running", "在办", ""),
    ("closed", "关闭", "STEP x2"),
    ("done", "已办", "STEP OUTCOME by WHO | system | law"),
    ("said", "通知", "KIND to WHO, …"),
    ("unsaid", "未通知", "KIND, … | anything"),
    ("balance", "余额", "ACCOUNT free N reserved N used N"),
    ("postings", "记账", "ACCOUNT KIND N, KIND N, …"),
    ("waiting", "候补", "ACCOUNT CASE, … | none"),
    ("at", "停在", "STEP, STEP x2 | none"),
    ("claimed", "签收人", "STEP by WHO | nobody"),
    ("recorded", "记录", "WHAT by WHO to WHO"),
    ("document", "文书", "KIND NUMBER"),
    ("ordered", "督办", "TERM DATE | none"),
    ("number", "编号", "NUMBER"),
    ("today", "今日", "DATE"),
    ("rank", "等级", "A | B | C | 9"),
];

const NONE: &[&str] = &["none", "nobody", "anything", "无", "无人", "任何"];

/// Reads everything behind an arrow; parts are set apart by semicolons.
pub(super) fn read_all(reader: &mut Reader<'_>, text: &Word) -> Vec<Expected> {
    let mut all = Vec::new();
    for part in split(text, &[';', '；']) {
        let (case, part) = of_case(part);
        all.extend(read(reader, &part).map(|what| Expected { what, case, text: part.text.clone(), at: part.at }));
    }
    all
}

/// An expectation may begin with the case it speaks of.
fn of_case(part: Word) -> (Option<Word>, Word) {
    let known = |text: &str| WORDS.iter().any(|(en, zh, _)| text == *en || text == *zh);
    let words = split(&part, &[' ', '\t', ':', '：', '　']);
    match words.as_slice() {
        [case, key, ..] if !known(&case.text) && known(&key.text) => {
            let skip = (key.at.column - part.at.column) as usize;
            (Some(case.clone()), Word { text: part.text.chars().skip(skip).collect(), at: key.at })
        }
        _ => (None, part),
    }
}

/// The parts of a text between separators, trimmed, with their columns; empty ones left out.
fn split(text: &Word, separators: &[char]) -> Vec<Word> {
    let mut parts = Vec::new();
    let mut column = text.at.column;
    for piece in text.text.split(separators) {
        let lead = piece.chars().take_while(|letter| letter.is_whitespace()).count();
        if !piece.trim().is_empty() {
            let at = Place { line: text.at.line, column: column.saturating_add(u32::try_from(lead).unwrap_or(u32::MAX)) };
            parts.push(Word { text: piece.trim().to_owned(), at });
        }
        column = column.saturating_add(u32::try_from(piece.chars().count() + 1).unwrap_or(u32::MAX));
    }
    parts
}

fn read(reader: &mut Reader<'_>, part: &Word) -> Option<Expect> {
    let mut cut = split(part, &[' ', '\t', ':', '：', '　']);
    let head = cut.remove(0);
    let known = WORDS.iter().find(|(en, zh, _)| head.text == *en || head.text == *zh);
    let Some((key, _, shape)) = known else {
        let all: Vec<&str> = WORDS.iter().flat_map(|(en, zh, _)| [*en, *zh]).collect();
        let all = all.join(", ");
        let found = &head.text;
        reader.mistake(head.at, "unknown-word", (format!("期望 {all} 之一，实际 `{found}`"), format!("expected one of {all}, found `{found}`")));
        return None;
    };
    let skip = head.text.chars().count();
    let rest = Word { text: part.text.chars().skip(skip).collect::<String>().trim_start_matches([':', '：', ' ']).to_owned(), at: head.at };
    let tail = Tail { words: cut, text: rest };
    let read = tail.read(key);
    if read.is_none() {
        let found = &part.text;
        let shape = format!("{key} {shape}");
        let shape = shape.trim();
        reader.mistake(part.at, "wrong-expectation", (format!("期望 `{shape}`，实际 `{found}`"), format!("expected `{shape}`, found `{found}`")));
    }
    read
}

/// What stands behind the first word of an expectation.
struct Tail {
    words: Vec<Word>,
    text: Word,
}

impl Tail {
    fn read(&self, key: &str) -> Option<Expect> {
        let none = self.words.first().is_some_and(|word| NONE.contains(&word.text.as_str()));
        Some(match key {
            "open" if none => Expect::Open(Vec::new()),
            "open" => Expect::Open(self.tasks()?),
            "includes" => Expect::Includes(self.tasks()?),
            "not-open" => Expect::NotOpen(self.list()?),
            "parked" if none => Expect::Parked(Vec::new()),
            "parked" => Expect::Parked(self.list()?.iter().map(counted).collect::<Option<_>>()?),
            "due" => self.due()?,
            "refused" => Expect::Refused(self.only()?.text.clone()),
            "ended" => Expect::Ended(self.only()?.clone()),
            "running" if self.words.is_empty() => Expect::Running,
            "closed" => counted(&self.text).map(|(step, count)| Expect::Closed(step, count))?,
            "done" => self.done()?,
            "said" => Expect::Said(self.notices()?),
            "unsaid" if none => Expect::Unsaid(Vec::new()),
            "unsaid" => Expect::Unsaid(self.list()?),
            "balance" => self.balance()?,
            "postings" => self.postings()?,
            "waiting" => self.waiting()?,
            "at" if none => Expect::At(Vec::new()),
            "at" => Expect::At(self.list()?.iter().map(counted).collect::<Option<_>>()?),
            "claimed" => self.claimed()?,
            "recorded" => self.recorded()?,
            "document" => match self.words.as_slice() {
                [kind] => Expect::Document(kind.clone(), None),
                [kind, number] => Expect::Document(kind.clone(), Some(number.text.clone())),
                _ => return None,
            },
            "ordered" if none => Expect::Ordered(None),
            "ordered" => match self.words.as_slice() {
                [term, due] => Expect::Ordered(Some((term.clone(), due.text.parse().ok()?))),
                _ => return None,
            },
            "number" => Expect::Number(self.only()?.text.clone()),
            "today" => Expect::Today(self.only()?.text.parse().ok()?),
            "rank" => Expect::Rank(rank(&self.only()?.text)?),
            _ => return None,
        })
    }

    fn only(&self) -> Option<&Word> {
        match self.words.as_slice() {
            [word] => Some(word),
            _ => None,
        }
    }

    fn list(&self) -> Option<Vec<Word>> {
        let list = split(&self.text, &[',', '，', '、']);
        (!list.is_empty()).then_some(list)
    }

    fn tasks(&self) -> Option<Vec<TaskWanted>> {
        let task = |item: &Word| {
            let (item, count) = counted(item)?;
            let (step, whom) = with_person(&item, &["for", "由"])?;
            Some(TaskWanted { step, whom, count })
        };
        self.list()?.iter().map(task).collect()
    }

    fn notices(&self) -> Option<Vec<NoticeWanted>> {
        let notice = |item: &Word| with_person(item, &["to", "给"]).map(|(kind, whom)| NoticeWanted { kind, whom });
        self.list()?.iter().map(notice).collect()
    }

    fn due(&self) -> Option<Expect> {
        let [term, wanted] = self.words.as_slice() else { return None };
        let due = match wanted.text.as_str() {
            "stopped" | "停算" => Due::Stopped,
            "undated" | "待定" => Due::Undated,
            "none" | "无" => Due::Absent,
            date => Due::On(date.parse().ok()?),
        };
        Some(Expect::Due(term.clone(), due))
    }

    fn done(&self) -> Option<Expect> {
        let (step, outcome, by) = match self.words.as_slice() {
            [step, outcome] => (step, outcome, None),
            [step, outcome, law] if ["law", "依法"].contains(&law.text.as_str()) => (step, outcome, Some(By::Law)),
            [step, outcome, word, who] if ["by", "由"].contains(&word.text.as_str()) => (step, outcome, Some(by(who))),
            _ => return None,
        };
        Some(Expect::Done(step.clone(), outcome.clone(), by))
    }

    fn balance(&self) -> Option<Expect> {
        let (account, figures) = self.words.split_first()?;
        let figure = |pair: &[Word]| {
            let [name, amount] = pair else { return None };
            let name = match name.text.as_str() {
                "free" | "可用" => Figure::Free,
                "reserved" | "预留" => Figure::Reserved,
                "used" | "已用" => Figure::Used,
                _ => return None,
            };
            Some((name, amount.text.replace('_', "").parse().ok()?))
        };
        let figures: Vec<_> = figures.chunks(2).map(figure).collect::<Option<_>>()?;
        (!figures.is_empty()).then(|| Expect::Balance(account.clone(), figures))
    }

    fn postings(&self) -> Option<Expect> {
        let (account, behind) = self.of_account()?;
        let posting = |item: Word| {
            let (kind, amount) = item.text.rsplit_once(' ')?;
            let kind = Word { text: kind_of_posting(kind.trim())?.to_owned(), at: item.at };
            Some((kind, amount.replace('_', "").parse().ok()?))
        };
        let postings: Vec<_> = split(&behind, &[',', '，', '、']).into_iter().map(posting).collect::<Option<_>>()?;
        (!postings.is_empty()).then_some(Expect::Postings(account, postings))
    }

    /// The account, and what stands behind it.
    fn of_account(&self) -> Option<(Word, Word)> {
        let account = self.words.first()?;
        let behind = self.text.text.trim_start().strip_prefix(account.text.as_str())?.to_owned();
        Some((account.clone(), Word { text: behind, at: self.text.at }))
    }

    fn waiting(&self) -> Option<Expect> {
        let (account, behind) = self.of_account()?;
        let cases = split(&behind, &[',', '，', '、']);
        let nobody = cases.iter().any(|case| NONE.contains(&case.text.as_str()));
        (!cases.is_empty()).then(|| Expect::Waiting(account, if nobody { Vec::new() } else { cases }))
    }

    fn recorded(&self) -> Option<Expect> {
        let (what, rest) = self.words.split_first()?;
        let (mut by, mut whom) = (None, None);
        for pair in rest.chunks(2) {
            let [mark, who] = pair else { return None };
            match mark.text.as_str() {
                "by" | "由" => by = Some(who.clone()),
                "to" | "对" => whom = Some(who.clone()),
                _ => return None,
            }
        }
        Some(Expect::Recorded(what.clone(), by, whom))
    }

    fn claimed(&self) -> Option<Expect> {
        match self.words.as_slice() {
            [step, nobody] if NONE.contains(&nobody.text.as_str()) => Some(Expect::Claimed(step.clone(), None)),
            [step, by, who] if ["by", "由"].contains(&by.text.as_str()) => Some(Expect::Claimed(step.clone(), Some(who.clone()))),
            _ => None,
        }
    }
}

/// What a posting is called, and its key.
const POSTINGS: &[(&str, &str)] = &[("下达", "issue"), ("追加", "add"), ("预留", "reserve"), ("使用", "use"), ("释放", "release")];

fn kind_of_posting(word: &str) -> Option<&'static str> {
    POSTINGS.iter().find(|(zh, en)| word == *zh || word == *en).map(|(_, en)| *en)
}

fn by(who: &Word) -> By {
    match who.text.as_str() {
        "system" | "系统" => By::System,
        "law" | "法律" => By::Law,
        _ => By::Person(who.clone()),
    }
}

/// `sign`, `sign x2`, `sign ×2`.
fn counted(item: &Word) -> Option<(Word, usize)> {
    let (name, last) = item.text.rsplit_once(' ').unwrap_or((item.text.as_str(), ""));
    match last.strip_prefix(['x', '×']).map(str::parse) {
        Some(Ok(count)) => Some((Word { text: name.trim().to_owned(), at: item.at }, count)),
        Some(Err(_)) | None => Some((item.clone(), 1)),
    }
}

/// `NAME` or `NAME for WHO`.
fn with_person(item: &Word, marks: &[&str]) -> Option<(Word, Option<Word>)> {
    let words = split(item, &[' ', '\t', '　']);
    match words.as_slice() {
        [name] => Some((name.clone(), None)),
        [name, mark, who] if marks.contains(&mark.text.as_str()) => Some((name.clone(), Some(who.clone()))),
        _ => None,
    }
}

fn rank(text: &str) -> Option<i16> {
    match text {
        "A" => Some(0),
        "B" => Some(1),
        "C" => Some(2),
        number => number.parse().ok(),
    }
}
