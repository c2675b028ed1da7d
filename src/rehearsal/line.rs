//! A line of the play: who does what to which case, and what is expected of it.
//! Invariant: a line that cannot be read is a mistake with its place and what was expected there. Never: a name looked up; that is the cast's.

use crate::calendar::{Span, Unit};
use crate::rehearsal::expect;
use crate::rehearsal::script::{ActLine, Deed, Line, Script, TimeMove, Word, json_object, moment};
use crate::rehearsal::token::{Piece, Token, cut};
use crate::rehearsal::verbs::{Slot, VERBS, Verb, verb};
use crate::source::{self, Place, Reader};

/// Who stands for the machine.
pub(super) const SYSTEM: &[&str] = &["system", "系统"];
const ISSUES: &[&str] = &["issues", "下达"];
const FETCHES: &[&str] = &["fetches", "领取"];
const LOOK: &[&str] = &["look", "查看"];
const UNTIL: &[&str] = &["until", "到"];
const FORM: &[&str] = &["form", "申请表"];

/// Reads a line that begins at the left edge.
pub(super) fn read(reader: &mut Reader<'_>, script: &mut Script, (raw, number): (&str, u32)) {
    let Some(tokens) = tokens(reader, raw, number) else { return };
    let (left, right) = halves(&tokens);
    let deed = deed(reader, left, number);
    let expects = right.map(|arrow| expected_after(reader, raw, arrow, number)).unwrap_or_default();
    if let Some(deed) = deed {
        script.lines.push(Line { number, text: raw.trim_end().to_owned(), deed, expects });
    }
}

/// Reads an indented line: an arrow with more that is expected of the line above.
pub(super) fn more_expected(reader: &mut Reader<'_>, script: &mut Script, (raw, number): (&str, u32)) {
    let Some(tokens) = tokens(reader, raw, number) else { return };
    match (tokens.first(), script.lines.last().is_some()) {
        (Some(first), true) if first.piece == Piece::Arrow => {
            let more = expected_after(reader, raw, first, number);
            if let Some(line) = script.lines.last_mut() {
                line.expects.extend(more);
            }
        }
        (first, _) => {
            let at = first.map_or(Place { line: number, column: 1 }, |first| first.at);
            let found = first.map_or("", |first| first.text.as_str());
            reader.mistake(
                at,
                "indented",
                (
                    format!("缩进的行期望以 → 开头并接在一行办理之后，实际 `{found}`"),
                    format!("expected an indented line to begin with -> below a line of the play, found `{found}`"),
                ),
            );
        }
    }
}

fn tokens(reader: &mut Reader<'_>, raw: &str, number: u32) -> Option<Vec<Token>> {
    // What is expected is read letter for letter, so only the part before the arrow has to be whole.
    match cut(raw, number, 1) {
        Ok(tokens) => Some(tokens),
        Err((at, missing)) => {
            reader.mistake(
                at,
                "not-closed",
                (format!("期望后面有 `{missing}`，实际到行末也没有"), format!("expected `{missing}` further on, found none in the line")),
            );
            None
        }
    }
}

fn halves(tokens: &[Token]) -> (&[Token], Option<&Token>) {
    match tokens.iter().position(|token| token.piece == Piece::Arrow) {
        Some(at) => (&tokens[..at], Some(&tokens[at])),
        None => (tokens, None),
    }
}

fn expected_after(reader: &mut Reader<'_>, raw: &str, arrow: &Token, number: u32) -> Vec<expect::Expected> {
    let skip = arrow.at.column as usize - 1 + arrow.text.chars().count();
    let rest: String = raw.chars().skip(skip).collect();
    let rest = rest.split(" #").next().unwrap_or_default();
    let column = u32::try_from(skip + 1).unwrap_or(u32::MAX);
    expect::read_all(reader, &Word { text: rest.to_owned(), at: Place { line: number, column } })
}

fn word(token: &Token) -> Word {
    Word { text: token.text.clone(), at: token.at }
}

fn wrong(reader: &mut Reader<'_>, at: Place, found: &str, (zh, en): (&str, &str)) {
    reader.mistake(at, "wrong-line", (format!("期望{zh}，实际 `{found}`"), format!("expected {en}, found `{found}`")));
}

fn deed(reader: &mut Reader<'_>, tokens: &[Token], number: u32) -> Option<Deed> {
    let start = Place { line: number, column: 1 };
    let Some(first) = tokens.first() else {
        wrong(reader, start, "→", ("一行办理", "a line of the play"));
        return None;
    };
    if first.text.starts_with('+') || UNTIL.contains(&first.text.as_str()) {
        return time(reader, tokens).map(Deed::Time);
    }
    let after_aside = usize::from(tokens.get(1).is_some_and(|token| token.piece == Piece::Aside));
    let Some(said) = tokens.get(1 + after_aside) else {
        wrong(reader, first.at, &first.text, ("“谁 做什么 哪一件”", "`WHO VERB CASE`"));
        return None;
    };
    let rest = &tokens[2 + after_aside..];
    if LOOK.contains(&said.text.as_str()) {
        return one_case(reader, said, rest).map(Deed::Look);
    }
    if ISSUES.contains(&said.text.as_str()) {
        return issue(reader, said, rest);
    }
    if FETCHES.contains(&said.text.as_str()) {
        return fetch(reader, (first, said), rest);
    }
    let Some(verb) = verb(&said.text) else {
        let known: Vec<&str> = VERBS.iter().flat_map(|verb| verb.words).chain(LOOK).chain(ISSUES).chain(FETCHES).copied().collect();
        let (zh, en) = (format!("{} 之一", known.join(", ")), format!("one of {}", known.join(", ")));
        wrong(reader, said.at, &said.text, (&zh, &en));
        return None;
    };
    let who = (!SYSTEM.contains(&first.text.as_str())).then(|| word(first));
    let post = (after_aside == 1).then(|| word(&tokens[1]));
    act(reader, (who, post, verb), said, rest).map(|act| Deed::Act(Box::new(act)))
}

