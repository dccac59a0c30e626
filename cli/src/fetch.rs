//! `apical data fetch`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate, time_left};
use super::{CliError, EXIT_CODES};
use apical::fetch::{self, KnownDataset, Split, fetch};

/// Fetch MNIST or one of its relatives: the four IDX files, each checked by its SHA-256 checksum
///
/// Each known place is tried in turn. What broke off goes on where it was when the command is given again.
/// EMNIST comes as an archive of 536 MB, of which one split is kept.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct FetchArgs {
    /// The data set
    #[arg(value_enum)]
    dataset: DatasetArg,

    /// Folder for the files; it is made
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The address of a folder that has the files, instead of the known places; may be given several times
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,

    /// Which part of EMNIST [default: balanced]
    #[arg(long, value_enum)]
    emnist_split: Option<Split>,

    /// Print one object of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DatasetArg {
    /// Digits
    Mnist,
    /// Clothes
    FashionMnist,
    /// Ten hiragana, as they were written in old books
    Kmnist,
    /// Letters and digits
    Emnist,
}

/// What was fetched.
#[derive(Serialize)]
struct FetchJson<'a> {
    folder: String,
    training_images: usize,
    test_images: usize,
    class_names: &'a [String],
}

pub(super) fn run(arguments: &FetchArgs) -> Result<(), CliError> {
    let known = arguments.known_dataset()?;
    let mut progress = Progress::new();
    let mut current = ("", TimeEstimate::start(0.0));
    let mut failures = Vec::new();
    let dataset = fetch(known, &arguments.out, &arguments.mirror, &mut |event| match event {
        fetch::Progress::AlreadyPresent { file } => {
            progress.print_line(format_args!("{file} is there already"))
        }
        fetch::Progress::Failed { reason } => failures.push(reason),
        fetch::Progress::Bytes { file, bytes, total } => {
            let total = total.unwrap_or(bytes);
            if current.0 != file {
                current = (file, TimeEstimate::start(total as f64));
            }
            let left = time_left(current.1.left(bytes as f64));
            progress.update(file, bytes as usize, total as usize, left);
        }
    })?;
    progress.clear();
    // Where every place failed, the error tells why.
    failures.iter().for_each(eprint_line);
    let folder = arguments.out.display().to_string();
    let (training_images, test_images) = (dataset.training_count, dataset.test_count);
    let mut output = Output::default();
    if arguments.json {
        let class_names = &dataset.class_names;
        return output.print_json(&FetchJson { folder, training_images, test_images, class_names });
    }
    let images = format!("{training_images} training and {test_images} test images");
    output.print(format_args!("{folder}: {images} of {} classes", dataset.classes))?;
    eprint_line(format_args!("train on them with --data {folder}"));
    Ok(())
}

impl FetchArgs {
    fn known_dataset(&self) -> Result<KnownDataset, CliError> {
        if self.emnist_split.is_some() && self.dataset != DatasetArg::Emnist {
            return Err(CliError::Usage(
                "--emnist-split is for emnist alone: leave it out".to_string(),
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
