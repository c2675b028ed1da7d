//! The workflow language from outside: what is shipped is right, what is wrong is told with its place, and pictures are whole.

mod large;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::LazyLock;

use chrono::NaiveDate;
use greenlane::app::seed::Seeds;
use greenlane::cli::check;
use greenlane::definition::diagnostics::{Diagnostic, codes};
use greenlane::definition::draw::{StepState, View, draw};
use greenlane::definition::graph::{NodeIx, NodeKind, Pool};
use greenlane::definition::library::{self, Library, SourceFile};
use greenlane::ids::Moment;

const SMALL: &str = include_str!("definition/small.yaml");

fn file(key: &str, text: &str) -> SourceFile {
    SourceFile { key: key.to_owned(), shown: key.to_owned(), text: text.to_owned() }
}

fn loaded(files: &[SourceFile]) -> Library {
    match library::load(files) {
        Ok(library) => library,
        Err(found) => panic!("{}", lines(&found)),
    }
}

/// Every procedure that is shipped, in order.
const SHIPPED: [&str; 26] = [
    "assessment-notice",
    "bonus-claim",
    "construction-permit",
    "deliver",
    "eia",
    "eia-exempt",
    "eia-registration",
    "eia-report-book",
    "eia-report-form",
    "eia-superior",
    "filing",
    "filing-change",
    "funding",
    "funding-grant",
    "gov-investment",
    "green-channel",
    "idle-plot",
    "land-prereview",
    "land-quota",
    "project-approval",
    "project-report",
    "reform-item",
    "service-rating",
    "supervision-order",
    "upward-report",
    "verification",
];

fn lines(found: &[Diagnostic]) -> String {
    found.iter().map(Diagnostic::one_line).collect::<Vec<_>>().join("\n")
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn a_parallel_workflow_becomes_a_graph_with_one_join() {
    let library = loaded(&[file("small.yaml", SMALL)]);
    let program = library.program("small").expect("compiled");
    let keys: Vec<&str> = program.nodes.iter().map(|node| &*node.key).collect();
    assert_eq!(keys, ["accept", "ask", "fgw", "gtj", "visit", "visit-report", "ask-join", "ask-beside", "decide", "refused", "granted"]);
    let join = NodeIx(6);
    let NodeKind::Join { split, region, rule: _ } = &program.nodes[6].kind else { panic!("expected a join") };
    assert_eq!((*split, region.iter().map(|ix| ix.0).collect::<Vec<_>>()), (NodeIx(1), vec![2, 3, 4, 5, 7]));
    assert_eq!(program.nodes[2].next["disagree"].cancels, Some(join), "a rejection cancels the rest");
    assert_eq!(program.nodes[2].next["agree"].to, join);
    assert!(program.nodes[4].beside && program.nodes[5].beside && !program.nodes[2].beside);
    assert_eq!(program.nodes[5].next["issued"].to, NodeIx(7), "a side branch ends beside the join");
}

#[test]
fn the_shipped_definitions_have_no_mistakes() {
    let library = loaded(&library::embedded_files());
    let names: Vec<String> = library.bundles().map(|bundle| bundle.root.to_string()).collect();
    assert_eq!(names, SHIPPED);
    for name in &names {
        for on in ["2025-03-03", "2026-11-22"] {
            assert_eq!(lines(&library.lapsed(name, day(on))), "", "{name} on {on}");
        }
    }
}

#[test]
fn every_outcome_of_the_shipped_definitions_has_a_name_in_both_languages() {
    let library = loaded(&library::embedded_files());
    let mut nameless = Vec::new();
    for bundle in library.bundles() {
        for node in bundle.programs.values().flat_map(|program| &program.nodes) {
            let result = if let NodeKind::End { result, .. } = &node.kind { Some(result) } else { None };
            let causes = node.stops.iter().chain(result.filter(|_| !node.beside));
            nameless.extend(node.next.keys().chain(causes).filter(|word| !library.words().contains_key(*word)).cloned());
        }
    }
    nameless.sort();
    nameless.dedup();
    assert!(nameless.is_empty(), "{nameless:?} have no entry in words.yaml");
}

/// Every file under `wrong`, in order.
fn wrong_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from("tests/it/wrong")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension().and_then(|extension| extension.to_str()) {
                None => folders.push(path),
                Some("yaml") => files.push(path),
                Some(_) => {}
            }
        }
    }
    files.sort();
    files
}

