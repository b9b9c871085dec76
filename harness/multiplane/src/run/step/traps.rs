//! What is wrong with the values of a Flyte chart, said before it is deployed.

use chart::Chart;
use flyte::lint::{File, lint};
use scenario::Scenario;
use scenario::verb::Deploy;
use yaml::Severity;

/// Errors in the values of a `deploy` or `upgrade` step, one text each, with file and line; none for charts that are not Flyte's. The step runs all the same,
/// since to see what becomes of them may be what the scenario is for.
pub(super) fn find(scenario: &Scenario, step: &Deploy, chart: &Chart) -> Vec<String> {
    if chart.defaults().get("flyteadmin").is_none() {
        return Vec::new();
    }
    // A file that cannot be read says so itself.
    let read = step.values_files.iter().filter_map(|file| {
        Some(File {
            name: file.value.clone(),
            text: std::fs::read_to_string(scenario.path(&file.value)).ok()?,
        })
    });
    let mut files: Vec<File> = read.collect();
    if !step.values.is_empty() {
        files.extend(serde_json::to_string(&step.values).ok().map(|text| File {
            name: "values".to_owned(),
            text,
        }));
    }
    if files.is_empty() {
        return Vec::new();
    }
    let found = lint(&files, &[]);
    let errors = found.iter().filter(|found| found.severity == Severity::Error);
    errors
        .map(|found| {
            let file = found.file.as_deref().unwrap_or_default();
            let span = found.span.unwrap_or_default();
            let place = match file {
                "values" => "values of the step".to_owned(),
                file => format!("{file}:{}:{}", span.line, span.column),
            };
            let mut text = format!("{place}: {} [{}]", found.message, found.code);
            let more = found
                .notes
                .iter()
                .cloned()
                .chain(found.help.as_ref().map(|help| format!("help: {help}")));
            more.for_each(|line| text += &format!("\n  {line}"));
            text
        })
        .collect()
}
