//! What a scenario that is wrong looks like: a wrong expectation turns its file red at its line, and a file that cannot be read says everything at once.

use std::process::Command;

use greenlane::cli::rehearse::House;
use greenlane::rehearsal::cast::cast;
use greenlane::rehearsal::{read, world};

use super::{casts, played, shelf};
use crate::spine::node::Where;

#[test]
fn a_wrong_expectation_planted_in_any_file_turns_it_red_at_its_line() {
    for (file, cast) in casts() {
        let text = std::fs::read_to_string(file).unwrap();
        let last = cast.script.lines.last().unwrap();
        let planted: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(at, line)| {
                let arrow = if line.contains('→') || line.contains("->") { "; number planted" } else { " -> number planted" };
                if at + 1 == last.number as usize { format!("{line}{arrow}") } else { line.to_owned() }
            })
            .collect();
        let verdict = played(&planted.join("\n"));
        let failed = verdict.failed().unwrap_or_else(|| panic!("{}: nothing turned red", file.display()));
        assert_eq!(failed.line, last.number, "{}", file.display());
        assert_eq!(failed.misses.iter().filter(|miss| miss.expected == "number planted").count(), 1, "{}", file.display());
    }
}

const SMALL: &str = include_str!("../../scenarios/cf-01-sequence.txt");

/// Each thing that can be expected, said wrongly of the line that begins with these words.
const WRONG: &[(&str, &str)] = &[
    ("陈工", "待办：审查"),
    ("陈工", "待办：无"),
    ("陈工", "待办：受理 由 周承办"),
    ("陈工", "待办：受理 ×2"),
    ("陈工", "待办含：签发"),
    ("陈工", "无待办：受理"),
    ("陈工", "停在：审查"),
    ("陈工", "停在：无"),
    ("陈工", "办结：准予"),
    ("陈工", "签收人：受理 由 李受理"),
    ("陈工", "通知：o.red"),
    ("陈工", "通知：a.received 给 李受理"),
    ("陈工", "未通知：任何"),
    ("陈工", "未通知：o.task"),
    ("陈工", "文书：approval"),
    ("陈工", "编号：GC20250001"),
    ("陈工", "今日：2025-03-04"),
    ("陈工", "等级：A"),
    ("陈工", "拒绝：not_assigned"),
    ("陈工", "关闭：受理"),
    ("陈工", "记录：commented"),
    ("李受理            办理 甲 受理 受理", "已办：受理 accepted 由 周承办"),
    ("李受理            办理 甲 受理 受理", "已办：受理 accepted 由 系统"),
    ("李受理            办理 甲 受理 受理", "已办：审查 ok"),
    ("周局长            办理 甲 签发 已签发      → 办结", "在办"),
    ("周承办            办理 甲 审查 ok “”", "拒绝：not_assigned"),
];

#[test]
fn each_kind_of_expectation_can_turn_out_false() {
    for (line, wrong) in WRONG {
        let mut replaced = 0;
        let text: Vec<String> = SMALL
            .lines()
            .map(|written| {
                let hit = written.starts_with(line) && written.contains('→');
                replaced += usize::from(hit);
                if hit { format!("{}→ {wrong}", written.split('→').next().unwrap()) } else { written.to_owned() }
            })
            .collect();
        assert_eq!(replaced, 1, "{line}");
        let verdict = played(&text.join("\n"));
        let failed = verdict.failed().unwrap_or_else(|| panic!("nothing turned red: {wrong}"));
        assert!(failed.text.starts_with(line.split('→').next().unwrap()), "{wrong}: {}", failed.text);
    }
}

#[test]
fn what_was_found_is_told_in_words_that_can_be_put_into_the_file() {
    for (line, wrong, found) in [
        ("陈工", "待办：无", "待办：受理 由 李受理"),
        ("陈工", "通知：o.red", "通知："),
        ("李受理            办理 甲 受理 受理", "已办：受理 accepted 由 周承办", "已办：accept accepted 由 李受理"),
    ] {
        let swap = |written: &str| {
            let hit = written.starts_with(line) && written.contains('→');
            if hit { format!("{}→ {wrong}", written.split('→').next().unwrap()) } else { written.to_owned() }
        };
        let text = |expected: &str| SMALL.lines().map(swap).collect::<Vec<_>>().join("\n").replace(wrong, expected);
        let verdict = played(&text(wrong));
        let miss = &verdict.failed().expect("red").misses[0];
        assert!(miss.found.starts_with(found), "{wrong}: {}", miss.found);
        let pasted = played(&text(&miss.found));
        assert!(pasted.failed().is_none_or(|again| again.line != verdict.failed().unwrap().line), "{} is not what was found", miss.found);
    }
}