/// A wrong file, what was read of it, and what it is told.
type Wrong = (PathBuf, Vec<SourceFile>, Vec<Diagnostic>);

/// What is wrong with each wrong file, over the people of the shipped seeds.
static WRONG: LazyLock<Vec<Wrong>> = LazyLock::new(|| {
    let seeds = Seeds::embedded().expect("shipped");
    let checked = |path: PathBuf| {
        // A workflow is checked with the form of its own name, where it has one.
        let form = path.with_file_name("forms").join(path.file_name().unwrap());
        let read: Vec<PathBuf> = [path.clone(), form].into_iter().filter(|path| path.exists()).collect();
        let own = check::read(&read).unwrap();
        let (found, _) = check::check(&own, day("2026-11-22"), Some(&seeds));
        (path, own, found)
    };
    let files = wrong_files();
    let beside = |path: &PathBuf| path.parent().is_some_and(|folder| folder.ends_with("forms") && folder.with_file_name(path.file_name().unwrap()).exists());
    files.into_iter().filter(|path| !beside(path)).map(checked).collect()
});

#[test]
fn every_wrong_file_is_told_with_place_and_help() {
    assert!(WRONG.len() >= 60, "found {}", WRONG.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("wrong");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (path, own, found) in WRONG.iter() {
            let sources: BTreeMap<String, String> = own.iter().map(|file| (file.shown.clone(), file.text.clone())).collect();
            assert!(!found.is_empty(), "{} was let through", path.display());
            let text: String = found.iter().map(|one| one.with_snippet(&sources)).collect();
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), text);
        }
    });
}

#[test]
fn one_mistake_is_told_once_and_ten_are_told_together() {
    for (path, _, found) in WRONG.iter() {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.starts_with("several") && !name.starts_with("wrong-") {
            assert_eq!(found.len(), 1, "{name}:\n{}", lines(found));
        }
        if name == "several-ten.yaml" {
            assert_eq!(found.len(), 10, "{name}:\n{}", lines(found));
        }
    }
}

/// Codes that no file an author can write leads to: a branch leaves its parallel step by `join` or by cancelling the rest, which the syntax sees to.
/// `definition::soundness` tells it of a graph broken by hand.
const ON_GRAPHS: &[&str] = &["GL053"];

#[test]
fn every_code_is_in_the_table_and_every_code_of_the_table_is_hit_by_a_wrong_file() {
    let told: BTreeSet<&str> = WRONG.iter().flat_map(|(_, _, found)| found).map(|one| one.code).collect();
    let listed: Vec<&str> = codes::RULES.iter().map(|rule| rule.code).collect();
    assert!(listed.is_sorted_by(|one, next| one < next), "in order, and each once");
    let missing: Vec<&&str> = listed.iter().filter(|code| !told.contains(**code) && !ON_GRAPHS.contains(code)).collect();
    assert!(missing.is_empty(), "no wrong file is told {missing:?}");
    let unlisted: Vec<&&str> = told.iter().filter(|code| codes::find(code).is_none()).collect();
    assert!(unlisted.is_empty(), "{unlisted:?} are not in the table");
    for one in WRONG.iter().flat_map(|(_, _, found)| found) {
        assert_eq!(codes::find(one.code).map(|rule| rule.warning), Some(one.warning), "{}", one.code);
    }
    let mut noted = BTreeSet::new();
    sources("src".as_ref(), &mut |text| {
        let quoted = text.split('"').filter(|piece| piece.len() == 5 && piece.starts_with("GL"));
        noted.extend(quoted.map(str::to_owned));
    });
    let in_table: BTreeSet<String> = listed.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(noted, in_table, "what the sources note is what the table lists");
}

