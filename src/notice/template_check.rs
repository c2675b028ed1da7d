//! What makes a text wrong: a file missing or unknown, bad syntax, a variable its kind does not have, one printed without asking
//! whether it is there, a short message too long. Every mistake names its file and place.
//! Invariant: a text that passes here renders for every context that has what its kind needs. Never: stops at the first mistake.

use std::collections::{BTreeMap, BTreeSet};

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Handlebars, Path, Template};

use super::templates::Templates;
use super::{Kind, Language, Var};
use crate::limits::{SMS_CHARS_MAX, SMS_EN_CHARS_MAX};
use crate::source::Mistake;

mod sample;

/// What a short message never carries: names, reasons in free words, places to look (procedure rules for short messages).
pub const SMS_FORBIDDEN: [Var; 10] =
    [Var::Step, Var::Office, Var::Reason, Var::Cause, Var::Basis, Var::Document, Var::Path, Var::Login, Var::Link, Var::Provisional];

/// One file of texts; no kind means the frame around every mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A mail's subject.
    Subject(Option<Kind>, Language),
    /// A mail's text.
    Body(Option<Kind>, Language),
    /// A short message.
    Short(Kind, Language),
}

impl Part {
    /// Every file there must be, no more and no less.
    pub fn all() -> Vec<Self> {
        let of_language = |language| {
            let mails = Kind::ALL.iter().copied().map(Some).chain([None]);
            let mails = mails.flat_map(move |kind| [Self::Subject(kind, language), Self::Body(kind, language)]);
            mails.chain(Kind::ALL.iter().filter(|kind| kind.has_short()).map(move |kind| Self::Short(*kind, language)))
        };
        Language::ALL.into_iter().flat_map(of_language).collect()
    }

    /// Its path under `templates/`.
    pub fn path(&self) -> String {
        let folder = |kind: &Option<Kind>| kind.map_or("frame", Kind::key);
        match self {
            Self::Subject(kind, language) => format!("mail/{}/subject.{}.txt", folder(kind), language.tag()),
            Self::Body(kind, language) => format!("mail/{}/body.{}.txt", folder(kind), language.tag()),
            Self::Short(kind, language) => format!("sms/{kind}.{}.hbs", language.tag()),
        }
    }

    /// The variables the file may use, and among them those always there.
    fn words(&self) -> Words {
        let keys = |vars: &mut dyn Iterator<Item = Var>| vars.map(Var::key).collect::<BTreeSet<_>>();
        match self {
            Self::Subject(Some(kind), _) | Self::Body(Some(kind), _) => Words { may: keys(&mut kind.vars()), sure: keys(&mut kind.needs().iter().copied()) },
            Self::Short(kind, _) => {
                let may = keys(&mut kind.vars().filter(|var| !SMS_FORBIDDEN.contains(var)));
                Words { may, sure: keys(&mut kind.needs().iter().copied()) }
            }
            Self::Subject(None, _) => Words { may: ["subject"].into(), sure: ["subject"].into() },
            Self::Body(None, _) => {
                let mut may = keys(&mut Var::OF_FRAME.into_iter().chain([Var::No, Var::Item]));
                may.insert("body");
                Words { may, sure: ["body"].into() }
            }
        }
    }
}

#[derive(Clone)]
struct Words {
    may: BTreeSet<&'static str>,
    sure: BTreeSet<&'static str>,
}

/// Compiles one file into the book and answers with its mistakes.
pub fn register(book: &mut Handlebars<'static>, part: &Part, files: &BTreeMap<String, String>) -> Vec<Mistake> {
    let path = part.path();
    let Some(text) = files.get(&path) else {
        let zh = format!("应有文件 `templates/{path}`，没有找到");
        return vec![mistake(&path, (0, 0), "template-missing", zh, format!("expected a file `templates/{path}`, found none"))];
    };
    match Template::compile(text) {
        Err(error) => {
            let why = error.reason().to_string();
            vec![mistake(
                &path,
                error.pos().unwrap_or((0, 0)),
                "template-syntax",
                format!("模板语法有误：{why}"),
                format!("expected a template, found a syntax error: {why}"),
            )]
        }
        Ok(template) => {
            let mut walk = Walk { path: &path, mistakes: Vec::new() };
            walk.template(&template, &part.words());
            let mistakes = walk.mistakes;
            book.register_template(&path, template);
            mistakes
        }
    }
}

