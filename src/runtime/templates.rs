//! The files that a new project begins with.

use super::Error;
use crate::disk::{GITIGNORE, LocalFileSystem, create_file};
use std::{fs, path::Path};

/// A file of a new project.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its path in the project.
    pub path: &'static str,
    text: &'static str,
}

/// The files that make a folder a project.
pub const TEMPLATES: [Template; 3] = [STATE_TEMPLATE, CONFIG_TEMPLATE, IGNORE_TEMPLATE];

/// The state file.
pub const STATE_TEMPLATE: Template =
    Template { path: "workflow_state.md", text: include_str!("../../templates/workflow_state.md") };

/// The config file.
pub const CONFIG_TEMPLATE: Template =
    Template { path: "project_config.md", text: include_str!("../../templates/project_config.md") };

const IGNORE_TEMPLATE: Template = Template { path: ".rulemark/.gitignore", text: GITIGNORE };

impl Template {
    /// Creates the file where a project below `folder` has it; `false` when something of that name is there
    /// already.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(&self, folder: &Path) -> Result<bool, Error> {
        self.create_at(&folder.join(self.path))
    }

    /// The same, under another name.
    ///
    /// # Errors
    /// As [`Template::create`].
    pub fn create_at(&self, path: &Path) -> Result<bool, Error> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| Error::Create { path: parent.to_owned(), source })?;
        }
        Ok(create_file(&LocalFileSystem, path, self.text)?)
    }
}
