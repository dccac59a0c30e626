//! Correlation of the hidden layer's local loss with the output's.

use rand::seq::SliceRandom;

use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use super::trained_networks::TrainedNetwork;
use crate::analysis::statistics::{correlation, mean};
use crate::config::{Config, Preset};
use crate::figures::{
    Axis, Chart, ChartData, Figure, Mark, Panel, Point, Reference, Scale, Series,
};
use crate::monitor::{Mode, MonitorSpec, Quantity, Recording};
use crate::random::{PhiloxRng, RngStream};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig5bc",
    figure: "Figure 5B, C",
    title: "Local losses are correlated",
    about: "After the first and after the last epoch, test images are shown with both phases, without learning. \
            For the images of each class, the loss of the hidden layer (L0) is correlated with that of the \
            output (L1), and for comparison with L1 shuffled within the class.",
    from_errors: false,
    run,
};

/// Class in the paper's figure. Data with fewer classes show their last one.
const SHOWN_CLASS: u8 = 2;

/// Distance between two conditions of a class, as a fraction of the distance between classes.
const CONDITION_SPACING: f64 = 0.2;

/// Losses of the images of one network.
struct Losses {
    labels: Vec<u8>,
    hidden: Vec<f64>,
    output: Vec<f64>,
}

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let last = study.paper(Preset::Paper1);
    let first = Config { epochs: 1, ..last.clone() };
    let trained = study.train(&[first, last.clone()])?;
    let losses = record_all(study, &trained)?;
    let classes = study.dataset.classes;
    let shown = shown_class(classes);
    let classes = classes as u8;
    let correlations = |losses: &[Losses], shuffled| -> Vec<Vec<f64>> {
        let of_seed = |losses: &Losses| {
            (0..classes).map(|class| losses.correlation(class, shuffled)).collect()
        };
        losses.iter().map(of_seed).collect()
    };
    let [first, real, shuffled] = [
        correlations(&losses[0], false),
        correlations(&losses[1], false),
        correlations(&losses[1], true),
    ];
    let mut results = ExperimentOutput::default();
    let epochs = last.epochs;
    let names = &study.dataset.class_names;
    draw(&mut results, &losses[1][0], [&first, &real, &shuffled], names, epochs);
    let of_shown = format!("correlation of L0 and L1, class {shown}");
    results.settings.push(("config".to_string(), last));

    let of_class = |values: &[Vec<f64>], class: u8| -> Vec<f64> {
        values.iter().map(|of_seed| of_seed[usize::from(class)]).collect()
    };
    let means =
        |values: &[Vec<f64>]| -> Vec<f64> { values.iter().map(|of_seed| mean(of_seed)).collect() };
    let claim = |what, paper| Claim { what, unit: "", paper };
    results.findings.extend([
        claim(&of_shown, "0.61").in_range(&of_class(&real, shown), [0.41, 0.81], "within 0.2"),
        claim("correlation of L0 and L1, mean over classes", "mostly 0.2 to 0.6").in_range(
            &means(&real),
            [0.2, 0.6],
            "from 0.2 to 0.6",
        ),
        claim("epoch 1 minus last epoch, mean over classes", "below 0").less_than(
            &means(&first),
            &means(&real),
            "learning increases the correlation",
        ),
        claim("shuffled minus real, mean over classes", "far below 0").less_than(
            &means(&shuffled),
            &means(&real),
            "real is above shuffled",
        ),
    ]);
    Ok(results)
}

/// Records the networks of both epochs.
fn record_all(
    study: &mut Study,
    trained: &[Vec<TrainedNetwork>],
) -> Result<Vec<Vec<Losses>>, ExperimentError> {
    let count = study.quick_or_full(1000, 10_000);
    let total = trained.iter().map(Vec::len).sum();
    let mut done = 0;
    let mut losses = Vec::new();
    for networks in trained {
        let mut of_epoch = Vec::new();
        for network in networks {
            study.report_progress("networks recorded", done, total)?;
            of_epoch.push(record(study, network, count)?);
            done += 1;
        }
        losses.push(of_epoch);
    }
    Ok(losses)
}

fn shown_class(classes: usize) -> u8 {
    SHOWN_CLASS.min(classes.saturating_sub(1) as u8)
}

fn record(
    study: &mut Study,
    trained: &TrainedNetwork,
    count: usize,
) -> Result<Losses, ExperimentError> {
    let recorder = MonitorSpec::new(&[Quantity::HiddenLosses, Quantity::OutputLoss]);
    let images = study.test_images(count);
    let mut session = study.session(&trained.trial.config, &trained.network, recorder)?;
    let recording: Recording = session.show(&images, Mode::TrainFrozen, &mut |_| ())?;
    let (hidden, output) = (recording.values_f64("loss0"), recording.values_f64("output_loss"));
    Ok(Losses { labels: recording.labels, hidden, output })
}

