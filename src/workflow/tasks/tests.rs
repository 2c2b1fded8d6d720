use super::*;

fn read(text: &str) -> TaskList {
    TaskList::read("tasks.md", text)
}

fn faults(list: &TaskList) -> Vec<String> {
    list.faults.iter().map(|fault| format!("{} {}", fault.place.line, fault.message)).collect()
}

/// `1(1.1 1.2)` for each phase.
fn shape(list: &TaskList) -> String {
    let phase = |phase: &SpecPhase| {
        let ids: Vec<&str> = phase.tasks.iter().map(|task| task.id.as_str()).collect();
        format!("{}({})", phase.number, ids.join(" "))
    };
    list.phases.iter().map(phase).collect::<Vec<_>>().join(" ")
}

#[test]
fn phases_and_tasks_of_many_ways() {
    let check = |text: &str, expected: &str| assert_eq!(shape(&read(text)), expected, "{text}");
    check("## Phase 1: A\n### Task 1.1: B\n", "1(1.1)");
    check("# Phase 0\n###### Task 0.1\n", "0(0.1)");
    check("Phase 1\n=======\n\nTask 1.1: B\n\ntext\n\nTask 1.2: C\n", "1(1.1 1.2)");
    check(
        "**Phase 1: A**\n\n- **Task 1.1**: B\n- **Task 1.2**: C\n\n**Phase 2: D**\n\n- Task 2.1: E\n",
        "1(1.1 1.2) 2(2.1)",
    );
    check("Overview:\n- Phase 1: A\n- Phase 2: B\n\n## Phase 1: A\n### Task 1.1: x\n", "1(1.1)");
    check(
        "## Phase 1: A\n\nTasks: \n- Task 1.1: x\n- Task 1.2: y\n\n### Task 1.1: x\n### Task 1.2: y\n",
        "1(1.1 1.2)",
    );
    check("## Summary\n### Phase 1: A\n## Details\n### Phase 1: A\n#### Task 1.1: x\n", "1(1.1)");
    check("## Phase 1: A\n```\n### Task 1.1: x\n```\n", "1()");
    check("## Phase 2: B\n### Task 2.1: x\n## Phase 1: A\n### Task 1.1: y\n", "1(1.1) 2(2.1)");
}

#[test]
fn what_is_not_understood_is_listed_with_its_line() {
    let list = read(
        "# Title\n\n## Phase 1: A\n### Task 1.1: B\n\n## Timeline\n- [ ] box\n### Task 9.1: C\n### Phase 1 summary: x\n",
    );
    assert_eq!(
        faults(&list),
        [
            "6 the heading \"Timeline\" is no phase, task or gate; what is below it is not read",
            "7 the box \"box\" belongs to no task and no gate; it is not read",
            "8 task 9.1 stands in no phase; it is not read",
            "9 the heading \"Phase 1 summary: x\" is no phase, task or gate; what is below it is not read",
            "3 phase 1 has no validation gate: any call closes it",
        ]
    );
    let gated = read("## Phase 1: A\n### Task 1.1: B\n\n**Validation Gate:**\n- [ ] it stands\n");
    assert_eq!(faults(&gated), [""; 0]);
    assert_eq!(faults(&read("nothing\n")), ["1 there is no phase in it"]);
    assert!(!read("nothing\n").is_usable());
}

#[test]
fn dependencies_may_not_go_in_circles() {
    let circle = "## Phase 1: A\n### Task 1.1: a\nDepends on: 1.3\n### Task 1.2: b\nRequires: Task 1.1\n### Task 1.3: c\nDependencies:\n- Task 1.2: b\n";
    let list = read(circle);
    let circle = "2 the dependencies go in a circle: 1.1 → 1.3 → 1.2 → 1.1";
    assert_eq!(faults(&list), ["1 phase 1 has no validation gate: any call closes it", circle]);
    assert!(!list.is_usable());
    let own = read("## Phase 1: A\n### Task 1.1: a\nRequires: 1.1, 7.7\n");
    assert_eq!(
        faults(&own),
        [
            "1 phase 1 has no validation gate: any call closes it",
            "2 task 1.1 depends on 7.7, which is not there",
            "2 the dependencies go in a circle: 1.1 → 1.1"
        ]
    );
    let whole = read(
        "## Phase 1: A\n### Task 1.1: a\n### Task 1.2: b\n## Phase 2: B\n### Task 2.1: c\nDependencies: Phase 1\n",
    );
    assert_eq!(whole.phases[1].tasks[0].dependencies, ["1.1", "1.2"]);
}

#[test]
fn a_description_leaves_out_the_criteria_and_nothing_else() {
    let list = read(
        "## Phase 1: A\n\n### Task 1.1: B\n**Steps:**\n1. one\n\n**Acceptance Criteria:**\n- [x] c\n  - [ ] d\n\n**Validation:**\n```bash\n# Phase 9: no\ncargo test\n```\n\n---\n\n### Task 1.2: E\n",
    );
    let task = &list.phases[0].tasks[0];
    assert_eq!(
        task.description,
        "**Steps:**\n1. one\n\n**Validation:**\n```bash\n# Phase 9: no\ncargo test\n```"
    );
    assert!(task.text.starts_with("### Task 1.1: B\n**Steps:**") && task.text.ends_with("cargo test\n```"));
    let criteria: Vec<_> =
        task.criteria.iter().map(|criterion| (criterion.text.as_str(), criterion.done)).collect();
    assert_eq!(criteria, [("c", true), ("d", false)]);
}

#[test]
fn hostile_texts_are_bounded() {
    for text in [
        "## Phase 1: A\n".repeat(20_000),
        "### Task 1.1: A\n".repeat(20_000),
        format!("## Phase 1: A\n### Task 1.1: B\nAcceptance Criteria:\n{}", "```\n".repeat(20_000)),
        format!("## Phase 1: A\n### Task 1.1: B\nDepends on: 1.1-1.{}\n", u32::MAX),
        "- ".repeat(100_000),
        "\0".repeat(100_000),
    ] {
        let list = read(&text);
        assert!(list.phases.len() <= 1);
    }
    assert_eq!(
        faults(&read(&"x".repeat(TaskList::LARGEST + 1)))[0],
        "1 it has 2097153 bytes; 2097152 are the most"
    );
}
