//! Markdown report of the findings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::claims_table::noted_claims_table;
use super::experiment_result::day;
use super::{ExperimentResult, NO_DEVICE, Table, TrainingRecord};

/// Why the spread of this program's results differs from the paper's error bars.
pub(super) const SPREAD: &str = "Numbers found here are means ± standard deviations over trainings with different \
                                 seeds (number of trainings). The paper's error bars are repeated tests of one trained \
                                 network: they show the noise of the spikes in a test alone, about 0.07 points. \
                                 Another seed changes the initial weights, the feedback weights, the order of the \
                                 images and all spikes of the training, so the spread over trainings is larger.";

/// Heading of the results of full length, or of the quick ones.
pub(super) fn heading(quick: bool) -> &'static str {
    if quick { "Quick runs" } else { "Runs of full length" }
}

/// Description of the results of full length, or of the quick ones.
pub(super) fn describe_length(quick: bool) -> &'static str {
    match quick {
        true => {
            "Fewer epochs, images and seeds than in the paper. Errors after few epochs are not judged."
        }
        false => "As long as in the paper, if it has the experiment.",
    }
}

/// Text instead of results of full length.
pub(super) const NO_FULL_RUN: &str = "No experiment has run at full length.";

/// Returns the findings as Markdown: those of full length and the quick ones apart, then the methods and commands.
pub fn markdown(results: &[ExperimentResult]) -> String {
    let mut text = "# The paper's experiments\n\n".to_string();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}\n\n{SPREAD}\n", describe_data(results.iter()));
    for quick in [false, true] {
        let of_length: Vec<&ExperimentResult> =
            results.iter().filter(|result| result.quick == quick).collect();
        if of_length.is_empty() && quick {
            continue;
        }
        let _ = writeln!(text, "## {}\n", heading(quick));
        match of_length.is_empty() {
            true => text.push_str(&format!("{NO_FULL_RUN}\n\n")),
            false => write_length(&mut text, quick, &of_length),
        }
    }
    text.push_str("## Methods\n\n");
    let mut described: Option<&str> = None;
    for result in results {
        let ExperimentResult { name, figure, title, about, command, .. } = result;
        if described != Some(name) {
            let _ = writeln!(text, "### {figure}: {title}\n\n{about}\n");
        }
        described = Some(name);
        let data = result.data_description();
        let origin = result.origin();
        let _ = writeln!(text, "`{command}` ({origin})\n\nData: {data}\n");
    }
    // One empty line at the end is too many.
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Appends the findings, the unfinished conditions and the trainings of results of one length.
fn write_length(text: &mut String, quick: bool, results: &[&ExperimentResult]) {
    let devices: BTreeSet<&str> =
        results.iter().map(|result| result.device.as_str()).filter(|d| *d != NO_DEVICE).collect();
    let days: BTreeSet<&str> = results.iter().map(|result| day(&result.date)).collect();
    let made: Vec<&str> = devices.into_iter().chain(days).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{} {}.\n", describe_length(quick), made.join("; "));
    let _ = writeln!(text, "{}\n", noted_claims_table(results).markdown());
    let is_missing = |result: &&&ExperimentResult| !result.missing.is_empty();
    for result in results.iter().filter(is_missing) {
        let _ = writeln!(text, "- {}, unfinished: {}.", result.name, result.missing.join("; "));
    }
    let mut remarks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for result in results {
        if let Some(remark) = &result.remark {
            remarks.entry(remark).or_default().push(&result.name);
        }
    }
    for (remark, names) in &remarks {
        let _ = writeln!(text, "- {}: {remark}", names.join(", "));
    }
    if !remarks.is_empty() || results.iter().any(|result| !result.missing.is_empty()) {
        text.push('\n');
    }
    if results.iter().any(|result| !result.trainings.is_empty()) {
        let title = if quick { "quick trainings" } else { "trainings of full length" };
        let _ = writeln!(text, "### All {title}\n\n{}\n", trainings_table(results).markdown());
    }
}

/// Returns a table with a row per training: experiment, network, seed, epochs, test error, time, processor, day and
/// version.
fn trainings_table(results: &[&ExperimentResult]) -> Table {
    let mut table = Table::new(&TRAINING_HEADER);
    for result in results {
        for training in &result.trainings {
            table.push(training_row(&result.name, training));
        }
    }
    table
}

