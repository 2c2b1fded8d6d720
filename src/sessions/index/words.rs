//! Searching: the words of sessions, in SQLite's full-text index.

use super::Index;
use crate::{
    sessions::{failure::Failure, store::Store},
    workflow::session::SessionId,
};
use rusqlite::params;

/// What the index is asked for these words: all of them, in any order; those between quotes as they stand.
/// None of them is an operator of the index. `None` when there is no word among them.
pub(in crate::sessions) fn fts_query(words: &str) -> Option<String> {
    let is_word = |text: &&str| text.contains(char::is_alphanumeric);
    // Every second piece stands between quotes; the last one does when a quote is never closed.
    let pieces = words.split('"').enumerate().flat_map(|(at, piece)| match at % 2 {
        0 => piece.split_whitespace().collect::<Vec<_>>(),
        _ => vec![piece],
    });
    let phrases: Vec<String> = pieces.filter(is_word).map(|phrase| format!("\"{phrase}\"")).collect();
    (!phrases.is_empty()).then(|| phrases.join(" "))
}

impl Index {
    /// The sessions that a query of [`fts_query`] finds, best first, each with the place.
    pub(in crate::sessions) fn search(
        &mut self,
        store: &mut Store<'_>,
        query: &str,
        length: usize,
    ) -> Result<Vec<(String, String)>, Failure> {
        self.refresh(store)?;
        self.read_words(store)?;
        let mut found = self.connection.prepare_cached(
            "SELECT session.id, snippet(words, 0, '[', ']', '…', 12) FROM words
             JOIN session ON session.number = words.rowid WHERE words MATCH ?1 ORDER BY rank LIMIT ?2",
        )?;
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let rows = found.query_map(params![query, length], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Reads the words of all files that have changed since they were last searched.
    fn read_words(&mut self, store: &mut Store<'_>) -> Result<(), Failure> {
        let stale: Vec<(i64, String)> = self
            .connection
            .prepare_cached("SELECT number, id FROM session WHERE searched = 0")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        if stale.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.unchecked_transaction()?;
        for (number, id) in stale {
            let Some(id) = SessionId::read(&id) else { continue };
            let Some(text) = store.words_of(&id)? else { continue };
            transaction.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([number])?;
            transaction
                .prepare_cached("INSERT INTO words (rowid, text) VALUES (?1, ?2)")?
                .execute(params![number, text])?;
            transaction
                .prepare_cached("UPDATE session SET searched = 1 WHERE number = ?1")?
                .execute([number])?;
        }
        Ok(transaction.commit()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_operators() {
        let check =
            |words: &str, query: Option<&str>| assert_eq!(fts_query(words).as_deref(), query, "{words}");
        check("lamp brief", Some(r#""lamp" "brief""#));
        check(r#"the "exit code" was"#, Some(r#""the" "exit code" "was""#));
        check(r#"never "closed at all"#, Some(r#""never" "closed at all""#));
        check("a AND NOT b* NEAR(c d)", Some(r#""a" "AND" "NOT" "b*" "NEAR(c" "d)""#));
        check("src/lib.rs:12 — über", Some(r#""src/lib.rs:12" "über""#));
        check(r#"" * - "" ()"#, None);
        check("", None);
    }
}
