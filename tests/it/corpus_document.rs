//! Views over real files.
use rulemark::document::WorkflowState;
#[test]
fn dump() {
    let dir = std::env::var("RULEMARK_CORPUS").unwrap_or("../shared/corpus".into());
    for entry in std::fs::read_dir(format!("{dir}/state")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let state = WorkflowState::parse(&text);
        let show = |n: &str| format!("{:?}", state.key(n).map(|k| (&k.value, k.value_span.of(&text))));
        println!(
            "{:50.50} P={} S={} I={:.60}",
            path.file_name().unwrap().to_str().unwrap(),
            show("Phase"),
            show("Status"),
            show("CurrentItem")
        );
    }
}