/// Files that belong to no kind: a misspelt name would otherwise look like a missing file only.
pub fn strangers(files: &BTreeMap<String, String>, parts: &[Part]) -> Vec<Mistake> {
    let known: BTreeSet<String> = parts.iter().map(Part::path).collect();
    let stranger = |path: &&String| !known.contains(*path);
    let complain = |path: &String| {
        let en = format!("expected files named for a kind and a language, such as `mail/o.red/body.en.txt`, found `{path}`");
        mistake(path, (0, 0), "template-stranger", format!("应以通知种类和语言命名（如 `mail/o.red/body.en.txt`），实为 `{path}`"), en)
    };
    files.keys().filter(stranger).map(complain).collect()
}

/// Writes one file's text with sample values, everything there and only the needed there, and looks at what comes out.
pub fn trial(templates: &Templates, part: &Part) -> Vec<Mistake> {
    let path = part.path();
    let tried = |(full, out): (bool, Result<String, String>)| {
        let (zh, en) = match out {
            Err(why) => (format!("试渲染失败：{why}"), format!("expected the sample to render, found: {why}")),
            Ok(text) => return if full { too_much(part, &text) } else { None },
        };
        Some(mistake(&path, (0, 0), "template-render", zh, en))
    };
    let attempts = match part {
        Part::Subject(Some(kind), language) => {
            sample::letter_views(*kind, *language).map(|(full, view)| (full, templates.letter_of(*kind, *language, &view).map(|letter| letter.subject)))
        }
        Part::Body(Some(kind), language) => {
            sample::letter_views(*kind, *language).map(|(full, view)| (full, templates.letter_of(*kind, *language, &view).map(|letter| letter.text)))
        }
        Part::Short(kind, language) => sample::short_views(*kind, *language).map(|(full, view)| (full, templates.short_of(*kind, *language, &view))),
        // The frame is tried with every kind.
        Part::Subject(None, _) | Part::Body(None, _) => return Vec::new(),
    };
    let mut mistakes: Vec<Mistake> = attempts.into_iter().filter_map(tried).collect();
    mistakes.dedup();
    mistakes
}

/// A short message that costs two, or carries what it must not.
fn too_much(part: &Part, text: &str) -> Option<Mistake> {
    let Part::Short(_, language) = part else { return None };
    let path = part.path();
    let max = match language {
        Language::Zh => SMS_CHARS_MAX,
        Language::En => SMS_EN_CHARS_MAX,
    };
    let found = text.encode_utf16().count();
    if found > max {
        let en = format!("expected at most {max} characters with the longest values and the signature, found `{found}`: {text}");
        return Some(mistake(&path, (0, 0), "sms-too-long", format!("含签名、变量按最长值计应不超过 {max} 字，实为 `{found}`：{text}"), en));
    }
    if carries_link(text) {
        return Some(mistake(&path, (0, 0), "sms-link", "短信不得带链接".to_owned(), "expected no link in a short message, found one".to_owned()));
    }
    if *language == Language::En && !text.is_ascii() {
        let en = "expected letters of the plain alphabet, found others: they halve the room of a short message".to_owned();
        return Some(mistake(&path, (0, 0), "sms-alphabet", "英文短信应只用基本字母，否则单条只有 70 字".to_owned(), en));
    }
    None
}

/// Whether a handset would make a link of something in the text: an address with its scheme, or a name like `example.com`.
pub fn carries_link(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let named = |window: &[char]| matches!(window, [before, '.', after, further] if before.is_ascii_alphanumeric() && after.is_ascii_alphabetic() && further.is_ascii_alphabetic());
    text.contains("://") || letters.windows(4).any(named)
}

fn mistake(path: &str, (line, column): (usize, usize), code: &'static str, zh: String, en: String) -> Mistake {
    let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Mistake { file: format!("templates/{path}"), line: place(line), column: place(column), code, zh, en }
}

