//! Many processes on one project at once.

use super::environment::Environment;
use std::{fs::File, io::Write as _, thread};

const PROCESSES: usize = 12;

/// Runs a command for each number at the same time; each must succeed.
fn all_at_once(environment: &Environment, arguments: impl Fn(usize) -> Vec<String> + Sync) {
    thread::scope(|scope| {
        for number in 1..=PROCESSES {
            let arguments = &arguments;
            scope.spawn(move || {
                let arguments = arguments(number);
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let told = environment.run(&arguments);
                assert!(!told.contains("-- exit code"), "{arguments:?}: {told}");
            });
        }
    });
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn all_of_them_land() {
    let items: String = (1..=PROCESSES).map(|id| format!("| {id} | Item {id} | pending |\n")).collect();
    let state = format!(
        "## State\nPhase: CONSTRUCT\nStatus: RUNNING\n\n## Items\n| ID | Description | Status |\n| -- | -- | -- |\n{items}\n## Log\n"
    );
    let environment = Environment::with_state(&state);
    all_at_once(&environment, |number| words(&["item", "done", &number.to_string()]));
    all_at_once(&environment, |number| words(&["log", &format!("entry number {number}.")]));
    all_at_once(&environment, |number| words(&["set", "--new", &format!("Key{number}=value {number}.")]));
    let text = environment.read("workflow_state.md");
    for number in 1..=PROCESSES {
        for expected in [
            format!("| {number} | Item {number} | completed |"),
            format!("entry number {number}."),
            format!("Key{number}: value {number}."),
        ] {
            assert_eq!(text.matches(&expected).count(), 1, "{expected}\n{text}");
        }
    }
    assert!(environment.run(&["history", "verify"]).contains("36 entries"));
}

/// Who holds it for too long is named: see the tests of `disk::Lock`.
#[test]
fn a_lock_is_waited_for() {
    let environment = Environment::initialised();
    let mut lock = File::options().write(true).open(environment.root().join(".rulemark/lock")).unwrap();
    lock.lock().unwrap();
    lock.set_len(0).unwrap();
    lock.write_all(b"process 4711 (rulemark: a long run)\n").unwrap();
    thread::scope(|scope| {
        let logging = scope.spawn(|| environment.run(&["log", "waited for"]));
        drop(lock);
        assert!(!logging.join().unwrap().contains("-- exit code"));
    });
    assert!(environment.read("workflow_state.md").contains("waited for"));
}
