//! The head of a scenario file: what it is about, and who and what is there before the first line.
//! Invariant: a block keeps the lines of its file, so that a mistake in an inline workflow is told where it stands. Never: a workflow's meaning.

use crate::definition::library::SourceFile;
use crate::rehearsal::script::{AccountLine, AwayLine, PersonLine, Script, Word, json_object, moment};
use crate::source::{self, Place, Reader};

/// A line of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Procedure,
    Calendar,
    Today,
    People,
    Away,
    Accounts,
    Form,
    Workflow,
    File,
    Beside,
}

const WORDS: &[(Head, &str, &str)] = &[
    (Head::Procedure, "procedure", "流程"),
    (Head::Calendar, "calendar", "日历"),
    (Head::Today, "today", "今日"),
    (Head::People, "people", "人员"),
    (Head::Away, "away", "离岗"),
    (Head::Accounts, "accounts", "账户"),
    (Head::Form, "form", "申请表"),
    (Head::Workflow, "workflow", "工作流"),
    (Head::File, "file", "文件"),
    (Head::Beside, "files", "引用"),
];

/// The indented lines below a head.
#[derive(Debug)]
pub(super) struct Block<'t> {
    /// Lines with their numbers.
    lines: Vec<(u32, &'t str)>,
    /// The first line after it, counted from 0.
    pub end: usize,
}

/// The block that begins at `from`.
pub(super) fn block<'t>(lines: &[&'t str], from: usize) -> Block<'t> {
    let belongs = |line: &&str| line.trim().is_empty() || line.starts_with(char::is_whitespace);
    let mut end = from + lines[from..].iter().take_while(|line| belongs(line)).count();
    while end > from && lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    let numbered = (from..end).map(|at| (u32::try_from(at + 1).unwrap_or(u32::MAX), lines[at])).collect();
    Block { lines: numbered, end }
}

impl Block<'_> {
    /// The block as a file of its own: with the lines above it empty, and moved to the left edge.
    fn text(&self, script: &mut Script) -> String {
        let columns = self.lines.iter().filter(|(_, line)| !line.trim().is_empty()).map(|(_, line)| line.len() - line.trim_start().len()).min().unwrap_or(0);
        let Some(((first, _), (last, _))) = self.lines.first().zip(self.lines.last()) else { return String::new() };
        script.blocks.push((*first, *last, u32::try_from(columns).unwrap_or(u32::MAX)));
        let above = (1..*first).map(|_| "\n");
        above.map(str::to_owned).chain(self.lines.iter().map(|(_, line)| format!("{}\n", line.get(columns..).unwrap_or("")))).collect()
    }
}

impl Head {
    /// What kind of head a line is; `None` for a line of the play.
    pub(super) fn of(line: &str) -> Option<Self> {
        let word = line.split([' ', '\t', '　', ':', '：']).next().unwrap_or_default();
        WORDS.iter().find(|(_, en, zh)| word == *en || word == *zh).map(|(head, _, _)| *head)
    }

