use super::*;
use crate::rules::ast::{Assignment, Class, NewValue, Step, StepKind};

/// Compiles a file, checks every span, and writes each rule in a line: `id form (title): clauses; constraints`.
fn outline_of(file: &str) -> String {
    let set = compiled(file);
    let clause = |clause: &Clause| {
        let trigger = clause.trigger.as_ref().map_or("-", |trigger| match trigger.condition.class() {
            Class::State => "state",
            Class::Event => "event",
            Class::Judgement => "judgement",
        });
        let steps =
            clause.steps.iter().map(|step| if step.kind == StepKind::Delegate { "delegate" } else { "do" });
        format!("{trigger}>{}", steps.collect::<Vec<_>>().join("+"))
    };
    let rule = |rule: &Rule| {
        let title = rule.title.as_ref().map_or(String::new(), |title| format!(" ({title})"));
        let clauses: Vec<_> = rule.clauses.iter().map(clause).collect();
        let constraints = match rule.constraints.len() {
            0 => String::new(),
            count => format!(" {count} constraints"),
        };
        format!("{} {:?}{title}: {}{constraints}", rule.id, rule.form, clauses.join(" | "))
    };
    let phase = |phase: &Phase| format!("phase {}: {}", phase.name, phase.steps.len());
    let lines: Vec<_> = set.phases.iter().map(phase).chain(set.rules.iter().map(rule)).collect();
    lines.join("\n")
}

fn compiled(file: &str) -> RuleSet {
    let set = compile(&WorkflowState::parse(file));
    for rule in &set.rules {
        assert!(rule.span.covers(rule.id_span), "{}", rule.id);
        for clause in &rule.clauses {
            assert!(rule.span.covers(clause.span), "{}: {:?}", rule.id, clause.span.of(file));
            if let Some(trigger) = &clause.trigger {
                assert_eq!(trigger.span.of(file), trigger.text);
            }
            all_steps(&clause.steps, &mut |step| {
                assert_eq!(step.span.of(file), step.text);
                assert!(rule.span.covers(step.span), "{}: {}", rule.id, step.text);
            });
        }
        for constraint in &rule.constraints {
            assert_eq!(constraint.span.of(file), constraint.text);
        }
    }
    for phase in &set.phases {
        assert_eq!(phase.name_span.of(file).replace('\\', ""), phase.name);
    }
    set
}

#[track_caller]
fn check(rules: &str, expected: &str) {
    for ending in ["\n", "\r\n"] {
        let file = format!(
            "# x\n\n## State\nPhase: INIT\nStatus: READY\n\n## Rules\n{rules}\n\n## Log\n- RULE_NOT_01: Trigger: x Action: y\n"
        );
        assert_eq!(outline_of(&file.replace('\n', ending)), expected, "{rules}");
    }
}

/// The codes of what is found wrong with `rules`, and the file after all fixes.
fn diagnose(rules: &str) -> (Vec<&'static str>, String) {
    let file = format!("## State\nPhase: INIT\n\n## Rules\n{rules}\n");
    let set = compiled(&file);
    let codes = set.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let mut fixed = file.clone();
    for edit in set
        .diagnostics
        .iter()
        .rev()
        .filter_map(|diagnostic| diagnostic.fix.as_ref())
        .flat_map(|fix| &fix.edits)
    {
        fixed.replace_range(edit.span.start..edit.span.end, &edit.new_text);
    }
    (codes, fixed)
}

/// All steps of a list, those inside guards included, in order.
fn all_steps<'a>(steps: &'a [Step], visit: &mut impl FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        if let StepKind::If { then, otherwise, .. } = &step.kind {
            all_steps(then, visit);
            all_steps(otherwise, visit);
        }
    }
}

const STEPS: &str = "Ask user for the task → `Phase = ANALYZE, Status = RUNNING`.";

