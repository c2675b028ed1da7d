//! Chance, and what it does to a text.

/// A sequence of numbers that is the same for the same seed on every machine (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // Mixed once, so that the throws of one seed are not those of its neighbour moved by one.
        let mut dice = Self(seed);
        Self(dice.next() ^ 0xA5A5_5A5A_0F0F_F0F0)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % (count.max(1) as u64)).unwrap()
    }

    /// True once in `count` times.
    pub fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn pick<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

/// What may be dangerous anywhere.
const DANGEROUS: &[&str] = &[
    "\u{0}",
    "\u{feff}",
    "\r\n",
    "\t",
    "\u{2028}",
    "🟢",
    "￼",
    "é\u{301}",
    "NaN",
    ".inf",
    "-0",
    "1e999999999",
    "0x7fffffffffffffff",
    "9223372036854775808",
    "79228162514264337593543950336",
    "-79228162514264337593543950335",
    "0.0000000000000000000000000001",
    "99999999999999999999999999999999999999999999999999",
    "!!binary aGk=",
    "!!python/object:os.system",
    "&a",
    "*a",
    "<<: *a",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "? ",
    "- ",
    ": ",
    "|\n",
    ">-\n",
    "#",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "\\",
    "``",
    "null",
    "~",
    "true",
    "false",
    "2025-02-30",
    "9999-12-31",
    "-9999-01-01",
    "P99999999999999D",
    "P1Y2M",
    "PT25H",
    "duration(\"P9223372036854775807D\")",
];

/// Bits of the expression language.
const WORDS: &[&str] = &[
    " and ",
    " or ",
    "not(",
    " in ",
    " between ",
    "if ",
    " then ",
    " else ",
    "some x in ",
    " satisfies ",
    "every x in ",
    "for x in ",
    " return ",
    "[item.",
    "[1]",
    "[-1]",
    "(",
    ")",
    "[",
    "]",
    "{a: ",
    "}",
    ",",
    "..",
    ".",
    "+",
    "-",
    "*",
    "/",
    "=",
    "!=",
    "<",
    ">=",
    "null",
    "true",
    "1",
    "0.1",
    "\"绿\"",
    "form.sources",
    "form.area_m2",
    "form.start",
    "count(",
    "sum(",
    "min(",
    "string join(",
    "concatenate(",
    "append(",
    "flatten(",
    "distinct values(",
    "substring(",
    "date(",
    "duration(\"P3D\")",
    "date(\"2025-03-03\")",
    "is defined(form.x)",
    "1..10000",
    "string(",
    "number(",
    "modulo(",
    "reverse(",
    "sublist(",
    "x",
    "item",
];

/// One to six changes.
pub fn changed(dice: &mut Dice, text: &str, others: &[String]) -> String {
    let mut text = text.to_owned();
    for _ in 0..=dice.below(6) {
        text = match dice.below(14) {
            0 => bytes(dice, &text),
            1 => inserted(dice, &text, DANGEROUS),
            2 => inserted(dice, &text, WORDS),
            3 => without_a_piece(dice, &text),
            4 => doubled(dice, &text),
            5 => lines_swapped(dice, &text),
            6 => line_indented(dice, &text),
            7 => spliced(dice, &text, others),
            8 => scalar_replaced(dice, &text),
            9 => nested(dice, &text),
            10 => line_dropped(dice, &text),
            11 => line_doubled(dice, &text),
            12 => number_grown(dice, &text),
            _ => scalar_swapped(dice, &text),
        };
    }
    text
}

