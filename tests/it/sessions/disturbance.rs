//! Parts of cases that are no plain calls: readers and kills in the middle of writes, and the documents
//! and tools of the Workflow Orchestration System.

use super::{
    client::Outcome,
    expect,
    workspace::{Workspace, complete, start_lamp},
};
use rulemark::workflow::Bundle;
use serde_json::{Map, Value, json};
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
pub(super) fn validate(fixtures: &Path, part: &Value) -> Result<(), String> {
    let folder = fixtures.parent().unwrap();
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
    for path in part["accept"].as_array().unwrap() {
        let path = path.as_str().unwrap();
        let reading = Bundle::of_file(path, read(path)).read();
        if reading.definition.is_none() {
            return Err(format!("{path} is refused: {:?}", reading.faults));
        }
    }
    let refuse = read(part["refuse"].as_str().unwrap());
    let faults: Vec<Value> = serde_saphyr::from_str(&refuse).unwrap();
    let good: Map<String, Value> = serde_json::from_str(&read("fixtures/wos/valid-min.json")).unwrap();
    for fault in &faults {
        let mut document = good.clone();
        for (name, value) in fault["patch"].as_object().into_iter().flatten() {
            document.insert(name.clone(), value.clone());
        }
        let raw = fault["raw"].as_str().map(str::to_owned);
        let text = raw.unwrap_or_else(|| Value::Object(document).to_string());
        let reading = Bundle::of_file("workflows/faulty.json", text).read();
        if reading.definition.is_some() {
            return Err(format!("{} is accepted", fault["name"]));
        }
        let said: Vec<String> = reading.faults.iter().map(ToString::to_string).collect();
        for name in fault["names"].as_array().unwrap() {
            let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
            // `line` stands for any place: `file:1:5`.
            let is_named = said.iter().any(|said| said.contains(&name))
                || (name == "line" && reading.faults.iter().any(|fault| fault.place.line > 0));
            if !is_named {
                return Err(format!("{}: {name} is not named: {said:?}", fault["name"]));
            }
        }
    }
    Ok(())
}

/// The four tools of the Workflow Orchestration System, on its own documents and one that is broken.
pub(super) fn orchestration(fixtures: &Path, part: &Value) -> Result<(), String> {
    let workspace = Workspace::new(fixtures);
    for name in ["valid-full.json", "valid-min.json"] {
        let text = fs::read_to_string(fixtures.join("wos").join(name)).unwrap();
        workspace.write(&format!("workflows/{name}"), &text);
    }
    workspace.write("workflows/broken-file.json", "{\"id\": \"broken-file\",");
    let mut server = workspace.serve();
    for (number, step) in part.as_array().unwrap().iter().enumerate() {
        let outcome =
            server.call(step["call"].as_str().unwrap(), &step["params"]).ok_or("the server is gone")?;
        let wants_error = step["expect"].get("error_code").is_some();
        if wants_error != matches!(outcome, Outcome::Error(_)) {
            return Err(format!("step {}, {step}: {outcome:?}", number + 1));
        }
        expect::check(&step["expect"], outcome.answer())
            .map_err(|fault| format!("step {}, {step}:\n{fault}", number + 1))?;
    }
    Ok(())
}