#[test]
fn a_record_is_of_its_word_by_its_person_and_to_its_person() {
    const ASKED: &str = include_str!("../../scenarios/vb-26-delegate-comes-back.txt");
    const LINE: &str = "周承办 委派 甲 审查 钱承办 “请核数字” →";
    let told = |expected: &str| played(&ASKED.replacen(LINE, &format!("{LINE} {expected}；"), 1)).passed();
    assert!(ASKED.contains(LINE) && told("记录：delegated 由 周承办 对 钱承办"));
    for wrong in ["记录：recalled", "记录：delegated 由 钱承办", "记录：delegated 由 周承办 对 吴承办"] {
        assert!(!told(wrong), "{wrong}");
    }
}

#[test]
fn whatever_is_wrong_with_a_file_is_told_at_once_with_its_place() {
    let unreadable = "流程 x\n今日 昨天\n  → 待办：无\n李受理 跳舞 甲\n李受理 办理 甲\n李受理 签收 甲 受理 → 没有这个：词\n李受理 签收 “甲\n";
    let mistakes = read(unreadable, "wrong.txt").expect_err("wrong");
    let places: Vec<_> = mistakes.iter().map(|mistake| (mistake.line, mistake.column, mistake.code)).collect();
    let expected = [(2, 4, "wrong-head"), (3, 3, "indented"), (4, 5, "wrong-line"), (5, 5, "wrong-line"), (6, 15, "unknown-word"), (7, 8, "not-closed")];
    assert_eq!(places, expected, "{mistakes:#?}");

    let misnamed =
        SMALL.replace("陈工（申请人）    提交 甲 ", "陈工（receiver） 提交 甲 ").replace("周承办            办理 甲 审查 ok  ", "周承办 办理 乙 审察 ok ");
    let misnamed = misnamed.replace("title: {zh: 顺序, en: Sequence}", "titel: {zh: 顺序, en: Sequence}");
    let with_workflow = cast(read(&misnamed, "wrong.txt").unwrap(), shelf(), &[]).expect_err("wrong");
    let places: Vec<_> = with_workflow.iter().map(|mistake| (mistake.line, mistake.column)).collect();
    assert_eq!(places, [(10, 3), (11, 3)], "{with_workflow:#?}");
    let misnamed = misnamed.replace("titel:", "title:");
    let found = cast(read(&misnamed, "wrong.txt").unwrap(), shelf(), &[]).expect_err("wrong");
    let codes: Vec<_> = found.iter().map(|mistake| mistake.code).collect();
    assert_eq!(codes, ["post-not-held", "unknown-name", "unknown-name"], "{found:#?}");
    assert!(found[2].en.contains("did you mean") || found[2].zh.contains("审查"), "{found:#?}");
}

/// The small file with its last line expecting another result.
fn spoiled() -> String {
    let spoiled = SMALL.replace("→ 办结：准予；待办：无", "→ 办结：不予；待办：无");
    assert_ne!(spoiled, SMALL);
    spoiled
}

#[test]
fn a_wrong_expectation_is_found_through_http_as_it_is_on_the_engine() {
    let cast = cast(read(&spoiled(), "spoiled.txt").unwrap(), shelf(), &[]).unwrap();
    let engine = world::play(&cast);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let place = Where::sqlite();
    let served = runtime.block_on(async {
        let opened = House::open(place.target.clone(), None, place.home.path().to_owned()).await;
        let mut house = opened.unwrap_or_else(|trouble| panic!("{}", trouble.0));
        let verdict = house.play(&cast).await.unwrap_or_else(|trouble| panic!("{}", trouble.0));
        house.close().await;
        verdict
    });
    assert!(served.failed().is_some_and(|line| line.text.contains("办结：不予")), "{served:?}");
    assert_eq!(served, engine);
}

#[test]
fn the_command_says_which_line_failed_and_counts_the_files_in_its_last_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), SMALL).unwrap();
    std::fs::write(folder.path().join("b.txt"), spoiled()).unwrap();
    std::fs::write(folder.path().join("c.txt"), "流程 nowhere\n今日 2025-03-03\n\n陈工 提交 甲\n").unwrap();
    for http in [&[][..], &["--http"]] {
        let out = Command::new(env!("CARGO_BIN_EXE_greenlane")).arg("rehearse").args(http).arg(folder.path()).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        assert_eq!(out.status.code(), Some(1), "{text}");
        assert_eq!(text.lines().last(), Some("1 passed, 2 failed"), "{text}");
        for said in ["✓", "b.txt:", "expected  办结：不予", "found     办结：granted", "c.txt:1:4 unknown-name"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        let one = Command::new(env!("CARGO_BIN_EXE_greenlane")).arg("rehearse").args(http).arg(folder.path().join("a.txt")).output().unwrap();
        assert_eq!((one.status.code(), String::from_utf8(one.stdout).unwrap().lines().last()), (Some(0), Some("1 passed, 0 failed")));
    }
}
