//! Publishing workflows: what would change, what stands in the way, and the act itself.
//! Invariant: a comparison answers with what publishing would answer. Never: a running case changed; a published caller left with a callee that no longer
//! takes what it hands over or gives what it reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::execute::RegisterRows;
use crate::app::failure::{Failure, Fault, refusal};
use crate::app::known::Known;
use crate::app::operate::{Told, line, raw, short, wrong_input};
use crate::app::register::{PublishedBundle, put, source_files};
use crate::definition::changes::changes;
use crate::definition::library::{self, Library, SourceFile};
use crate::engine::refusal::{Class, Detail};
use crate::identity::Actor;
use crate::ids::{Digest, Name, Tenant, Text};
use crate::notice::Kind;

/// What is to be published, or compared with what is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Files by path below `workflows/`.
    pub files: BTreeMap<String, String>,
    /// The workflows to publish; empty for every one.
    pub workflows: Vec<String>,
    /// Only say what it would change, and what stands in the way.
    pub dry_run: bool,
}

/// What became, or would become, of one workflow.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PublishReport {
    /// Its key.
    pub workflow: String,
    /// The revision of these files.
    pub revision: String,
    /// The revision that was in force; none when it is new.
    pub before: Option<String>,
    /// It is in force now, by this act.
    pub published: bool,
    /// What is different from the revision in force.
    #[schema(value_type = Vec<Object>)]
    pub changes: Vec<Text>,
    /// What keeps it from being published; publishing refuses with the same.
    #[schema(value_type = Vec<Object>)]
    pub obstacles: Vec<Text>,
}

impl PublishReport {
    fn is_unchanged(&self) -> bool {
        self.before.as_ref() == Some(&self.revision)
    }
}

impl App {
    /// Publishes workflows, or says what that would change. What is in force already is left as it is.
    ///
    /// # Errors
    /// Every mistake of the files; and, unless it is a dry run, everything that stands in the way.
    pub async fn publish_workflows(&self, tenant: Tenant, actor: &Actor, asked: &Publication) -> Result<Vec<PublishReport>, Failure> {
        let library = library::load(&source_files(&asked.files)).map_err(|mistakes| wrong_input("workflow_wrong", mistakes.iter().map(Detail::from)))?;
        let known = self.known(tenant).await?;
        let names = named(&library, &asked.workflows)?;
        let mut unfit = self.unfit(&library, &known, &names);
        unfit.extend(self.broken_callers(tenant, &library, &known, &names).await?);
        if !unfit.is_empty() && !asked.dry_run {
            return Err(wrong_input("workflow_unfit", unfit.into_iter()).into());
        }
        let obstacles: Vec<Text> =
            unfit.iter().map(|detail| line(format!("{} {}", detail.path, detail.zh), format!("{} {}", detail.path, detail.en))).collect();
        let mut reports = Vec::new();
        for name in &names {
            let Some(revision) = library.bundle(name).map(|bundle| bundle.digest) else { continue };
            let before = known.current.get(name).copied();
            let files = library.files_of(name);
            let mut report = PublishReport {
                workflow: name.to_string(),
                revision: revision.to_string(),
                before: before.map(|before| before.to_string()),
                published: false,
                changes: Vec::new(),
                obstacles: obstacles.clone(),
            };
            if let Some(before) = before.filter(|before| *before != revision) {
                report.changes = changes(&self.stored_files(tenant, before).await?, &files);
            }
            if !asked.dry_run && !report.is_unchanged() {
                self.put_in_force(tenant, actor, name, revision, files).await?;
                report.published = true;
            }
            reports.push(report);
        }
        Ok(reports)
    }

    async fn put_in_force(&self, tenant: Tenant, actor: &Actor, name: &Name, revision: Digest, files: Vec<SourceFile>) -> Result<(), Failure> {
        let published = PublishedBundle { workflow: name.clone(), files: files.into_iter().map(|file| (file.key, file.text)).collect() };
        let rows = RegisterRows {
            registry: vec![
                put(self, tenant, "bundle", &revision.to_string(), &published)?,
                raw(self, tenant, "workflow", name, revision.to_string().into_bytes()),
            ],
            ..RegisterRows::default()
        };
        self.record(tenant, actor.clone(), "workflow-published", json!({"workflow": name, "revision": revision}), rows).await?;
        Ok(())
    }