/// Names of the columns of a training.
pub(super) const TRAINING_HEADER: [&str; 9] = [
    "experiment",
    "network",
    "seed",
    "epochs",
    "test error",
    "time, min",
    "processor",
    "day",
    "version",
];

/// Returns the cells of a training.
pub(super) fn training_row(experiment: &str, training: &TrainingRecord) -> Vec<String> {
    vec![
        experiment.to_string(),
        training.network.clone(),
        training.seed.to_string(),
        training.epochs.to_string(),
        format!("{:.2} %", training.test_error),
        training.seconds.map_or("unknown".to_string(), |seconds| format!("{:.0}", seconds / 60.0)),
        training.device.clone(),
        day(&training.date).to_string(),
        if training.version.is_empty() { "unknown" } else { &training.version }.to_string(),
    ]
}

/// Describes the data of the experiments.
pub(super) fn describe_data<'a>(results: impl Iterator<Item = &'a ExperimentResult>) -> String {
    let mut known: Vec<(&str, String)> = Vec::new();
    for result in results {
        let sha256 = result.data.as_ref().map_or("", |data| &data.sha256);
        if known.iter().all(|(other, _)| *other != sha256) {
            known.push((sha256, result.data_description()));
        }
    }
    let names: Vec<String> = known.into_iter().map(|(_, name)| name).collect();
    match &names[..] {
        [name] => format!("Data: {name}. The paper used MNIST."),
        _ => format!(
            "Warning: the experiments used different data ({}), named in each section. The paper used \
             MNIST.",
            names.join("; ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::html_page::tests::result;
    use super::*;

    #[test]
    fn markdown_table_escapes_cells() {
        let mut result = result("fig3");
        result.device = NO_DEVICE.to_string();
        result.findings[0].criterion = "|a - b|\nbelow 1".to_string();
        let text = markdown(&[result]);
        assert!(text.contains("not judged. 2026-11-26.\n"), "{text}");
        assert!(text.contains("| \\|a - b\\| below 1 |"), "{text}");
        assert!(text.contains(NO_FULL_RUN), "{text}");
    }

    #[test]
    fn full_and_quick_results_are_apart() {
        let training = TrainingRecord {
            network: "784-10".to_string(),
            seed: 7,
            epochs: 60,
            test_error: 8.294,
            seconds: Some(90.0),
            device: "a processor".to_string(),
            version: String::new(),
            date: "2026-11-30T01:02:03Z".to_string(),
        };
        let full = ExperimentResult {
            quick: false,
            epochs: vec![60],
            trainings: vec![training],
            missing: vec!["784-10: 1 of 2 networks trained".to_string()],
            remark: None,
            ..result("fig6b")
        };
        let text = markdown(&[result("fig3"), full, result("fig6b")]);
        let section = |title: &str, next: &str| {
            let rest = text.split(&format!("\n## {title}\n")).nth(1).unwrap();
            rest.split(&format!("\n## {next}\n")).next().unwrap().to_string()
        };
        let full = section("Runs of full length", "Quick runs");
        let quick = section("Quick runs", "Methods");
        let cells = |line: &str| -> Vec<String> {
            line.trim_matches('|').split('|').map(|cell| cell.trim().to_string()).collect()
        };
        let rows = |text: &str| -> Vec<Vec<String>> {
            text.lines().filter(|line| line.starts_with("| fig6b")).map(cells).collect()
        };
        let finding = |epochs: &str| {
            ["fig6b", "a < b", epochs, "4.1 %", "4.05 ± 0.10 (3) %", "near", "no", "a note"]
                .map(str::to_string)
                .to_vec()
        };
        let training = ["fig6b", "784-10", "7", "60", "8.29 %", "2", "a processor", "2026-11-30"];
        let training = [&training[..], &["unknown"]].concat();
        assert_eq!(rows(&full), [finding("60"), training.iter().map(|c| c.to_string()).collect()]);
        assert_eq!(rows(&quick), [finding("4, 8")]);
        assert!(full.contains("\n- fig6b, unfinished: 784-10: 1 of 2 networks trained.\n"));
        assert!(quick.contains("\n\n- fig3, fig6b: Copied & rounded.\n"), "{quick}");
        assert!(text.contains("repeated tests of one trained network"));
        assert_eq!(text.matches("### Figure <fig6b>").count(), 1, "one description");
        assert!(text.contains("`apical` (none; 2026-11-26; 1 s)"), "{text}");
        assert!(text.contains("`apical` (none; 2026-11-26)\n"), "{text}");
    }
}
