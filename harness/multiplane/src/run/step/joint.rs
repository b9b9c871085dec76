//! One verdict over the clusters that a step names.

use futures::future::join_all;
use scenario::OneOrMany;

use super::failure::Failure;
use crate::run::suite::exit;

/// Does something on each cluster side by side and waits for all of them. When it fails on one of many, the failure shows what became of it
/// on each.
pub(crate) async fn on_each<'a, F>(on: &'a OneOrMany<String>, work: impl Fn(&'a str) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    of_each(on, work).await.map(drop)
}

/// As [`on_each`], with what was found on each cluster.
pub(crate) async fn of_each<'a, T, F>(on: &'a OneOrMany<String>, work: impl Fn(&'a str) -> F) -> Result<Vec<(&'a str, T)>, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let clusters: Vec<&'a str> = on.iter().map(|cluster| cluster.value.as_str()).collect();
    let results = join_all(clusters.iter().map(|cluster| work(cluster))).await;
    verdict(clusters.into_iter().zip(results).collect())
}

fn verdict<T>(results: Vec<(&str, Result<T, Failure>)>) -> Result<Vec<(&str, T)>, Failure> {
    let failures = results
        .iter()
        .filter_map(|(cluster, result)| Some((cluster, result.as_ref().err()?)));
    // As with scenarios of a run: the lowest exit code wins.
    let Some((cluster, worst)) = failures.min_by_key(|(_, failure)| exit(&[failure.outcome])) else {
        let found = results.into_iter().filter_map(|(cluster, result)| Some((cluster, result.ok()?)));
        return Ok(found.collect());
    };
    let message = if results.len() == 1 {
        format!("{cluster}: {}", worst.message)
    } else {
        let failed = results.iter().filter(|(_, result)| result.is_err()).count();
        let mut message = format!("{failed} of {} clusters failed", results.len());
        for (cluster, result) in &results {
            let text = match result {
                Ok(_) => "ok".to_owned(),
                Err(failure) => failure.message.replace('\n', "\n    "),
            };
            message += &format!("\n  {cluster}: {text}");
        }
        message
    };
    Err(Failure { message, ..worst.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Outcome;

    #[test]
    fn all_results_are_shown_and_the_products_fault_wins() {
        let results = vec![
            ("a", Err(Failure::environment("gone", "nobody there"))),
            ("b", Ok(())),
            ("c", Err(Failure::expectation("wrong", "first\nsecond"))),
        ];
        let failure = verdict(results).unwrap_err();
        assert_eq!((failure.outcome, failure.code), (Outcome::Failed, "wrong"));
        assert_eq!(
            failure.message,
            "2 of 3 clusters failed\n  a: nobody there\n  b: ok\n  c: first\n    second"
        );
        let one = verdict(vec![("a", Err::<(), _>(Failure::expectation("wrong", "so")))]).unwrap_err();
        assert_eq!(one.message, "a: so");
        assert_eq!(verdict(vec![("a", Ok(1)), ("b", Ok(2))]), Ok(vec![("a", 1), ("b", 2)]));
    }
}
