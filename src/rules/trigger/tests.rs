use super::*;

/// Writes a condition in one line: atoms of state bare, `!event`, `?judgement`.
fn show(condition: &Condition) -> String {
    let list = |parts: &[Condition], sign: &str| parts.iter().map(show).collect::<Vec<_>>().join(sign);
    match condition {
        Condition::All(parts) => format!("({})", list(parts, " & ")),
        Condition::Any(parts) => format!("({})", list(parts, " | ")),
        Condition::Not(inner) => format!("not {}", show(inner)),
        Condition::Atom(atom) => match &atom.test {
            Test::Compare { key, op, value } => format!("{key} {op:?} {value:?}"),
            Test::Is(word) => word.clone(),
            Test::Length { section, op, limit, unit } => format!("{} {op:?} {limit} {unit:?}", section.0),
            Test::Items { left } => format!("items {left}"),
            Test::File { path, test } => format!("{path} {test:?}"),
            Test::Event(event) => format!("!{event:?}"),
            Test::Judgement => format!("?{}", atom.text),
        },
    }
}

fn read(text: &str) -> Condition {
    let vocabulary = Vocabulary::new(
        vec!["PREPARE".into()],
        ["RiskLevel", "Phase", "EpicReference"].map(|key| (key, key)),
    );
    let file = format!("# é\n  {text} \n");
    let trigger = parse(&file, Span::new(4, file.len()), &vocabulary);
    assert_eq!(trigger.span.of(&file), text);
    for atom in trigger.condition.atoms() {
        assert_eq!(atom.span.of(&file), atom.text);
    }
    trigger.condition
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(show(&read(text)), expected, "{text}");
}

