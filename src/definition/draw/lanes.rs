//! Lanes: a column for each office, with its steps in it. The rows of the layout stay; within a row everything moves into its lane, and lines run
//! sideways only between rows, so that none crosses a box.
//! Invariant: whatever shares a row and a lane keeps its order and its distance.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::layout::{Laid, Lane, Point, Size};
use crate::definition::graph::{Node, NodeIx, NodeKind, Pool, Program};
use crate::definition::reach::successors;
use crate::ids::Name;

/// Whose a lane is; the applicant's first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// The applicant.
    Applicant,
    /// Offices that share a pool or a group; mostly one.
    Offices(BTreeSet<Name>),
}

const GAP: i64 = 28;
const PADDING: i64 = 20;
/// Room a line takes in a row it only passes.
const PASSING: i64 = 14;

/// Puts a layout into lanes; a program of one office stays as it is.
pub(super) fn into_lanes(program: &Program, sizes: &[Size], laid: Laid, title: impl Fn(&Owner) -> (String, i64)) -> Laid {
    let owners = owners(program);
    let distinct: BTreeSet<&Owner> = owners.iter().collect();
    if distinct.len() < 2 {
        return laid;
    }
    let order = ordered(&owners, &laid);
    let lane_of = |node: usize| owners.get(node).and_then(|owner| order.iter().position(|known| known == owner)).unwrap_or(0);
    let items = items(&laid, sizes, lane_of);
    let titles: Vec<(String, i64)> = order.iter().map(title).collect();
    let (lanes, bounds) = bounds(&items, titles);
    let places = placed(&items, &bounds, &laid);
    moved(laid, sizes, &places, lanes)
}

/// Whom each node belongs to: who is asked there; a node that asks nobody belongs to the one before it, else to the one after it.
fn owners(program: &Program) -> Vec<Owner> {
    let asked = |kind: &NodeKind| match kind {
        NodeKind::Task(task) => Some(match &task.by {
            Pool::Applicant => Owner::Applicant,
            Pool::Posts { offices, .. } => Owner::Offices(offices.iter().cloned().collect()),
        }),
        NodeKind::Approve(group) => Some(Owner::Offices(group.seats.iter().map(|(office, _)| office.clone()).collect())),
        NodeKind::Decide(_)
        | NodeKind::Post { .. }
        | NodeKind::Message { .. }
        | NodeKind::Job(_)
        | NodeKind::Timer { .. }
        | NodeKind::Split { .. }
        | NodeKind::Join { .. }
        | NodeKind::Call { .. }
        | NodeKind::Each(_)
        | NodeKind::Throw { .. }
        | NodeKind::Document { .. }
        | NodeKind::End { .. } => None,
    };
    let mut owners: Vec<Option<Owner>> = program.nodes.iter().map(|node| asked(&node.kind)).collect();
    let after: Vec<Vec<usize>> = program.nodes.iter().map(|node| leads(program, node)).collect();
    let mut before = vec![Vec::new(); after.len()];
    for (from, to) in after.iter().enumerate().flat_map(|(from, all)| all.iter().map(move |to| (from, *to))) {
        if let Some(list) = before.get_mut(to) {
            list.push(from);
        }
    }
    // What nobody is asked is an office's doing: of the one it came from, else of the one it goes to. Only what has no office near it is the applicant's.
    let office = |owner: &Owner| owner != &Owner::Applicant;
    spread(&mut owners, &after, office);
    spread(&mut owners, &before, office);
    spread(&mut owners, &after, |_| true);
    let first = owners.iter().flatten().next().cloned().unwrap_or(Owner::Applicant);
    owners.into_iter().map(|owner| owner.unwrap_or_else(|| first.clone())).collect()
}

/// Where a node leads; a join stands with its split, not with one of the branches that meet in it.
fn leads(program: &Program, node: &Node) -> Vec<usize> {
    let is_join = |to: &NodeIx| program.nodes.get(usize::from(to.0)).is_some_and(|node| matches!(node.kind, NodeKind::Join { .. }));
    let own_join = if let NodeKind::Split { join, .. } = &node.kind { Some(*join) } else { None };
    successors(node).into_iter().filter(|to| !is_join(to)).chain(own_join).map(|to| usize::from(to.0)).collect()
}

