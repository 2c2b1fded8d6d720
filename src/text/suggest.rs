//! "Did you mean …?"

/// The candidate nearest to `word`, if one is near enough to be meant: at most a third of its
/// letters differ, and at most two. Compared without case; the first of equals wins.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let limit = (word.len() / 3).min(2);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
            // A word of another length is out before anything is counted; hostile words are long.
            if letters.len().abs_diff(word.len()) > limit {
                return None;
            }
            let distance = edit_distance(&word, &letters);
            (distance <= limit).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
fn edit_distance(from: &[char], to: &[char]) -> usize {
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions() {
        let phases = ["ANALYZE", "BLUEPRINT", "CONSTRUCT", "VALIDATE"];
        for (word, expected) in [
            ("ANALYSE", Some("ANALYZE")),
            ("analyze", Some("ANALYZE")),
            ("BLUEPIRNT", Some("BLUEPRINT")),
            ("CONSTRUCTION", None),
            ("DEPLOY", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, phases), expected, "{word}");
        }
        assert_eq!(nearest("ab", ["ac"]), None, "two letters are too few to guess from");
    }
}
