//! Every code `check` can give, with what it is about: printed by `greenlane check --codes`, and a section of `workflows/README.md`.
//! Invariant: a code stands here once and keeps its meaning; one that is given up is not given away again.
//! Never: a code that nothing notes (a test reads the sources and the wrong files against this list).

/// A rule of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The code.
    pub code: &'static str,
    /// What is wrong, in Chinese.
    pub zh: &'static str,
    /// What is wrong, in English.
    pub en: &'static str,
    /// Whether it is only to be known.
    pub warning: bool,
}

const fn rule(code: &'static str, zh: &'static str, en: &'static str) -> Rule {
    Rule { code, zh, en, warning: false }
}

const fn warning(code: &'static str, zh: &'static str, en: &'static str) -> Rule {
    Rule { code, zh, en, warning: true }
}

/// All of them, in order.
pub const RULES: &[Rule] = &[
    rule("GL001", "文件读不出来：不是 YAML，或太大", "the file cannot be read: not YAML, or too large"),
    rule("GL002", "没有这个键", "a key that does not exist"),
    rule("GL003", "缺少必须写的键", "a key that must be written is missing"),
    rule("GL004", "值的写法不对，或没有这个词", "a value of another kind, or a word that does not exist"),
    rule("GL005", "名称重复，或是保留字", "a name used twice, or reserved"),
    rule("GL006", "表单、决策表、账户或日历里的错误", "a mistake in a form, a decision table, an account or a calendar"),
    rule("GL010", "没有这个步骤", "a step that does not exist"),
    rule("GL011", "没有这个结果", "an outcome or a result that does not exist"),
    rule("GL012", "有结果没有去向", "an outcome that no edge takes"),
    rule("GL013", "没有这个办理人或提醒阶梯", "somebody under `people`, or a ladder, that does not exist"),
    rule("GL014", "没有这个工作流", "a workflow that does not exist"),
    rule("GL015", "没有这个表单或决策表文件", "a form's or a table's file that does not exist"),
    rule("GL016", "表达式读的字段不存在", "an expression reads a field that does not exist"),
    rule("GL017", "表达式写错，或类型不合", "an expression that cannot be read, or whose types do not fit"),
    rule("GL018", "没有这种账户，或账户的键不全", "a kind of account that does not exist, or a key with missing parts"),
    rule("GL019", "岗位没有人（给出名册时）", "a post that nobody holds (with a roster)"),
    rule("GL020", "没有去向通到这一步", "a step that no edge leads to"),
    rule("GL021", "这一步走不到结束", "a step from which no edge leads to an end"),
    rule("GL022", "并行分支与外面之间的去向", "an edge into or out of a parallel branch, or an end in it"),
    rule("GL023", "否决与 on-reject 不成对", "rejects and on-reject that do not belong together"),
    rule("GL024", "汇合永远不会发生", "a join that no branch leads to"),
    rule("GL025", "工作流绕回来调用自己", "a workflow that calls itself"),
    rule("GL026", "没有人办理就绕回原处", "a circle in which nobody acts"),
    rule("GL027", "并行的条件、默认分支、汇合数目或 race 写得不对", "a condition, a default branch, a number of branches or a race that cannot be so"),
    rule("GL028", "退回的步骤不在这一步之前", "a return to what does not come before"),
    rule("GL029", "与没有人办理的步骤分离", "kept apart from a step in which nobody acts"),
    rule("GL030", "既要同一人，又不能同一人", "asked to be the same person and another"),
    rule("GL031", "只有行政许可才能写的规则", "a rule that only a licence may use"),
    rule("GL032", "法定时限没有法律依据，或有不得剔除的事由", "a statutory limit without its article, or stopped by what no statute lists"),
    rule("GL033", "补正不停止时限", "a correction stops no limit"),
    rule("GL034", "没有时限列出这个不计入事由", "a cause that no limit excludes"),
    rule("GL036", "依据在这一天没有施行", "a law that is not in force on the day"),
    rule("GL037", "不予许可没有文书", "a refusal without a document"),
    rule("GL039", "有数量限制的许可按等级候补（行政许可法 57）", "a licence limited in number that waits by rank"),
    rule("GL042", "环节时限合计超过承诺", "step limits that add up past the promise"),
    rule("GL043", "作决定的人没有与承办人分离", "who decides is not kept apart from who examines"),
    rule("GL044", "行政许可的签批免填意见", "an answer of a licence without an opinion"),
    rule("GL045", "事件写在不等待的步骤上，或写法不对", "an event on what does not wait, or one that cannot be so"),
    rule("GL046", "报出的错误没有人接，或接的错误没有人报", "an error that nothing catches, or caught and thrown by nothing"),
    rule("GL047", "锁套着锁，或写在不办理的步骤上", "a lock inside a lock, or on a step in which nothing is worked on"),
    rule("GL048", "票数超过会签的总票数", "more votes than the group has"),
    rule("GL049", "退回上级流程的步骤在调用处没有", "a return to a step of the caller that no caller has"),
    rule("GL050", "有一种办法再也走不到结束", "a way of acting after which no end can be reached"),
    rule("GL051", "有一种办法使汇合一直等下去", "a way of acting after which a join waits for ever"),
    rule("GL052", "有一种办法走到结束时别的步骤还没有办完", "a way of acting that ends while other steps still run"),
    rule("GL053", "有一种办法离开并行，汇合提前发生", "a way of acting that leaves a parallel step, so that its join fires early"),
    rule("GL054", "有一种办法使同一步同时出现两份", "a way of acting that opens a step twice at once"),
    rule("GL055", "无论怎样办理都到不了这一步", "a step that no way of acting reaches"),
    warning("GL056", "状态太多，没有全部验证", "too many states: not fully explored"),
    warning("GL057", "没人等候的分支可能同时有两份", "a branch beside that may run twice at once"),
    warning("GL058", "时限会超出已公布的日历", "a limit that runs past the published calendar"),
    rule("GL060", "表单字段的 see、edit 写了没有的步骤", "a step in `see` or `edit` of a form's field that does not exist"),
    rule("GL061", "外部作业上接了它不会报出的错误", "an event on an outside job for what it never reports"),
    rule(
        "GL062",
        "督办单不在到期日之后草拟，或写了没有的、填不了的督办工作流",
        "a supervision order that is not drafted after the due day, or whose workflow does not exist or cannot be filled in",
    ),
    rule("GL063", "没有这种通知", "a kind of notice that does not exist"),
    warning("GL064", "机构的职能已由别的机构承继（给出名册时）", "an office that another has taken over from (with a roster)"),
    rule("GL065", "灯的阈值使时限总是黄灯，或没有黄灯", "thresholds that make a limit always yellow, or never"),
    rule("GL066", "按工作日计的时限写了逢休假日顺延", "a working-day limit that is to move off a day off"),
    rule("GL067", "进度(progress)指的不是答复里的时间表", "progress that points to no timetable in an answer"),
    rule("GL068", "最短时间长过时限，或提前理由没有字段可填", "a least time longer than the limit, or no field for the reason of less"),
    rule("GL069", "材料(papers)不是表单的 file 字段", "a paper that is no file field of the form"),
];

/// The rule of a code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// The rules as a table that also reads as Markdown.
#[must_use]
pub fn table() -> String {
    let row = |rule: &Rule| {
        let (zh, en) = if rule.warning { ("提示：", "warning: ") } else { ("", "") };
        format!("| {} | {zh}{} | {en}{} |\n", rule.code, rule.zh, rule.en)
    };
    let rows: String = RULES.iter().map(row).collect();
    format!("| code | 含义 | meaning |\n|---|---|---|\n{rows}")
}
