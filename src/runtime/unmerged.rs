//! Documents that git could not merge.

use super::{Documents, Error};
use crate::{
    document::conflict_markers,
    text::{DocumentId, LineIndex},
};

/// Refuses documents that say two things at once: rules would run on both, or on neither.
pub(super) fn refuse(documents: &Documents) -> Result<(), Error> {
    let both = [DocumentId::State, DocumentId::Config];
    match both.into_iter().filter_map(|id| documents.get(id)).find_map(|document| {
        let first = conflict_markers(&document.text)?;
        let line = LineIndex::new(&document.text).line_column(first.start).line;
        Some(Error::Unmerged { path: document.path.clone(), line })
    }) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
