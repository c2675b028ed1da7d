//! On paper: no signature is empty, no automatic act is a person's, every act is in the record.

use super::hand::{Hand, within};
use crate::browser::house::House;
use crate::browser::story::Project;
use crate::spine::node::Where;

#[test]
fn a_sheet_is_never_empty_and_says_who_what_and_when() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        let mut from = ("", 0, 0);
        for moment in [("2025-03-03", 10, 0), ("2025-04-23", 10, 0)] {
            house.play_on(Some(from), moment).await;
            from = moment;
            let hand = Hand::of(&house, "ez-ldxz.sup-clerk");
            let page = hand.case(house.case(Project::Main)).await;
            let sheets: Vec<&str> = page.text.split("href=\"").filter_map(|part| part.split('"').next()).filter(|href| href.contains("/sheet/")).collect();
            assert!(!sheets.is_empty());
            for sheet in sheets {
                let paper = hand.get(sheet).await;
                let table = within(&paper.text, "<table class=\"paper signatures\">", "</table>").unwrap_or_else(|| panic!("{sheet}: {}", paper.words()));
                for place in table.split("<tr class=\"keep\">").skip(1) {
                    let said = within(place, "<td>", "</td>").unwrap();
                    let empty = ["待办", "尚未签署", "未到该环节", "未经过该环节"].iter().any(|word| said.contains(word));
                    assert!(empty || (said.contains("class=\"signature\"") && said.contains("2025-")), "{sheet}: {place}");
                }
            }
        }
        let hand = Hand::of(&house, "ez-ldxz.sup-clerk");
        let page = hand.case(house.case(Project::Main)).await;
        let form = page.text.split("<details class=\"link-picture").skip(1).find(|part| part.contains("<summary>环境影响报告表审批")).unwrap();
        let sheet = hand.get(form.split("href=\"").filter_map(|part| part.split('"').next()).find(|href| href.contains("/sheet/")).unwrap()).await;
        sheet.says(&["审批表", "材料齐全，符合法定形式，予以受理。", "同意启动特别程序。", "集体审议同意。", "未到该环节", "法定时限", "承诺时限"]);
        house.close().await;
    });
}

#[test]
fn the_record_numbers_every_act_with_its_digest() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        house.play(("2025-03-13", 10, 0)).await;
        let case = house.case(Project::Main);
        let record = Hand::of(&house, "ez-ldxz.auditor").get(&format!("/cases/{case}/record")).await;
        assert_eq!(record.text.matches("<li class=\"keep\" value=").count(), house.acts(case).await);
        record.says(&["办件记录", "系统", "决策表", "同意认定。", "摘要值", "检查点"]);
        let english = Hand::of(&house, "ez-ldxz.auditor").english().get(&format!("/cases/{case}/record")).await;
        english.says(&["Record of the case", "The system"]);
        house.close().await;
    });
}

#[test]
fn the_picture_marks_where_the_case_is_and_allows_its_own_style_alone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(Where::sqlite()).await;
        house.play(("2025-03-03", 10, 0)).await;
        let (case, hand) = (house.case(Project::Main), Hand::of(&house, "ez-ldxz.handler"));
        let picture = hand.get(&format!("/cases/{case}/picture/0.svg")).await;
        assert!(picture.text.starts_with("<svg") && picture.text.contains("● 在办"), "{}", picture.text);
        assert_eq!(hand.get(&format!("/cases/{case}/picture/99.svg")).await.status, 404);
        house.close().await;
    });
}
