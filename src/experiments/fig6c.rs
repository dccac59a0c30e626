//! Representations of the images in each layer.

use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use crate::analysis::tsne::{neighbours_agree, tsne};
use crate::config::Preset;
use crate::figures::{Axis, Chart, ChartData, Figure, Mark, Panel, Point, Series};
use crate::monitor::{Mode, MonitorSpec, Quantity, Recording};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig6c",
    figure: "Figure 6C",
    title: "Classes separate from layer to layer",
    about: "A trained network with two hidden layers is tested. The representations in each layer (rates at the \
            mean somatic voltage) and the images themselves are embedded in the plane by t-SNE. The purity of \
            the clusters is the share of the ten nearest neighbours in the plane that have the \
            same class. The paper shows all 10,000 test images.",
    from_errors: false,
    run,
};

const NEIGHBOURS: usize = 10;
/// Arrays of the populations, with their names.
const LAYERS: [(&str, &str); 4] = [
    ("representations_input", "input"),
    ("representations0", "hidden layer 1"),
    ("representations1", "hidden layer 2"),
    ("representations2", "output"),
];

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let config = study.paper(Preset::Paper2);
    let trained = study.train_one(&config)?;
    let images = study.test_images(study.quick_or_full(1000, 3000));
    let mut shares: Vec<Vec<f64>> = vec![Vec::new(); LAYERS.len()];
    let mut results = ExperimentOutput::default();
    let total = trained.len() * LAYERS.len();
    for (number, trained) in trained.iter().enumerate() {
        let recorder = MonitorSpec::new(&[Quantity::Representations]);
        let config = &trained.trial.config;
        let mut session = study.session(config, &trained.network, recorder)?;
        let recording = session.show(&images, Mode::Test, &mut |_| ())?;
        let mut layouts = Vec::new();
        for (layer, (name, _)) in LAYERS.iter().enumerate() {
            let numbers = recording.values_f64(name);
            let points = tsne(&numbers, images.len(), config.seed, &study.selection.stop)
                .ok_or(ExperimentError::Interrupted)?;
            shares[layer].push(100.0 * neighbours_agree(&points, &recording.labels, NEIGHBOURS));
            layouts.push(points);
            study.report_progress("layouts", number * LAYERS.len() + layer + 1, total)?;
        }
        if number == 0 {
            draw(&mut results, &recording, &study.dataset.class_names, &layouts);
        }
    }
    results.settings.push(("config".to_string(), config));
    for layer in 1..LAYERS.len() {
        let [(_, below), (_, name)] = [LAYERS[layer - 1], LAYERS[layer]];
        let what = format!("neighbours of one class, {below} minus {name}");
        let claim = Claim { what: &what, unit: "points", paper: "below 0" };
        let criterion = "purer clusters than in the layer below";
        results.findings.push(claim.less_than(&shares[layer - 1], &shares[layer], criterion));
    }
    Ok(results)
}

fn draw(
    results: &mut ExperimentOutput,
    recording: &Recording,
    names: &[String],
    layouts: &[Vec<[f64; 2]>],
) {
    let mut data = ChartData::new(&["layer", "image", "class", "x", "y"]);
    let mut panels = Vec::new();
    for ((_, name), points) in LAYERS.iter().zip(layouts) {
        let classes = recording.labels.iter().copied().max().unwrap_or(0);
        let of_class = |class: u8| Series {
            label: names[usize::from(class)].clone(),
            colour: usize::from(class),
            mark: Mark::SmallDots,
            points: (recording.labels.iter().zip(points))
                .filter(|(label, _)| **label == class)
                .map(|(_, &[x, y])| Point::new(x, y))
                .collect(),
        };
        for ((image, label), [x, y]) in recording.images.iter().zip(&recording.labels).zip(points) {
            let numbers = [image.to_string(), label.to_string(), x.to_string(), y.to_string()];
            data.rows.push([&[name.to_string()], &numbers[..]].concat());
        }
        panels.push(Panel {
            title: name.to_string(),
            x: Axis::unlabelled(points.iter().map(|point| point[0])),
            y: Axis::unlabelled(points.iter().map(|point| point[1])),
            series: (0..=classes).map(of_class).collect(),
            references: Vec::new(),
        });
    }
    let figure = Figure { title: "t-SNE of test images, layer by layer".to_string(), panels };
    let caption = "t-SNE of test images, one dot per image, coloured by class. Similar images are close. Axes have no \
                   meaning.";
    results.plot("layers", caption, Chart::Figure(figure), data);
}
