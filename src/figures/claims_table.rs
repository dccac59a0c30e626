//! Table of the experiments' findings.

use super::{ExperimentResult, Finding, Measured, Table};

/// Returns a table with a row per finding: experiment, quantity, the paper's number, the number found, the criterion
/// and the verdict.
pub fn claims_table(results: &[ExperimentResult]) -> Table {
    let mut table = Table::new(&["experiment", "measured", "paper", "here", "criterion", "agrees"]);
    for result in results {
        for finding in &result.findings {
            let [what, numbers @ ..] = cells(finding);
            table.push([vec![result.name.clone(), what], numbers.to_vec()].concat());
        }
    }
    table
}

/// Returns the same table with the numbers of epochs, and with notes: reasons and what was tried.
pub(super) fn noted_claims_table(results: &[&ExperimentResult]) -> Table {
    let header =
        ["experiment", "measured", "epochs", "paper", "here", "criterion", "agrees", "note"];
    let mut table = Table::new(&header);
    for result in results {
        for finding in &result.findings {
            let [what, numbers @ ..] = cells(finding);
            let note = finding.note.clone().unwrap_or_default();
            let start = vec![result.name.clone(), what, list_epochs(result)];
            table.push([start, numbers.to_vec(), vec![note]].concat());
        }
    }
    table
}

/// Returns the numbers of epochs as text.
pub(super) fn list_epochs(result: &ExperimentResult) -> String {
    result.epochs.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns quantity, the paper's number, the number found, criterion and verdict.
fn cells(finding: &Finding) -> [String; 5] {
    [
        finding.what.clone(),
        with_unit(&finding.paper, &finding.unit),
        with_unit(&finding.ours.to_string(), &finding.unit),
        finding.criterion.clone(),
        finding.verdict().to_string(),
    ]
}

/// Appends the unit to a number; a text without a digit stays as it is.
pub(super) fn with_unit(number: &str, unit: &str) -> String {
    match unit {
        _ if !number.contains(|c: char| c.is_ascii_digit()) => number.to_string(),
        "" => number.to_string(),
        "%" => format!("{number} %"),
        unit => format!("{number} {unit}"),
    }
}

impl Finding {
    /// Returns "yes", "no", or "not judged".
    pub fn verdict(&self) -> &'static str {
        match self.agrees {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not judged",
        }
    }
}

/// Formats mean, standard deviation and number of values: `4.05 ± 0.12 (3)`.
impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let &Measured { mean, sd, n } = self;
        if mean.is_nan() {
            return write!(f, "undefined ({n})");
        }
        // Three significant digits.
        let decimals = match mean.abs() {
            size if size >= 100.0 => 0,
            size if size >= 10.0 => 1,
            size if size >= 0.1 => 2,
            _ => 3,
        };
        match sd {
            Some(sd) => write!(f, "{mean:.decimals$} ± {sd:.decimals$} ({n})"),
            None => write!(f, "{mean:.decimals$} ({n})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_has_three_significant_digits() {
        let shown = |values: &[f64]| Measured::of(values).to_string();
        assert_eq!(shown(&[4.0, 4.2]), "4.10 ± 0.14 (2)");
        assert_eq!(shown(&[68.26]), "68.3 (1)");
        assert_eq!(shown(&[-0.0123, -0.0123]), "-0.012 ± 0.000 (2)");
    }
}
