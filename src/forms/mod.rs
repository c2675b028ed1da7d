//! Forms: fields, validation with all errors at once, differences between submissions.
//! Invariant: money is an integer of 分 and an area an integer of square metres, from the submission to the last sum.
//! Never: stores, logs or echoes what a person wrote into a field marked personal or secret.

use chrono::NaiveDate;

use crate::expr::Expr;
use crate::ids::Text;
use crate::limits::UPLOAD_BYTES_MAX;
use crate::source::{Mistake, Node, Reader};

pub mod access;
pub mod amounts;
pub mod codes;
mod conditions;
mod diff;
mod parse;
mod schema;
mod validate;

pub use access::{Access, Viewer, Who};
pub use diff::{Change, diff};
pub use validate::FieldError;

/// A form.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its key, such as `land-quota`; empty when the file gives none.
    pub key: String,
    /// What people read.
    pub title: Text,
    /// Its pages; a form without pages has one, untitled.
    pub pages: Vec<Page>,
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// What people read, if it has a title.
    pub title: Option<Text>,
    /// Its sections; a page without sections has one, untitled.
    pub sections: Vec<Section>,
}

/// A group of fields.
#[derive(Clone, Debug)]
pub struct Section {
    /// What people read, if it has a title.
    pub title: Option<Text>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its key in the submission.
    pub key: String,
    /// What people read.
    pub title: Text,
    /// A hint beside it.
    pub help: Option<Text>,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be filled in.
    pub required: Required,
    /// It is asked only while this holds; otherwise it must be left out. Reads what a condition of `required` reads.
    pub when: Option<Expr>,
    /// Who sees it; `None` is everybody who may read the case.
    pub see: Option<Vec<Who>>,
    /// Who fills it in; `None` is everybody who edits the form.
    pub edit: Option<Vec<Who>>,
    /// What the reader of this copy of the form may do with it; `Open` as read from a file.
    pub access: Access,
    /// Personal data (个人信息): kept out of public pages, logs and sentences.
    pub personal: bool,
    /// A business secret (商业秘密, 行政许可法 72(五)): kept out of public pages and sentences.
    pub secret: bool,
    /// The question whether the project touches a state secret; a yes refuses the whole submission, and nothing of it may be kept.
    pub state_secret: bool,
    /// The class of evidence (佐证材料) a file in it is, such as `L5`.
    pub evidence: Option<String>,
    /// What is frozen when the answer is sent: its digest is written here by the machine, and by nobody else.
    pub freezes: Option<Freezes>,
    /// The column of the ledger (台账) an answer fills with it.
    pub ledger: Option<LedgerColumn>,
}

/// A column of the ledger that only people can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerColumn {
    /// 责任领导.
    Leader,
    /// 路线图.
    Roadmap,
    /// 存在问题.
    Problem,
    /// 下一步.
    Next,
}

/// What an answer freezes (快照).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freezes {
    /// The ledger of the period beside it.
    Ledger,
}

/// Whether a field must be filled in.
#[derive(Clone, Debug)]
pub enum Required {
    /// Always.
    Yes,
    /// Never.
    No,
    /// When this holds; it reads `form`, and `row` inside rows. A field that was left out reads as null there.
    When(Expr),
}

/// What a field holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// One line.
    Text(Range),
    /// Several lines.
    LongText(Range),
    /// A whole number.
    Integer(Range),
    /// Money in 分.
    MoneyFen(Range),
    /// An area in square metres.
    AreaM2(Range),
    /// A civil date, `2025-03-03`.
    Date {
        /// The first that is allowed.
        first: Option<NaiveDate>,
        /// The last that is allowed.
        last: Option<NaiveDate>,
    },
    /// One of several.
    Choice(Vec<Choice>),
    /// `true` or `false`.
    YesNo,
    /// A code of a public scheme.
    Code(codes::Scheme),
    /// An uploaded file: its name, its SHA-256 and its size in bytes.
    File(FileRule),
    /// Rows of fields.
    Rows {
        /// The fields of one row.
        fields: Vec<Field>,
        /// How many rows there may be.
        count: Range,
        /// The field that tells one row from another: no two rows share it, and two submissions are compared by it.
        by: Option<String>,
    },
}

/// What a file may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRule {
    /// Endings of its name, in lower case and without the dot; empty is any.
    pub accept: Vec<String>,
    /// Its size at most.
    pub bytes_max: u64,
}

impl Default for FileRule {
    fn default() -> Self {
        // A usize has at most 64 bits on every machine this builds for.
        Self { accept: Vec::new(), bytes_max: UPLOAD_BYTES_MAX as u64 }
    }
}

/// What a number, a length in characters or a count of rows may be, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub min: i64,
    /// The most.
    pub max: i64,
}

/// One of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What people read.
    pub title: Text,
    /// The office it stands for, by its key, so that a form can be filled in for an office.
    pub office: Option<String>,
}

impl Form {
    /// Reads a form.
    ///
    /// # Errors
    /// Every mistake of the file, with its place.
    pub fn parse(yaml: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        Reader::parse(yaml, file, Self::from_node)
    }

    /// Reads a form that stands inside a larger file; what is wrong goes to the reader.
    pub fn from_node(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        parse::form(reader, node)
    }

    /// A form of fields alone, as a completed task carries.
    pub fn from_fields(reader: &mut Reader<'_>, fields: &Node) -> Option<Self> {
        parse::bare(reader, fields)
    }

    /// Its fields in order, those of rows inside their rows.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.pages.iter().flat_map(|page| &page.sections).flat_map(|section| &section.fields)
    }

    /// The field of a key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields().find(|field| field.key == key)
    }

    /// Whether a path of keys, as an expression writes it after `form`, leads to something of this form.
    #[must_use]
    pub fn has_path(&self, keys: &[String]) -> bool {
        let Some((first, rest)) = keys.split_first() else { return true };
        self.field(first).is_some_and(|field| field.has_path(rest))
    }
}

impl Field {
    fn has_path(&self, keys: &[String]) -> bool {
        let Some((first, rest)) = keys.split_first() else { return true };
        match &self.kind {
            Kind::Rows { fields, .. } => fields.iter().find(|field| field.key == *first).is_some_and(|field| field.has_path(rest)),
            Kind::File(_) => rest.is_empty() && matches!(first.as_str(), "name" | "sha256" | "bytes"),
            // A date has parts of its own once an expression made it one.
            Kind::Text(_) | Kind::LongText(_) | Kind::Integer(_) | Kind::MoneyFen(_) | Kind::AreaM2(_) => false,
            Kind::Date { .. } | Kind::Choice(_) | Kind::YesNo | Kind::Code(_) => false,
        }
    }
}
