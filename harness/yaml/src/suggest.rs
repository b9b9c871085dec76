//! "Did you mean": the nearest of the allowed words.

/// The candidate that `word` most likely was meant to be: the smallest edit distance (insert, delete, replace, swap of
/// neighbours), at most a third of the longer word's length, case ignored. Of equals, the first.
pub fn nearest<'a, S: AsRef<str> + ?Sized + 'a>(word: &str, candidates: impl IntoIterator<Item = &'a S>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let candidate = candidate.as_ref();
            let limit = (word.chars().count().max(candidate.chars().count()) / 3).max(1);
            (distance(&word, &candidate.to_lowercase()), limit, candidate)
        })
        .filter(|(distance, limit, _)| distance <= limit)
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}

/// A help line: the suggestion when there is one, else what is allowed.
pub fn help<S: AsRef<str>>(word: &str, allowed: &[S]) -> String {
    match nearest(word, allowed) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None if allowed.is_empty() => "there is none yet".to_owned(),
        None => {
            let list: Vec<String> = allowed.iter().map(|name| format!("`{}`", name.as_ref())).collect();
            format!("allowed: {}", list.join(", "))
        }
    }
}

/// Edit distance in which a swap of neighbours counts one (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("depoly", Some("deploy"))]
    #[case("Deploy", Some("deploy"))]
    #[case("submitt", Some("submit"))]
    #[case("banana", None)]
    #[case("x", None)]
    fn nearest_word(#[case] word: &str, #[case] expected: Option<&str>) {
        assert_eq!(nearest(word, &["deploy", "submit", "apply"]), expected);
    }
}
