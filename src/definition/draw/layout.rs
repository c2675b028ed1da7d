//! Places for the nodes and ways for the edges: layers from top to bottom, by the Sugiyama method of `dagre`.
//! The library speaks in floating pixels; they are rounded where they come out of it, and nothing but a picture depends on them.

use std::collections::{BTreeMap, BTreeSet};

use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel};

use super::measure;
use crate::definition::graph::{NodeIx, NodeKind, Program, Trigger};
use crate::ids::Name;

/// A pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub x: i64,
    pub y: i64,
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub width: i64,
    pub height: i64,
}

/// An edge to draw.
#[derive(Debug)]
pub(super) struct Link {
    /// The node it leaves; `None` is the start mark.
    pub from: Option<usize>,
    pub to: usize,
    /// What is written beside it.
    pub label: String,
    pub label_at: Option<Point>,
    pub rejects: bool,
    pub points: Vec<Point>,
}

/// A program laid out.
#[derive(Debug)]
pub(super) struct Laid {
    pub width: i64,
    pub height: i64,
    /// The centre of each node.
    pub nodes: Vec<Point>,
    pub links: Vec<Link>,
    /// Side by side from the left; none when one office does it all.
    pub lanes: Vec<Lane>,
}

/// The column of an office.
#[derive(Debug)]
pub(super) struct Lane {
    pub title: String,
    pub left: i64,
    pub right: i64,
}

/// Lays out a program whose nodes have these sizes, its rows at least so far apart.
pub(super) fn layout(program: &Program, sizes: &[Size], (said, between): (impl Fn(&Name) -> String, i64)) -> Laid {
    let mut links = links(program, said);
    let mut graph = Graph::<NodeLabel, EdgeLabel>::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
    for (number, size) in sizes.iter().enumerate() {
        graph.set_node(name(number), Some(NodeLabel { width: size.width as _, height: size.height as _, ..NodeLabel::default() }));
    }
    for (number, link) in links.iter().enumerate() {
        let Some(from) = link.from else { continue };
        let mut label = EdgeLabel { labelpos: LabelPos::Center, ..EdgeLabel::default() };
        if !link.label.is_empty() {
            (label.width, label.height) = ((measure::width(&link.label, measure::SMALL) + 8) as _, 18.0);
        }
        graph.set_edge(name(from), name(link.to), Some(label), Some(&number.to_string()));
    }
    let options = LayoutOptions { nodesep: 36.0, edgesep: 16.0, ranksep: between as _, ..LayoutOptions::default() };
    dagre::layout(&mut graph, Some(options));
    for (number, link) in links.iter_mut().enumerate() {
        let Some(from) = link.from else { continue };
        let Some(edge) = graph.edge(&name(from), &name(link.to), Some(&number.to_string())) else { continue };
        link.points = edge.points.iter().map(|point| Point { x: point.x.round() as i64, y: point.y.round() as i64 }).collect();
        link.label_at = edge.x.zip(edge.y).map(|(x, y)| Point { x: x.round() as i64, y: y.round() as i64 });
    }
    let place = |number: usize| {
        graph.node(&name(number)).and_then(|node| node.x.zip(node.y)).map_or(Point { x: 0, y: 0 }, |(x, y)| Point { x: x.round() as i64, y: y.round() as i64 })
    };
    let nodes: Vec<Point> = (0..sizes.len()).map(place).collect();
    let far = |across: fn(&Point, &Size) -> i64, along: fn(&Point) -> i64| {
        let of_nodes = nodes.iter().zip(sizes).map(|(at, size)| across(at, size));
        let of_links = links.iter().flat_map(|link| &link.points).map(along);
        of_nodes.chain(of_links).max().unwrap_or(0)
    };
    let width = far(|at, size| at.x + size.width / 2, |point| point.x)
        .max(links.iter().filter_map(|link| Some(link.label_at?.x + measure::width(&link.label, measure::SMALL) / 2 + 4)).max().unwrap_or(0));
    let height = far(|at, size| at.y + size.height / 2, |point| point.y);
    Laid { width, height, nodes, links, lanes: Vec::new() }
}

/// One link per pair of nodes, with every outcome that leads that way.
fn links(program: &Program, said: impl Fn(&Name) -> String) -> Vec<Link> {
    let mut by_pair: BTreeMap<(usize, NodeIx, bool), Vec<String>> = BTreeMap::new();
    for (from, node) in program.nodes.iter().enumerate() {
        let targets: BTreeSet<NodeIx> = node.next.values().map(|edge| edge.to).collect();
        for (outcome, edge) in &node.next {
            let words = by_pair.entry((from, edge.to, edge.cancels.is_some())).or_default();
            // Outcomes that all lead the same way say nothing that the arrow does not.
            if targets.len() > 1 {
                words.push(said(outcome));
            }
        }
        for event in &node.events {
            by_pair.entry((from, event.to, true)).or_default().push(happens(&event.on));
        }
        if let NodeKind::Split { branches, .. } = &node.kind {
            for branch in branches {
                let condition = branch.when.as_ref().map(|when| when.source().to_owned());
                by_pair.entry((from, branch.first, false)).or_default().extend(condition);
            }
        }
    }
    let link = |((from, to, rejects), words): ((usize, NodeIx, bool), Vec<String>)| Link {
        from: Some(from),
        to: usize::from(to.0),
        label: words.join(" / "),
        label_at: None,
        rejects,
        points: Vec::new(),
    };
    by_pair.into_iter().map(link).collect()
}

/// What is written beside the way an event leads.
fn happens(on: &Trigger) -> String {
    match on {
        Trigger::After(span) => format!("满{}", span.zh()),
        Trigger::At(day) => format!("到 {}", day.source()),
        Trigger::Message(name) => format!("来函 {name}"),
        Trigger::Signal(name) => format!("通知 {name}"),
        Trigger::Escalation(name) => format!("上报 {name}"),
        Trigger::Error(name) => format!("出错 {name}"),
    }
}

fn name(number: usize) -> String {
    format!("n{number}")
}
