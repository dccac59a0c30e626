//! Neurons through the two phases of an image.

use super::claim::Claim;
use super::error::ExperimentError;
use super::experiment::Experiment;
use super::output::ExperimentOutput;
use super::study::Study;
use super::traces::{APICAL, BASAL, Neuron, SOMA, panel, table};
use crate::analysis::statistics::{correlation, mean};
use crate::config::Preset;
use crate::figures::{Chart, Figure};
use crate::monitor::{Mode, MonitorSpec, Quantity, Recording};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fig3",
    figure: "Figure 3",
    title: "Neurons through the two phases",
    about: "A trained network is shown test images with both phases. The figure has the hidden neuron whose \
            plateau potential changes the most, the output neuron of the image's class and one of another. Over \
            all hidden neurons, correlations of voltages over the steps measure which dendrite the soma \
            follows. Firing rates are measured, too.",
    from_errors: false,
    run,
};

/// Populations whose rates are measured, with their arrays.
const POPULATIONS: [(&str, &str); 3] = [
    ("input", "representations_input"),
    ("hidden", "representations0"),
    ("output", "representations1"),
];
/// Number of images for correlations and rates.
const IMAGES: usize = 20;

fn run(study: &mut Study) -> Result<ExperimentOutput, ExperimentError> {
    let config = study.paper(Preset::Paper1);
    let trained = study.train_one(&config)?;
    let images = study.test_images(IMAGES);
    let mut with_basal = Vec::new();
    let mut with_apical = Vec::new();
    let mut rates = vec![Vec::new(); POPULATIONS.len()];
    let mut results = ExperimentOutput::default();
    let total = trained.len();
    for (done, trained) in trained.iter().enumerate() {
        use Quantity::{Apical, Basal, Phases, Plateaus, Representations, Soma};
        let recorder = MonitorSpec::new(&[Basal, Apical, Soma, Plateaus, Phases, Representations]);
        let config = &trained.trial.config;
        let mut session = study.session(config, &trained.network, recorder)?;
        let recording = session.show(&images, Mode::TrainFrozen, &mut |_| ())?;
        with_basal.push(mean_correlation(&recording, "basal0"));
        with_apical.push(mean_correlation(&recording, "apical0"));
        for ((_, array), rates) in POPULATIONS.iter().zip(&mut rates) {
            rates.push(1000.0 * mean(&recording.values_f64(array)));
        }
        if done == 0 {
            draw(&recording, study.dataset.classes, &mut results);
        }
        study.report_progress("networks recorded", done + 1, total)?;
    }
    results.settings.push(("config".to_string(), config));
    let mut claim = |what, unit, paper, values: &[f64], range, criterion| {
        let claim = Claim { what, unit, paper };
        results.findings.push(claim.in_range(values, range, criterion));
    };
    let (follows, not) = ("the soma follows it", "the soma does not follow it");
    claim(
        "correlation of hidden somata with basal voltages",
        "",
        follows,
        &with_basal,
        [0.5, 1.0],
        "above 0.5",
    );
    claim(
        "correlation of hidden somata with apical voltages",
        "",
        not,
        &with_apical,
        [-0.2, 0.2],
        "within 0.2 of 0",
    );
    for ((name, _), rates) in POPULATIONS.iter().zip(&rates) {
        let what = format!("mean rate of {name} neurons");
        let claim = Claim { what: &what, unit: "Hz", paper: "about 24" };
        results.findings.push(match *name {
            "input" => claim.in_range(rates, [20.0, 28.0], "within 4 Hz"),
            _ => claim.report_only(rates, "", "the paper's number fits the input: not judged"),
        });
    }
    Ok(results)
}

/// Returns the correlation of the somatic voltage with another compartment's, averaged over images and neurons.
fn mean_correlation(recording: &Recording, compartment: &str) -> f64 {
    let (Some(soma), Some(other)) = (recording.get("soma0"), recording.get(compartment)) else {
        return f64::NAN;
    };
    let pairs = (0..soma.shape[0]).flat_map(|image| {
        (0..soma.shape[2])
            .map(move |unit| (soma.time_series(image, unit), other.time_series(image, unit)))
    });
    // Exclude silent dendrites, whose correlation is undefined.
    let values: Vec<f64> = pairs
        .map(|(soma, other)| correlation(&soma, &other))
        .filter(|correlation| correlation.is_finite())
        .collect();
    mean(&values)
}

fn draw(recording: &Recording, classes: usize, results: &mut ExperimentOutput) {
    let label = usize::from(recording.labels[0]);
    let changes = recording.get("plateaus0").map_or(Vec::new(), |plateaus| {
        let (forward, target) = plateaus.image(0).split_at(plateaus.shape[2]);
        forward.iter().zip(target).map(|(forward, target)| (target - forward).abs()).collect()
    });
    // A class may have several output neurons.
    let outputs = recording.get("soma1").map_or(classes, |soma| soma.shape[2]);
    let output_of = |class: usize| class * (outputs / classes);
    let largest = (0..changes.len()).max_by(|&a, &b| changes[a].total_cmp(&changes[b]));
    let mut data = table();
    let hidden = [BASAL, APICAL, SOMA];
    let output = [BASAL, SOMA];
    let neurons = [
        ("hidden neuron", 0, largest.unwrap_or(0), &hidden[..]),
        ("output neuron of the class", 1, output_of(label), &output[..]),
        ("output neuron of another class", 1, output_of((label + 1) % classes), &output[..]),
    ];
    let panels = neurons.map(|(title, layer, unit, compartments)| {
        panel(recording, &Neuron { title, layer, unit, compartments }, &mut data)
    });
    let title = "Voltages through the forward and the target phase".to_string();
    let figure = Figure { title, panels: panels.to_vec() };
    let caption = "Voltages of three neurons while a test image is shown. In the target phase the output neuron \
                   of the image's class is excited and all others are inhibited. This reaches the apical dendrites \
                   of hidden neurons, but not their somata. The dendrite of an output neuron is drawn as a basal \
                   one.";
    results.plot("voltages", caption, Chart::Figure(figure), data);
}
