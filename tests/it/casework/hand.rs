//! A browser without a screen: gets pages as somebody, finds their forms, posts them.

use greenlane::ids::CaseId;

use crate::browser::house::House;

/// Somebody with a house.
pub struct Hand<'h> {
    house: &'h House,
    login: String,
    http: reqwest::Client,
    language: &'static str,
}

/// An answer.
pub struct Got {
    pub status: u16,
    pub to: String,
    pub text: String,
}

/// A form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub command: String,
}

impl<'h> Hand<'h> {
    pub fn of(house: &'h House, login: &str) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { house, login: login.to_owned(), http, language: "zh-CN" }
    }

    pub fn english(self) -> Self {
        Self { language: "en", ..self }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Got {
        let cookie = format!("gl_session={}; gl_language={}", self.house.session(&self.login), self.language);
        let response = request.header("cookie", cookie).send().await.unwrap();
        let status = response.status().as_u16();
        let to = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        Got { status, to, text: response.text().await.unwrap() }
    }

    pub async fn get(&self, path: &str) -> Got {
        self.send(self.http.get(format!("{}{path}", self.house.origin()))).await
    }

    pub async fn post(&self, form: &Form, fields: &[(&str, &str)]) -> Got {
        let mut pairs = vec![("command", form.command.as_str())];
        pairs.extend_from_slice(fields);
        let body = serde_html_form::to_string(&pairs).unwrap();
        let request = self.http.post(format!("{}{}", self.house.origin(), form.action));
        self.send(request.header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", "same-origin").body(body)).await
    }

    /// The page of a case.
    pub async fn case(&self, case: CaseId) -> Got {
        self.get(&format!("/cases/{case}")).await
    }
}

impl Got {
    /// The form whose action ends so.
    pub fn form(&self, ends: &str) -> Form {
        self.find(ends).unwrap_or_else(|| panic!("no form to …{ends} ({}):\n{}", self.status, self.words()))
    }

    /// The same, if there is one.
    pub fn find(&self, ends: &str) -> Option<Form> {
        self.text.split("<form").skip(1).find_map(|form| {
            let form = form.split("</form>").next()?;
            let action = within(form, "action=\"", "\"")?;
            let command = within(form, "name=\"command\" value=\"", "\"")?;
            action.ends_with(ends).then(|| Form { action: action.to_owned(), command: command.to_owned() })
        })
    }

    /// What a person reads, without the marks.
    pub fn words(&self) -> String {
        let main = within(&self.text, "<main", "</main>").unwrap_or(&self.text);
        let mut words = String::new();
        for part in main.split('<') {
            words.push_str(part.split_once('>').map_or(part, |(_, text)| text));
            words.push(' ');
        }
        let words: Vec<&str> = words.split_whitespace().collect();
        words.join(" ").replace("&quot;", "\"").replace("&#x27;", "'")
    }

    /// It holds every one of these.
    pub fn says(&self, wanted: &[&str]) {
        let words = self.words();
        let missing: Vec<_> = wanted.iter().filter(|text| !words.contains(**text)).collect();
        assert!(missing.is_empty(), "{missing:?} not said ({}):\n{words}", self.status);
    }
}

/// What stands between two marks.
pub fn within<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(inside, _)| inside)
}