    pub(super) fn read(self, reader: &mut Reader<'_>, script: &mut Script, (raw, number): (&str, u32), block: &Block<'_>) {
        let word = raw.split([' ', '\t', '　', ':', '：']).next().unwrap_or_default();
        let rest = raw[word.len()..].trim_start_matches([':', '：']);
        let rest = rest.split(" #").next().unwrap_or_default();
        let column = raw.chars().count() - raw[word.len()..].trim_start_matches([' ', '\t', '　', ':', '：']).chars().count() + 1;
        let value = Word { text: rest.trim().to_owned(), at: Place { line: number, column: u32::try_from(column).unwrap_or(u32::MAX) } };
        let takes_block = matches!(self, Self::People | Self::Away | Self::Accounts | Self::Form | Self::Workflow | Self::File);
        if let Some((number, line)) = block.lines.iter().find(|(_, line)| !takes_block && !line.trim().is_empty()) {
            let column = line.chars().take_while(|letter| letter.is_whitespace()).count() + 1;
            let (at, found) = (Place { line: *number, column: u32::try_from(column).unwrap_or(u32::MAX) }, line.trim());
            reader.mistake(
                at,
                "indented",
                (format!("`{word}` 下面期望没有缩进的行，实际 `{found}`"), format!("expected no indented line below `{word}`, found `{found}`")),
            );
        }
        match self {
            Self::Procedure => script.procedure = Some(value),
            Self::Calendar if value.text == "cn" => {}
            Self::Calendar => expected(reader, &value, ("cn", "`cn`")),
            Self::Today => match moment(&value.text) {
                Some(at) => script.today = Some(at),
                None => {
                    script.today_wrong = true;
                    expected(reader, &value, ("日期，如 2025-03-03 或 2025-03-03 09:00", "a day such as 2025-03-03 or 2025-03-03 09:00"));
                }
            },
            Self::People => people(reader, script, block),
            Self::Away => away(reader, script, block),
            Self::Accounts => accounts(reader, script, block),
            Self::Form => form(reader, script, &value, block),
            Self::Workflow | Self::File => file(self, reader, script, (&value, number), block),
            Self::Beside => script.beside.extend(words(&value)),
        }
    }
}

fn expected(reader: &mut Reader<'_>, found: &Word, (zh, en): (&str, &str)) {
    let text = &found.text;
    reader.mistake(found.at, "wrong-head", (format!("期望{zh}，实际 `{text}`"), format!("expected {en}, found `{text}`")));
}

/// The words of a line with their columns.
fn words(line: &Word) -> Vec<Word> {
    let mut found = Vec::new();
    let mut column = line.at.column;
    for piece in line.text.split([' ', '\t', '　']) {
        if !piece.is_empty() {
            found.push(Word { text: piece.to_owned(), at: Place { column, ..line.at } });
        }
        column = column.saturating_add(u32::try_from(piece.chars().count() + 1).unwrap_or(u32::MAX));
    }
    found
}

/// The words of each line of a block, comments left out.
fn rows(block: &Block<'_>) -> Vec<Vec<Word>> {
    let row = |(number, line): &(u32, &str)| {
        let line = line.split(" #").next().unwrap_or_default();
        words(&Word { text: line.to_owned(), at: Place { line: *number, column: 1 } })
    };
    block.lines.iter().filter(|(_, line)| !line.trim_start().starts_with('#')).map(row).filter(|row| !row.is_empty()).collect()
}

/// `李受理 ez-zwzx receiver`, several posts with commas, `陈工 applicant`; `from` and `until` date a post.
fn people(reader: &mut Reader<'_>, script: &mut Script, block: &Block<'_>) {
    let mut people: Vec<PersonLine> = script.people.take().unwrap_or_default();
    for row in rows(block) {
        let Some((name, rest)) = row.split_first() else { continue };
        let mut posts = Vec::new();
        for group in rest.split(|word| [",", "，", "、"].contains(&word.text.as_str())) {
            posts.extend(post(reader, name, group));
        }
        if people.iter().any(|known| known.name.text == name.text) {
            expected(reader, name, ("每个人一行", "each person once"));
        }
        people.push(PersonLine { name: name.clone(), posts });
    }
    script.people = Some(people);
}

type Post = (Word, Word, Option<chrono::NaiveDate>, Option<chrono::NaiveDate>);

fn post(reader: &mut Reader<'_>, name: &Word, group: &[Word]) -> Option<Post> {
    let at = |text: &str, at: Place| Word { text: text.to_owned(), at };
    let (office, post, dates) = match group {
        [one, rest @ ..] if ["applicant", "申请人"].contains(&one.text.as_str()) => (at("company", one.at), at("agent", one.at), rest),
        [office, post, rest @ ..] => (office.clone(), post.clone(), rest),
        [] | [_] => {
            expected(reader, group.first().unwrap_or(name), ("“机构 岗位”或“申请人”", "`OFFICE POST` or `applicant`"));
            return None;
        }
    };
    let (mut from, mut until) = (None, None);
    for pair in dates.chunks(2) {
        let (which, day) = match pair {
            [which, day] => (which, day.text.parse().ok()),
            _ => (&pair[0], None),
        };
        match (which.text.as_str(), day) {
            ("from" | "自", Some(day)) => from = Some(day),
            ("until" | "至", Some(day)) => until = Some(day),
            _ => expected(reader, which, ("“自 日期”或“至 日期”", "`from DATE` or `until DATE`")),
        }
    }
    Some((office, post, from, until))
}