/// Every source file but the table itself.
fn sources(folder: &std::path::Path, read: &mut impl FnMut(&str)) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, read);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("diagnostics/codes.rs") {
            read(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_codes_are_printed_and_stand_in_the_readme_of_the_workflows() {
    let (right, said) = checked(&["--codes"]);
    assert!(right && said.starts_with("| code |") && said.lines().count() == codes::RULES.len() + 2, "{said}");
    let readme = std::fs::read_to_string("workflows/README.md").unwrap();
    assert!(readme.contains(&said), "the section “check / 检查” of workflows/README.md holds what `greenlane check --codes` prints");
}

/// The first workflow of the author's reference is checked, tried out and published as its page says.
#[test]
fn the_first_workflow_of_the_readme_goes_from_an_empty_file_to_published() {
    let readme = std::fs::read_to_string("workflows/README.md").unwrap();
    let section = readme.split("## 第一个流程").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
    let block = |opening: &str| section.split(opening).nth(1).and_then(|rest| rest.split("```").next()).expect("a block").to_owned();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("parking.yaml"), block("```yaml\n")).unwrap();
    std::fs::write(folder.path().join("parking.txt"), format!("# {}", block("```\n# "))).unwrap();
    let says = |arguments: &[&str], words: &str| {
        let said = Command::new(env!("CARGO_BIN_EXE_greenlane")).args(arguments).current_dir(folder.path()).env_remove("GREENLANE_DATA").output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(said.status.success() && text.contains(words), "{arguments:?}: {text}");
    };
    says(&["check", "parking.yaml"], "没有发现错误");
    says(&["rehearse", "parking.txt"], "1 passed, 0 failed");
    says(&["migrate", "--data", "data"], "");
    let seeds = std::fs::canonicalize("seeds").unwrap();
    says(&["seed", seeds.to_str().unwrap(), "--data", "data"], "");
    says(&["publish", "parking.yaml", "--data", "data"], "parking is published");
    says(&["publish", "parking.yaml", "--data", "data"], "parking is unchanged");
    says(&["publish", "--list", "--data", "data"], "临时停车位 / Temporary parking");
    says(&["draw", "parking", "--data", "data"], "data-step=\"sign\"");
}

/// The second workflow of the page stands in three blocks; its form is found beside it, and its ladder section passes in the first workflow.
#[test]
fn the_second_workflow_and_the_ladders_of_the_readme_pass_as_printed() {
    let readme = std::fs::read_to_string("workflows/README.md").unwrap();
    let section = |title: &str| readme.split(&format!("\n## {title}")).nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section").to_owned();
    let blocks = |text: &str| text.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap().1.to_owned()).collect::<Vec<_>>();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let second = blocks(&section("时限、提醒、会签和表单"));
    std::fs::create_dir(folder.path().join("forms")).unwrap();
    write("road.yaml", &second[0]);
    write("forms/road.yaml", &second[1]);
    write("road.txt", &second[2]);
    let ladders = &blocks(&section("提醒阶梯"))[0];
    let first = &blocks(&section("第一个流程"))[0];
    write("parking.yaml", &format!("{}{ladders}", first.replacen("    within: 2 working days\n", "    within: 2 working days\n    remind: promise\n", 1)));
    let says = |arguments: &[&str]| {
        let said = Command::new(env!("CARGO_BIN_EXE_greenlane")).args(arguments).current_dir(folder.path()).env_remove("GREENLANE_DATA").output().unwrap();
        (said.status.success(), format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr)))
    };
    for (arguments, words) in [
        (&["check", "road.yaml", "--on", "2025-03-03"][..], "没有发现错误 / no mistakes: road\n"),
        (&["check", "parking.yaml", "--on", "2025-03-03"], "no mistakes: parking\n"),
        (&["rehearse", "road.txt"], "1 passed, 0 failed"),
        (&["draw", "road.yaml"], "data-step=\"sign\""),
        (&["draw", ".", "--only", "road"], "data-step=\"review\""),
    ] {
        let (right, text) = says(arguments);
        assert!(right && text.contains(words), "{arguments:?}: {text}");
    }
    let (right, text) = says(&["draw", "."]);
    assert!(!right && text.contains("--only with one of parking, road"), "{text}");
    std::fs::remove_file(folder.path().join("parking.yaml")).unwrap();
    let (right, text) = says(&["draw", "."]);
    assert!(right && text.contains("data-step=\"sign\""), "the only workflow of a folder is drawn: {text}");
    write("forms/road.yaml", &second[1].replace("type: area-m2", "type: area"));
    let (right, text) = says(&["check", "road.yaml", "--plain"]);
    assert!(!right && text.contains("forms/road.yaml:7:"), "a mistake of the form beside it is told: {text}");
    std::fs::remove_file(folder.path().join("forms/road.yaml")).unwrap();
    let (right, text) = says(&["check", "road.yaml", "--plain"]);
    assert!(!right && text.contains("GL015"), "{text}");
}

