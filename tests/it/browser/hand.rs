//! How somebody works a page: with the mouse, or by keyboard alone; fields by their names, buttons and links by what they are.
//! Invariant: whatever a mouse can do, the keyboard does with Tab, the arrows, Space and Enter, and where the focus is can be seen at every stop.
//! Never: a value put into a field, or a form sent, past the page.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use super::session::Browser;

/// What somebody works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    Mouse,
    Keyboard,
}

/// No page of ours has more stops than this; a focus that cannot get out of somewhere ends here.
const STOPS_MAX: usize = 400;

/// Where the focus is, and whether that can be seen: an outline or a ring, inside the window, not under something else.
const FOCUS: &str = r#"(() => {
  const e = document.activeElement;
  if (!e || e === document.body) return {at: '', seen: true};
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  const label = e.labels?.[0], rung = label && (s => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none')(getComputedStyle(label));
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const [x, y] = [Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1), Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 1)];
  const top = document.elementFromPoint(x, y);
  const clear = !top || e.contains(top) || top.contains(e) || (label && label.contains(top));
  return {at: e.outerHTML.slice(0, 160), seen: (ring || rung) && inside && clear, why: `ring ${ring || rung}, inside ${inside}, clear ${clear}`};
})()"#;

/// A page under somebody's hand.
#[derive(Clone, Copy)]
pub struct Worked<'b> {
    pub browser: &'b Browser,
    pub hand: Hand,
}

