//! `apical predict`: classifies images.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate, time_left};
use super::shared_args::{MachineArgs, PixelArgs};
use super::test::{labelled, repeat_count};
use super::train::print_device;
use super::weights::load_weights;
use super::{CliError, EXIT_CODES};
use apical::dataset::unlabelled::{Preprocess, collect};
use apical::predict::{Prediction, Predictions, predict};

/// Argument for paths on standard input.
const STDIN: &str = "-";

/// Classify images with a trained network
///
/// Each image is scaled to the size of the training images, converted to grey unless they were in colour, and presented
/// as in a test. A score is the mean voltage of a class's output neurons (mV). The spikes of an image depend on its
/// pixels and the seed, not on other images.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct PredictArgs {
    /// File weights.safetensors of a run, or the run's folder
    weights: PathBuf,

    /// Image files (PNG, JPEG, BMP, GIF, WebP, TIFF, PGM, PPM), folders or .zip files of them, IDX files of images, or CSV
    /// files; -: read paths from standard input, one per line
    #[arg(required = true, value_name = "IMAGES")]
    images: Vec<PathBuf>,

    /// Invert dark and light, for example for dark ink on white paper: MNIST's digits are light on black
    #[arg(long)]
    invert: bool,

    #[command(flatten)]
    values: PixelArgs,

    /// Number of presentations per image, with new spikes each; the output shows how often the class was predicted
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = repeat_count())]
    repeats: u32,

    /// Length of the forward phase (ms) [default: as trained]
    #[arg(long, value_name = "MS")]
    test_ms: Option<u32>,

    /// Seed of the spikes [default: as trained]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Print one JSON object per image
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    machine: MachineArgs,
}

/// Prediction of an image as JSON.
#[derive(Serialize)]
struct PredictionJson<'a> {
    image: &'a str,
    class: u8,
    name: &'a str,
    /// Fraction of presentations in which the class was predicted.
    vote_fraction: f64,
    /// Number of presentations per predicted class.
    class_counts: &'a [u32],
    scores: &'a [f64],
    /// Mean time per image, s.
    seconds: f64,
}

pub(super) fn run(arguments: &PredictArgs) -> Result<(), CliError> {
    let device_options = arguments.machine.device_options()?;
    let mut saved = load_weights(&arguments.weights)?;
    saved.config.test_ms = arguments.test_ms.unwrap_or(saved.config.test_ms);
    saved.config.seed = arguments.seed.unwrap_or(saved.config.seed);
    let shape = &saved.images;
    let sizes = [shape.height, shape.width, shape.channels];
    let preprocess = Preprocess::of(sizes, &shape.rules, Some(&arguments.values.reading()));
    let preprocess = Preprocess { inverted: arguments.invert, ..preprocess };
    let images = collect(&arguments.paths()?, preprocess)?;
    images.conversions.iter().for_each(eprint_line);
    images
        .check_brightness(shape.max_pixel, &shape.rules, preprocess)?
        .iter()
        .for_each(eprint_line);
    let names = images.names.clone();

    let progress = Progress::new();
    let total = names.len() * arguments.repeats as usize;
    let estimate = TimeEstimate::start(total as f64);
    let predictions = predict(&saved, images, &device_options, arguments.repeats, &mut |done| {
        let left = time_left(estimate.left(done as f64));
        progress.update("images", done, total, left);
    })?;
    progress.clear();
    print_device(&predictions.device);
    let classes = &saved.images.class_names;
    let output = Output::default();
    if arguments.json {
        return print_json(&output, &names, classes, &predictions);
    }
    output.print(table(&names, classes, &predictions.images, arguments.repeats > 1))?;
    let Predictions { images, seconds, .. } = predictions;
    eprint_line(format_args!("{} images in {seconds:.3} s", images.len()));
    Ok(())
}

impl PredictArgs {
    /// Returns the paths of the images, with `-` replaced by the paths on standard input.
    fn paths(&self) -> Result<Vec<PathBuf>, CliError> {
        let mut paths = Vec::new();
        for path in &self.images {
            if path != Path::new(STDIN) {
                paths.push(path.clone());
                continue;
            }
            for line in io::stdin().lines() {
                let line = line.map_err(CliError::Input)?;
                if !line.trim().is_empty() {
                    paths.push(PathBuf::from(line));
                }
            }
        }
        if paths.is_empty() {
            return Err(CliError::Usage(
                "expected image paths on standard input: it is empty".to_string(),
            ));
        }
        Ok(paths)
    }
}

fn print_json(
    output: &Output,
    names: &[String],
    classes: &[String],
    predictions: &Predictions,
) -> Result<(), CliError> {
    let seconds = predictions.seconds / names.len() as f64;
    for (image, prediction) in names.iter().zip(&predictions.images) {
        let Prediction { class, class_counts, scores, .. } = prediction;
        output.print_json(&PredictionJson {
            image,
            class: *class,
            name: &classes[usize::from(*class)],
            vote_fraction: prediction.vote_fraction(),
            class_counts,
            scores,
            seconds,
        })?;
    }
    Ok(())
}

/// Formats one line per image: class and scores of all classes.
fn table(names: &[String], classes: &[String], images: &[Prediction], with_votes: bool) -> String {
    let labels = labelled(classes);
    let labels: Vec<&str> = labels.iter().map(|label| label.trim_start()).collect();
    let letters = |text: &str| text.chars().count();
    let longest =
        |texts: &mut dyn Iterator<Item = usize>, least| texts.max().unwrap_or(0).max(least);
    let image = longest(&mut names.iter().map(|name| letters(name)), "image".len());
    let class = longest(&mut labels.iter().map(|label| letters(label)), "class".len());
    let votes = |text: String| if with_votes { format!("  {text:>5}") } else { String::new() };
    let head = votes("votes".to_string());
    let heads: String = (0..classes.len()).map(|class| format!("{class:>7}")).collect();
    let mut lines = vec![format!("{:<image$}  {:<class$}{head} {heads}", "image", "class")];
    for (name, prediction) in names.iter().zip(images) {
        let label = labels[usize::from(prediction.class)];
        let scores: String =
            prediction.scores.iter().map(|score| format!("{score:>7.2}")).collect();
        let fraction = votes(format!("{:.2}", prediction.vote_fraction()));
        lines.push(format!("{name:<image$}  {label:<class$}{fraction} {scores}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_aligns_columns_with_classes() {
        let seen = |class, scores: [f64; 2], votes: [u32; 2]| Prediction {
            class,
            scores: scores.to_vec(),
            class_counts: votes.to_vec(),
        };
        let images = [seen(1, [-1.0, 2.345], [1, 3]), seen(0, [10.0, -3.0], [4, 0])];
        let names = ["a.png", "folder/b.png"].map(str::to_string);
        let expected = "\
image         class  votes       0      1
a.png         1       0.75   -1.00   2.35
folder/b.png  0       1.00   10.00  -3.00";
        let digits = ["0", "1"].map(str::to_string);
        assert_eq!(table(&names, &digits, &images, true), expected);
        let expected = "\
image         class         0      1
a.png         1 a dog   -1.00   2.35
folder/b.png  0 cat     10.00  -3.00";
        let named = ["cat", "a dog"].map(str::to_string);
        assert_eq!(table(&names, &named, &images, false), expected);
    }
}