/// The answer of `greenlane check` with these arguments: whether it exits 0, and what it prints.
fn checked(arguments: &[&str]) -> (bool, String) {
    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        check: check::Args,
    }
    let cli = <Cli as clap::Parser>::parse_from(["check"].iter().chain(arguments));
    let mut out = Vec::new();
    let now = Moment::start_of(day("2025-03-03"));
    let exit = check::run(&cli.check, now, &mut out).unwrap();
    (exit == ExitCode::SUCCESS, String::from_utf8(out).unwrap())
}

#[test]
fn check_exits_with_one_when_something_is_wrong_and_says_it_in_the_form_that_is_asked_for() {
    let (right, said) = checked(&[]);
    assert!(right && said.contains("green-channel") && said.contains("eia-report-form"), "{said}");
    let (right, said) = checked(&["workflows"]);
    assert!(right && said.contains("land-quota"), "{said}");
    let (right, said) = checked(&["tests/it/wrong/unknown-step.yaml", "--plain"]);
    assert!(!right && said.starts_with("tests/it/wrong/unknown-step.yaml:12:22 GL010 "), "{said}");
    let (right, said) = checked(&["tests/it/wrong/several-names.yaml", "--json"]);
    let found: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!right && found.len() > 5 && found.iter().all(|one| one["line"].as_u64() > Some(0) && one["zh"].is_string()), "{said}");
    let (right, _) = checked(&["tests/it/wrong/law-no-longer-in-force.yaml"]);
    assert!(right, "the law was in force then");
}

#[test]
fn a_picture_is_the_same_twice_and_has_every_step() {
    let library = loaded(&library::embedded_files());
    for (bundle, lanes) in library.bundles().flat_map(|bundle| [(bundle, false), (bundle, true)]) {
        let program = library.program(&bundle.root).expect("compiled");
        let view = View { lanes, ..View::default() };
        let svg = library.draw(&bundle.root, view).expect("drawn");
        assert_eq!(Some(&svg), library.draw(&bundle.root, view).as_ref());
        for node in &program.nodes {
            assert!(svg.contains(&format!("data-step=\"{}\"", node.key)), "{} of {} is missing", node.key, bundle.root);
        }
        assert_eq!(unclosed(&svg), Vec::<String>::new(), "{} is well formed", bundle.root);
    }
}