impl Worked<'_> {
    /// Types into the field `name`, over what stood there.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = format!("input[name='{name}'], textarea[name='{name}']");
        if self.browser.ask(&format!("document.querySelector({})?.type", json!(field))).await == "date" {
            return self.fill_date(&field, text).await;
        }
        match self.hand {
            Hand::Mouse => {
                let element = self.browser.find(&field).await;
                element.click().await.unwrap();
                element.clear().await.unwrap();
                element.send_keys(text).await.unwrap();
            }
            Hand::Keyboard => {
                self.reach(&field).await;
                let all = self.browser.driver.action_chain().key_down(Key::Control).send_keys("a").key_up(Key::Control);
                all.send_keys(Key::Delete).perform().await.unwrap();
                // An action list of one long text would be cut off at the page's time limit; the browser's own typing is the same keys.
                self.browser.tools("Input.insertText", json!({"text": text})).await;
            }
        }
        let found = self.browser.ask(&format!("document.querySelector({}).value", json!(field))).await;
        assert_eq!(found, json!(text), "typed into {name}");
    }

    /// A date, part by part in the order of the browser's own language, which is English whatever the page's is.
    async fn fill_date(&self, field: &str, text: &str) {
        let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] else { panic!("no date: {text}") };
        let keys = format!("{month}{day}{year}");
        match self.hand {
            Hand::Mouse => self.browser.find(field).await.send_keys(keys).await.unwrap(),
            Hand::Keyboard => {
                self.reach(field).await;
                self.browser.driver.action_chain().send_keys(keys).perform().await.unwrap();
            }
        }
        let found = self.browser.ask(&format!("document.querySelector({}).value", json!(field))).await;
        assert_eq!(found, json!(text), "typed into {field}");
    }

    /// Chooses `value` in the field `name`: an option, a radio button, or a box that is then ticked.
    pub async fn choose(&self, name: &str, value: &str) {
        let list = format!("select[name='{name}']");
        if self.browser.has(&list).await {
            return self.pick(&list, value).await;
        }
        let wanted = format!("input[name='{name}'][value='{value}']");
        if self.is(&wanted, "checked").await {
            return;
        }
        match self.hand {
            Hand::Mouse => self.tap(&wanted).await,
            Hand::Keyboard => self.walk_to(&format!("input[name='{name}']"), &wanted).await,
        }
        assert!(self.is(&wanted, "checked").await, "expected {value} chosen in {name}");
    }

    async fn is(&self, css: &str, property: &str) -> bool {
        self.browser.ask(&format!("document.querySelector({})?.{property} === true", json!(css))).await == true
    }

    async fn pick(&self, list: &str, value: &str) {
        let chosen = format!("document.querySelector({}).value", json!(list));
        match self.hand {
            Hand::Mouse => self.browser.find(&format!("{list} option[value='{value}']")).await.click().await.unwrap(),
            Hand::Keyboard => {
                self.reach(list).await;
                let steps =
                    format!("(e => [...e.options].findIndex(o => o.value === {}) - e.selectedIndex)(document.querySelector({}))", json!(value), json!(list));
                let steps = self.browser.ask(&steps).await.as_i64().unwrap();
                let key = if steps > 0 { Key::Down } else { Key::Up };
                for _ in 0..steps.unsigned_abs() {
                    self.key(key.clone()).await;
                }
            }
        }
        assert_eq!(self.browser.ask(&chosen).await, json!(value), "chosen in {list}");
    }

    /// From the group's stop to the wanted button by arrows, or with Space where each has a stop of its own.
    async fn walk_to(&self, group: &str, wanted: &str) {
        let radio = self.browser.ask(&format!("document.querySelector({})?.type", json!(wanted))).await == "radio";
        if !radio {
            self.reach(wanted).await;
            return self.key(Key::Space).await;
        }
        self.reach(group).await;
        let members = self.browser.ask(&format!("document.querySelectorAll({}).length", json!(group))).await.as_u64().unwrap();
        let there = format!("document.activeElement.matches({})", json!(wanted));
        for _ in 0..members {
            if self.browser.ask(&there).await == true {
                if !self.is(wanted, "checked").await {
                    self.key(Key::Space).await;
                }
                return;
            }
            self.key(Key::Down).await;
        }
    }

    /// Puts files into the field `name`. The dialog that opens is the operating system's and out of reach.
    pub async fn attach(&self, name: &str, path: &std::path::Path) {
        self.browser.find(&format!("input[type=file][name='{name}']")).await.send_keys(path.display().to_string()).await.unwrap();
    }

    /// Presses a button or follows a link, and waits for the page that comes.
    pub async fn press(&self, css: &str) {
        let mark = self.browser.mark().await;
        self.act(css).await;
        self.browser.until_anew(&mark).await;
    }

    /// Presses something that stays on the page.
    pub async fn act(&self, css: &str) {
        match self.hand {
            Hand::Mouse => self.tap(css).await,
            Hand::Keyboard => {
                self.reach(css).await;
                self.key(Key::Enter).await;
            }
        }
    }

    /// A click where a thumb or a mouse would put it: on the label when the box itself is covered by it.
    async fn tap(&self, css: &str) {
        let element = self.browser.find(css).await;
        element.scroll_into_view().await.unwrap();
        let Err(cause) = element.click().await else { return };
        let label = self.browser.driver.execute("return document.querySelector(arguments[0]).labels?.[0]", vec![json!(css)]).await.unwrap();
        let label = label.element().unwrap_or_else(|_| panic!("{css} cannot be clicked: {cause}"));
        label.click().await.unwrap();
    }

    async fn key(&self, key: Key) {
        self.browser.driver.action_chain().send_keys(key).perform().await.unwrap();
    }

    /// Tabs until the focus is on something that matches; at every stop on the way it must be seen.
    pub async fn reach(&self, css: &str) {
        let there = format!("document.activeElement.matches({}) && document.activeElement !== document.body", json!(css));
        assert!(self.browser.has(css).await, "expected {css} at {}, found:\n{}", self.browser.place().await, self.browser.words().await);
        let mut passed = Vec::new();
        for _ in 0..STOPS_MAX {
            if self.browser.ask(&there).await == true {
                return;
            }
            self.key(Key::Tab).await;
            let focus: Value = self.browser.ask(FOCUS).await;
            assert_eq!(focus["seen"], true, "at {} the focus cannot be seen ({}) on {}", self.browser.place().await, focus["why"], focus["at"]);
            passed.push(focus["at"].as_str().unwrap_or_default().chars().take(60).collect::<String>());
        }
        panic!("{css} cannot be reached by Tab at {}; the stops: {}", self.browser.place().await, passed.join(" | "));
    }
}