/// Walks a compiled text; `words.sure` grows inside `{{#if x}}`.
struct Walk<'a> {
    path: &'a str,
    mistakes: Vec<Mistake>,
}

impl Walk<'_> {
    fn template(&mut self, template: &Template, words: &Words) {
        for (element, place) in template.elements.iter().zip(&template.mapping) {
            let at = (place.0, place.1);
            match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
                TemplateElement::Expression(expression) if expression.params.is_empty() && expression.hash.is_empty() => {
                    self.printed(&expression.name, words, at)
                }
                TemplateElement::HelperBlock(block) => self.block(block, words, at),
                TemplateElement::Expression(call) => self.construct(&raw(&call.name), at),
                TemplateElement::HtmlExpression(_) => self.construct("{{{…}}}", at),
                TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => self.construct("{{> …}}", at),
                // Decorators, and whatever the library may add.
                _ => self.construct("{{* …}}", at),
            }
        }
    }

    fn printed(&mut self, name: &Parameter, words: &Words, at: (usize, usize)) {
        let Some(var) = self.known(name, words, at) else { return };
        if !words.sure.contains(var.as_str()) {
            let en = format!("expected `{{{{#if {var}}}}}` around a variable that may be absent, found `{{{{{var}}}}}` alone");
            let zh = format!("变量 `{var}` 可能没有值，应放在 `{{{{#if {var}}}}}` 之内");
            self.mistakes.push(mistake(self.path, at, "template-unguarded", zh, en));
        }
    }

    fn block(&mut self, block: &HelperTemplate, words: &Words, at: (usize, usize)) {
        let name = raw(&block.name);
        let (Some(body), [over], true) = (&block.template, block.params.as_slice(), block.hash.is_empty() && block.block_param.is_none()) else {
            return self.construct(&name, at);
        };
        let Some(var) = self.known(over, words, at) else { return };
        let known = |words: &Words| words.may.get(var.as_str()).copied();
        let mut there = words.clone();
        there.sure.extend(known(words));
        match name.as_str() {
            "if" => {
                self.template(body, &there);
                block.inverse.iter().for_each(|inverse| self.template(inverse, words));
            }
            "unless" => {
                self.template(body, words);
                block.inverse.iter().for_each(|inverse| self.template(inverse, &there));
            }
            "each" if is_list(&var) && block.inverse.is_none() => self.template(body, &line_words()),
            _ => self.construct(&format!("{name} {var}"), at),
        }
    }

    /// The variable's name, unless the kind has no such variable.
    fn known(&mut self, parameter: &Parameter, words: &Words, at: (usize, usize)) -> Option<String> {
        let var = raw(parameter);
        if words.may.contains(var.as_str()) {
            return Some(var);
        }
        let may = words.may.iter().copied().collect::<Vec<_>>().join(", ");
        let zh = format!("变量应为 {may} 之一，实为 `{var}`");
        self.mistakes.push(mistake(self.path, at, "template-variable", zh, format!("expected a variable among {may}, found `{var}`")));
        None
    }

    fn construct(&mut self, found: &str, at: (usize, usize)) {
        let en = format!("expected a variable, `if`, `unless`, or `each` over a list, found `{found}`");
        self.mistakes.push(mistake(self.path, at, "template-construct", format!("模板里只能有变量、`if`、`unless` 和列表上的 `each`，实为 `{found}`"), en));
    }
}

fn is_list(key: &str) -> bool {
    let lists = Kind::ALL.iter().flat_map(|kind| kind.vars()).filter(|var| var.is_list());
    lists.into_iter().any(|var| var.key() == key)
}

fn line_words() -> Words {
    Words { may: Var::OF_LINE.into_iter().map(Var::key).collect(), sure: Var::OF_LINE_NEEDED.into_iter().map(Var::key).collect() }
}

/// A parameter as its author wrote it.
fn raw(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Name(name) => name.clone(),
        Parameter::Path(Path::Relative((_, raw)) | Path::Local((_, _, raw))) => raw.clone(),
        Parameter::Literal(value) => value.to_string(),
        // Subexpressions, and whatever the library may add.
        _ => "(…)".to_owned(),
    }
}