#[test]
fn headings_with_labels() {
    check(
        &format!("### RULE_INIT_01\nTrigger ▶ `Phase == INIT`  \nAction ▶ {STEPS}"),
        "RULE_INIT_01 Heading: state>do+do",
    );
    check(
        &format!("#### RULE_A (NEW)\n**Trigger**: Phase == INIT\n**Action**:\n1. {STEPS}\n\n2. Log action."),
        "RULE_A Heading ((NEW)): state>do+do+do",
    );
    check(
        "### RULE_A: Daily check\n**Trigger:** x\n**Actions:** Log action.",
        "RULE_A Heading (Daily check): judgement>do",
    );
    check(
        "### 📌 RULE_A\nTrigger: on request\nAction: Log action. Water the plants.",
        "RULE_A Heading: event>do+delegate",
    );
    check(
        "# --- Core ---\n### RULE_A\nTrigger: x\nAction: Log action.\n# --- More ---\n### RULE_B\nTrigger: x\nAction: Log action.",
        "RULE_A Heading: judgement>do\nRULE_B Heading: judgement>do",
    );
}

#[test]
fn bare_labels() {
    check(
        "**# --- Core ---**\n\nRULE_A:\n  **Constraint:** NO code.\n\nRULE_B: # a comment\n  **Trigger:** Phase == INIT\n  **Action:**\n    1. Log action.\n    2. Log \"x\".\nRULE_C:\n  **Trigger:** x\n  **Action:** Log action.\n\n**# --- Next ---**\nprose",
        "RULE_A Constraint:  1 constraints\nRULE_B Label: state>do+do\nRULE_C Label: judgement>do",
    );
    check("RULE_A:\n**Permitted:** reading\n**Forbidden:** writing", "RULE_A Constraint:  2 constraints");
}

#[test]
fn one_line_and_bullets() {
    check("RULE_A: Trigger: Phase == INIT Action: Log action. Log \"x\".", "RULE_A OneLine: state>do+do");
    check("- **RULE_A:** **Trigger:** Phase == INIT **Action:** Log action.", "RULE_A OneLine: state>do");
    check(
        "- **RULE_A:** On `Phase == INIT`, log action.\n- RULE_B: If `## Log` > 5,000 chars, clear `## Log`.\n- Be kind.",
        "RULE_A Bullet: state>do\nRULE_B Bullet: state>do",
    );
    check(
        "1. [RULE_A] - 초기화 규칙\n   - 파일을 읽기\n   - 상태 설정\n2. [RULE_B] - x",
        "RULE_A Constraint (초기화 규칙):  2 constraints\nRULE_B Constraint:  1 constraints",
    );
    check(
        "### Git rules\n- RULE_A: prompt commit on VALIDATE pass.\n- RULE_B: diff two SHAs.",
        "RULE_A Bullet: event>do\nRULE_B Constraint:  1 constraints",
    );
}

#[test]
fn arrows() {
    check(
        "### RULE_LOG_ROTATE_01  \nLog > 3000 chars → archive top 5 lines to ArchiveLog, clear.",
        "RULE_LOG_ROTATE_01 Arrow: state>do+do",
    );
    check(
        "### RULE_FLOW: INIT→ask task→ANALYZE,RUNNING; COMPLETED+items→next,reset",
        "RULE_FLOW Arrow: state>do+do | state>do+do",
    );
    check(
        "### RULE_LOG: >3000 chars→archive top 5,clear; VALIDATE+COMPLETED→changelog",
        "RULE_LOG Arrow: state>do+do | state>do",
    );
    check("### RULE_X: >3000 chars→clear", "RULE_X Arrow: judgement>delegate");
    check("### RULE_FLOW: INIT→ANALYZE→VALIDATE→COMPLETED|ROLLBACK", "RULE_FLOW Constraint:  1 constraints");
    check(
        "### RULE_P\n- ANALYZE → VALIDATE: when done\n- VALIDATE → ANALYZE: on new work",
        "RULE_P Constraint:  2 constraints",
    );
    check(
        "### RULE_A\nSimple tasks → skip it.\nComplex tasks → add more.",
        "RULE_A Arrow: judgement>delegate | judgement>delegate",
    );
    check(
        "### RULE_R\nIn BLUEPRINT:\n- If Confidence ≥4 → log action.\n- If Confidence < 2 → log action.",
        "RULE_R Arrow: state>do | state>do",
    );
    check(
        "### RULE_R\nOn failure:  \n1. Scan logs.  \n2. Log action.  \nAfter 2 failures → enable it.",
        "RULE_R Arrow: judgement>delegate+do | judgement>delegate",
    );
    check(
        "### RULE_B: Archive before overwrite; restore on request; diff visualize",
        "RULE_B Bullet: event>do | event>delegate 1 constraints",
    );
}