#[test]
fn comparisons_of_state() {
    check(
        "`Phase == VALIDATE && Status == COMPLETED`",
        r#"(Phase Equal Text("VALIDATE") & Status Equal Text("COMPLETED"))"#,
    );
    check("**`State.Status` is `BLOCKED_LINT`.**", r#"Status Equal Text("BLOCKED_LINT")"#);
    check("`State.CurrentItem` is not null", "CurrentItem NotEqual Null");
    check("CurrentItem != null", "CurrentItem NotEqual Null");
    check("Status == BLOCKED_*", r#"Status Equal Prefix("BLOCKED_")"#);
    check("Status = \"IN PROGRESS\"", r#"Status Equal Text("IN PROGRESS")"#);
    check("Confidence<7", "Confidence Less Number(7000)");
    check("PatternMatch ≥ 85%", "PatternMatch GreaterOrEqual Number(85000)");
    check("risk level = HIGH", r#"RiskLevel Equal Text("HIGH")"#);
    check("EpicReference exists", "EpicReference NotEqual Null");
    check("Status is READY or RUNNING", r#"(Status Equal Text("READY") | Status Equal Text("RUNNING"))"#);
    check("Phase == ANALYZE (start)", r#"Phase Equal Text("ANALYZE")"#);
    check("onboarding_completed == true", r#"onboarding_completed Equal Text("true")"#);
    check(
        "Status là COMPLETED VÀ CurrentItem không phải là null",
        r#"(Status Equal Text("COMPLETED") & CurrentItem NotEqual Null)"#,
    );
}

#[test]
fn bare_words() {
    check("VALIDATE && COMPLETED", "(VALIDATE & COMPLETED)");
    check("VALIDATE/COMPLETED", "(VALIDATE & COMPLETED)");
    check("COMPLETED+items", "(COMPLETED & items true)");
    check("In BLUEPRINT:", "BLUEPRINT");
    check("prepare", "prepare");
    check("BLUEPRINT+C≥4", "(BLUEPRINT & C GreaterOrEqual Number(4000))");
    check("HIGH", "?HIGH");
    check("weekly", "?weekly");
    check("IMPLEMENT fail", "?IMPLEMENT fail");
}

#[test]
fn joined_and_grouped() {
    check(
        "Phase == A AND (Status == B OR not Status == C)",
        r#"(Phase Equal Text("A") & (Status Equal Text("B") | not Status Equal Text("C")))"#,
    );
    check(
        "Phase == A && Status == B || Phase == C",
        r#"((Phase Equal Text("A") & Status Equal Text("B")) | Phase Equal Text("C"))"#,
    );
    check("Phase == A, Status == B", r#"(Phase Equal Text("A") & Status Equal Text("B"))"#);
    check("Phase == A, or Phase == C", r#"(Phase Equal Text("A") | Phase Equal Text("C"))"#);
    check("!(Phase == A)", r#"not Phase Equal Text("A")"#);
}

#[test]
fn lengths() {
    for text in [
        "`length(## Log) > 5 000 chars`",
        "length(Log) > 5,000",
        "## Log > 5000 characters",
        "When ## 6. Log exceeds 5000 chars",
        "Log > 5k chars",
    ] {
        check(text, "Log Greater 5000 Characters");
    }
    check("If `## Log` > 5,000 chars", "Log Greater 5000 Characters");
    check("`ArchiveLog` has more than 100 lines", "ArchiveLog Greater 100 Lines");
}

#[test]
fn sections_are_not_keys() {
    check("Plan is empty", "Plan Equal 0 Characters");
    check("If Log is empty", "Log Equal 0 Characters");
    check("`## Plan` is empty", "Plan Equal 0 Characters");
    check("Plan == empty", "Plan Equal 0 Characters");
    check("Log is not empty", "Log Greater 0 Characters");
    check("## Plan has content", "Plan Greater 0 Characters");
    check("Blueprint History is empty", "Blueprint History Equal 0 Characters");
    check("Log > 5.000 chars", "Log Greater 5000 Characters");
    check("Log > 1.000.000 chars", "Log Greater 1000000 Characters");
    check("Log > 1.5k chars", "Log Greater 1500 Characters");
    for text in [
        "Items is empty",
        "Items is not empty",
        "Plan is approved",
        "CurrentItem is completed",
        "Items > 5",
        "Items == 0",
        "## Items > 5",
        "## Log contains open entries",
        "Plan has open tasks",
        "Plan has no open tasks",
        "Log > 50%",
        "Log > 0.5 chars",
        "Log has more than 40 entries",
    ] {
        check(text, &format!("?{text}"));
    }
    let vocabulary = Vocabulary::new([], [("Plan", "Plan"), ("Items", "Items")]);
    let of_key = |text: &str| show(&parse(text, Span::new(0, text.len()), &vocabulary).condition);
    assert_eq!(of_key("Plan is approved"), r#"Plan Equal Text("approved")"#);
    assert_eq!(of_key("Plan is empty"), "Plan Equal Null");
    assert_eq!(of_key("Items > 5"), "Items Greater Number(5000)");
    assert_eq!(of_key("## Plan is empty"), "Plan Equal 0 Characters");
}

#[test]
fn several_values_of_one_key() {
    let either = r#"(Status Equal Text("READY") | Status Equal Text("RUNNING"))"#;
    for text in [
        "Status is READY or RUNNING",
        "Status == READY or RUNNING",
        "Status = READY/RUNNING",
        "Status == READY, RUNNING",
        "Status == READY || RUNNING",
    ] {
        check(text, either);
    }
    check("Status is not READY or GO", r#"(Status NotEqual Text("READY") & Status NotEqual Text("GO"))"#);
    check("Status != READY/RUNNING", r#"(Status NotEqual Text("READY") & Status NotEqual Text("RUNNING"))"#);
    check("Status == READY or RUNNING && Phase == A", &format!(r#"({either} & Phase Equal Text("A"))"#));
    check(
        "Status == READY or Phase == ANALYZE",
        r#"(Status Equal Text("READY") | Phase Equal Text("ANALYZE"))"#,
    );
    check("Phase == VALIDATE, COMPLETED", r#"(Phase Equal Text("VALIDATE") & COMPLETED)"#);
    check("Phase == VALIDATE/COMPLETED", "?Phase == VALIDATE/COMPLETED");
    check("Owner = N/A", r#"Owner Equal Text("N/A")"#);
}

#[test]
fn items() {
    for text in [
        "Items contains unprocessed rows",
        "Items left",
        "items",
        "unprocessed items",
        "## Items contains pending items",
        "more items remain",
    ] {
        check(text, "items true");
    }
    check("Items contains no unprocessed rows", "items false");
    check("no items left", "items false");
    check("Status == COMPLETED && Items left", r#"(Status Equal Text("COMPLETED") & items true)"#);
    check(
        "On `Status == COMPLETED` and unprocessed items",
        r#"(Status Equal Text("COMPLETED") & items true)"#,
    );
}

#[test]
fn files() {
    check("`project_config.md` is missing or empty", "project_config.md MissingOrEmpty");
    check("./docs/plan.md exists", "./docs/plan.md Exists");
    check("no workflow-system/user_config.json exists", "workflow-system/user_config.json Missing");
}

#[test]
fn events() {
    check(
        "AI session/task starts AND `workflow_state.md` exists.",
        "(!SessionStarted & workflow_state.md Exists)",
    );
    check(
        "Explicit user command (`@analyze`, `@Blueprint+` or `@x/y`).",
        r#"!Command(["@analyze", "@blueprint", "@x/y"])"#,
    );
    check(
        "Command `@validate` or entering VALIDATE phase.",
        r#"(!Command(["@validate"]) | !PhaseEntered(Some("VALIDATE")))"#,
    );
    check(
        "User command (`@config/update`) OR end of successful VALIDATE phase for significant change.",
        r#"(!Command(["@config/update"]) | !PhaseLeft(Some("VALIDATE")))"#,
    );
    check("Start of a new major task or phase.", "!TaskStarted");
    check("Before *every* decision/action cycle.", "!CycleStarted");
    check("After _every_ significant action or information receipt.", "!ActionDone");
    check(
        "After updating `workflow_state.md` or `project_config.md`.",
        r#"!FileUpdated(["workflow_state.md", "project_config.md"])"#,
    );
    check("Any a/user_config.json (generated) update", r#"!FileUpdated(["a/user_config.json"])"#);
    check(
        "Relevant source file saved during CONSTRUCT phase.",
        r#"!SourceSaved { during: Some("CONSTRUCT") }"#,
    );
    check("file save", "!SourceSaved { during: None }");
    check("`RULE_ITERATE_01` determines no more items.", r#"!ItemsExhausted { rule: "RULE_ITERATE_01" }"#);
    check("On test run", "!TestsRan");
    check("Any phase transition", "!PhaseEntered(None)");
    check("Before overwrite", "!PlanOverwritten");
    check("On new blueprint", "!PlanOverwritten");
    check("VALIDATE pass", r#"!PhaseLeft(Some("VALIDATE"))"#);
    check("On successful VALIDATE", r#"!PhaseLeft(Some("VALIDATE"))"#);
    check("Phase == BLUEPRINT (end, after user approval)", r#"!PhaseLeft(Some("BLUEPRINT"))"#);
    check(
        r#"User command like "revert to..." or "rollback to..." followed by a description."#,
        r#"!UserSaid(["revert to", "rollback to"])"#,
    );
    check(
        r#"User requests to reference a plan (e.g., "use blueprint from [date]")"#,
        r#"!UserSaid(["use blueprint from"])"#,
    );
    check("User confirms continuation via RULE_INIT_02 (for IN_PROGRESS state).", "!UserSaid([])");
    check("On user request", "!UserSaid([])");
    check("on deploy", r#"!Named("deploy")"#);
    check(
        "`State.Status == READY` and `State.CurrentItem == null` OR after `VALIDATE` phase completion.",
        r#"((Status Equal Text("READY") & CurrentItem Equal Null) | !PhaseLeft(Some("VALIDATE")))"#,
    );
}

#[test]
fn what_is_done_is_an_event() {
    check("`workflow_state.md` is saved", r#"!FileUpdated(["workflow_state.md"])"#);
    check(
        "Phase == A and workflow_state.md is saved",
        r#"(Phase Equal Text("A") & !FileUpdated(["workflow_state.md"]))"#,
    );
    check("CONSTRUCT is completed", r#"!PhaseLeft(Some("CONSTRUCT"))"#);
    check("the construct phase is done", "?the construct phase is done");
    check("construct phase is done", r#"!PhaseLeft(Some("construct"))"#);
    check("Status == A and PREPARE is complete", r#"(Status Equal Text("A") & !PhaseLeft(Some("PREPARE")))"#);
    check("Phase == ANALYZE*", r#"Phase Equal Prefix("ANALYZE")"#);
    check(
        "`Phase == ANALYZE*` and Status == B",
        r#"(Phase Equal Prefix("ANALYZE") & Status Equal Text("B"))"#,
    );
    check("*Phase == ANALYZE*", r#"Phase Equal Text("ANALYZE")"#);
    check("Phase == *ANALYZE*", r#"Phase Equal Text("ANALYZE")"#);
    check("**Phase == ANALYZE**", r#"Phase Equal Text("ANALYZE")"#);
    for text in ["On error", "Plan is done", "The build is completed", "build ends", "a.md is wonderful"] {
        check(text, &format!("?{text}"));
    }
}

#[test]
fn questions_stay_word_for_word() {
    for text in [
        "Unexpected error or ambiguity",
        "Epic Status == COMPLETED in epics.mdc",
        "User asks for help with Git (e.g., \"how do I use git?\")",
        "Any code modification",
        "Before UI structure changes",
        "Project config created, ready for session",
        "confidence drop>30%",
        "on failure",
        "Phase 2 is nearly ready",
        "새로운 작업 시작 시",
        "(((((((((((Phase == A)))))))))))",
        "Status == READY unless blocked",
    ] {
        check(text, &format!("?{text}"));
    }
    check(
        "AI determines it OR error handling (e.g., X) dictates",
        "(?AI determines it | ?error handling (e.g., X) dictates)",
    );
}

#[test]
fn questions_keep_the_state_beside_them() {
    check(
        "`Phase == BLUEPRINT && CurrentItem involves decisions`",
        r#"(Phase Equal Text("BLUEPRINT") & ?CurrentItem involves decisions)"#,
    );
    check(
        "`State.Phase == CONSTRUCT` and `State.CurrentItem` is not null and current step in `## Plan` requires work",
        r#"(Phase Equal Text("CONSTRUCT") & CurrentItem NotEqual Null & ?current step in `## Plan` requires work)"#,
    );
    check("first run, no a.json exists", "(?first run & a.json Missing)");
}

proptest::proptest! {
    #[test]
    fn every_text_is_a_condition(text in "\\PC{0,60}|((Phase|Status|Items|Log|and|or|not|==|is|&&|[(),;.`*]|5 000|left|after) ?){0,20}") {
        let vocabulary = Vocabulary::default();
        let trigger = parse(&text, Span::new(0, text.len()), &vocabulary);
        for atom in trigger.condition.atoms() {
            proptest::prop_assert_eq!(atom.span.of(&text), &atom.text);
        }
    }
}