#[test]
fn every_step_that_asks_somebody_stands_in_the_lane_of_their_office_and_touches_no_other_step() {
    let seeds = Seeds::embedded().expect("seeds");
    let names: BTreeMap<_, _> = seeds.tenants.values().flat_map(|tenant| tenant.roster.office_names()).collect();
    let library = loaded(&library::embedded_files());
    let mut steps = 0;
    for bundle in library.bundles() {
        let program = library.program(&bundle.root).expect("compiled");
        let svg = library.draw(&bundle.root, View { offices: Some(&names), lanes: true, ..View::default() }).expect("drawn");
        let lanes: Vec<(String, i64, i64)> = svg.split("<g class=\"lane\">").skip(1).map(lane).collect();
        let boxes: Vec<(String, [i64; 4])> = svg.split("data-step=\"").skip(1).filter_map(a_box).collect();
        for (number, (key, one)) in boxes.iter().enumerate() {
            for (other, two) in &boxes[number + 1..] {
                let apart = one[0] + one[2] <= two[0] || two[0] + two[2] <= one[0] || one[1] + one[3] <= two[1] || two[1] + two[3] <= one[1];
                assert!(apart, "{key} and {other} of {} overlap: {one:?} {two:?}", bundle.root);
            }
        }
        let Some(_) = lanes.first() else { continue };
        for node in &program.nodes {
            let NodeKind::Task(task) = &node.kind else { continue };
            let owner = match &task.by {
                Pool::Applicant => "申请人".to_owned(),
                Pool::Posts { offices, .. } => {
                    offices.iter().collect::<BTreeSet<_>>().into_iter().map(|office| names[office].zh.clone()).collect::<Vec<_>>().join("、")
                }
            };
            let (_, left, right) = lanes.iter().find(|(title, ..)| *title == owner).unwrap_or_else(|| panic!("no lane {owner} in {}", bundle.root));
            let (_, at) = boxes.iter().find(|(key, _)| **key == *node.key).expect("a box");
            assert!(*left <= at[0] && at[0] + at[2] <= *right, "{} of {} stands outside the lane of {owner}", node.key, bundle.root);
            steps += 1;
        }
    }
    assert!(steps > 50, "only {steps} steps were looked at");
}

fn number(of: &str, name: &str) -> i64 {
    of.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next()?.parse().ok()).unwrap_or_else(|| panic!("no {name} in {of}"))
}

/// The title of a lane, its left and its right.
fn lane(of: &str) -> (String, i64, i64) {
    let title = of.split_once("</text>").and_then(|(text, _)| text.rsplit('>').next()).expect("a title");
    (title.to_owned(), number(of, "x"), number(of, "x") + number(of, "width"))
}

/// The key of a node drawn as a box, and its left, top, width and height.
fn a_box(of: &str) -> Option<(String, [i64; 4])> {
    let (key, rest) = of.split_once('"')?;
    let figure = rest.split_once("<rect ").filter(|(before, _)| !before.contains("</g>"))?.1.split('>').next()?;
    let figure = format!(" {figure}");
    Some((key.to_owned(), ["x", "y", "width", "height"].map(|name| number(&figure, name))))
}

#[test]
fn a_picture_shows_where_a_case_stands() {
    let library = loaded(&[file("small.yaml", SMALL)]);
    let program = library.program("small").expect("compiled");
    let live = BTreeMap::from([("accept".into(), StepState::Done), ("fgw".into(), StepState::Here), ("visit".into(), StepState::Skipped)]);
    let svg = draw(program, View { live: Some(&live), ..View::default() });
    assert!(svg.contains("class=\"node task done\" data-step=\"accept\""), "{svg}");
    assert!(svg.contains("class=\"node task here\" data-step=\"fgw\"") && svg.contains("● 在办"));
    assert!(svg.contains("class=\"node task skipped beside\" data-step=\"visit\""));
    let english = draw(program, View { live: Some(&live), english: true, ..View::default() });
    let text = english.replace(&program.title.zh, "");
    assert!(english.contains("● here") && !text.chars().any(|letter| matches!(letter, '\u{4e00}'..='\u{9fff}')), "{english}");
}