impl Losses {
    /// Returns both losses of a class's images.
    fn of_class(&self, class: u8) -> (Vec<f64>, Vec<f64>) {
        let is_of = |index: &usize| self.labels[*index] == class;
        let indices = (0..self.labels.len()).filter(is_of);
        indices.map(|index| (self.hidden[index], self.output[index])).unzip()
    }

    fn correlation(&self, class: u8, shuffled: bool) -> f64 {
        let (hidden, mut output) = self.of_class(class);
        if shuffled {
            output.shuffle(&mut PhiloxRng::new(1, RngStream::Shuffle, u32::from(class), 0));
        }
        correlation(&hidden, &output)
    }
}

fn draw(
    results: &mut ExperimentOutput,
    losses: &Losses,
    correlations: [&[Vec<f64>]; 3],
    classes: &[String],
    epochs: u32,
) {
    let shown = shown_class(classes.len());
    let (hidden, output) = losses.of_class(shown);
    let points = hidden.iter().zip(&output).map(|(&x, &y)| Point::new(x, y)).collect();
    let images = Panel {
        title: format!("images of class {shown}, seed 1"),
        x: Axis::new("loss L0 of the hidden layer", Scale::Linear, hidden.iter().copied()),
        y: Axis::new("loss L1 of the output", Scale::Linear, output.iter().copied()),
        series: vec![Series {
            label: format!("epoch {epochs}"),
            colour: 0,
            mark: Mark::Dots,
            points,
        }],
        references: Vec::new(),
    };
    let labels = ["epoch 1".to_string(), format!("epoch {epochs}"), "shuffled".to_string()];
    let mut data = ChartData::new(&["condition", "seed", "class", "correlation"]);
    let mut series = Vec::new();
    for (index, (label, values)) in labels.iter().zip(correlations).enumerate() {
        // Give the last epoch its colour of the other panel.
        let colour = [1, 0, 2][index];
        let point = |class: usize| {
            let of_class: Vec<f64> = values.iter().map(|of_seed| of_seed[class]).collect();
            // Side by side in the order of the legend, so that no bar hides another.
            Point::over(class as f64 + CONDITION_SPACING * (index as f64 - 1.0), &of_class)
        };
        let points: Vec<Point> = (0..values[0].len()).map(point).collect();
        for (seed, of_seed) in (1..).zip(values) {
            for (class, value) in of_seed.iter().enumerate() {
                let [seed, class] = [seed, class].map(|x: usize| x.to_string());
                data.rows.push(vec![label.clone(), seed, class, value.to_string()]);
            }
        }
        series.push(Series { label: label.clone(), colour, mark: Mark::Dots, points });
    }
    let values = series.iter().flat_map(|series| &series.points).flat_map(Point::extent);
    let by_class = Panel {
        title: "all classes".to_string(),
        x: Axis::categorical("class", classes),
        y: Axis::new("correlation of L0 and L1", Scale::Linear, values.chain([0.0, 0.61])),
        series: series.clone(),
        references: vec![Reference {
            label: "paper, class 2: 0.61".to_string(),
            colour: Some(0),
            y: 0.61,
        }],
    };
    let title = "Losses of the hidden layer and the output".to_string();
    let figure = Figure { title, panels: vec![images, by_class] };
    let caption = "Left: both losses of the test images of one class. Right: their correlation over the images of \
                   each class, mean over seeds with bars of one standard deviation.";
    results.plot("losses", caption, Chart::Figure(figure), data);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_class_of_few_classes_is_the_last() {
        assert_eq!([1, 2, 3, 10, 256].map(shown_class), [0, 1, 2, 2, 2]);
    }

    #[test]
    fn conditions_are_ordered_as_in_the_legend() {
        let losses = Losses {
            labels: vec![SHOWN_CLASS; 3],
            hidden: vec![1.0, 2.0, 3.0],
            output: vec![3.0, 1.0, 2.0],
        };
        let correlations: &[Vec<f64>] = &[vec![0.1, 0.2, 0.9], vec![0.3, 0.4, -0.9]];
        let classes = ["a", "b", "c"].map(String::from);
        let mut results = ExperimentOutput::default();
        draw(&mut results, &losses, [correlations; 3], &classes, 8);
        let panels = results.panels("losses");
        panels.iter().for_each(Panel::check_axes);
        let indices = |label: &str| -> Vec<f64> {
            let series = panels[1].series.iter().find(|series| series.label == label).unwrap();
            series.points.iter().map(|point| point.x).collect()
        };
        assert_eq!(indices("epoch 1"), [-0.2, 0.8, 1.8]);
        assert_eq!(indices("epoch 8"), [0.0, 1.0, 2.0]);
        assert_eq!(indices("shuffled"), [0.2, 1.2, 2.2]);
        let colour = |panel: usize, series: usize| panels[panel].series[series].colour;
        assert_eq!(colour(0, 0), colour(1, 1), "the last epoch");
    }
}