/// `周承办 fgw handler from 2025-03-04 until 2025-03-06`, with `substitute 钱承办` behind it when somebody else than the B post stands in.
fn away(reader: &mut Reader<'_>, script: &mut Script, block: &Block<'_>) {
    for row in rows(block) {
        let (named, substitute) = match row.as_slice() {
            [named @ .., word, who] if ["substitute", "代理"].contains(&word.text.as_str()) => (named, Some(who.clone())),
            named => (named, None),
        };
        let read = named.split_first().and_then(|(name, rest)| Some((name.clone(), post(reader, name, rest)?)));
        match read {
            Some((person, (office, post, Some(from), Some(until)))) => script.away.push(AwayLine { person, office, post, from, until, substitute }),
            Some((person, _)) => expected(reader, &person, ("“谁 机构 岗位 自 日期 至 日期”", "`WHO OFFICE POST from DATE until DATE`")),
            None => {}
        }
    }
}

/// `land/2025/420703/new m2 80000`.
fn accounts(reader: &mut Reader<'_>, script: &mut Script, block: &Block<'_>) {
    let mut accounts = script.accounts.take().unwrap_or_default();
    for row in rows(block) {
        let (unit, amount) = match row.as_slice() {
            [_, unit, amount] => (unit, amount.text.replace('_', "").parse::<i64>().ok().filter(|amount| *amount >= 0)),
            _ => (&row[0], None),
        };
        let Some(amount) = amount.filter(|_| ["m2", "fen", "pieces"].contains(&unit.text.as_str())) else {
            expected(reader, &row[0], ("“账户 m2|fen|pieces 数量”", "`ACCOUNT m2|fen|pieces AMOUNT`"));
            continue;
        };
        accounts.push(AccountLine { key: row[0].clone(), unit: unit.text.clone(), amount });
    }
    script.accounts = Some(accounts);
}

/// `form`, `form P1`, `form P1 2` (with its first two amendments), with fields below.
fn form(reader: &mut Reader<'_>, script: &mut Script, value: &Word, block: &Block<'_>) {
    match words(value).as_slice() {
        [] => {}
        [project] => script.form.project = Some((project.clone(), 0)),
        [project, count] if count.text.parse::<usize>().is_ok() => script.form.project = count.text.parse().ok().map(|count| (project.clone(), count)),
        _ => expected(reader, value, ("项目和补正次数，如“P1 2”", "a project and a number of amendments, such as `P1 2`")),
    }
    let text = block.text(script);
    if text.trim().is_empty() {
        return;
    }
    match source::read(&text, reader.file()) {
        Ok(node) => script.form.set.extend(json_object(reader, &node).unwrap_or_default()),
        Err(mistakes) => mistakes.into_iter().for_each(|one| reader.mistake(Place { line: one.line, column: one.column }, one.code, (one.zh, one.en))),
    }
}

/// `workflow` and `file forms/x.yaml`, with the file below.
fn file(head: Head, reader: &mut Reader<'_>, script: &mut Script, (value, number): (&Word, u32), block: &Block<'_>) {
    if block.lines.is_empty() {
        let at = Place { line: number, column: 1 };
        reader.mistake(at, "wrong-head", ("期望下面是缩进的文件内容，实际没有".into(), "expected an indented file below, found none".into()));
        return;
    }
    let key = match (head, value.text.as_str()) {
        (Head::File, "") => return expected(reader, value, ("文件名，如 forms/x.yaml", "the name of a file, such as forms/x.yaml")),
        (_, "") => format!("inline-{number}.yaml"),
        (_, named) => named.to_owned(),
    };
    let text = block.text(script);
    script.files.push(SourceFile { key, shown: script.file.clone(), text });
}
