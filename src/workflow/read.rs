//! Reading a definition in whatever form it is written.

use super::{
    bundle::{Bundle, Reading},
    fault::Fault,
    model::Place,
    praxis,
};

impl Bundle {
    /// Reads the definition, with everything that is wrong with it.
    #[must_use]
    pub fn read(&self) -> Reading {
        if self.file(praxis::METADATA).is_some() {
            return praxis::read(self);
        }
        let place = Place { file: self.source.clone(), line: 0, column: 0 };
        Reading {
            definition: None,
            faults: vec![Fault::error("unknown-form", place, "this is no definition of a workflow")],
        }
    }
}
