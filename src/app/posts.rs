//! What posts are called, out of the words the pages use, so that a sentence of the application and a page never call one differently.
//! Invariant: a post without a word keeps its key. Never: a second list of titles.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::ids::Text;

const ZH: &str = include_str!("../../templates/locales/zh-CN/terms.ftl");
const EN: &str = include_str!("../../templates/locales/en/terms.ftl");

/// Words by post.
type Words = BTreeMap<&'static str, &'static str>;

/// The title of a post.
#[must_use]
pub fn title(post: &str) -> Text {
    static IN_CHINESE: LazyLock<Words> = LazyLock::new(|| words(ZH));
    static IN_ENGLISH: LazyLock<Words> = LazyLock::new(|| words(EN));
    let called = |words: &Words| words.get(post).copied().unwrap_or(post).to_owned();
    Text { zh: called(&IN_CHINESE), en: called(&IN_ENGLISH) }
}

/// The lines `post-<key> = <words>` of a file of words.
fn words(file: &'static str) -> Words {
    file.lines().filter_map(|line| line.strip_prefix("post-")?.split_once(" = ")).collect()
}

#[cfg(test)]
mod tests {
    use super::title;
    use crate::definition::library;

    #[test]
    fn every_post_a_shipped_workflow_asks_has_a_title_in_both_languages() {
        let library = library::embedded().unwrap();
        let asked: Vec<_> = library.posts().into_iter().map(|(_, post)| post).collect();
        assert!(asked.len() > 10);
        for post in asked {
            let title = title(&post);
            assert!(title.zh != *post && title.en != *post, "{post} has no words in templates/locales");
        }
        assert_eq!(title("section_head").zh, "科长");
        assert_eq!(title("no-such-post").en, "no-such-post");
    }
}