#[test]
fn semicolons_go_on_with_the_action() {
    let set = compiled(
        "## Rules\n### RULE_N\nStatus == COMPLETED → set CurrentItem to next unprocessed row in Items; set Status = RUNNING; clear Log\n",
    );
    let steps = &set.rules[0].clauses[0].steps;
    let texts: Vec<_> = steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        texts,
        ["set CurrentItem to next unprocessed row in Items", "set Status = RUNNING", "clear Log"]
    );
    check("### RULE_N\nArchiveLog > 20000 chars → clear ArchiveLog; clear Log", "RULE_N Arrow: state>do+do");
    check(
        "```\nRULE_1: status == completed -> currentItem = next item; status = running\n```",
        "RULE_1 Arrow: state>do+do",
    );
    for (rule, expected) in [
        ("Phase == INIT → log action. Clear Log.", "state>do+do"),
        ("Phase == INIT → clear Log; COMPLETED → log action; ask user", "state>do | state>do+do"),
        ("Phase == INIT → clear Log; water the plants; log action", "state>do+delegate+do"),
        ("Phase == INIT → clear Log; otherwise water the plants", "state>do+delegate"),
        ("Phase == INIT → run tests; if tests fail, ask user", "state>do+do"),
        ("Phase == INIT → clear Log; if Phase == ANALYZE, log action", "state>do | state>do"),
        ("On Phase == INIT, log action; clear Log", "state>do+do"),
        ("On Phase == INIT, log action; on Phase == ANALYZE, clear Log", "state>do | state>do"),
        ("Phase == INIT → clear Log; restore on request", "state>do | event>delegate"),
        // Prose behind a sentence, or behind what nobody understood, is not work.
        ("Phase == INIT → clear Log. Prevents an overflow.", "state>do 1 constraints"),
        ("Full moon → water the plants; enjoy them", "judgement>delegate 1 constraints"),
    ] {
        let form = if rule.contains('→') { "Arrow" } else { "Bullet" };
        check(&format!("### RULE_N\n{rule}"), &format!("RULE_N {form}: {expected}"));
    }
}

#[test]
fn prohibitions_are_constraints() {
    check(
        "### RULE_N\nNEVER create README.md files.\nDocumentation needs a request.",
        "RULE_N Constraint:  2 constraints",
    );
    check(
        "### RULE_N\nPrevent creation of:\n- README.md\n- CHANGELOG.md",
        "RULE_N Constraint:  1 constraints",
    );
    check("### RULE_N: Only a title", "RULE_N Constraint:  1 constraints");
}

#[test]
fn phases() {
    check(
        "> quote\n\n### [PHASE: ANALYZE]\n1. Read it.\n2. After each change:\n   - run tests\n\n### [PHASE: MY_PHASE]  \nDo this; then that.\n\n**Phase: TEST**\n- x\n\n### Phase transitions\n- y\n### RULE_A\nTrigger: x\nAction: Log action.",
        "phase ANALYZE: 2\nphase MY_PHASE: 2\nphase TEST: 1\nRULE_A Heading: judgement>do",
    );
    check("### ANALYZE\n- a\n### 🔨 CONSTRUCT Phase\n- b\n- c", "phase ANALYZE: 1\nphase CONSTRUCT: 2");
    check("### ANALYZE\n- a\n### Notes\n- b", "");
}

#[test]
fn fences() {
    check(
        "```yaml\nRULE_A:\n  Trigger: Phase == INIT\n  Action: Log action.\n\n### RULE_B\nx → log action\n```",
        "RULE_A Label: state>do\nRULE_B Arrow: judgement>do",
    );
    check(
        "### RULE_A\nTrigger: x\nAction: Log action.\n\n```\nRULE_C: Trigger: x Action: y\n```\n\nprose",
        "RULE_A Heading: judgement>do+delegate+delegate",
    );
}

#[test]
fn what_names_a_rule_does_not_define_it() {
    check(
        "### RULE_A\nTrigger: `RULE_B` determines no more items\nAction:\n1. Trigger RULE_C.\n2. RULE_C runs then\n   - RULE_D: is called",
        "RULE_A Heading: event>do+delegate",
    );
    check("Prose about RULE_A, and RULE_B.", "");
    assert_eq!(outline_of("## Plan\nRULE_A: Trigger: x Action: y\n\n## Notes\n### RULE_B\n"), "");
}

