//! The picture of a workflow: an SVG that stands alone, readable in Chinese, in light and in dark.
//! Invariant: the same program gives the same bytes; every node is in it once, with its key in `data-step`.
//! Never: a script, an outside file, or a colour that alone carries a meaning (states have a mark as well).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::definition::graph::{Node, NodeKind, Program};
use crate::ids::{Name, Text};

mod lanes;
mod layout;
mod measure;

use lanes::Owner;
use layout::{Laid, Lane, Link, Point, Size};
use measure::{LINE, Label};

/// Where a step of a running case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepState {
    /// 已办.
    Done,
    /// 正在办.
    Here,
    /// 在等（特别程序、公示、候补、汇合）.
    Waiting,
    /// 超时.
    Late,
    /// 跳过.
    Skipped,
}

/// What a picture shows besides the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct View<'a> {
    /// How outcomes are said; a missing one is shown as its key.
    pub words: Option<&'a BTreeMap<Name, Text>>,
    /// How offices are called, above their lanes; a missing one is shown as its key.
    pub offices: Option<&'a BTreeMap<Name, Text>>,
    /// In a lane for each office; wider, and it shows where work changes hands.
    pub lanes: bool,
    /// The state of each step that has one.
    pub live: Option<&'a BTreeMap<Name, StepState>>,
    /// Titles, outcomes and marks in English.
    pub english: bool,
}

impl View<'_> {
    fn say<'t>(&self, text: &'t Text) -> &'t str {
        if self.english { &text.en } else { &text.zh }
    }
}

const STYLE: &str = include_str!("draw/style.css");
const MARGIN: i64 = 24;
const HEADING: i64 = 50;
const START: i64 = 26;
/// Pixels between two rows.
const ROWS: i64 = 30;
/// The same with lanes, where lines run sideways between them.
const LANE_ROWS: i64 = 44;
/// Room for the names of lanes.
const LANE_TITLE: i64 = 34;
/// How far from its corner a box is met.
const CORNER: i64 = 14;

