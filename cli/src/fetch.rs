//! `apical data fetch`: downloads data sets.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate, time_left};
use super::{CliError, EXIT_CODES};
use apical::fetch::{self, EmnistSplit, KnownDataset, fetch};

/// Fetch MNIST or a related data set: four IDX files, each checked against its SHA-256 checksum
///
/// Tries each known server in turn. Repeating the command resumes an interrupted download. EMNIST is an archive of
/// 536 MB, of which one split is kept.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct FetchArgs {
    /// Data set to fetch
    #[arg(value_enum)]
    dataset: DatasetArg,

    /// Folder for the files, created if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// URL of a folder with the files, instead of the known servers; may be repeated
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,

    /// Split of EMNIST [default: balanced]
    #[arg(long, value_enum)]
    emnist_split: Option<EmnistSplit>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DatasetArg {
    /// Handwritten digits
    Mnist,
    /// Clothes
    FashionMnist,
    /// Ten classes of cursive hiragana
    Kmnist,
    /// Handwritten letters and digits
    Emnist,
}

/// Fetched data set as JSON.
#[derive(Serialize)]
struct FetchJson<'a> {
    folder: String,
    training_images: usize,
    test_images: usize,
    class_names: &'a [String],
}

pub(super) fn run(arguments: &FetchArgs) -> Result<(), CliError> {
    let known = arguments.known_dataset()?;
    let progress = Progress::new();
    let mut current = ("", TimeEstimate::start(0.0));
    let mut failures = Vec::new();
    let dataset = fetch(known, &arguments.out, &arguments.mirror, &mut |event| match event {
        fetch::DownloadProgress::AlreadyPresent { file } => {
            progress.print_line(format_args!("{file} is already present"))
        }
        fetch::DownloadProgress::Failed { reason } => failures.push(reason),
        fetch::DownloadProgress::Bytes { file, bytes, total } => {
            let total = total.unwrap_or(bytes);
            if current.0 != file {
                current = (file, TimeEstimate::start(total as f64));
            }
            let left = time_left(current.1.left(bytes as f64));
            progress.update(file, bytes as usize, total as usize, left);
        }
    })?;
    progress.clear();
    // Print the failures of single servers; if all failed, the error lists them.
    failures.iter().for_each(eprint_line);
    let folder = arguments.out.display().to_string();
    let (training_images, test_images) = (dataset.training_count, dataset.test_count);
    let output = Output::default();
    if arguments.json {
        let class_names = &dataset.class_names;
        return output.print_json(&FetchJson { folder, training_images, test_images, class_names });
    }
    let images = format!("{training_images} training and {test_images} test images");
    output.print(format_args!("{folder}: {images} of {} classes", dataset.classes))?;
    eprint_line(format_args!("train on this data set with --data {folder}"));
    Ok(())
}

impl FetchArgs {
    fn known_dataset(&self) -> Result<KnownDataset, CliError> {
        if self.emnist_split.is_some() && self.dataset != DatasetArg::Emnist {
            return Err(CliError::Usage(
                "cannot use --emnist-split: it applies only to emnist".to_string(),
            ));
        }
        Ok(match self.dataset {
            DatasetArg::Mnist => KnownDataset::Mnist,
            DatasetArg::FashionMnist => KnownDataset::FashionMnist,
            DatasetArg::Kmnist => KnownDataset::Kmnist,
            DatasetArg::Emnist => KnownDataset::Emnist(self.emnist_split.unwrap_or_default()),
        })
    }
}