/// Carries owners along `ways` from those that `count` to whatever has none yet, nearest first.
fn spread(owners: &mut [Option<Owner>], ways: &[Vec<usize>], count: impl Fn(&Owner) -> bool) {
    let mut line: VecDeque<usize> = (0..owners.len()).filter(|at| owners.get(*at).and_then(Option::as_ref).is_some_and(&count)).collect();
    while let Some(at) = line.pop_front() {
        let owner = owners.get(at).cloned().flatten();
        for to in ways.get(at).into_iter().flatten() {
            if let Some(unknown @ None) = owners.get_mut(*to) {
                unknown.clone_from(&owner);
                line.push_back(*to);
            }
        }
    }
}

/// Lanes from left to right: the applicant's, then by where the layout put the steps of each.
fn ordered(owners: &[Owner], laid: &Laid) -> Vec<Owner> {
    let mut sums: BTreeMap<&Owner, (i64, i64)> = BTreeMap::new();
    for (owner, at) in owners.iter().zip(&laid.nodes) {
        let (sum, count) = sums.entry(owner).or_default();
        (*sum, *count) = (*sum + at.x, *count + 1);
    }
    let mut order: Vec<(bool, i64, &Owner)> = sums.into_iter().map(|(owner, (sum, count))| (owner != &Owner::Applicant, sum / count.max(1), owner)).collect();
    order.sort();
    order.into_iter().map(|(_, _, owner)| owner.clone()).collect()
}

/// What takes room in a row: a node, or a line with or without its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Node(usize),
    Bend(usize, usize),
}

#[derive(Clone, Copy, Debug)]
struct Item {
    thing: Thing,
    lane: usize,
    at: Point,
    width: i64,
}

fn items(laid: &Laid, sizes: &[Size], lane_of: impl Fn(usize) -> usize) -> Vec<Item> {
    let nodes = laid.nodes.iter().zip(sizes).enumerate().map(|(number, (at, size))| Item {
        thing: Thing::Node(number),
        lane: lane_of(number),
        at: *at,
        width: size.width,
    });
    let mut items: Vec<Item> = nodes.collect();
    for (number, link) in laid.links.iter().enumerate() {
        let Some(from) = link.from else { continue };
        let inner = link.points.len().saturating_sub(1);
        for (bend, at) in link.points.iter().enumerate().take(inner).skip(1) {
            // A line keeps to the lane it comes from until its label, and to the one it goes to after it.
            let labelled = link.label_at.is_some_and(|label| label == *at) && !link.label.is_empty();
            let width = if labelled { super::measure::width(&link.label, super::measure::SMALL) + PASSING } else { PASSING };
            let lane = if bend == 1 && inner > 2 { lane_of(from) } else { lane_of(link.to) };
            items.push(Item { thing: Thing::Bend(number, bend), lane, at: *at, width });
        }
    }
    items
}

type Cells<'i> = BTreeMap<(i64, usize), Vec<&'i Item>>;

/// The items of each row and lane, from left to right.
fn cells(items: &[Item]) -> Cells<'_> {
    let mut cells: Cells<'_> = BTreeMap::new();
    for item in items {
        cells.entry((item.at.y, item.lane)).or_default().push(item);
    }
    for row in cells.values_mut() {
        row.sort_by_key(|item| (item.at.x, item.thing));
    }
    cells
}

/// How wide each lane must be, side by side.
fn bounds(items: &[Item], titles: Vec<(String, i64)>) -> (Vec<Lane>, Vec<(i64, i64)>) {
    let mut widths: Vec<i64> = titles.iter().map(|(_, width)| *width).collect();
    for ((_, lane), row) in cells(items) {
        let needed: i64 = row.iter().map(|item| item.width + GAP).sum::<i64>() - GAP;
        if let Some(width) = widths.get_mut(lane) {
            *width = (*width).max(needed);
        }
    }
    let mut left = 0;
    let mut lanes = Vec::new();
    let mut bounds = Vec::new();
    for ((title, _), width) in titles.into_iter().zip(widths) {
        let right = left + width + 2 * PADDING;
        lanes.push(Lane { title, left, right });
        bounds.push((left + PADDING, right - PADDING));
        left = right;
    }
    (lanes, bounds)
}