/// A place on a border of characters.
fn place(dice: &mut Dice, text: &str) -> usize {
    let mut at = dice.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn bytes(dice: &mut Dice, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.below(8) {
        let at = dice.below(bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(at) {
            *byte = dice.next().to_le_bytes()[0];
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn inserted(dice: &mut Dice, text: &str, of: &[&str]) -> String {
    let at = place(dice, text);
    format!("{}{}{}", &text[..at], dice.pick(of), &text[at..])
}

fn span(dice: &mut Dice, text: &str, longest: usize) -> (usize, usize) {
    let start = place(dice, text);
    let mut end = (start + dice.below(longest)).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (start, end.max(start))
}

fn without_a_piece(dice: &mut Dice, text: &str) -> String {
    let (start, end) = span(dice, text, 60);
    format!("{}{}", &text[..start], &text[end..])
}

fn doubled(dice: &mut Dice, text: &str) -> String {
    let (start, end) = span(dice, text, 200);
    let most = if dice.once_in(20) { 300 } else { 3 };
    let times = 1 + dice.below(most);
    format!("{}{}{}", &text[..end], text[start..end].repeat(times), &text[end..])
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn lines_swapped(dice: &mut Dice, text: &str) -> String {
    let mut lines = lines(text);
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    if !lines.is_empty() {
        lines.swap(one, other);
    }
    lines.join("\n")
}

fn line_indented(dice: &mut Dice, text: &str) -> String {
    let mut lines = lines(text);
    let at = dice.below(lines.len());
    if let Some(line) = lines.get_mut(at) {
        *line = if dice.once_in(2) { format!("{}{line}", " ".repeat(1 + dice.below(4))) } else { line.trim_start().to_owned() };
    }
    lines.join("\n")
}

fn line_dropped(dice: &mut Dice, text: &str) -> String {
    let mut lines = lines(text);
    if !lines.is_empty() {
        lines.remove(dice.below(lines.len()));
    }
    lines.join("\n")
}

fn line_doubled(dice: &mut Dice, text: &str) -> String {
    let mut lines = lines(text);
    if let Some(line) = lines.get(dice.below(lines.len())).cloned() {
        lines.insert(dice.below(lines.len()), line);
    }
    lines.join("\n")
}

fn spliced(dice: &mut Dice, text: &str, others: &[String]) -> String {
    let Some(other) = others.get(dice.below(others.len())) else { return text.to_owned() };
    let (start, end) = span(dice, other, 400);
    let at = place(dice, text);
    format!("{}{}{}", &text[..at], &other[start..end], &text[at..])
}

/// The text after a `: ` becomes something else.
fn scalar_replaced(dice: &mut Dice, text: &str) -> String {
    let ends: Vec<usize> = text.match_indices(": ").map(|(at, found)| at + found.len()).collect();
    let Some(start) = ends.get(dice.below(ends.len())).copied() else { return text.to_owned() };
    let end = text[start..].find(['\n', ',', '}']).map_or(text.len(), |length| start + length);
    let with = match dice.below(4) {
        0 => dice.pick(DANGEROUS).to_owned(),
        1 => dice.pick(WORDS).to_owned(),
        2 => "[]".to_owned(),
        _ => format!("{{a: [{}]}}", dice.pick(WORDS)),
    };
    format!("{}{with}{}", &text[..start], &text[end..])
}

/// Two texts after a `: ` change places.
fn scalar_swapped(dice: &mut Dice, text: &str) -> String {
    let mut lines = lines(text);
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    let value = |line: &str| line.split_once(": ").map(|(key, value)| (key.to_owned(), value.to_owned()));
    if let (Some(left), Some(right)) = (lines.get(one).and_then(|line| value(line)), lines.get(other).and_then(|line| value(line))) {
        lines[one] = format!("{}: {}", left.0, right.1);
        lines[other] = format!("{}: {}", right.0, left.1);
    }
    lines.join("\n")
}

/// A piece inside many brackets, or after many signs.
fn nested(dice: &mut Dice, text: &str) -> String {
    let (start, end) = span(dice, text, 40);
    let most = if dice.once_in(4) { 5_000 } else { 60 };
    let depth = 1 + dice.below(most);
    let (open, close) = [("(", ")"), ("[", "]"), ("{a: ", "}"), ("-", ""), ("not(", ")"), ("if true then ", " else 1"), ("[item[", "]]")][dice.below(7)];
    format!("{}{}{}{}{}", &text[..start], open.repeat(depth), &text[start..end], close.repeat(depth), &text[end..])
}

fn number_grown(dice: &mut Dice, text: &str) -> String {
    let digits: Vec<usize> = text.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).map(|(at, _)| at).collect();
    let Some(at) = digits.get(dice.below(digits.len())).copied() else { return text.to_owned() };
    let more = ["9", "0", "00000000000", "99999999999999999999", ".5", "e9", "-"][dice.below(7)];
    format!("{}{more}{}", &text[..at], &text[at..])
}
