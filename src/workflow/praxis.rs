//! Folders of praxis: `metadata.json`, `phases/N/phase.md`, `task-*.md`, `gate-definition.yaml`.
//!
//! The texts are delivered as they stand. A gate names its checks, and beside each name the file keeps a
//! Python lambda; the names map to ours, the lambdas are never run and never shown.

mod gate;

use super::{
    bundle::{Bundle, Reading, SourceFile},
    dynamic,
    fault::Fault,
    model::{Definition, DynamicSource, Form, Gate, Guidance, Next, Phase, Place, Task},
    parts,
    shape::{self, UnknownNames},
    tree::{self, Node, Tree},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The file that makes a folder a definition.
pub(super) const METADATA: &str = "metadata.json";

/// Reads a folder.
pub(super) fn read(bundle: &Bundle) -> Reading {
    let root = Node { tree: Tree::Null, line: 0, column: 0 };
    let mut reader = Reader { bundle, root, faults: Vec::new() };
    let definition = reader.definition();
    let refused = reader.faults.iter().any(|fault| fault.is_error() && fault.code != gate::SHUT);
    Reading { definition: definition.filter(|_| !refused), faults: reader.faults }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Metadata {
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9_:-]{1,63}$"))]
    workflow_type: String,
    version: Option<String>,
    name: Option<String>,
    description: Option<String>,
    category: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    total_phases: Option<Value>,
    #[serde(rename = "start_phase")]
    _start_phase: Option<Value>,
    estimated_duration: Option<String>,
    #[serde(default)]
    primary_outputs: Vec<String>,
    #[serde(default)]
    dynamic_phases: bool,
    dynamic_config: Option<DynamicConfig>,
    #[serde(default)]
    phases: Vec<PhaseEntry>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct DynamicConfig {
    source_type: Option<String>,
    source_path_key: Option<String>,
    #[serde(rename = "parser")]
    _parser: Option<String>,
    #[serde(default)]
    templates: Templates,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
struct Templates {
    phase: Option<String>,
    task: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct PhaseEntry {
    /// A number, or `1-N` for those that come from elsewhere.
    phase_number: Value,
    phase_name: Option<String>,
    purpose: Option<String>,
    #[serde(rename = "estimated_effort")]
    _estimated_effort: Option<String>,
    #[serde(default)]
    key_deliverables: Vec<String>,
    #[serde(default)]
    validation_criteria: Vec<String>,
    #[serde(default)]
    tasks: Vec<TaskEntry>,
    file: Option<String>,
    phase_file: Option<String>,
    checkpoint: Option<Checkpoint>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TaskEntry {
    task_number: u32,
    name: Option<String>,
    file: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Checkpoint {
    #[serde(default)]
    required_evidence: Vec<String>,
}

struct Reader<'b> {
    bundle: &'b Bundle,
    /// The metadata, with the places of all its parts.
    root: Node,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn definition(&mut self) -> Option<Definition> {
        let metadata = self.metadata()?;
        let numbers = self.phase_numbers(&metadata);
        let phases: Vec<Phase> = numbers.into_iter().map(|number| self.phase(number, &metadata)).collect();
        let dynamic = self.dynamic(&metadata);
        if phases.is_empty() && dynamic.is_none() {
            let place = self.at("phases");
            self.faults.push(Fault::error(
                "no-phases",
                place,
                "there is no phase in it, and none comes from elsewhere",
            ));
        }
        Some(Definition {
            id: metadata.workflow_type.clone(),
            version: metadata.version.unwrap_or_else(|| "0.0.0".to_owned()),
            name: metadata.name.unwrap_or(metadata.workflow_type),
            description: metadata.description.unwrap_or_default(),
            category: metadata.category,
            tags: metadata.tags,
            estimated_duration: metadata.estimated_duration,
            inputs: Vec::new(),
            outputs: metadata.primary_outputs,
            preconditions: Vec::new(),
            clarifications: Vec::new(),
            standing_guidance: Vec::new(),
            phases,
            dynamic,
            revision: self.bundle.revision(),
            form: Form::Praxis,
            source: self.bundle.source.clone(),
        })
    }

    fn metadata(&mut self) -> Option<Metadata> {
        let file = self.bundle.file(METADATA)?;
        match tree::read_json(&file.text) {
            Ok(node) => {
                let (metadata, faults) = shape::decode(&node, &file.path, UnknownNames::Lost);
                self.faults.extend(faults);
                self.root = node;
                metadata
            }
            Err(error) => {
                self.faults.push(shape::syntax_fault("not-json", &file.path, "JSON", &error));
                None
            }
        }
    }

    /// The numbers that metadata or a folder has, in order.
    fn phase_numbers(&mut self, metadata: &Metadata) -> BTreeSet<u32> {
        let mut numbers = BTreeSet::new();
        for (at, entry) in metadata.phases.iter().enumerate() {
            let at = format!("phases/{at}/phase_number");
            let number = entry.phase_number.as_u64().and_then(|number| u32::try_from(number).ok());
            let is_range = entry.phase_number.as_str().is_some_and(|text| text.contains(['N', 'n']));
            match number {
                Some(number) if !numbers.insert(number) => {
                    let place = self.at(&at);
                    self.faults.push(Fault::error(
                        "duplicate-phase",
                        place,
                        format!("there are two phases {number}"),
                    ));
                }
                None if !is_range => {
                    let message = format!("the phase number {} is no number from 0", entry.phase_number);
                    let place = self.at(&at);
                    self.faults.push(Fault::error("bad-phase-number", place, message));
                }
                _ => {}
            }
        }
        let folders = self.bundle.files.iter().filter_map(|file| {
            let inner = file.path.strip_prefix(&self.bundle.source)?.trim_start_matches('/');
            inner.strip_prefix("phases/")?.split_once('/')?.0.parse().ok()
        });
        let unlisted: BTreeSet<u32> = folders.filter(|number| !numbers.contains(number)).collect();
        for number in &unlisted {
            let message = format!(
                "the folder phases/{number} is not among the phases of {METADATA}; it is read all the same"
            );
            let place = self.at("phases");
            self.faults.push(Fault::warning("unlisted-phase", place, message));
        }
        numbers.extend(unlisted);
        let said = metadata.total_phases.as_ref().and_then(Value::as_u64);
        if let Some(said) = said.filter(|said| *said != numbers.len() as u64) {
            let message = format!("total_phases says {said}, and there are {}", numbers.len());
            let place = self.at("total_phases");
            self.faults.push(Fault::warning("phase-count", place, message));
        }
        numbers
    }

    fn phase(&mut self, number: u32, metadata: &Metadata) -> Phase {
        let is_it = |entry: &&PhaseEntry| entry.phase_number.as_u64() == Some(u64::from(number));
        let entry = metadata.phases.iter().find(is_it);
        let listed = metadata.phases.iter().position(|entry| is_it(&entry));
        // Where the metadata speaks of it.
        let listed = listed.map(|at| format!("phases/{at}"));
        let folder = format!("phases/{number}");
        let named = entry.and_then(|entry| entry.file.as_ref().or(entry.phase_file.as_ref()));
        let names = named.map(|name| [name.clone(), format!("{folder}/{name}")]).into_iter().flatten();
        let file = names.chain([format!("{folder}/phase.md")]).find_map(|name| self.bundle.file(&name));
        let text = match file {
            Some(file) => file.text.clone(),
            None => self.text_of_entry(&folder, entry, listed.as_deref()),
        };
        let heading = parts::first_heading(&text).map(|heading| parts::without_label(&heading, "Phase"));
        let title = entry.and_then(|entry| entry.phase_name.clone()).or(heading);
        Phase {
            number,
            id: None,
            title: title.unwrap_or_else(|| format!("Phase {number}")),
            tasks: self.tasks(&folder, entry, listed.as_deref()),
            gate: self.gate(&folder, entry, listed.as_deref()),
            text,
            is_template: false,
            when: None,
            next: Next::Following,
            guidance: Guidance {
                criteria: entry.map(|entry| entry.validation_criteria.clone()).unwrap_or_default(),
                ..Guidance::default()
            },
            place: match (file, &listed) {
                (Some(file), _) => Place { file: file.path.clone(), line: 1, column: 1 },
                (None, Some(listed)) => self.at(listed),
                (None, None) => self.place(&folder),
            },
        }
    }

    /// What stands in for a `phase.md` that is not there.
    fn text_of_entry(&mut self, folder: &str, entry: Option<&PhaseEntry>, listed: Option<&str>) -> String {
        let place = listed.map_or_else(|| self.place(folder), |listed| self.at(listed));
        let purpose = entry.and_then(|entry| entry.purpose.clone()).unwrap_or_default();
        let deliverables = entry.map(|entry| entry.key_deliverables.as_slice()).unwrap_or_default();
        self.faults.push(if purpose.trim().is_empty() && deliverables.is_empty() {
            let message =
                format!("there is no {folder}/phase.md, and {METADATA} does not say what the phase is for");
            Fault::error("missing-file", place, message)
        } else {
            let message = format!("there is no {folder}/phase.md; the phase's purpose stands in for it");
            Fault::warning("missing-file", place, message)
        });
        deliverables.iter().fold(purpose, |text, deliverable| format!("{text}\n- {deliverable}"))
    }

    fn tasks(&mut self, folder: &str, entry: Option<&PhaseEntry>, listed: Option<&str>) -> Vec<Task> {
        let entries = entry.map(|entry| entry.tasks.as_slice()).unwrap_or_default();
        let mut tasks: Vec<Task> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let name = entry
                .file
                .clone()
                .or_else(|| entry.name.as_ref().map(|name| format!("task-{}-{name}.md", entry.task_number)));
            let path = format!("{folder}/{}", name.unwrap_or_default());
            match self.bundle.file(&path) {
                Some(file) => tasks.push(task(entry.task_number, entry.name.as_deref(), file)),
                None => {
                    let message =
                        format!("the task {} has no file {path}; it is left out", entry.task_number);
                    let place = self.at(&format!("{}/tasks/{at}", listed.unwrap_or_default()));
                    self.faults.push(Fault::warning("missing-file", place, message));
                }
            }
        }
        for file in &self.bundle.files {
            let name =
                file.path.strip_prefix(&self.bundle.source).unwrap_or(&file.path).trim_start_matches('/');
            let Some((number, rest)) = name.strip_prefix(folder).and_then(task_file_name) else { continue };
            if !tasks.iter().any(|task| task.number == number) {
                tasks.push(task(number, Some(rest), file));
            }
        }
        tasks.sort_by_key(|task| task.number);
        tasks
    }

    fn gate(&mut self, folder: &str, entry: Option<&PhaseEntry>, listed: Option<&str>) -> Gate {
        if let Some(file) = self.bundle.file(&format!("{folder}/gate-definition.yaml")) {
            let (gate, faults) = gate::read(file);
            self.faults.extend(faults);
            return gate;
        }
        let required = entry.and_then(|entry| entry.checkpoint.as_ref());
        let listed = listed.unwrap_or("phases");
        let place = self.at(&format!("{listed}/checkpoint/required_evidence"));
        let gate = gate::of_names(
            required.map(|checkpoint| checkpoint.required_evidence.as_slice()).unwrap_or_default(),
            &place,
        );
        if gate.is_open() {
            let message = format!("{folder} has no gate-definition.yaml: any call closes this phase");
            self.faults.push(Fault::warning("no-gate", self.at(listed), message));
        }
        gate
    }

    fn dynamic(&mut self, metadata: &Metadata) -> Option<DynamicSource> {
        if !metadata.dynamic_phases {
            return None;
        }
        let config = metadata.dynamic_config.as_ref();
        let kind = config.and_then(|config| config.source_type.as_deref()).unwrap_or("spec_tasks_md");
        if kind != "spec_tasks_md" {
            let message =
                format!("the source `{kind}` of its phases is not known; it can be `spec_tasks_md`");
            self.faults.push(Fault::error("unknown-source", self.at("dynamic_config/source_type"), message));
        }
        let templates = config.map(|config| &config.templates);
        let phase = templates.and_then(|templates| templates.phase.as_deref());
        let task = templates.and_then(|templates| templates.task.as_deref());
        Some(DynamicSource {
            option: config
                .and_then(|config| config.source_path_key.clone())
                .unwrap_or_else(|| "spec_path".to_owned()),
            phase_template: self.template(phase, "dynamic_config/templates/phase"),
            task_template: self.template(task, "dynamic_config/templates/task"),
        })
    }

    fn template(&mut self, path: Option<&str>, named_at: &str) -> Option<String> {
        let path = path?;
        let Some(file) = self.bundle.file(path) else {
            let message = format!("the template {path} is not there");
            self.faults.push(Fault::error("missing-file", self.at(named_at), message));
            return None;
        };
        self.faults.extend(dynamic::unknown_placeholders(&file.text, &file.path));
        Some(file.text.clone())
    }

    /// The place of a part of the metadata, `phases/0/tasks/1`, or of what there is on the way to it.
    fn at(&self, path: &str) -> Place {
        let mut node = &self.root;
        for step in path.split('/') {
            let item = || node.items().get(step.parse::<usize>().ok()?);
            let Some(inner) = node.get(step).or_else(item) else { break };
            node = inner;
        }
        Place { line: node.line, column: node.column, ..self.place(METADATA) }
    }

    /// A file of the folder as a whole.
    fn place(&self, inner: &str) -> Place {
        Place { file: format!("{}/{inner}", self.bundle.source), line: 0, column: 0 }
    }
}

/// `/task-2-count-goals.md` is task 2, `count-goals`.
fn task_file_name(inner: &str) -> Option<(u32, &str)> {
    let name = inner.strip_prefix("/task-")?.strip_suffix(".md")?;
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let number = name[..digits].parse().ok()?;
    Some((number, name[digits..].trim_start_matches('-')))
}

fn task(number: u32, name: Option<&str>, file: &SourceFile) -> Task {
    let heading = parts::first_heading(&file.text).map(|heading| parts::without_label(&heading, "Task"));
    Task {
        number,
        id: name.map_or_else(|| number.to_string(), str::to_owned),
        title: heading.or_else(|| name.map(str::to_owned)).unwrap_or_else(|| format!("Task {number}")),
        text: file.text.clone(),
        steps: parts::steps(&file.text),
        estimated_time: None,
        dependencies: Vec::new(),
        criteria: Vec::new(),
    }
}
