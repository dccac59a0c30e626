//! What is in a data set, and what is odd about it.

use std::collections::HashMap;

use serde::Serialize;

use super::error::counted;
use super::{Dataset, Part, PixelRules, mean};

/// A class with so many times fewer images than the largest is told.
const UNEVEN: usize = 10;

/// Shapes and counts of a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// What the data set is called.
    pub name: String,
    /// Rows and columns of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// Bytes of a pixel: 1, or in colour 3.
    pub channels: usize,
    /// Largest byte of the training images.
    pub range: u8,
    /// Mean byte of the training images.
    pub mean: f64,
    /// A name for each class.
    pub class_names: Vec<String>,
    /// Images of the training set.
    pub training_images: usize,
    /// Images of the test set.
    pub test_images: usize,
    /// Training images of each class.
    pub training_classes: Vec<usize>,
    /// Test images of each class.
    pub test_classes: Vec<usize>,
    /// How each file or array was understood.
    pub parts: Vec<Part>,
    /// What was done to pixels on reading, a sentence each.
    pub conversions: Vec<String>,
    /// How values of files became bytes.
    pub rules: PixelRules,
    /// Files that were skipped, and what may spoil a result, a sentence each.
    pub problems: Vec<String>,
}

impl Summary {
    /// Looks at every image of a data set.
    pub fn of(dataset: &Dataset) -> Self {
        let (training, test) = (dataset.training_labels(), dataset.test_labels());
        let pixels = &dataset.images()[..dataset.training_count * dataset.pixels()];
        let mut summary = Summary {
            name: dataset.name.clone(),
            height: dataset.height,
            width: dataset.width / dataset.channels,
            channels: dataset.channels,
            range: dataset.range,
            mean: mean(pixels),
            class_names: dataset.class_names.clone(),
            training_images: training.len(),
            test_images: test.len(),
            training_classes: counts(training, dataset.classes),
            test_classes: counts(test, dataset.classes),
            parts: dataset.parts.clone(),
            conversions: dataset.conversions.clone(),
            rules: dataset.rules,
            problems: dataset.notes.clone(),
        };
        summary.problems.extend(summary.odd_classes());
        summary.problems.extend(odd_images(dataset));
        summary.problems.extend(copies(dataset));
        summary
    }

    /// Classes that are missing, or much smaller than others.
    fn odd_classes(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let sets = [("training", &self.training_classes), ("test", &self.test_classes)];
        for (set, counts) in sets {
            let missing = self.named(|class| counts[class] == 0);
            if !missing.is_empty() {
                problems.push(format!("no {set} images of class {}", missing.join(", ")));
            }
        }
        let largest = self.training_classes.iter().copied().max().unwrap_or(0);
        let is_small =
            |class: usize| (1..=largest / UNEVEN).contains(&self.training_classes[class]);
        let small = self.named(is_small);
        if !small.is_empty() {
            problems.push(format!(
                "class {} has {UNEVEN} times fewer training images than the largest, or even fewer",
                small.join(", ")
            ));
        }
        problems
    }

    fn named(&self, is_meant: impl Fn(usize) -> bool) -> Vec<String> {
        let classes = self.class_names.iter().enumerate();
        classes.filter(|&(class, _)| is_meant(class)).map(|(_, name)| name.clone()).collect()
    }
}

fn counts(labels: &[u8], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    counts
}

/// Images in which nothing is seen, and test images that are brighter than any to train on.
fn odd_images(dataset: &Dataset) -> Vec<String> {
    let mut problems = Vec::new();
    let all = dataset.training_count + dataset.test_count;
    for (set, range) in
        [("training", 0..dataset.training_count), ("test", dataset.training_count..all)]
    {
        let is_blank = |&index: &usize| {
            let image = dataset.image(index);
            image.iter().all(|&byte| byte == image[0])
        };
        let blank = range.filter(is_blank).count();
        if blank > 0 {
            problems.push(format!("{} of one shade only", counted(blank, &format!("{set} image"))));
        }
    }
    let is_brighter = |&index: &usize| dataset.image(index).iter().any(|&p| p > dataset.range);
    let brighter = (dataset.training_count..all).filter(is_brighter).count();
    if brighter > 0 {
        let images = counted(brighter, "test image");
        problems.push(format!("{images} with a byte above {}, the training set's", dataset.range));
    }
    problems
}

/// Images that are there more than once, pixel by pixel.
fn copies(dataset: &Dataset) -> Vec<String> {
    let mut first: HashMap<&[u8], u8> = HashMap::new();
    let (mut again, mut contradicting, mut in_both) = (0, 0, 0);
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
    for index in dataset.training_count..dataset.training_count + dataset.test_count {
        in_both += usize::from(first.contains_key(dataset.image(index)));
    }
    let problem = |count: usize, set: &str, what: &str| {
        (count > 0).then(|| format!("{} {what}", counted(count, &format!("{set} image"))))
    };
    let problems = [
        problem(again, "training", "twice in the training set"),
        problem(contradicting, "training", "twice in the training set, of two classes"),
        problem(in_both, "test", "in the training set too"),
    ];
    problems.into_iter().flatten().collect()
}