/// Draws a program.
#[must_use]
pub fn draw(program: &Program, view: View<'_>) -> String {
    let labels: Vec<Label> = program.nodes.iter().map(|node| Label::of(node, view.english)).collect();
    let sizes: Vec<Size> = program.nodes.iter().zip(&labels).map(|(node, label)| size(node, label)).collect();
    let between = if view.lanes { LANE_ROWS } else { ROWS };
    let laid = layout::layout(program, &sizes, (|outcome: &Name| said(outcome, view), between));
    let titled = |owner: &Owner| {
        let title = called(owner, view);
        let width = measure::width(&title, measure::FONT);
        (title, width)
    };
    let laid = if view.lanes { lanes::into_lanes(program, &sizes, laid, titled) } else { laid };
    let mut out = String::new();
    head(&mut out, program, view, &laid);
    for lane in &laid.lanes {
        column(&mut out, lane, laid.height);
    }
    for link in &laid.links {
        edge(&mut out, program, &laid, &sizes, link);
    }
    for (number, node) in program.nodes.iter().enumerate() {
        if let (Some(at), Some(size), Some(label)) = (laid.nodes.get(number), sizes.get(number), labels.get(number)) {
            shape(&mut out, node, label, *at, *size, view);
        }
    }
    for link in &laid.links {
        edge_label(&mut out, link);
    }
    let start = usize::from(program.start.0);
    if let (Some(at), Some(size)) = (laid.nodes.get(start), sizes.get(start)) {
        start_mark(&mut out, Point { x: at.x, y: at.y - size.height / 2 });
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn said(outcome: &Name, view: View<'_>) -> String {
    view.words.and_then(|words| words.get(outcome)).map_or_else(|| outcome.to_string(), |text| view.say(text).to_owned())
}

/// What is written above a lane.
fn called(owner: &Owner, view: View<'_>) -> String {
    let name = |office: &Name| view.offices.and_then(|names| names.get(office)).map_or(&**office, |text| view.say(text)).to_owned();
    match owner {
        Owner::Applicant => (if view.english { "Applicant" } else { "申请人" }).to_owned(),
        Owner::Offices(offices) => offices.iter().map(name).collect::<Vec<_>>().join(if view.english { ", " } else { "、" }),
    }
}

/// Room for the label, by shape.
fn size(node: &Node, label: &Label) -> Size {
    let (width, height) = (label.width(), label.height());
    match &node.kind {
        // Text fills the middle of a diamond, whose sides cut its corners.
        NodeKind::Decide(_) => Size { width: width * 3 / 2 + 40, height: height * 2 + 12 },
        NodeKind::Split { .. } => Size { width: (width + 24).max(160), height: height + 16 },
        NodeKind::Join { .. } => Size { width: 160, height: 10 },
        NodeKind::End { .. } => Size { width: width + 40, height: height + 14 },
        NodeKind::Task(_)
        | NodeKind::Approve(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Job(_)
        | NodeKind::Timer { .. }
        | NodeKind::Call { .. }
        | NodeKind::Each(_)
        | NodeKind::Throw { .. }
        | NodeKind::Document { .. } => Size { width: width + 32, height: height + 16 },
    }
}

fn head(out: &mut String, program: &Program, view: View<'_>, laid: &Laid) {
    let title = view.say(&program.title);
    let heading = escaped(title);
    let width = (laid.width + 2 * MARGIN).max(measure::width(title, 18) + 2 * MARGIN);
    let titles = if laid.lanes.is_empty() { 0 } else { LANE_TITLE };
    let height = laid.height + 2 * MARGIN + HEADING + titles;
    // Writing into a String cannot fail, here and below.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{heading}\">\n\
         <title>{heading} / {}</title>\n<style>\n{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path class=\"tip\" d=\"M0 0 L10 5 L0 10 z\"/></marker></defs>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n\
         <text class=\"heading\" x=\"{MARGIN}\" y=\"30\">{heading}</text>\n\
         <g transform=\"translate({MARGIN} {})\">\n",
        escaped(&program.title.en),
        MARGIN + HEADING + titles,
    );
}

/// A lane with its title, behind everything else.
fn column(out: &mut String, lane: &Lane, height: i64) {
    let (left, width, top) = (lane.left, lane.right - lane.left, -START - LANE_TITLE);
    let _ = writeln!(
        out,
        "<g class=\"lane\"><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{}\"/><text x=\"{}\" y=\"{}\">{}</text></g>",
        height - top + MARGIN / 2,
        left + width / 2,
        top + 19,
        escaped(&lane.title),
    );
}

/// An edge as a soft line, its ends cut at the shapes they touch.
fn edge(out: &mut String, program: &Program, laid: &Laid, sizes: &[Size], link: &Link) {
    let mut points = link.points.clone();
    let shape = |number: usize| Some((program.nodes.get(number)?, *laid.nodes.get(number)?, *sizes.get(number)?));
    let (from, to) = (link.from.and_then(shape), shape(link.to));
    // A line that goes up stays where the layout put it: at the sides, where its arrow is seen.
    let down = from.zip(to).is_some_and(|((_, above, _), (_, below, _))| above.y < below.y);
    let ends = [(from, points.get(1).copied()), (to, points.iter().rev().nth(1).copied())];
    if let ([first, .., last], [Some(start), Some(end)]) = (points.as_mut_slice(), ends.map(|(shape, outside)| shape.zip(outside))) {
        *first = cut(start.0, start.1, *first, down);
        *last = cut(end.0, end.1, *last, down);
    }
    let class = if link.rejects { "edge rejects" } else { "edge" };
    let _ =
        writeln!(out, "<path class=\"{class}\" marker-end=\"url(#tip)\" d=\"{}\"/>", if laid.lanes.is_empty() { softened(&points) } else { swung(&points) });
}

/// Where a line from outside meets a shape. A diamond is met on its slanted sides; a box above or below, so that a line to a far place does
/// not leave sideways and run through its neighbours.
fn cut((node, centre, size): (&Node, Point, Size), outside: Point, otherwise: Point, down: bool) -> Point {
    let (half_width, half_height) = (size.width / 2, size.height / 2);
    let (dx, dy) = (outside.x - centre.x, outside.y - centre.y);
    let NodeKind::Decide(_) = &node.kind else {
        // The line comes out of the lower side or into the upper one.
        let side = if otherwise.y >= centre.y { half_height } else { -half_height };
        let vertical = down && dy.abs() > half_height && dy.signum() == side.signum();
        let reach = (half_width - CORNER).max(0);
        return if vertical { Point { x: centre.x + dx.clamp(-reach, reach), y: centre.y + side } } else { otherwise };
    };
    let across = dx.abs() * half_height + dy.abs() * half_width;
    if across == 0 {
        return otherwise;
    }
    let area = half_width * half_height;
    Point { x: centre.x + dx * area / across, y: centre.y + dy * area / across }
}

fn softened(points: &[Point]) -> String {
    let mut path = String::new();
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return path };
    let _ = write!(path, "M{} {}", first.x, first.y);
    for pair in points.windows(2).skip(1) {
        let [bend, next] = pair else { continue };
        let (x, y) = ((bend.x + next.x) / 2, (bend.y + next.y) / 2);
        let _ = write!(path, " Q{} {} {x} {y}", bend.x, bend.y);
    }
    let _ = write!(path, " L{} {}", last.x, last.y);
    path
}

/// From point to point, leaving and arriving upright.
fn swung(points: &[Point]) -> String {
    let mut path = String::new();
    let Some(first) = points.first() else { return path };
    let _ = write!(path, "M{} {}", first.x, first.y);
    for pair in points.windows(2) {
        let [from, to] = pair else { continue };
        if from.x == to.x {
            let _ = write!(path, " L{} {}", to.x, to.y);
        } else {
            let middle = (from.y + to.y) / 2;
            let _ = write!(path, " C{} {middle} {} {middle} {} {}", from.x, to.x, to.x, to.y);
        }
    }
    path
}

fn edge_label(out: &mut String, link: &Link) {
    let (Some(at), false) = (link.label_at, link.label.is_empty()) else { return };
    let (width, text) = (measure::width(&link.label, measure::SMALL) + 8, escaped(&link.label));
    let _ = writeln!(
        out,
        "<g><rect class=\"label\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"18\" rx=\"3\"/><text class=\"small\" x=\"{}\" y=\"{}\">{text}</text></g>",
        at.x - width / 2,
        at.y - 9,
        at.x,
        at.y + 4,
    );
}

/// A dot above the first step.
fn start_mark(out: &mut String, top: Point) {
    let (x, y) = (top.x, top.y - START);
    let _ = writeln!(out, "<path class=\"edge\" marker-end=\"url(#tip)\" d=\"M{x} {y} V{}\"/><circle class=\"start\" cx=\"{x}\" cy=\"{y}\" r=\"6\"/>", top.y);
}

fn shape(out: &mut String, node: &Node, label: &Label, at: Point, size: Size, view: View<'_>) {
    let state = view.live.and_then(|live| live.get(&node.key)).copied();
    let (kind, figure) = figure(node, at, size);
    let class = state.map_or_else(|| kind.to_owned(), |state| format!("{kind} {}", state_class(state)));
    let aside = if node.beside { " beside" } else { "" };
    let (key, en) = (escaped(&node.key), escaped(&node.title.en));
    let _ = write!(out, "<g class=\"node {class}{aside}\" data-step=\"{key}\"><title>{key}: {en}</title>{figure}");
    if !matches!(node.kind, NodeKind::Join { .. }) {
        let top = match node.kind {
            // The title of a split stands above its bar.
            NodeKind::Split { .. } => at.y - size.height / 2,
            NodeKind::Task(_)
            | NodeKind::Approve(_)
            | NodeKind::Decide(_)
            | NodeKind::Post { .. }
            | NodeKind::Message { .. }
            | NodeKind::Job(_)
            | NodeKind::Timer { .. }
            | NodeKind::Join { .. }
            | NodeKind::Call { .. }
            | NodeKind::Each(_)
            | NodeKind::Throw { .. }
            | NodeKind::Document { .. }
            | NodeKind::End { .. } => at.y - label.height() / 2,
        };
        for (number, (class, line)) in (0..).zip(label.lines()) {
            let _ = write!(out, "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>", at.x, top + number * LINE + 14, escaped(line));
        }
    }
    if let Some(state) = state {
        let mark = state_mark(state, view.english);
        // Above the right half, clear of the line that comes in from above.
        let right = (at.x + size.width / 2 - 2).max(at.x + 10 + measure::width(mark, 11));
        let _ = write!(out, "<text class=\"mark\" x=\"{right}\" y=\"{}\">{mark}</text>", at.y - size.height / 2 - 3);
    }
    out.push_str("</g>\n");
}

fn state_class(state: StepState) -> &'static str {
    match state {
        StepState::Done => "done",
        StepState::Here => "here",
        StepState::Waiting => "waiting",
        StepState::Late => "late",
        StepState::Skipped => "skipped",
    }
}

fn state_mark(state: StepState, english: bool) -> &'static str {
    let (zh, en) = match state {
        StepState::Done => ("✓ 已办", "✓ done"),
        StepState::Here => ("● 在办", "● here"),
        StepState::Waiting => ("◷ 等待", "◷ waits"),
        StepState::Late => ("! 超时", "! late"),
        StepState::Skipped => ("– 跳过", "– skipped"),
    };
    if english { en } else { zh }
}

