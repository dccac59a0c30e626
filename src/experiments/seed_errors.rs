//! Test errors of a condition by seed, of which some trainings may not have finished.

use super::claim::{Claim, TOLERANCE, differences};
use crate::figures::Finding;
use crate::run_dir::Trial;

/// Test errors after the last epoch by seed, percent; `None` for an unfinished training.
pub(super) struct SeedErrors(Vec<Option<f64>>);

impl SeedErrors {
    pub(super) fn new(trials: &[Option<Trial>]) -> Self {
        SeedErrors(trials.iter().map(|trial| trial.as_ref().map(Trial::test_error)).collect())
    }

    /// Returns the errors of the finished trainings.
    pub(super) fn finished(&self) -> Vec<f64> {
        self.0.iter().copied().flatten().collect()
    }

    /// Compares the errors with the paper's. Does not judge those of quick trainings. Returns `None` if no training has
    /// finished.
    pub(super) fn judge(&self, what: &str, paper: f64, is_quick: bool) -> Option<Finding> {
        let errors = self.finished();
        if errors.is_empty() {
            return None;
        }
        let text = paper.to_string();
        let claim = Claim { what, unit: "%", paper: &text };
        let criterion = format!("within {TOLERANCE} points");
        let finding = if is_quick {
            let note = "a quick run ends after fewer epochs than the paper's 60: not judged";
            claim.report_only(&errors, &criterion, note)
        } else {
            claim.in_range(&errors, [paper - TOLERANCE, paper + TOLERANCE], &criterion)
        };
        Some(finding.with_count(errors.len(), self.0.len()))
    }

    /// Judges whether the mean error is at most `limit` percent, an aim of this project. Does not judge quick trainings.
    /// Returns `None` if no training has finished.
    pub(super) fn judge_at_most(&self, what: &str, limit: f64, is_quick: bool) -> Option<Finding> {
        let errors = self.finished();
        if errors.is_empty() {
            return None;
        }
        let (paper, criterion) = (format!("aim: {limit:.1}"), format!("at most {limit:.1} %"));
        let claim = Claim { what, unit: "%", paper: &paper };
        let finding = match is_quick {
            true => {
                claim.report_only(&errors, &criterion, "too few images for the aim: not judged")
            }
            false => claim.in_range(&errors, [0.0, limit], &criterion),
        };
        Some(finding.with_count(errors.len(), self.0.len()))
    }

    /// Reports the difference to another condition with the same seeds. Returns `None` if no seed has finished in both.
    pub(super) fn report_difference(&self, other: &SeedErrors, claim: Claim) -> Option<Finding> {
        let [first, second] = self.pairs(other);
        let note = "not judged: no number to compare with";
        let finding =
            (!first.is_empty()).then(|| claim.report_only(&differences(&first, &second), "", note));
        finding.map(|finding| finding.with_count(first.len(), self.0.len()))
    }

    /// Returns the errors of two conditions of the seeds that finished in both.
    fn pairs(&self, other: &SeedErrors) -> [Vec<f64>; 2] {
        let both = |(first, second): (&Option<f64>, &Option<f64>)| first.zip(*second);
        let (first, second) = self.0.iter().zip(&other.0).filter_map(both).unzip();
        [first, second]
    }

    /// Judges whether the errors are below those of another condition with the same seeds. Returns `None` if no seed has
    /// finished in both.
    pub(super) fn judge_less_than(
        &self,
        other: &SeedErrors,
        claim: Claim,
        criterion: &str,
    ) -> Option<Finding> {
        let [first, second] = self.pairs(other);
        let finding = (!first.is_empty()).then(|| claim.less_than(&first, &second, criterion));
        finding.map(|finding| finding.with_count(first.len(), self.0.len()))
    }

    /// Judges whether the mean difference to another condition with the same seeds is at most `limit` points. Returns
    /// `None` if no seed has finished in both.
    pub(super) fn judge_equal(
        &self,
        other: &SeedErrors,
        claim: Claim,
        limit: f64,
    ) -> Option<Finding> {
        let [first, second] = self.pairs(other);
        let criterion = format!("within {limit} points of 0");
        let differences = differences(&first, &second);
        let finding =
            (!first.is_empty()).then(|| claim.in_range(&differences, [-limit, limit], &criterion));
        finding.map(|finding| finding.with_count(first.len(), self.0.len()))
    }
}

impl Finding {
    /// Adds a note if the finding lacks networks.
    fn with_count(self, count: usize, total: usize) -> Finding {
        match count < total {
            true => self.with_note(&format!("{count} of {total} networks trained")),
            false => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_trainings_leave_pairs_of_seeds() {
        let first = SeedErrors(vec![Some(4.0), None, Some(5.0)]);
        let second = SeedErrors(vec![Some(3.0), Some(9.0), None]);
        let none = SeedErrors(vec![None; 3]);
        let claim = || Claim { what: "a minus b", unit: "points", paper: "below 0" };
        let finding = first.judge_less_than(&second, claim(), "smaller").unwrap();
        assert_eq!((finding.ours.mean, finding.ours.n, finding.agrees), (1.0, 1, Some(false)));
        assert_eq!(finding.note.unwrap(), "one seed only; 1 of 3 networks trained");
        let finding = first.judge("a", 4.4, false).unwrap();
        assert_eq!((finding.ours.mean, finding.agrees), (4.5, Some(true)));
        assert_eq!(finding.note.unwrap(), "2 of 3 networks trained");
        assert_eq!(first.judge("a", 4.4, true).unwrap().agrees, None);
        assert!(none.judge("a", 4.4, false).is_none());
        assert!(none.judge_less_than(&first, claim(), "smaller").is_none());
        assert!(first.judge_equal(&none, claim(), 0.5).is_none());
    }
}
