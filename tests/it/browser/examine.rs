//! What must hold of any page as it is shown: WCAG by axe-core, its width, its language, its words, its focus, its size on a thumb.
//! Invariant: everything wrong with a page is told at once. Never: a rule of axe-core switched off.

use std::path::PathBuf;
use std::sync::OnceLock;

use greenlane::web::Pages;
use serde_json::Value;

use super::session::Browser;

/// The most a first visit may bring over the wire.
pub const FIRST_LOAD_BYTES_MAX: u64 = 150 * 1024;

const AXE_TAGS: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']";

/// The text of axe-core, as `tests/axe` fetched it.
fn axe() -> &'static str {
    static AXE: OnceLock<String> = OnceLock::new();
    AXE.get_or_init(|| {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/axe-core/axe.min.js");
        std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}: run tests/axe, which fetches it", path.display()))
    })
}

/// Everything wrong with the page shown, a line each.
pub async fn examine(browser: &Browser) -> Vec<String> {
    let mut wrong = accessibility(browser).await;
    wrong.extend(strings(&browser.ask(&format!("({LOOK})({})", browser.settings.get().width)).await));
    // Bytes shown as they were hashed say what they say.
    let bytes = browser.text("[...document.querySelectorAll('pre.bytes')].map(e => e.innerText).join('\\n')").await;
    let shown = bytes.lines().fold(browser.words().await, |shown, line| shown.replace(line, ""));
    wrong.extend(words(&shown));
    wrong.extend(browser.complaints().await);
    wrong
}

/// What axe-core finds, a line for each element.
pub async fn accessibility(browser: &Browser) -> Vec<String> {
    let run = format!(
        "{};axe.run(document, {{runOnly: {{type: 'tag', values: {AXE_TAGS}}}, resultTypes: ['violations']}}).then(found => \
         found.violations.flatMap(rule => rule.nodes.map(node => `axe ${{rule.id}}: ${{rule.help}}: ${{node.html.slice(0, 200)}} ${{node.any.map(check => check.message).join('; ').slice(0, 200)}}`)))",
        axe()
    );
    strings(&browser.ask(&run).await)
}

fn strings(found: &Value) -> Vec<String> {
    let found = found.as_array().unwrap_or_else(|| panic!("expected a list, found {found}"));
    found.iter().map(|line| line.as_str().map_or_else(|| line.to_string(), str::to_owned)).collect()
}

/// Looks at the document with the width of its window; answers a list of sentences.
const LOOK: &str = r#"(width) => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > width) {
    const wide = [...document.querySelectorAll('body *')].filter(e => {
      const box = e.getBoundingClientRect();
      const inside = e.parentElement.closest('.scroller, .picture, .nav, pre');
      return box.right + scrollX > width + 1 && box.width > 0 && !(inside && inside.contains(e.offsetParent));
    }).slice(0, 3).map(e => e.outerHTML.slice(0, 120));
    wrong.push(`the page is ${root.scrollWidth} px wide in a window of ${width}: ${wide.join(' | ')}`);
  }
  if (!['zh-CN', 'en'].includes(root.lang)) wrong.push(`lang is ${root.lang}`);
  if (!document.title.trim()) wrong.push('no title');
  const headings = document.querySelectorAll('h1');
  if (headings.length !== 1) wrong.push(`${headings.length} h1`);
  if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
  for (const e of document.querySelectorAll('[style], style, script:not([src])')) wrong.push(`inline style or script: ${e.outerHTML.slice(0, 120)}`);
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  const doubled = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (doubled.length) wrong.push(`the same id twice: ${[...new Set(doubled)].join(', ')}`);
  const bar = document.querySelector('.bar-inner')?.getBoundingClientRect().height;
  if (width >= 1280 && bar > 80) wrong.push(`the bar takes ${Math.round(bar)} px, more than a row: who is signed in stands below the entries`);
  if (width < 600) {
    const shown = e => { const box = e.getBoundingClientRect(); return box.width > 0 && box.height > 0 && e.checkVisibility() && !e.closest('.scroller'); };
    for (const e of document.querySelectorAll('button, select, textarea, summary, nav a, a.button, input:not([type=hidden]):not([type=checkbox]):not([type=radio])')) {
      const box = e.getBoundingClientRect();
      if (shown(e) && box.height < 43.5 && box.width > 2) wrong.push(`${Math.round(box.height)} px high for a thumb: ${e.outerHTML.slice(0, 120)}`);
    }
    for (const e of document.querySelectorAll('input[type=checkbox], input[type=radio]')) {
      const box = (e.closest('label') || e.labels?.[0] || e).getBoundingClientRect();
      if (shown(e.labels?.[0] || e) && Math.max(box.height, e.getBoundingClientRect().height) < 43.5) wrong.push(`${Math.round(box.height)} px high for a thumb: ${e.outerHTML.slice(0, 120)}`);
    }
  }
  return wrong;
}"#;

/// Signs of a template or a word that went wrong, in the words shown.
fn words(shown: &str) -> Vec<String> {
    const SIGNS: [&str; 8] = ["{{", "}}", "undefined", "[object", "NaN", "None(", "Some(", "null"];
    let mut wrong: Vec<String> = SIGNS.iter().filter(|sign| shown.contains(**sign)).map(|sign| format!("the page shows `{sign}`")).collect();
    wrong.extend(shown.split_whitespace().filter(|word| is_key(word)).map(|word| format!("the page shows the key `{word}`")));
    wrong
}

/// Whether a word shown is the name of a word of the pages, such as `inbox-empty-title`.
fn is_key(word: &str) -> bool {
    static PAGES: OnceLock<Pages> = OnceLock::new();
    let pages = PAGES.get_or_init(|| Pages::embedded().unwrap_or_else(|mistakes| panic!("{} mistakes in the pages", mistakes.len())));
    word.contains('-') && pages.has_word(word)
}

/// Chinese on an English page that no template marked as somebody's own words or name: a word of the page that was never translated.
/// A chosen value, what stands in a field and bytes shown as they were hashed say what they say.
pub async fn chinese_in_english(browser: &Browser) -> Vec<String> {
    const TEXTS: &str = r#"(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const e = node.parentElement;
        if (!/[\u4e00-\u9fff]/.test(node.data) || e.closest('[lang|=zh], textarea, pre.bytes, script')) continue;
        found.push(`Chinese in an English page: <${e.tagName.toLowerCase()} class="${e.className}"> ${node.data.trim().slice(0, 60)}`);
      }
      return found;
    })()"#;
    strings(&browser.ask(TEXTS).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_a_hole_are_seen_and_a_sentence_is_not() {
        assert_eq!(words("sign-in-title").len(), 1);
        assert_eq!(words("name {{person}}").len(), 2);
        assert_eq!(words("the sign-in page, 2025-03-03, GC20250001-HP, case-by-case 承诺 up-to-date"), Vec::<String>::new());
    }
}
