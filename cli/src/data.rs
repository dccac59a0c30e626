//! `apical data`: summarizes data sets.

use std::fmt::Write;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};

use super::fetch::{self, FetchArgs};
use super::output::Output;
use super::shared_args::ReadArgs;
use super::test::labelled;
use super::{CliError, EXIT_CODES};
use apical::dataset::SourceFile;
use apical::dataset::summary::DatasetSummary;
use apical::plots::save_contact_sheet;

/// Summarize a data set: image shape, images per class, and problems
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
pub(super) struct DataCommand {
    #[command(subcommand)]
    action: Option<DataSubcommand>,

    /// Data set, as --data of other commands [default: the embedded MNIST]
    #[arg(value_name = "PATH")]
    data: Option<PathBuf>,

    #[command(flatten)]
    reading: ReadArgs,

    /// Write a PNG with the first training images of each class, one row per class
    #[arg(long, value_name = "FILE.png")]
    contact_sheet: Option<PathBuf>,

    /// Number of images per class on the contact sheet
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = columns())]
    columns: usize,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum DataSubcommand {
    /// Fetch MNIST or a related data set: four IDX files, each checked against its SHA-256 checksum
    Fetch(FetchArgs),
}

fn columns() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=100)
}

pub(super) fn run(arguments: &DataCommand) -> Result<(), CliError> {
    if let Some(DataSubcommand::Fetch(arguments)) = &arguments.action {
        return fetch::run(arguments);
    }
    if let Some(path) = &arguments.contact_sheet
        && path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("png"))
    {
        let message = format!(
            "cannot write the contact sheet: expected a .png file such as {}",
            path.with_extension("png").display()
        );
        return Err(CliError::Usage(message));
    }
    let dataset = arguments.reading.read(arguments.data.as_deref())?;
    let summary = DatasetSummary::of(&dataset);
    if let Some(path) = &arguments.contact_sheet {
        save_contact_sheet(path, &dataset, arguments.columns)?;
    }
    let output = Output::default();
    if arguments.json {
        return output.print_json(&summary);
    }
    output.print(table(&summary))?;
    match &arguments.contact_sheet {
        Some(path) => output.print(format_args!("written     {}", path.display())),
        None => Ok(()),
    }
}

fn table(summary: &DatasetSummary) -> String {
    let DatasetSummary { name, height, width, channels, max_pixel, mean, .. } = summary;
    let [training, test] = [summary.training_images, summary.test_images];
    let colours = if *channels == 1 { "grey" } else { "in colour" };
    let (shape, examples) = match summary.events {
        Some(events) => {
            let each = events as f64 / (training + test) as f64;
            let shape = format!("recordings  {width} x {height} units, {each:.0} spikes each");
            (shape, "recordings")
        }
        None => {
            let shape = format!(
                "images      {width} x {height} pixels, {colours}, bytes 0 to {max_pixel}, mean {mean:.1}; \
                 a pixel is byte / {max_pixel}"
            );
            (shape, "images")
        }
    };
    let mut text = format!(
        "data set    {name}\n{shape}\ntraining    {training} {examples}\ntest        {test} {examples}\n"
    );
    if summary.validation_images > 0 {
        text += &format!(
            "validation  {} {examples}, used by 'apical tune' and with --validation-images\n",
            summary.validation_images
        );
    }
    text.push('\n');
    // Writing to a string cannot fail.
    for SourceFile { file, format } in &summary.source_files {
        let _ = writeln!(text, "read        {file}: {format}");
    }
    for conversion in &summary.conversions {
        let _ = writeln!(text, "converted   {conversion}");
    }
    if !summary.source_files.is_empty() {
        text.push('\n');
    }
    let labels = labelled(&summary.class_names);
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(5);
    let has_validation = summary.validation_images > 0;
    let header = if has_validation { "  validation" } else { "" };
    let _ = writeln!(text, "{:<longest$}  training      test{header}", "class");
    let counts = summary.training_classes.iter().zip(&summary.test_classes);
    for (class, (label, (training, test))) in labels.iter().zip(counts).enumerate() {
        let _ = write!(text, "{label:<longest$}  {training:>8}  {test:>8}");
        if let Some(validation) = summary.validation_classes.get(class) {
            let _ = write!(text, "  {validation:>10}");
        }
        text.push('\n');
    }
    if summary.problems.is_empty() {
        text += "\nproblems    none";
    }
    for problem in &summary.problems {
        let _ = write!(text, "\nproblem     {problem}");
    }
    text
}