    /// The files of a published revision.
    async fn stored_files(&self, tenant: Tenant, revision: Digest) -> Result<Vec<SourceFile>, Fault> {
        let reading = |cause: &dyn std::fmt::Display| Fault::new(format!("reading revision {revision} of the register"), cause);
        let entry = self.store().registry(tenant, "bundle", &revision.to_string()).await.map_err(|cause| reading(&cause))?;
        let Some(entry) = entry else { return Ok(Vec::new()) };
        let published: PublishedBundle = serde_json::from_slice(&entry.value).map_err(|cause| reading(&cause))?;
        Ok(source_files(&published.files))
    }

    /// What keeps workflows without a mistake from being published here and now: a law that is not in force, a post nobody holds, a reminder nobody can word.
    fn unfit(&self, library: &Library, known: &Known, names: &[Name]) -> Vec<Detail> {
        let today = self.clock().now().date();
        let filled = |office: &str, post: &str| !known.roster.holders(&known.roster.current(&office.into(), today), &post.into(), today).is_empty();
        let mut found: Vec<Detail> = names.iter().flat_map(|name| library.lapsed(name, today)).map(|diagnostic| Detail::from(&diagnostic)).collect();
        found.extend(library.vacant(filled, &known.roster.posts_by_office(today)).iter().map(Detail::from));
        found.extend(library.unsayable(&Kind::of_cases()).iter().map(Detail::from));
        found.extend(unordered(library, known, names));
        found.dedup();
        found
    }

    /// Published workflows that call one of these and could not be published again with it: they hand over what it no longer takes, or read what it no
    /// longer gives.
    async fn broken_callers(&self, tenant: Tenant, library: &Library, known: &Known, names: &[Name]) -> Result<Vec<Detail>, Failure> {
        let mut found = Vec::new();
        for (root, revision) in known.current.iter().filter(|(root, _)| !names.contains(root)) {
            let Some(bundle) = known.bundles.get(revision) else { continue };
            let called: Vec<&Name> = names.iter().filter(|name| bundle.programs.contains_key(*name)).collect();
            if called.is_empty() {
                continue;
            }
            let stored = self.stored_files(tenant, *revision).await?;
            if let Err(mistakes) = library::load(&with_new(stored, library, &called)) {
                for mistake in mistakes.iter().map(Detail::from) {
                    let zh = format!("已发布的流程“{root}”调用它，改后不再合用：{}", mistake.zh);
                    let en = format!("the published workflow `{root}` calls it and would no longer fit: {}", mistake.en);
                    found.push(Detail::new(&mistake.path, &mistake.code, zh, en));
                }
            }
        }
        found.dedup();
        Ok(found)
    }

    /// The same as lines for a person at a terminal.
    pub(in crate::app) async fn publish_told(&self, tenant: Tenant, actor: &Actor, asked: &Publication) -> Result<Told, Failure> {
        let reports = self.publish_workflows(tenant, actor, asked).await?;
        let mut told: Told = reports.iter().map(|report| report.told(asked.dry_run)).collect();
        if reports.iter().any(|report| report.published) {
            told.push(line(
                "申请人登录后在 /apply 就能开始（接口 POST /api/v1/cases）；列出已发布的：greenlane publish --list",
                "an applicant can begin one now at /apply (API: POST /api/v1/cases); what is published: greenlane publish --list",
            ));
        }
        if reports.iter().all(PublishReport::is_unchanged) {
            told.push(line("没有改动，无须发布", "nothing is different, so there is nothing to publish"));
        }
        if let Some(report) = reports.iter().find(|report| !report.obstacles.is_empty()) {
            let mut text = line("不能发布：", "cannot be published:");
            for obstacle in &report.obstacles {
                // Writing to a string does not fail.
                let _ = write!(text.zh, "\n  {}", obstacle.zh);
                let _ = write!(text.en, "\n  {}", obstacle.en);
            }
            told.push(text);
        }
        Ok(told)
    }
}

