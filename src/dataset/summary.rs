//! Summary of a data set: shapes, counts and problems.

use std::collections::HashMap;
use std::ops::Range;

use serde::Serialize;

use super::spikes::Recordings;
use super::{Dataset, PixelRules, SourceFile, mean};
use crate::text::plural;

/// A class with this factor fewer images than the largest is reported.
const IMBALANCE_RATIO: usize = 10;

/// Shapes and counts of a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatasetSummary {
    /// Name of the data set.
    pub name: String,
    /// Number of rows of pixels.
    pub height: usize,
    /// Number of columns of pixels.
    pub width: usize,
    /// Number of bytes per pixel: 1, or 3 in colour.
    pub channels: usize,
    /// Largest byte of the training images.
    pub max_pixel: u8,
    /// Mean byte of the training images.
    pub mean: f64,
    /// Number of events of all recordings; `None` for images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<usize>,
    /// One name per class.
    pub class_names: Vec<String>,
    /// Number of training images.
    pub training_images: usize,
    /// Number of test images.
    pub test_images: usize,
    /// Number of images of the own validation set.
    #[serde(skip_serializing_if = "is_zero")]
    pub validation_images: usize,
    /// Number of training images per class.
    pub training_classes: Vec<usize>,
    /// Number of test images per class.
    pub test_classes: Vec<usize>,
    /// Number of validation images per class, empty without an own validation set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation_classes: Vec<usize>,
    /// Detected format of each file or array.
    pub source_files: Vec<SourceFile>,
    /// Pixel conversions made while reading, one sentence each.
    pub conversions: Vec<String>,
    /// Conversion from file values to bytes.
    pub rules: PixelRules,
    /// Skipped files and possible sources of error, one sentence each.
    pub problems: Vec<String>,
}

impl DatasetSummary {
    /// Summarizes a data set. Reads every image.
    pub fn of(dataset: &Dataset) -> Self {
        let (training, test) = (dataset.training_labels(), dataset.test_labels());
        let pixels = match dataset.recordings() {
            Some(_) => &[],
            None => &dataset.images()[..dataset.training_count * dataset.pixels()],
        };
        let mut summary = DatasetSummary {
            name: dataset.name.clone(),
            height: dataset.height,
            width: dataset.width / dataset.channels,
            channels: dataset.channels,
            max_pixel: dataset.max_pixel,
            mean: mean(pixels),
            events: dataset.recordings().map(Recordings::event_count),
            class_names: dataset.class_names.clone(),
            training_images: training.len(),
            test_images: test.len(),
            validation_images: dataset.validation_count,
            training_classes: counts(training, dataset.classes),
            test_classes: counts(test, dataset.classes),
            validation_classes: match dataset.validation_labels() {
                [] => Vec::new(),
                labels => counts(labels, dataset.classes),
            },
            source_files: dataset.source_files.clone(),
            conversions: dataset.conversions.clone(),
            rules: dataset.rules,
            problems: dataset.warnings.clone(),
        };
        summary.problems.extend(summary.class_problems());
        if dataset.recordings().is_none() {
            summary.problems.extend(image_problems(dataset));
            summary.problems.extend(duplicates(dataset));
        }
        summary
    }

    /// Reports classes that are missing or much smaller than others.
    fn class_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let sets = [
            ("training", &self.training_classes),
            ("test", &self.test_classes),
            ("validation", &self.validation_classes),
        ];
        for (set, counts) in sets {
            let missing = self.names_where(|class| counts.get(class) == Some(&0));
            if !missing.is_empty() {
                problems.push(format!("no {set} images of class {}", missing.join(", ")));
            }
        }
        let largest = self.training_classes.iter().copied().max().unwrap_or(0);
        let is_small =
            |class: usize| (1..=largest / IMBALANCE_RATIO).contains(&self.training_classes[class]);
        let small = self.names_where(is_small);
        if !small.is_empty() {
            problems.push(format!(
                "class {} has at most 1/{IMBALANCE_RATIO} of the training images of the largest class",
                small.join(", ")
            ));
        }
        problems
    }

    fn names_where(&self, is_meant: impl Fn(usize) -> bool) -> Vec<String> {
        let classes = self.class_names.iter().enumerate();
        classes.filter(|&(class, _)| is_meant(class)).map(|(_, name)| name.clone()).collect()
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn counts(labels: &[u8], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    counts
}

/// Reports uniform images, and test images that are brighter than all training images.
fn image_problems(dataset: &Dataset) -> Vec<String> {
    let mut problems = Vec::new();
    let tested = dataset.training_count + dataset.test_count;
    let sets = [
        ("training", 0..dataset.training_count),
        ("test", dataset.training_count..tested),
        ("validation", tested..tested + dataset.validation_count),
    ];
    for (set, range) in sets {
        let is_blank = |&index: &usize| {
            let image = dataset.image(index);
            image.iter().all(|&byte| byte == image[0])
        };
        let blank = range.filter(is_blank).count();
        if blank > 0 {
            problems
                .push(format!("{} of a single grey level", plural(blank, &format!("{set} image"))));
        }
    }
    let is_brighter = |&index: &usize| dataset.image(index).iter().any(|&p| p > dataset.max_pixel);
    let brighter = (dataset.training_count..tested).filter(is_brighter).count();
    if brighter > 0 {
        let images = plural(brighter, "test image");
        problems.push(format!(
            "{images} with a byte above {}, the largest in training",
            dataset.max_pixel
        ));
    }
    problems
}

/// Reports images that occur more than once with equal pixels.
fn duplicates(dataset: &Dataset) -> Vec<String> {
    let mut first: HashMap<&[u8], u8> = HashMap::new();
    let (mut again, mut contradicting) = (0, 0);
    for (index, &label) in dataset.training_labels().iter().enumerate() {
        match first.get(dataset.image(index)) {
            Some(&other) => {
                again += 1;
                contradicting += usize::from(other != label);
            }
            None => {
                first.insert(dataset.image(index), label);
            }
        }
    }
    let tested = dataset.training_count + dataset.test_count;
    let in_training = |range: Range<usize>| {
        range.filter(|&index| first.contains_key(dataset.image(index))).count()
    };
    let in_both = in_training(dataset.training_count..tested);
    let held_out = in_training(tested..tested + dataset.validation_count);
    let problem = |count: usize, set: &str, what: &str| {
        (count > 0).then(|| format!("{} {what}", plural(count, &format!("{set} image"))))
    };
    let problems = [
        problem(again, "training", "repeated in the training set"),
        problem(contradicting, "training", "repeated in the training set with another class"),
        problem(in_both, "test", "also in the training set"),
        problem(held_out, "validation", "also in the training set"),
    ];
    problems.into_iter().flatten().collect()
}
