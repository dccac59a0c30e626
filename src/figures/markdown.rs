//! Markdown report of the findings.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{ExperimentResult, NO_DEVICE, claims_table};

/// Returns the findings as Markdown, with their commands and notes.
pub fn markdown(results: &[ExperimentResult]) -> String {
    let mut text = "# The paper's experiments\n\n".to_string();
    let devices: BTreeSet<&str> =
        results.iter().map(|result| result.device.as_str()).filter(|d| *d != NO_DEVICE).collect();
    let days: BTreeSet<&str> =
        results.iter().filter_map(|result| result.date.split('T').next()).collect();
    let made: Vec<&str> = devices.into_iter().chain(days).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{}. Means ± standard deviations over networks (number of networks).\n",
        made.join(", ")
    );
    let _ = writeln!(text, "{}\n", describe_data(results.iter()));
    let _ = writeln!(text, "{}\n", claims_table(results).markdown());
    for result in results {
        let ExperimentResult { figure, title, command, seconds, .. } = result;
        let _ = writeln!(
            text,
            "## {figure}: {title}\n\n{}\n\n`{command}` ({seconds:.0} s)\n\nData: {}\n",
            result.about,
            result.data_description()
        );
        for finding in &result.findings {
            if let Some(note) = &finding.note {
                let _ = writeln!(text, "- {}: {note}.", finding.what);
            }
        }
        if result.findings.iter().any(|finding| finding.note.is_some()) {
            text.push('\n');
        }
    }
    text
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
        assert!(text.contains("\n2026-11-26. Means"), "{text}");
        assert!(text.contains("| \\|a - b\\| below 1 |"), "{text}");
    }
}
