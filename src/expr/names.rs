//! Which names an expression reads from outside.
//! Invariant: a bound variable is never reported; a variable bound to a path is reported as that path, so that a reader of `paths` sees every field that is read.

use super::ast::{Ast, Binding, Kind, Step, StepKind, Test, TestKind};

/// The paths `ast` reads, root first, in the order of the text, each once.
pub(super) fn paths(ast: &Ast) -> Vec<Vec<String>> {
    let mut walk = Walk { bound: Vec::new(), found: Vec::new(), first: None };
    walk.visit(ast);
    walk.found
}

/// The first name that tests read from outside, with its place.
pub(super) fn first_name(tests: &[Test]) -> Option<(std::ops::Range<usize>, String)> {
    let mut walk = Walk { bound: Vec::new(), found: Vec::new(), first: None };
    tests.iter().for_each(|test| walk.test(test));
    let name = walk.found.first().and_then(|path| path.first()).cloned()?;
    walk.first.map(|span| (span, name))
}

/// The name a filter binds.
pub(super) const ITEM: &str = "item";

struct Walk {
    /// Bound variables, innermost last, each with the path it stands for.
    bound: Vec<(String, Option<Vec<String>>)>,
    found: Vec<Vec<String>>,
    /// Where the first of them stands.
    first: Option<std::ops::Range<usize>>,
}

impl Walk {
    fn visit(&mut self, ast: &Ast) {
        match &ast.kind {
            Kind::Hole | Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {}
            Kind::Name(_) => {
                let path = self.resolve(ast, &[]);
                self.record(ast, path);
            }
            Kind::Path(base, steps) => self.path(base, steps),
            Kind::List(items) | Kind::And(items) | Kind::Or(items) | Kind::Call(_, items) => items.iter().for_each(|item| self.visit(item)),
            Kind::Context(entries) => entries.iter().for_each(|(_, value)| self.visit(value)),
            Kind::Negate(only) | Kind::Defined(only) => self.visit(only),
            Kind::Sum(first, rest) => {
                self.visit(first);
                rest.iter().for_each(|(_, operand)| self.visit(operand));
            }
            Kind::Compare(left, _, right) => [left, right].into_iter().for_each(|side| self.visit(side)),
            Kind::Between(between) => [&between.value, &between.low, &between.high].into_iter().for_each(|part| self.visit(part)),
            Kind::In(value, tests) => {
                self.visit(value);
                tests.iter().for_each(|test| self.test(test));
            }
            Kind::If(choice) => [&choice.condition, &choice.yes, &choice.no].into_iter().for_each(|part| self.visit(part)),
            Kind::For(bindings, body) | Kind::Some(bindings, body) | Kind::Every(bindings, body) => self.iteration(bindings, body),
        }
    }

    fn test(&mut self, test: &Test) {
        match &test.kind {
            TestKind::Any => {}
            TestKind::Compare(_, value) | TestKind::Equal(value) => self.visit(value),
            TestKind::Interval(interval) => [&interval.low, &interval.high].into_iter().for_each(|end| self.visit(end)),
            TestKind::Not(tests) => tests.iter().for_each(|test| self.test(test)),
        }
    }

    fn iteration(&mut self, bindings: &[Binding], body: &Ast) {
        let before = self.bound.len();
        for binding in bindings {
            self.visit(&binding.from);
            binding.to.iter().for_each(|end| self.visit(end));
            let stands_for = if binding.to.is_some() { None } else { self.stands_for(&binding.from) };
            self.bound.push((binding.name.clone(), stands_for));
        }
        self.visit(body);
        self.bound.truncate(before);
    }

    fn path(&mut self, base: &Ast, steps: &[Step]) {
        if !matches!(base.kind, Kind::Name(_)) {
            self.visit(base);
        }
        let path = self.resolve(base, steps);
        self.record(base, path);
        for (position, step) in steps.iter().enumerate() {
            if let StepKind::Filter(condition) = &step.kind {
                let stands_for = self.resolve(base, &steps[..position]);
                self.bound.push((ITEM.to_owned(), stands_for));
                self.visit(condition);
                self.bound.pop();
            }
        }
    }

    /// The path a bound expression stands for.
    fn stands_for(&self, ast: &Ast) -> Option<Vec<String>> {
        if let Kind::Path(base, steps) = &ast.kind { self.resolve(base, steps) } else { self.resolve(ast, &[]) }
    }

    /// The outer path of a name and the keys after it; places and filters stay inside their list.
    fn resolve(&self, base: &Ast, steps: &[Step]) -> Option<Vec<String>> {
        let Kind::Name(name) = &base.kind else { return None };
        let bound = self.bound.iter().rev().find(|(bound, _)| bound == name);
        let mut path = match bound {
            Some((_, stands_for)) => stands_for.clone()?,
            None => vec![name.clone()],
        };
        path.extend(steps.iter().filter_map(|step| if let StepKind::Key(key) = &step.kind { Some(key.clone()) } else { None }));
        Some(path)
    }

    fn record(&mut self, name: &Ast, path: Option<Vec<String>>) {
        if let Some(path) = path.filter(|path| !self.found.contains(path)) {
            self.first.get_or_insert_with(|| name.span.clone());
            self.found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn paths_follow_bound_variables() {
        for (source, expected) in [
            ("form.area_m2 > 5", vec!["form.area_m2"]),
            ("1 + 2", vec![]),
            ("some s in form.sources satisfies s.amount > case.rank", vec!["form.sources", "form.sources.amount", "case.rank"]),
            ("form.sources[item.kind = \"loan\"].amount", vec!["form.sources.amount", "form.sources.kind"]),
            ("sum(for s in form.sources, t in s.parts return t.cost)", vec!["form.sources", "form.sources.parts", "form.sources.parts.cost"]),
            ("for n in 1..3 return n", vec![]),
            ("`land-quota`.result in (\"a\", \"b\")", vec!["land-quota.result"]),
            ("if is defined(项目.总投资) then 项目.总投资 else 0", vec!["项目.总投资"]),
            ("{a: form.x}.a", vec!["form.x"]),
        ] {
            let expr = parse(source).expect(source);
            let found: Vec<_> = expr.paths().iter().map(|path| path.join(".")).collect();
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn roots_are_the_first_names() {
        let expr = parse("every r in form.rows satisfies r.a <= accept.fields.b").expect("valid");
        assert_eq!(expr.roots().into_iter().collect::<Vec<_>>(), ["accept", "form"]);
    }
}
