//! Our own forms: Markdown with front matter, and YAML or JSON of the published shape.

mod convert;
mod markdown;

use super::{
    bundle::{Bundle, Reading, SourceFile},
    fault::Fault,
    model::{Definition, Form},
    published::Document,
    review,
    shape::{self, UnknownNames},
    tree::Node,
};

/// Reads a Markdown definition.
pub(super) fn read_markdown(bundle: &Bundle, file: &SourceFile) -> Reading {
    judged(markdown::read(bundle, file), file)
}

/// Reads the published shape.
pub(super) fn read_tree(bundle: &Bundle, file: &SourceFile, node: &Node, form: Form) -> Reading {
    let (document, mut faults) = shape::decode::<Document>(node, &file.path, UnknownNames::Refused);
    let read = document.map(|document| (document, node.clone()));
    let read = read.or_else(|| shape::decode_as_meant::<Document>(node, &file.path));
    let definition = read.map(|(document, node)| {
        let (definition, more) = convert::definition(&document, &node, bundle, form);
        faults.extend(more);
        definition
    });
    judged((definition, faults), file)
}

/// What an author wrote is run only when nothing at all is wrong with it.
fn judged((definition, mut faults): (Option<Definition>, Vec<Fault>), file: &SourceFile) -> Reading {
    if let Some(definition) = &definition {
        faults.extend(review::review(definition, &file.text));
    }
    faults.sort_by_key(|fault| (fault.place.line, fault.place.column));
    let refused = faults.iter().any(Fault::is_error);
    Reading { definition: definition.filter(|_| !refused), faults }
}
