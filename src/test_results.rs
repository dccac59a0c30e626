//! Result of an evaluation: errors in percent, overall and per class, and the confusion matrix.

use serde::{Deserialize, Serialize};

/// Result of an evaluation: the confusion matrix of its images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Number of images, [true class, predicted class].
    pub confusion: Vec<Vec<u32>>,
}

impl Evaluation {
    /// Counts the true and the predicted class of each image.
    ///
    /// # Panics
    /// If a class is not below `classes`.
    pub fn new(classes: usize, labels: &[u8], found: &[u8]) -> Self {
        let mut confusion = vec![vec![0; classes]; classes];
        for (&label, &found) in labels.iter().zip(found) {
            confusion[usize::from(label)][usize::from(found)] += 1;
        }
        Evaluation { confusion }
    }

    /// Sums the counts of several evaluations.
    ///
    /// # Panics
    /// If an evaluation has fewer classes than the first.
    pub fn sum(evaluations: &[Evaluation]) -> Self {
        let classes = evaluations.first().map_or(0, |first| first.confusion.len());
        let count = |class: usize, found: usize| {
            evaluations.iter().map(|evaluation| evaluation.confusion[class][found]).sum()
        };
        let row = |class| (0..classes).map(|found| count(class, found)).collect();
        Evaluation { confusion: (0..classes).map(row).collect() }
    }

    /// Returns the number of images tested: the sum of all counts.
    pub fn images(&self) -> u32 {
        self.confusion.iter().flatten().sum()
    }

    /// Returns the percentage of misclassified images.
    pub fn error(&self) -> f64 {
        let right: u32 = self.confusion.iter().enumerate().map(right).sum();
        percent(self.images() - right, self.images())
    }

    /// Returns the percentage of misclassified images per class; `None` for a class without images.
    pub fn class_errors(&self) -> Vec<Option<f64>> {
        let error = |(class, row): (usize, &Vec<u32>)| {
            let images: u32 = row.iter().sum();
            (images > 0).then(|| percent(images - right((class, row)), images))
        };
        self.confusion.iter().enumerate().map(error).collect()
    }
}

/// Returns the percentage of `labels` that differ from the predicted classes.
pub fn error_percent(labels: &[u8], found: &[u8]) -> f64 {
    let wrong = labels.iter().zip(found).filter(|(label, found)| label != found).count();
    percent(wrong as u32, labels.len() as u32)
}

/// Returns the number of images of a class that were classified correctly; 0 if the row is too short.
fn right((class, row): (usize, &Vec<u32>)) -> u32 {
    row.get(class).copied().unwrap_or(0)
}

fn percent(part: u32, whole: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_rows_count_nothing_right() {
        let evaluation = Evaluation { confusion: vec![vec![], vec![1]] };
        assert_eq!(evaluation.error(), 100.0);
        assert_eq!(evaluation.class_errors(), [None, Some(100.0)]);
    }

    #[test]
    fn errors_count_misclassified_images() {
        let evaluation = Evaluation::new(3, &[0, 0, 1, 1], &[0, 1, 1, 1]);
        assert_eq!(evaluation.error(), 25.0);
        assert_eq!(evaluation.class_errors(), [Some(50.0), Some(0.0), None]);
        assert_eq!(evaluation.confusion[0], [1, 1, 0]);
        assert_eq!(error_percent(&[0, 0, 1, 1], &[0, 1, 1, 1]), 25.0);
    }
}