/// Tags that are opened and not closed, or closed and not opened, in the order they are met; also any stray `&` or `<`.
fn unclosed(svg: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut wrong = Vec::new();
    for piece in svg.split('<').skip(1) {
        let Some((tag, text)) = piece.split_once('>') else {
            wrong.push(piece.to_owned());
            continue;
        };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default().to_owned();
        if tag.starts_with('/') {
            if open.pop().as_ref() != Some(&name) {
                wrong.push(tag.to_owned());
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        if tag.matches('"').count() % 2 == 1 || (text.contains('&') && !text.contains(';')) {
            wrong.push(piece.to_owned());
        }
    }
    wrong.extend(open);
    wrong
}

#[test]
fn a_bundle_has_another_digest_when_anything_in_it_changes_and_none_when_only_comments_do() {
    let files = library::embedded_files();
    let digest = |files: &[SourceFile]| loaded(files).bundle("green-channel").expect("there").digest;
    let changed = |key: &str, from: &str, to: &str| {
        let mut files = files.clone();
        let file = files.iter_mut().find(|file| file.key == key).expect("there");
        assert!(file.text.contains(from), "{key} has no `{from}`");
        file.text = file.text.replacen(from, to, 1);
        digest(&files)
    };
    let before = digest(&files);
    assert_eq!(before, digest(&files));
    for (key, from, to) in [
        ("green-channel.yaml", "within: 2 working days", "within: 1 working day"),
        ("eia-report-form.yaml", "within: 8 working days", "within: 9 working days"),
        ("forms/green-channel.yaml", "max-length: 1000", "max-length: 999"),
        ("decisions/land-source.yaml", "zh", "zh"),
    ] {
        let after = changed(key, from, to);
        assert_eq!(after == before, from == to, "{key}");
    }
    assert_eq!(before, changed("green-channel.yaml", "\nsteps:", "\n# a remark\nsteps:"), "a comment changes nothing");
    assert_eq!(before, changed("accounts/land.yaml", "用地计划指标", "计划指标"), "what is not referred to is not in it");
}

#[test]
fn a_stored_bundle_loads_again_to_the_same_digest() {
    let library = loaded(&library::embedded_files());
    for bundle in library.bundles() {
        let again = loaded(&library.files_of(&bundle.root));
        assert_eq!(again.bundle(&bundle.root).expect("there").digest, bundle.digest, "{}", bundle.root);
    }
}

#[test]
fn a_post_that_nobody_holds_is_told_with_its_place() {
    let library = loaded(&[file("small.yaml", SMALL)]);
    let held = BTreeMap::from([("ez-ghj".to_owned(), BTreeSet::from(["handlers".to_owned(), "head".to_owned()]))]);
    let is_filled = |office: &str, post: &str| (office, post) != ("ez-ghj", "handler");
    let found = library.vacant(is_filled, &held);
    assert_eq!(lines(&found), "small.yaml:8:31 GL019 `ez-ghj` 的岗位 `handler` 没有人 / expected somebody in post `handler` of `ez-ghj`, found nobody");
    assert_eq!(found[0].help_en.as_deref(), Some("did you mean `handlers`?"));
    let held = BTreeMap::from([("ez-ghj".to_owned(), BTreeSet::from(["legal".to_owned(), "sup_clerk".to_owned()]))]);
    assert_eq!(library.vacant(is_filled, &held)[0].help_en.as_deref(), Some("known here: `legal`, `sup_clerk`"));
    let held = BTreeMap::from([("ez-ghjj".to_owned(), BTreeSet::new())]);
    let found = library.vacant(is_filled, &held);
    assert_eq!(lines(&found), "small.yaml:8:31 GL019 没有机构 `ez-ghj` / expected an office, found `ez-ghj`");
    assert_eq!(found[0].help_en.as_deref(), Some("did you mean `ez-ghjj`?"));
}