fn one_case(reader: &mut Reader<'_>, said: &Token, rest: &[Token]) -> Option<Word> {
    if let [case] = rest {
        return Some(word(case));
    }
    wrong(reader, said.at, &said.text, ("后面是一件办件", "one case behind it"));
    None
}

/// `系统 下达 land/2025/x/new 20000`.
fn issue(reader: &mut Reader<'_>, said: &Token, rest: &[Token]) -> Option<Deed> {
    if let [account, amount] = rest
        && let Ok(amount) = amount.text.replace('_', "").parse()
    {
        return Some(Deed::Issue { account: word(account), amount });
    }
    wrong(reader, said.at, &said.text, ("后面是“账户 数量”", "`ACCOUNT AMOUNT` behind it"));
    None
}

/// `信用平台 领取 甲 核验信用 10`: for ten minutes.
fn fetch(reader: &mut Reader<'_>, (who, said): (&Token, &Token), rest: &[Token]) -> Option<Deed> {
    if let [case, step, minutes] = rest
        && let Ok(minutes) = minutes.text.parse()
    {
        return Some(Deed::Fetch { who: word(who), case: word(case), step: word(step), minutes });
    }
    wrong(reader, said.at, &said.text, ("后面是“办件 步骤 分钟数”", "`CASE STEP MINUTES` behind it"));
    None
}

fn act(reader: &mut Reader<'_>, (who, post, verb): (Option<Word>, Option<Word>, &'static Verb), said: &Token, rest: &[Token]) -> Option<ActLine> {
    let mut words: Vec<Word> = Vec::new();
    let mut line = ActLine { who, post, verb, case: Word { text: String::new(), at: said.at }, words: Vec::new(), said: None, fields: None, form: None };
    let mut form_next = false;
    for token in rest {
        match token.piece {
            Piece::Word if FORM.contains(&token.text.as_str()) => form_next = true,
            Piece::Word => words.push(word(token)),
            Piece::Said => line.said = Some(token.text.clone()),
            Piece::Fields => {
                let fields = fields(reader, token);
                if form_next {
                    line.form = fields
                } else {
                    line.fields = fields
                }
                form_next = false;
            }
            Piece::Aside | Piece::Arrow => wrong(reader, token.at, &token.text, ("一个词", "a word")),
        }
    }
    let slots = verb.slots.iter().filter(|slot| **slot != Slot::OwnTask).count();
    if words.len() != slots + 1 {
        let what: Vec<&str> = verb.slots.iter().map(|slot| slot_name(*slot)).filter(|name| !name.is_empty()).collect();
        let shape = format!("CASE {}", what.join(" "));
        let found = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        wrong(reader, said.at, &found, (&format!("“{}”后面是“{}”", said.text, shape.trim()), &format!("`{}` behind `{}`", shape.trim(), said.text)));
        return None;
    }
    line.case = words.remove(0);
    line.words = words;
    Some(line)
}

fn slot_name(slot: Slot) -> &'static str {
    match slot {
        Slot::Task => "TASK",
        Slot::Job => "STEP",
        Slot::Outcome => "OUTCOME",
        Slot::OwnTask => "",
        Slot::Step | Slot::Answered => "STEP",
        Slot::Term => "TERM",
        Slot::Number => "NUMBER",
        Slot::Word => "WORD",
        Slot::OneOf(_) => "WHICH",
        Slot::Seats => "OFFICE/POST",
        Slot::SeatOf => "WHOSE",
        Slot::People => "PEOPLE",
    }
}

fn fields(reader: &mut Reader<'_>, token: &Token) -> Option<serde_json::Map<String, serde_json::Value>> {
    let place = |line: u32, column: u32| {
        if line == 1 { Place { line: token.at.line, column: token.at.column + column.saturating_sub(1) } } else { token.at }
    };
    match source::read(&token.text, reader.file()) {
        Ok(node) => json_object(reader, &node),
        Err(mistakes) => {
            mistakes.into_iter().for_each(|one| reader.mistake(place(one.line, one.column), one.code, (one.zh, one.en)));
            None
        }
    }
}

/// `+2 working days`, `+3个工作日`, `+90 minutes`, `until 2025-04-23 09:00`.
fn time(reader: &mut Reader<'_>, tokens: &[Token]) -> Option<TimeMove> {
    let text: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
    let text = text.join(" ");
    let found = if let Some(span) = text.strip_prefix('+') {
        passed(span)
    } else {
        UNTIL.iter().find_map(|word| text.strip_prefix(word)).and_then(moment).map(TimeMove::Until)
    };
    if found.is_none() {
        let zh = "“+2 个工作日”“+1 天”“+90 分钟”或“到 2025-04-23 09:00”";
        let en = "`+2 working days`, `+1 day`, `+90 minutes` or `until 2025-04-23 09:00`";
        wrong(reader, tokens.first().map_or(Place::default(), |token| token.at), &text, (zh, en));
    }
    found
}

fn passed(text: &str) -> Option<TimeMove> {
    if let Ok(Span { days, unit }) = text.parse() {
        return Some(TimeMove::Days(days, unit));
    }
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let count: u32 = text[..end].parse().ok()?;
    match text[end..].trim() {
        "minute" | "minutes" | "分钟" => Some(TimeMove::Minutes(count)),
        "hour" | "hours" | "小时" => Some(TimeMove::Minutes(count.checked_mul(60)?)),
        "week" | "weeks" | "周" => Some(TimeMove::Days(count.checked_mul(7)?, Unit::Calendar)),
        _ => None,
    }
}