/// Where everything stands: as near to where the layout had it within its lane as its neighbours allow.
fn placed(items: &[Item], bounds: &[(i64, i64)], laid: &Laid) -> BTreeMap<Thing, i64> {
    let mut middles: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
    for item in items.iter().filter(|item| matches!(item.thing, Thing::Node(_))) {
        let (least, most) = middles.entry(item.lane).or_insert((laid.width, 0));
        (*least, *most) = ((*least).min(item.at.x), (*most).max(item.at.x));
    }
    let mut places = BTreeMap::new();
    for ((_, lane), row) in cells(items) {
        let (left, right) = bounds.get(lane).copied().unwrap_or_default();
        let (least, most) = middles.get(&lane).copied().unwrap_or_default();
        let shift = (left + right) / 2 - (least + most) / 2;
        let mut at: Vec<i64> =
            row.iter().map(|item| (item.at.x + shift).clamp(left + item.width / 2, (right - item.width / 2).max(left + item.width / 2))).collect();
        let apart = |one: usize, other: usize| row.get(one).zip(row.get(other)).map_or(0, |(one, other)| (one.width + other.width) / 2 + GAP);
        for next in 1..at.len() {
            at[next] = at[next].max(at[next - 1] + apart(next - 1, next));
        }
        if let (Some(last), Some(item)) = (at.last_mut(), row.last()) {
            *last = (*last).min(right - item.width / 2);
        }
        for next in (1..at.len()).rev() {
            at[next - 1] = at[next - 1].min(at[next] - apart(next - 1, next));
        }
        places.extend(row.iter().zip(at).map(|(item, x)| (item.thing, x)));
    }
    places
}

/// The layout with everything at its place.
fn moved(mut laid: Laid, sizes: &[Size], places: &BTreeMap<Thing, i64>, lanes: Vec<Lane>) -> Laid {
    let mut heights: BTreeMap<i64, i64> = BTreeMap::new();
    for (at, size) in laid.nodes.iter().zip(sizes) {
        let height = heights.entry(at.y).or_default();
        *height = (*height).max(size.height);
    }
    let old = laid.nodes.clone();
    for (number, at) in laid.nodes.iter_mut().enumerate() {
        at.x = places.get(&Thing::Node(number)).copied().unwrap_or(at.x);
    }
    for (number, link) in laid.links.iter_mut().enumerate() {
        let Some(from) = link.from else { continue };
        let shift = |node: usize| laid.nodes.get(node).zip(old.get(node)).map_or(0, |(new, old)| new.x - old.x);
        let last = link.points.len().saturating_sub(1);
        let mut points = Vec::with_capacity(link.points.len() * 2);
        for (bend, point) in link.points.iter().enumerate() {
            if bend == 0 || bend == last {
                points.push(Point { x: point.x + shift(if bend == 0 { from } else { link.to }), y: point.y });
                continue;
            }
            let x = places.get(&Thing::Bend(number, bend)).copied().unwrap_or(point.x);
            if link.label_at == Some(*point) {
                link.label_at = Some(Point { x, y: point.y });
            }
            // Past the boxes of a row a line runs straight up or down.
            let half = heights.get(&point.y).copied().unwrap_or(0) / 2;
            let down = link.points.get(bend + 1).is_some_and(|next| next.y > point.y);
            let (enter, leave) = if down { (point.y - half, point.y + half) } else { (point.y + half, point.y - half) };
            points.push(Point { x, y: enter });
            points.push(Point { x, y: leave });
        }
        link.points = points;
    }
    laid.width = lanes.last().map_or(laid.width, |lane| lane.right);
    laid.lanes = lanes;
    laid
}
