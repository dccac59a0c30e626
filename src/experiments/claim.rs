//! Comparison of a measured quantity with the paper's number.

use crate::analysis::statistics::MeanSd;
use crate::figures::{Finding, Measured};

/// Largest difference to the paper's error that counts as agreement, percentage points.
pub(super) const TOLERANCE: f64 = 0.3;

/// Measured quantity with the paper's number, before judgement.
pub(super) struct Claim<'a> {
    pub what: &'a str,
    pub unit: &'a str,
    /// The paper's number.
    pub paper: &'a str,
}

impl Claim<'_> {
    /// Judges whether the mean is in a range.
    pub(super) fn in_range(
        self,
        values: &[f64],
        [low, high]: [f64; 2],
        criterion: &str,
    ) -> Finding {
        let ours = Measured::of(values);
        self.judged(ours, criterion, Some((low..=high).contains(&ours.mean)))
    }

    /// Judges the sign of a difference between two conditions with the same seeds: `first` minus `second` should be below 0.
    pub(super) fn less_than(self, first: &[f64], second: &[f64], criterion: &str) -> Finding {
        let differences = differences(first, second);
        let ours = Measured::of(&differences);
        let finding = self.judged(ours, criterion, Some(ours.mean < 0.0));
        finding.with_uncertainty_note(&differences)
    }

    /// Reports values without a verdict, with the reason as note.
    pub(super) fn report_only(self, values: &[f64], criterion: &str, note: &str) -> Finding {
        self.judged(Measured::of(values), criterion, None).with_note(note)
    }

    fn judged(self, ours: Measured, criterion: &str, agrees: Option<bool>) -> Finding {
        let is_undefined = ours.mean.is_nan();
        Finding {
            what: self.what.to_string(),
            unit: self.unit.to_string(),
            paper: self.paper.to_string(),
            ours,
            criterion: criterion.to_string(),
            agrees: agrees.filter(|_| !is_undefined),
            note: is_undefined.then(|| "not judged: undefined".to_string()),
        }
    }
}

/// Returns the differences between networks with the same seeds.
pub(super) fn differences(first: &[f64], second: &[f64]) -> Vec<f64> {
    first.iter().zip(second).map(|(first, second)| first - second).collect()
}

impl Finding {
    /// Appends a note.
    pub(super) fn with_note(self, note: &str) -> Finding {
        let note = match &self.note {
            Some(old) => format!("{old}; {note}"),
            None => note.to_string(),
        };
        Finding { note: Some(note), ..self }
    }

    /// Adds what was tried to explain a disagreement, if there is one.
    pub(super) fn tried(self, attempts: &str) -> Finding {
        match self.agrees {
            Some(false) => self.with_note(&format!("tried: {attempts}")),
            _ => self,
        }
    }

    /// Adds a note if a difference is less than twice its standard error.
    fn with_uncertainty_note(self, differences: &[f64]) -> Finding {
        match MeanSd::of(differences) {
            MeanSd { mean, sem: Some(sem), .. } if mean.abs() < 2.0 * sem => {
                self.with_note("less than twice its standard error: other seeds may reverse it")
            }
            MeanSd { sem: None, .. } => self.with_note("one seed only"),
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_values_are_not_judged() {
        let claim = || Claim { what: "ratio", unit: "", paper: "12" };
        let finding = claim().in_range(&[f64::NAN], [11.0, 13.0], "within 1");
        assert_eq!(
            (finding.agrees, finding.note.as_deref()),
            (None, Some("not judged: undefined"))
        );
        let difference = claim().less_than(&[1.0, f64::NAN], &[2.0, 2.0], "smaller");
        assert_eq!(difference.agrees, None);
        assert_eq!(claim().in_range(&[12.0], [11.0, 13.0], "within 1").agrees, Some(true));
    }
}
