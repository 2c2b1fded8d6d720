//! Reading a definition in whatever form it is written.

use super::{
    accordo,
    bundle::{Bundle, Reading, SourceFile},
    fault::Fault,
    model::{Form, Place},
    native, praxis, shape,
    tree::{self, Node},
    workrail,
};

impl Bundle {
    /// Reads the definition, with everything that is wrong with it.
    #[must_use]
    pub fn read(&self) -> Reading {
        if self.file(praxis::METADATA).is_some() {
            return praxis::read(self);
        }
        let [file] = self.files.as_slice() else { return self.unknown() };
        match file.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("md") => native::read_markdown(self, file),
            Some("yaml" | "yml") => match tree::read_yaml(&file.text) {
                Ok(node) => self.read_tree(file, &node, Form::Yaml),
                Err(error) => refused(shape::syntax_fault("not-yaml", &file.path, "YAML", &error)),
            },
            Some("json") => match tree::read_json(&file.text) {
                Ok(node) => self.read_tree(file, &node, Form::Json),
                Err(error) => refused(shape::syntax_fault("not-json", &file.path, "JSON", &error)),
            },
            _ => self.unknown(),
        }
    }

    /// Others' forms are told by the names that only they have.
    fn read_tree(&self, file: &SourceFile, node: &Node, form: Form) -> Reading {
        if node.get("workflow").is_some_and(|workflow| workflow.get("tree").is_some()) {
            accordo::read(self, file, node)
        } else if node.get("steps").is_some() {
            workrail::read(self, file, node)
        } else {
            native::read_tree(self, file, node, form)
        }
    }

    fn unknown(&self) -> Reading {
        let place = Place { file: self.source.clone(), line: 0, column: 0 };
        let fault = Fault::error("unknown-form", place, "this is no definition of a workflow");
        refused(
            fault.with_hint("a definition is a .md, .yaml or .json file, or a folder with a metadata.json"),
        )
    }
}

fn refused(fault: Fault) -> Reading {
    Reading { definition: None, faults: vec![fault] }
}
