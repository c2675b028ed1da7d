//! The workflows the program carries, under the same storm: whatever people do, every case of them can be finished.

use greenlane::app::seed::Seeds;
use greenlane::definition::library::{self, Library};
use greenlane::identity::Roster;
use greenlane::ids::Tenant;

use super::counts::Counts;
use super::storm::Storm;
use super::world::{Account, World, roster};

const EZHOU: Tenant = Tenant(420_700);

/// Three people in every post the workflows name.
fn everybody(library: &Library) -> Roster {
    let posts: Vec<(String, String)> = library.posts().iter().map(|(office, post)| (office.to_string(), post.to_string())).collect();
    let people: Vec<(String, &str, &str)> =
        posts.iter().flat_map(|(office, post)| (0..3).map(move |n| (format!("{office}-{post}-{n}"), office.as_str(), post.as_str()))).collect();
    roster(&people.iter().map(|(who, office, post)| (who.as_str(), *office, *post)).collect::<Vec<_>>())
}

#[test]
fn every_published_workflow_survives_the_storm() {
    let library: Library = library::embedded().unwrap_or_else(|found| panic!("{found:?}"));
    let seeds = Seeds::embedded().unwrap();
    let project = &seeds.tenants[&EZHOU].projects[0];
    let form = project.form_after(project.amendments.len());
    let storms = if std::env::var("GREENLANE_FULL").is_ok_and(|value| value == "1") { 40 } else { 4 };
    let mut counts = Counts::default();
    for bundle in library.bundles() {
        for seed in 0..storms {
            let mut world = World::new(&[], &[]);
            world.bundle = bundle.clone();
            world.roster = everybody(&library);
            for account in ["land/2025/420703/new", "fund/2025/grant", "land/2026/420703/new", "fund/2026/grant", "plot/件", "plot-use/件"] {
                world.accounts.insert(account.to_owned(), Account { free: 80_000, ..Account::default() });
            }
            let told = Storm::filing(world, seed, form.clone()).blow(120, &mut counts);
            told.unwrap_or_else(|wrong| panic!("workflow {} (seed {seed}): {wrong}", bundle.root));
        }
    }
    println!("{} steps over {} published workflows: {counts}", counts.steps(), library.bundles().count());
}