/// The class and the outline of a node.
fn figure(node: &Node, at: Point, size: Size) -> (&'static str, String) {
    let Size { width, height } = size;
    let (left, top) = (at.x - width / 2, at.y - height / 2);
    let rect = |radius: i64| format!("<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>");
    match &node.kind {
        NodeKind::Task(task) => (if task.edits_form { "task applicant" } else { "task" }, rect(6)),
        NodeKind::Approve(_) => ("task group", rect(6)),
        NodeKind::Decide(_) => {
            let (right, bottom) = (left + width, top + height);
            ("decide", format!("<polygon points=\"{},{top} {right},{} {},{bottom} {left},{}\"/>", at.x, at.y, at.x, at.y))
        }
        NodeKind::Post { .. } => ("post", format!("{}<rect class=\"bar\" x=\"{left}\" y=\"{top}\" width=\"6\" height=\"{height}\"/>", rect(0))),
        NodeKind::Message { .. } | NodeKind::Timer { .. } => ("wait", rect(height / 2)),
        // A plug at its left side: what is behind it lies outside the house.
        NodeKind::Job(_) => {
            let plug = format!("<path d=\"M{left} {} h-8 M{left} {} h-8\"/>", at.y - 6, at.y + 6);
            ("job", rect(6) + &plug)
        }
        NodeKind::Split { .. } => ("gate", format!("<rect class=\"bar\" x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"8\"/>", top + height - 8)),
        NodeKind::Join { .. } => ("gate", format!("<rect class=\"bar\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"8\"/>")),
        NodeKind::Throw { .. } => ("wait", rect(height / 2)),
        NodeKind::Call { .. } | NodeKind::Each(_) => {
            let inner = format!("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\"/>", left + 4, top + 4, width - 8, height - 8);
            ("call", rect(6) + &inner)
        }
        NodeKind::Document { .. } => {
            let (right, bottom) = (left + width, top + height);
            let sheet = format!("M{left} {top} H{} L{right} {} V{bottom} H{left} Z M{} {top} V{} H{right}", right - 12, top + 12, right - 12, top + 12);
            ("document", format!("<path d=\"{sheet}\"/>"))
        }
        NodeKind::End { .. } => ("end", rect(height / 2)),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
