//! "Did you mean".

/// The candidate that `typed` was probably meant to be, compared without case; none when all of them
/// are further off than a third of what was typed.
pub(crate) fn closest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = typed.to_lowercase().chars().take(LONGEST).collect();
    candidates
        .into_iter()
        .map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().take(LONGEST).collect();
            (distance(&typed, &letters), candidate)
        })
        .filter(|&(distance, _)| distance <= typed.len().div_ceil(3))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Nobody mistypes a longer name by a few letters.
const LONGEST: usize = 64;

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b` (optimal
/// string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut best = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + usize::from(x != y));
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let check = |typed, expected| {
            assert_eq!(closest(typed, ["Phase", "Status", "CurrentItem"]), expected, "{typed}");
        };
        check("phase", Some("Phase"));
        check("Pahse", Some("Phase"));
        check("Stauts", Some("Status"));
        check("Curentitem", Some("CurrentItem"));
        check("Owner", None);
        check("", None);
    }
}