#[test]
fn lists_of_steps() {
    let file = "## Rules\nRULE_A:\n  **Trigger:** Phase == INIT\n  **Action:**\n    1. If more items:\n    2. Log action.\n    3. Clear `## Log`.\n    4. If no more items:\n    5. Trigger `RULE_A`.\n";
    let set = compiled(file);
    let [step] = set.rules[0].clauses[0].steps.as_slice() else { panic!("one step") };
    let StepKind::If { then, otherwise, .. } = &step.kind else { panic!("a guard") };
    assert_eq!((then.len(), otherwise.len()), (2, 1));
    check(
        "### RULE_A\nTrigger: x\nAction:\n1. Check the field:\n   - If false → ask user\n   - If true → log action\n2. Log action.",
        "RULE_A Heading: judgement>delegate+do",
    );
    check(
        "### RULE_A\nTrigger: x\nAction: Do this\n  and that,\n  in one sentence.\n- Log action.",
        "RULE_A Heading: judgement>delegate+do",
    );
}

/// The number of steps of an action with one guard: those inside it, those of its alternative, and
/// the top-level steps.
#[track_caller]
fn check_guarded(action: &str, expected: (usize, usize, usize)) {
    let file = format!("## Rules\n### RULE_A\nTrigger: x\nAction:\n{action}\n");
    let set = compiled(&file);
    let steps = &set.rules[0].clauses[0].steps;
    let StepKind::If { then, otherwise, .. } = &steps[0].kind else { panic!("no guard in {steps:?}") };
    assert_eq!((then.len(), otherwise.len(), steps.len()), expected, "{action}");
    assert!(then.iter().all(|step| step.kind != StepKind::Delegate), "{action}");
}

#[test]
fn lists_below_a_guard_are_guarded() {
    for opening in ["If Phase == ANALYZE:", "If Phase == ANALYZE then:", "If Phase == ANALYZE, then:"] {
        for [first, second] in [["a.", "b."], ["a)", "b)"], ["(a)", "(b)"], ["-", "-"], ["1.", "2."]] {
            let nested = format!("   {first} Log \"x\"\n   {second} Set Status = BLOCKED");
            check_guarded(&format!("1. {opening}\n{nested}\n2. Log action."), (2, 0, 2));
            check_guarded(&format!("1. {opening}\n{nested}\n2. Otherwise:\n{nested}"), (2, 2, 1));
        }
    }
    check_guarded("1. If Phase == ANALYZE, log action; clear ## Log\n2. Log action.", (2, 0, 2));
    for unread in ["If the weather is nice:\n- Log action.\n- Clear ## Log", "Otherwise:\n- Clear ## Log"] {
        check(&format!("### RULE_A\nTrigger: x\nAction:\n{unread}"), "RULE_A Heading: judgement>delegate");
    }
    check(
        "### RULE_A\nTrigger: x\nAction:\n1. If Phase == ANALYZE, log action\n   - clear ## Log\n2. Log action.",
        "RULE_A Heading: judgement>delegate+do",
    );
}

#[test]
fn templates_are_found() {
    let file = "## Rules\n### RULE_A\nTrigger: x\nAction:\n1. If ## Plan has content, archive it to ## Blueprint History with timestamp and unique ID.\n2. Format: `### Blueprint [YYYY-MM-DD]`\n";
    let set = compiled(file);
    let StepKind::If { then, .. } = &set.rules[0].clauses[0].steps[0].kind else { panic!("a guard") };
    let StepKind::Archive { heading, .. } = &then[0].kind else { panic!("an archive") };
    assert_eq!(heading.as_deref(), Some("### Blueprint [YYYY-MM-DD]"));
}

#[test]
fn damaged_ids_are_mended() {
    let (codes, fixed) = diagnose(
        "RULE*INIT_02:\n  **Trigger:** x\n  **Action:** Log action.\n\nRULE\\_B:\n  **Trigger:** x\n  **Action:**\n    1. Log action.\n    2. Log \"x\".\n    RULE\\*C_01:\n      **Trigger:** x\n      **Action:** Log action.",
    );
    assert_eq!(codes, ["damaged-rule-id"; 3]);
    assert!(diagnose(fixed.split_once("## Rules\n").unwrap().1.trim_end()).0.is_empty(), "{fixed}");
    assert_eq!(
        outline_of(&fixed),
        "RULE_INIT_02 Label: judgement>do\nRULE_B Label: judgement>do+do\nRULE_C_01 Label: judgement>do"
    );
}

