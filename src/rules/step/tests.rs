use super::*;
use crate::rules::ast::{Assignment, Command, Content, LogText, NewValue};

/// Writes steps in one line.
fn show(steps: &[Step]) -> String {
    steps.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn one(step: &Step) -> String {
    let value = |value: &NewValue| match value {
        NewValue::Literal(text) => text.clone(),
        other => format!("{other:?}"),
    };
    match &step.kind {
        StepKind::Set(pairs) => {
            let pairs = pairs.iter().map(|Assignment { key, value: new }| format!("{key}={}", value(new)));
            format!("set {}", pairs.collect::<Vec<_>>().join(","))
        }
        StepKind::Clear(section) => format!("clear {}", section.0),
        StepKind::Insert { target, position, content } => {
            let content = match content {
                Content::WorkSummary { dated } => format!("summary dated={dated}"),
                other => format!("{other:?}"),
            };
            format!(
                "insert {content} {position:?} {}/{}",
                target.path.as_deref().unwrap_or("-"),
                target.section.0
            )
        }
        StepKind::Archive { from, into, heading } => format!("archive {}>{} {heading:?}", from.0, into.0),
        StepKind::Summarise { count, from, into } => format!("summarise {count} {}>{}", from.0, into.0),
        StepKind::Log(LogText::Literal(text)) => format!("log \"{text}\""),
        StepKind::Log(text) => format!("log {text:?}"),
        StepKind::Read { path } => format!("read {path}"),
        StepKind::Find { section, path } => format!("find {} {path:?}", section.0),
        StepKind::Call { rule } => format!("call {rule}"),
        StepKind::If { guard, then, otherwise } => {
            let guard = match guard {
                Guard::Holds(condition) => {
                    format!("{:?}", condition.atoms().iter().map(|atom| &atom.text).collect::<Vec<_>>())
                }
                other => format!("{other:?}"),
            };
            let otherwise =
                if otherwise.is_empty() { String::new() } else { format!(" else {{{}}}", show(otherwise)) };
            format!("if {guard} {{{}}}{otherwise}", show(then))
        }
        StepKind::Run(Command::Line(line)) => format!("run `{line}`"),
        StepKind::Run(command) => format!("run {command:?}"),
        StepKind::Delegate => format!("delegate «{}»", step.text),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn check_spans(file: &str, steps: &[Step]) {
    for step in steps {
        assert_eq!(step.span.of(file), step.text, "a step's text is what its span holds");
        if let StepKind::If { then, otherwise, .. } = &step.kind {
            check_spans(file, then);
            check_spans(file, otherwise);
        }
    }
}

fn read_in(text: &str, subject: Option<&SectionName>, keeps_plan: bool) -> String {
    let vocabulary = Vocabulary::new(
        ["ANALYZE".to_owned(), "PREPARE".to_owned()],
        [("Phase", "Phase"), ("Status", "Status")],
    );
    let file = format!("é {text}\n");
    let context = Context { file: &file, vocabulary: &vocabulary, subject, keeps_plan };
    let mut steps = Vec::new();
    for span in crate::rules::segment::sentences(&file, Span::new(3, file.len() - 1)) {
        sentence(context, span, &mut steps);
    }
    check_spans(&file, &steps);
    show(&steps)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(read_in(text, None, false), expected, "{text}");
}

/// Everything in `text` is left to the agent, word for word.
#[track_caller]
fn check_delegated(text: &str) {
    check(text, &format!("delegate «{text}»"));
}

#[test]
fn assignments() {
    check("Set `Phase = ANALYZE`, `Status = READY`.", "set Phase=ANALYZE,Status=READY");
    check("Set `State.Phase = ANALYZE`, `State.Status = READY`.", "set Phase=ANALYZE,Status=READY");
    check(
        "Set **Status** to `BLOCKED_LINT` and CurrentItem to null",
        "set Status=BLOCKED_LINT,CurrentItem=null",
    );
    check("Set `CurrentItem` to next unprocessed row in **## Items**.", "set CurrentItem=NextItem");
    check("Set `CurrentItem` to next unprocessed row in **## Items** table.", "set CurrentItem=NextItem");
    check(
        "set `CurrentItem` to next, reset `Phase = ANALYZE, Status = READY`.",
        "set CurrentItem=NextItem; set Phase=ANALYZE,Status=READY",
    );
    check("next item, reset.", "set CurrentItem=NextItem; set Phase=FirstPhase,Status=READY");
    check("reset `State.Status`", "set Status=READY");
    check("`ANALYZE, RUNNING`.", "set Phase=ANALYZE,Status=RUNNING");
    check("set `NEEDS_PLAN_APPROVAL`", "set Status=NEEDS_PLAN_APPROVAL");
    check("set `VALIDATE`.", "set Phase=VALIDATE");
    check("Update `State.Phase` accordingly.", "set Phase=FromEvent");
    check("Update `State.Phase` (e.g., to `BLUEPRINT_REVISE`).", "set Phase=BLUEPRINT_REVISE");
    check(
        "Set `State.Status` appropriately (e.g., `NEEDS_PLAN_APPROVAL`).",
        "set Status=NEEDS_PLAN_APPROVAL",
    );
    check("Set CycleCount = CycleCount + 1", "set CycleCount=Plus(1)");
    check("Increment CycleCount by 2", "set CycleCount=Plus(2)");
    check("Set onboarding_completed = true", "set onboarding_completed=true");
}

#[test]
fn what_no_assignment_is() {
    for text in [
        "Set scope, complexity (1-5), risk level.",
        "Update `State.Phase` appropriately.",
        "Set Status to a value that fits",
        "Set Phase = ANALYZE, Status = READY in session file",
        "Set Status = BLOCKED_*",
        "Set Department from user_config.json",
        "Update user_config.json (generated): init_completed = true",
        "Set the table for two",
        "reset the database",
        "CODE → TEST → REVIEW it",
        "Clear ## Log unless Phase = ANALYZE",
    ] {
        check_delegated(text);
    }
}

#[test]
fn logs() {
    check("Log \"Resumed session.\"", "log \"Resumed session.\"");
    check("Log \"Starting [State.CurrentItem]\".", "log \"Starting [State.CurrentItem]\"");
    check("Log phase change.", "log PhaseChange");
    check("Log action.", "log Action");
    check("Log attempt.", "log Attempt");
    check("Log the reason.", "log Reason");
    check("Log error/situation to `## Log`.", "log Problem");
    check("capture tool output in **## Log**", "log Result");
    check("log results", "log Result");
    for text in [
        "Log ticket info in session for context",
        "Log findings in ## Plan",
        "Log agent selection in session",
        "Log the error to ## ArchiveLog",
    ] {
        check_delegated(text);
    }
}

#[test]
fn holes_are_filled_or_left_to_the_agent() {
    for text in [
        "Log \"[State.CurrentItem] is finished\"",
        "Log \"{State.CurrentItem} in {Phase}\"",
        "Log \"[Status] by [rule]\"",
        "Log \"[x] see [INFO] and [this](that.md): 1 < 2\"",
    ] {
        check(text, &text.replace("Log ", "log "));
    }
    for text in [
        "Log \"{timestamp} in {Phase}\"",
        "Log \"at <time>\"",
        "Log \"YYYY-MM-DD: finished\"",
        "Log \"[timestamp] finished\"",
        "Log \"an open {brace\"",
        "Log \"a [ before {date}\"",
        "Log \"in [a {date}]\"",
        "Log \"1 < {date} > 2\"",
        "Append \"- {Phase} finished on {date}\" to ## ArchiveLog",
        "Set LastUpdate = today",
        "Set LastUpdate = `now`",
        "Set LastUpdate to current time",
        "Set LastUpdate = <date>",
        "Set LastUpdate = YYYY-MM-DD",
        "Set LastUpdate = \"{date}\"",
    ] {
        check_delegated(text);
    }
}

#[test]
fn sections_change() {
    check(
        "Clear **## Log**, reset `Phase = ANALYZE, Status = READY`.",
        "clear Log; set Phase=ANALYZE,Status=READY",
    );
    check(
        "Summarise the top 5 findings from **## Log** into **## ArchiveLog**, then clear **## Log**.",
        "summarise 5 Log>ArchiveLog; clear Log",
    );
    check("archive top 5 lines to ArchiveLog, clear.", "summarise 5 Log>ArchiveLog; clear Log");
    check("top 5 lines to ArchiveLog, clear current log.", "summarise 5 Log>ArchiveLog; clear log");
    check(
        "summarize top 5 findings into `## ArchiveLog`, then clear `## Log`",
        "summarise 5 Log>ArchiveLog; clear Log",
    );
    let log = SectionName("Log".into());
    assert_eq!(read_in("clear", Some(&log), false), "clear Log");
    assert_eq!(read_in("archive top 5,clear", Some(&log), false), "summarise 5 Log>ArchiveLog; clear Log");
    check_delegated("clear");
    check_delegated("clear the cache");
    check_delegated("Summarise the top findings from ## Log");
}

#[test]
fn changelog_and_history() {
    check(
        "Insert the new changelog line immediately after the `## Changelog` heading and its following newline (making it the new first item in the list).",
        "insert summary dated=false First -/Changelog",
    );
    check(
        "Append one-sentence summary of completed work **with today's date** to `project_config.md` under **## Changelog**.",
        "insert summary dated=true First project_config.md/Changelog",
    );
    check(
        "Insert the new changelog line `- <One-sentence summary of completed work>` immediately after the `## Changelog` heading in `project_config.md`.",
        "insert summary dated=false First project_config.md/Changelog",
    );
    check(
        "Add a changelog entry: `- YYYY-MM-DD: <summary>` under **## Changelog**.",
        "insert summary dated=true First -/Changelog",
    );
    check_delegated("Add a line `x` under **## Notes**.");
    check("prepend one-liner to Changelog.", "insert summary dated=false First -/Changelog");
    check(
        "prepend summary to `## Changelog` in `project_config.md`.",
        "insert summary dated=false First project_config.md/Changelog",
    );
    check(
        "prepend one-liner to context/project_config.md (generated) Changelog.",
        "insert summary dated=false First context/project_config.md/Changelog",
    );
    check("Append \"done\" to ## Results", "insert Literal(\"done\") Last -/Results");
    check(
        "Prepend the SHA and commit message to `## Workflow History`.",
        "insert Commit First -/Workflow History",
    );
    check_delegated("Append a new row to the `## TokenizationResults` table with:");
    check_delegated("append a summary of failures to ## Changelog");
    check_delegated("prepend summary to ## Plan");
}

#[test]
fn plans_are_archived() {
    check("Archive current plan", "archive Plan>Blueprint History None");
    check(
        "archive old plan to `## Blueprint History` with timestamp and ID.",
        "archive Plan>Blueprint History None",
    );
    check(
        "If **## Plan** has content, archive it to **## Blueprint History** with timestamp and unique ID.",
        "if HasContent(SectionName(\"Plan\")) {archive Plan>Blueprint History None}",
    );
    assert_eq!(
        read_in("save to Blueprint History with time+ID.", None, true),
        "archive Plan>Blueprint History None"
    );
    assert_eq!(read_in("Archive", None, true), "archive Plan>Blueprint History None");
    check_delegated("Archive");
    check_delegated("Archive completed items and update metrics");
}

#[test]
fn preconditions_and_calls() {
    check("Read `project_config.md` (prompt user if missing).", "read project_config.md");
    check("Read existing `workflow_state.md`.", "read workflow_state.md");
    check(
        "Find the `## Changelog` heading in `project_config.md`.",
        "find Changelog Some(\"project_config.md\")",
    );
    check("Check `## Items` section for more items.", "find Items None");
    check("Trigger **RULE_ITERATE_01** when applicable.", "call RULE_ITERATE_01");
    check("trigger `RULE_A`, `RULE_B`.", "call RULE_A; call RULE_B");
    check("Trigger **RULE_A** to preserve existing plan if present.", "call RULE_A");
    check("Re-run failed test(s) or suite via RULE_T.", "call RULE_T");
    check("Proceed to RULE_INIT_01", "call RULE_INIT_01");
    check("Perform internal consistency check.", "checkconsistency");
    check_delegated("Read **project_config.md**, relevant code & docs.");
    check_delegated("Read current architecture.mdc to understand existing patterns.");
    check_delegated("Proceed to session creation");
    check_delegated("auto-trigger PRE_VALIDATION");
}

#[test]
fn guards() {
    check("If issues found, log and set `State.Status = X`.", "if Issues(true) {log Problem; set Status=X}");
    check("If clean, set `Status = COMPLETED`.", "if Succeeded(true) {set Status=COMPLETED}");
    check("On success of all steps, set `Phase = VALIDATE`.", "if Succeeded(true) {set Phase=VALIDATE}");
    check("If fail/complex, set `Status = B`, report to user.", "if Succeeded(false) {set Status=B; tell}");
    check(
        "If Status == READY, log \"x\", otherwise ask user.",
        "if [\"Status == READY\"] {log \"x\"} else {ask}",
    );
    check("If found, log action. Otherwise, inform the user.", "if Found(true) {log Action} else {tell}");
    check("auto-advance to VALIDATE if all pass.", "if Succeeded(true) {set Phase=VALIDATE}");
    check(
        "On completion, parse output, log result, set `State.Status = BLOCKED_TEST` if failures, `TESTS_PASSED` if success.",
        "describe; log Result; if Succeeded(false) {set Status=BLOCKED_TEST}; if Succeeded(true) {set Status=TESTS_PASSED}",
    );
    check(
        "If Status == READY, water the plants",
        "if [\"Status == READY\"] {delegate «If Status == READY, water the plants»}",
    );
    for text in [
        "If enabled → Ask user: \"Ticket?\"",
        "If <7 → request clarification.",
        "Otherwise, set Phase = A",
        "Unless told so, clear ## Log",
        "For each file, log action",
    ] {
        check_delegated(text);
    }
}

#[test]
fn a_guard_covers_its_whole_item() {
    check(
        "If Phase == ANALYZE: log \"a\"; set Retries = 0",
        "if [\"Phase == ANALYZE\"] {log \"a\"; set Retries=0}",
    );
    check(
        "If Phase == ANALYZE: log \"a\". Set Retries = 0.",
        "if [\"Phase == ANALYZE\"] {log \"a\"; set Retries=0}",
    );
    check(
        "If Phase == ANALYZE, log \"a\", then set Retries = 0; clear ## Log",
        "if [\"Phase == ANALYZE\"] {log \"a\"; set Retries=0; clear Log}",
    );
    check(
        "If Phase == ANALYZE, log \"a\". Set Retries = 0.",
        "if [\"Phase == ANALYZE\"] {log \"a\"}; set Retries=0",
    );
    check(
        "If found, log \"a\"; if not found, log \"b\"; clear ## Log",
        "if Found(true) {log \"a\"}; if Found(false) {log \"b\"; clear Log}",
    );
    check("Log \"a\" if failures; clear ## Log", "if Succeeded(false) {log \"a\"}; clear Log");
    check(
        "If Phase == ANALYZE: water the plants; clear ## Log",
        "if [\"Phase == ANALYZE\"] {delegate «If Phase == ANALYZE: water the plants; clear ## Log»}",
    );
    check_delegated("If the weather is nice, log \"a\"; set Retries = 0");
    check_delegated("If the weather is nice: log \"a\". Set Retries = 0.");
}

#[test]
fn alternatives_are_kept() {
    let both = "if [\"Status == READY\"] {log \"a\"} else {log \"b\"}";
    for text in [
        "If Status == READY then log \"a\" else log \"b\"",
        "If Status == READY, log \"a\", else log \"b\"",
        "If Status == READY, log \"a\" otherwise log \"b\"",
        "If Status == READY: log \"a\"; otherwise log \"b\"",
        "If Status == READY, log \"a\"; else: log \"b\"",
    ] {
        check(text, both);
    }
    check(
        "If Status == READY, log \"a\"; else log \"b\"; clear ## Log",
        "if [\"Status == READY\"] {log \"a\"} else {log \"b\"; clear Log}",
    );
    check(
        "If Status == READY, ask user otherwise clear ## Log",
        "if [\"Status == READY\"] {ask} else {clear Log}",
    );
    check(
        "If Status == READY then log \"a\" else water the plants",
        "if [\"Status == READY\"] {delegate «If Status == READY then log \"a\" else water the plants»}",
    );
}

#[test]
fn ordinary_words_are_no_guards() {
    for text in [
        "When done, set Status = COMPLETED",
        "If ready, clear ## Log",
        "If blocked, set Phase = ANALYZE",
        "Once completed, clear ## Log",
    ] {
        check_delegated(text);
    }
    check("If `done`, clear ## Log", "if [\"done\"] {clear Log}");
    check("If DONE, clear ## Log", "if [\"DONE\"] {clear Log}");
    check("If in_progress, clear ## Log", "if [\"in_progress\"] {clear Log}");
    check("In prepare, clear ## Log", "delegate «In prepare, clear ## Log»");
    check("If prepare, clear ## Log", "if [\"prepare\"] {clear Log}");
}

#[test]
fn commands() {
    check("Instruct Cursor terminal to run lint command.", "run Checks([Lint])");
    check("Instruct Cursor to apply formatter or run format command via terminal.", "run Checks([Format])");
    check("run test / linter commands specified in `project_config.md`", "run Checks([Test, Lint])");
    check("Run lint, typecheck, and tests via repo scripts", "run Checks([Lint, Test])");
    check("Rerun full test suite & any E2E checks.", "run Checks([Test])");
    check("Retrieve the new commit SHA using `git rev-parse HEAD`.", "run `git rev-parse HEAD`");
    check(
        "Upon user confirmation, execute the `git add .` and `git commit` commands.",
        "if Confirmed {run `git add .`; run Commit}",
    );
    check("Run `cargo test`", "run `cargo test`");
    check("Instruct Cursor to apply it.", "delegate «Instruct Cursor to apply it.»");
    check_delegated("Run tests after each change");
    check_delegated("run dependency static analysis");
    check_delegated("Run the `VALIDATE` phase");
}

#[test]
fn a_person_decides_what_destroys_work() {
    for text in [
        "execute `git checkout <SHA>`",
        "execute `git reset --hard`",
        "run `git clean -fd`",
        "execute `git add .`, `git commit` and `git push`",
        "Execute `git commit -m \"message\"`",
        "run `git add . && git push`",
        "run `git diff <A> <B>`",
        "run `git -C x push`",
        "checkout specified SHA",
        "Search `## Workflow History` for the SHA corresponding to the description.",
    ] {
        check(text, "ask");
    }
}

#[test]
fn persons() {
    check(
        "Ask user for first high-level task → `Phase = ANALYZE, Status = RUNNING`.",
        "ask; set Phase=ANALYZE,Status=RUNNING",
    );
    check(
        "prompt user for first task, then set `Phase = ANALYZE, Status = RUNNING`",
        "ask; set Phase=ANALYZE,Status=RUNNING",
    );
    check(
        "Set `Status = NEEDS_PLAN_APPROVAL` and await user confirmation.",
        "set Status=NEEDS_PLAN_APPROVAL; ask",
    );
    check("Report to user, request instructions.", "tell; ask");
    check("Ask user department, role, preferences", "ask");
    check("Provide a brief list of common Git commands (`commit`, `branch`).", "tell");
    check(
        "Check `State.Status`: Handle READY, BLOCKED_* appropriately (prompt user or report status).",
        "tell",
    );
    check(
        "prompt user to commit, suggest branch, log SHA and message in `## History`.",
        "ask; tell; delegate «log SHA and message in `## History`»",
    );
    check_delegated("prompt|auto-commit");
    check_delegated("display the content or copy it to **## Plan** as requested");
    check_delegated("pause and notify user");
}

#[test]
fn descriptions_need_nothing() {
    for text in [
        "Proceed with the next action based on loaded state and rules.",
        "Immediately update relevant sections (`## State`, `## Plan`, `## Log`) in `workflow_state.md` and save.",
        "Construct the new changelog line: `- <One-sentence summary of completed work>`.",
        "Format: `### Blueprint [YYYY-MM-DD HH:MM:SS] - ID: [UUID-short]`",
        "Before overwriting **## Plan**, check if it contains existing content.",
        "Then proceed with updating **## Plan** with new blueprint.",
    ] {
        check(text, "describe");
    }
}

#[test]
fn everything_else_is_the_agents_word_for_word() {
    for text in [
        "Analyze error in `## Log`.",
        "Attempt auto-fix if simple/confident.",
        "Generate modification.",
        "Follow the approved **## Plan** exactly.",
        "Phân tích yêu cầu và ghi lại.",
        "Phase를 ANALYZE로 설정",
        "Clear ## Log and water the plants",
        "Create new state file",
        "Create NEW `a.json` with template content",
    ] {
        check_delegated(text);
    }
}

proptest::proptest! {
    #[test]
    fn every_text_is_steps(text in "\\PC{0,60}|((Set|Clear|Log|If|ask|Phase|=|→|, then|, |and|`|\\(|\\)|## Log|RULE_A|READY|\"x\"|otherwise|[.;:]) ?){0,16}") {
        read_in(&text, None, true);
    }
}
