//! The seeds whole: what the plans name is there once, each row with its source, and a second run adds nothing.

use greenlane::app::operate::Operation;
use greenlane::app::seed::{Seeds, embedded_files};
use greenlane::identity::Actor;
use greenlane::ids::Tenant;
use greenlane::indicators::{By, Goal};

use super::items::WUHAN;
use crate::spine::node::{Node, Where, on_both};

const EZHOU: Tenant = Tenant(420_700);

#[test]
fn the_plans_bring_sixteen_indicators_fifteen_items_and_thirteen_names() {
    let seeds = Seeds::embedded().unwrap();
    let (ezhou, wuhan) = (&seeds.tenants[&EZHOU], &seeds.tenants[&WUHAN]);
    assert_eq!((ezhou.indicators.len(), wuhan.indicators.len()), (10, 6));
    assert_eq!((ezhou.items.len(), wuhan.items.len()), (0, 15));
    assert_eq!((ezhou.named.len(), wuhan.named.len()), (7, 6));
    assert!(ezhou.indicators.iter().all(|of| of.seed.starts_with("EZ:")) && wuhan.indicators.iter().all(|of| of.seed.starts_with("WH:")));
    let platforms = ezhou.indicators.iter().find(|of| &*of.key == "EZ-K07").unwrap();
    let targets: Vec<_> = platforms.targets.iter().map(|target| (target.by, target.goal.clone())).collect();
    assert_eq!(targets, [(By::Year(2020), Goal::Number(30)), (By::Year(2025), Goal::Number(40))]);
    let relative: Vec<&str> = ezhou.indicators.iter().filter(|of| of.is_relative()).map(|of| &*of.key).collect();
    assert_eq!(relative, ["EZ-K04", "EZ-K09"]);
    // A unit that is responsible for an item is one of the seventeen.
    let units: std::collections::BTreeSet<_> = wuhan.items.iter().flat_map(|item| &item.units).collect();
    assert_eq!(units.len(), 17);
    assert!(wuhan.items.iter().all(|item| (item.units.len() == 1) == (item.lead_by == "plan")), "the plan says who leads only where it names one unit");
}

#[test]
fn a_row_without_its_source_is_refused_with_file_and_line() {
    for (file, from) in
        [("indicators.yaml", ", seed: \"EZ:一（二）1\"}"), ("items.yaml", ", seed: \"WH:二（一）\"}"), ("named.yaml", ", seed: \"WH:三（五）\"}")]
    {
        let mut files = embedded_files();
        let text = files.get_mut(file).unwrap();
        let line = text.lines().position(|line| line.contains(from)).unwrap() + 1;
        *text = text.replacen(from, "}", 1);
        let mistakes = Seeds::load(&files).unwrap_err();
        let told: Vec<(&str, u32, &str)> = mistakes.iter().map(|mistake| (mistake.file.as_str(), mistake.line, mistake.code)).collect();
        assert_eq!(told, [(file, u32::try_from(line).unwrap(), "missing-key")], "{mistakes:?}");
    }
}

#[test]
fn seeding_says_kind_by_kind_what_it_added_and_adds_nothing_the_second_time() {
    on_both(async |place: Where| {
        // The node was seeded when it was opened.
        let node = Node::open(place).await;
        let acts = async || node.app.working(node.tenant, greenlane::app::register::case_of(node.tenant)).await.unwrap().row.version;
        let before = acts().await;
        let seed = |files| Operation::Seed { files };
        let operator = Actor::Operator("test".to_owned());
        let told = node.app.operate(node.tenant, operator.clone(), seed(embedded_files())).await.unwrap();
        assert_eq!(told.len(), 14, "seven kinds in each of two places: {told:?}");
        assert!(told.iter().all(|line| line.zh.contains("新增 0，") && line.zh.ends_with("未改动 0")), "{told:?}");
        assert!(told.iter().any(|line| line.zh == "420700 指标：新增 0，已有 10，与种子不同而未改动 0"), "{told:?}");
        assert_eq!(acts().await, before, "nothing is written down when nothing is new");
        // Where the seed says otherwise than what is there, that is told and left alone.
        let mut files = embedded_files();
        let offices = files.get_mut("offices.yaml").unwrap();
        *offices = offices.replacen("zh: 市招商局", "zh: 市投资促进局", 1);
        let told = node.app.operate(node.tenant, operator, seed(files)).await.unwrap();
        assert!(told.iter().any(|line| line.zh.starts_with("420700 机构：新增 0，") && line.zh.ends_with("未改动 1")), "{told:?}");
        assert_eq!(node.app.known(node.tenant).await.unwrap().office("ez-zsj").zh, "市招商局");
    });
}