#[test]
fn findings() {
    let codes = |rules: &str| diagnose(rules).0;
    assert_eq!(
        codes("### RULE_A\nTrigger: x\nAction: Log action.\n### RULE_A\nTrigger: y\nAction: Log action."),
        ["duplicate-rule-id"]
    );
    assert_eq!(codes("### RULE_A\nAction: Log action."), ["action-without-trigger"]);
    assert_eq!(codes("### RULE_A\nTrigger: x"), ["trigger-without-action"]);
    assert_eq!(codes("### RULE_A\n### RULE_B\nx → log action"), ["empty-rule"]);
    assert_eq!(
        codes(
            "RULE_A:\n  **Trigger:** x\n\nRULE_B:\n  **Trigger:** y\n  **Action:** Log action.\n\n  **Action:** Log action."
        ),
        ["trigger-without-action", "second-action"]
    );
    assert_eq!(codes("### RULE_A\nTrigger: x\nAction: Trigger RULE_B."), ["unknown-rule"]);
    assert_eq!(codes("### RULE_A\nTrigger: Confidence < 7\nAction: Log action."), ["unknown-key"]);
    assert_eq!(
        codes("### RULE_A\nTrigger: length(## Lgo) > 5\nAction: Log action.\n## Log\n"),
        ["unknown-section"]
    );
    assert_eq!(codes("### RULE_A\nTrigger: x\nAction: Log action.\n"), [""; 0]);
}

#[test]
fn keys_in_another_language() {
    let file = "## State\n- 단계: INIT\n- 상태: READY\n- 현재 항목: null\n\n## 규칙\n### RULE_A\nTrigger: 상태 == COMPLETED\nAction: Set `현재 항목` to next unprocessed row in ## 항목. Set `상태 = RUNNING`.\n";
    let set = compiled(file);
    assert_eq!(set.diagnostics, []);
    let clause = &set.rules[0].clauses[0];
    assert_eq!(clause.trigger.as_ref().map(|trigger| trigger.condition.class()), Some(Class::State));
    let kinds: Vec<_> = clause.steps.iter().map(|step| step.kind.clone()).collect();
    let set = |key: &str, value| StepKind::Set(vec![Assignment { key: key.into(), value }]);
    assert_eq!(
        kinds,
        [set("CurrentItem", NewValue::NextItem), set("Status", NewValue::Literal("RUNNING".into()))]
    );
}

#[test]
fn slips_are_fixed() {
    let phase = "### [PHASE: ANALYZE]\n- x\n### RULE_A\n";
    for (wrong, code, right) in [
        (
            "Trigger: Phase == ANALYE\nAction: Log action.",
            "unknown-phase",
            "Trigger: Phase == ANALYZE\nAction: Log action.",
        ),
        (
            "Trigger: x\nAction: Set `Phase = ANALYzE`.",
            "unknown-phase",
            "Trigger: x\nAction: Set `Phase = ANALYZE`.",
        ),
    ] {
        let (codes, fixed) = diagnose(&format!("{phase}{wrong}"));
        assert_eq!(codes, [code]);
        assert!(fixed.contains(right), "{fixed}");
    }
    assert!(diagnose(&format!("{phase}Trigger: phase == analyze\nAction: Log action.")).0.is_empty());
    let (codes, fixed) = diagnose("### RULE_A\n**Trigge:** x\nAction: Log action.");
    assert_eq!(codes, ["action-without-trigger", "unknown-label"]);
    assert!(fixed.contains("**Trigger:** x"));
}

proptest::proptest! {
    #[test]
    fn every_file_compiles(lines in proptest::collection::vec(
        "(### |- |  - |1\\. |    |)(RULE_A|RULE\\*B|\\*\\*RULE_C:\\*\\*|\\[PHASE: X\\]|\\*\\*Trigger:\\*\\* |Action ▶ |If x:|On x, |a → b|```|> |---|:| Log action\\.|é|\\PC{0,8}){0,4}", 0..24)
    ) {
        compiled(&format!("## Rules\n{}", lines.join("\n")));
    }
}