impl PublishReport {
    fn told(&self, dry_run: bool) -> Text {
        let (name, revision) = (&self.workflow, first(&self.revision));
        if self.is_unchanged() {
            return line(format!("{name} 未变（{revision}）"), format!("{name} is unchanged ({revision})"));
        }
        let mut text = match (dry_run, &self.before) {
            (false, _) => line(format!("{name} 已发布（{revision}）"), format!("{name} is published ({revision})")),
            (true, None) => line(format!("{name} 是新流程（{revision}）"), format!("{name} is new ({revision})")),
            (true, Some(before)) => {
                let (before, count) = (first(before), self.changes.len());
                line(format!("{name} 有 {count} 处改动（{before} → {revision}）"), format!("{name} would change; changes: {count} ({before} -> {revision})"))
            }
        };
        if dry_run {
            for change in &self.changes {
                let _ = write!(text.zh, "\n  {}", change.zh);
                let _ = write!(text.en, "\n  {}", change.en);
            }
        }
        text
    }
}

/// Supervision orders that these workflows draft when a date passes, and that could not be opened then: neither published nor published with them, or not to be filled in.
fn unordered(library: &Library, known: &Known, names: &[Name]) -> Vec<Detail> {
    let mut found = Vec::new();
    for bundle in names.iter().filter_map(|name| library.bundle(name)) {
        for program in bundle.programs.values() {
            let terms = program.limits.iter().chain(program.nodes.iter().flat_map(|node| &node.terms));
            for order in terms.flat_map(|term| &term.rungs).filter_map(|rung| rung.order.as_ref()) {
                let with_it = names.contains(order).then(|| library.program(order)).flatten();
                let in_force = || known.bundles.get(known.current.get(order)?)?.programs.get(order);
                let Some(drafted) = with_it.or_else(in_force) else {
                    let (zh, en) =
                        (format!("督办工作流 `{order}` 尚未发布"), format!("expected the workflow `{order}` of its supervision orders to be published"));
                    found.push(Detail::new(&program.name, "GL014", zh, en));
                    continue;
                };
                let missing = library::missing_in_order(drafted.form.as_deref()).join("、");
                if !missing.is_empty() {
                    let (zh, en) = (format!("督办工作流 `{order}` 的表单缺少 {missing}"), format!("expected the form of `{order}` to have {missing}"));
                    found.push(Detail::new(&program.name, "GL062", zh, en));
                }
            }
        }
    }
    found
}

/// The beginning of a digest, as it is shown.
fn first(digest: &str) -> String {
    digest.parse().map_or_else(|_| digest.to_owned(), short)
}

/// The workflows that are meant, each of them in the files.
fn named(library: &Library, wanted: &[String]) -> Result<Vec<Name>, Failure> {
    let all = library.bundles().map(|bundle| bundle.root.clone());
    let names: Vec<Name> = all.filter(|name| wanted.is_empty() || wanted.iter().any(|wanted| **wanted == **name)).collect();
    if let Some(missing) = wanted.iter().find(|wanted| !names.iter().any(|name| **name == ***wanted)) {
        let (zh, en) = (format!("文件中没有流程“{missing}”。"), format!("cannot publish `{missing}`: no file defines it"));
        return Err(refusal("unknown_workflow", Class::NotFound, zh, en).into());
    }
    Ok(names)
}

/// A caller's files with those of its new callees in their place.
fn with_new(stored: Vec<SourceFile>, library: &Library, called: &[&Name]) -> Vec<SourceFile> {
    let mut files: BTreeMap<String, SourceFile> = BTreeMap::new();
    // A workflow may have moved to a file of another name; it is still one workflow.
    let gone: BTreeSet<Name> = called.iter().map(|name| (*name).clone()).collect();
    for file in stored.into_iter().filter(|file| !library::workflow_name(&file.text).is_some_and(|name| gone.contains(name.as_str()))) {
        files.insert(file.key.clone(), file);
    }
    for file in called.iter().flat_map(|name| library.files_of(name)) {
        files.insert(file.key.clone(), file);
    }
    files.into_values().collect()
}
