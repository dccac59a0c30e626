use super::*;
use crate::figures::Render;

fn curve(settings: &str, errors: &[f64]) -> LearningCurve {
    let epoch = |(epoch, &error): (u32, &f64)| Epoch {
        epoch,
        images: 100,
        train_error: 2.0 * error,
        test_error: error,
        loss: error / 10.0,
    };
    LearningCurve {
        settings: settings.to_string(),
        epochs: (1..).zip(errors).map(epoch).collect(),
        partial_evals: Vec::new(),
    }
}

fn figure(networks: &[LearningCurve]) -> Figure {
    match plot(networks).chart {
        Chart::Figure(figure) => figure,
        _ => panic!("curves are a figure"),
    }
}

/// Counts the circles with the radius of a curve's points.
fn dots(figure: &Figure) -> usize {
    figure.svg().unwrap().matches("r=\"3\"").count()
}

#[test]
fn one_epoch_is_a_point_on_every_curve() {
    assert_eq!(dots(&figure(&[curve("", &[4.0])])), 3);
    // Each network and their mean.
    assert_eq!(dots(&figure(&vec![curve("", &[4.0]); 2])), 9);
    assert_eq!(dots(&figure(&[curve("", &[4.0, 3.0])])), 6);
    assert_eq!(dots(&figure(&[curve("", &[4.0; 60])])), 0);
}

#[test]
fn zero_or_nan_errors_keep_the_other_points() {
    let zero = figure(&[curve("", &[4.0, 2.0, 0.0])]);
    assert_eq!((zero.panels[0].y.scale, dots(&zero)), (Scale::Linear, 9));
    let lost = figure(&[curve("", &[4.0, f64::NAN, 1.0])]);
    assert_eq!((lost.panels[0].y.scale, dots(&lost)), (Scale::Log, 6));
    assert_eq!(dots(&figure(&[curve("", &[5.0, 5.0, 5.0])])), 9);
}

#[test]
fn partial_evals_before_the_first_epoch_are_drawn() {
    let test = |epoch, images| PartialEval { epoch, images, test_error: 9.0, test_images: 50 };
    let partial_evals = vec![test(1, 40)];
    let started = LearningCurve { partial_evals, ..curve("", &[]) };
    assert_eq!(dots(&figure(&[started])), 1);
    let partial_evals = vec![test(1, 50), test(2, 50)];
    let figure = figure(&[LearningCurve { partial_evals, ..curve("", &[4.0]) }]);
    let indices: Vec<f64> = figure.panels[0].series[0].points.iter().map(|p| p.x).collect();
    assert_eq!(indices, [0.5, 1.5]);
}

#[test]
fn swept_settings_have_a_line_each() {
    let swept = |count: usize| -> Vec<LearningCurve> {
        let name = |index: usize| format!("eta {index}");
        let curve = |index: usize| curve(&name(index), &[100.0 - index as f64, 50.0]);
        (0..count).flat_map(|index| [curve(index), curve(index)]).collect()
    };
    let labels = |figure: &Figure| -> Vec<String> {
        let mut labels: Vec<String> =
            figure.panels[0].series.iter().map(|series| series.label.clone()).collect();
        labels.dedup();
        labels
    };
    let few = figure(&swept(3));
    assert_eq!(
        (few.panels.len(), labels(&few)),
        (3, ["eta 0", "eta 1", "eta 2"].iter().map(|l| l.to_string()).collect())
    );
    let many = labels(&figure(&swept(40)));
    assert_eq!((many.len(), many[0].as_str()), (1 + MAX_NAMED, "31 other settings"));
    assert_eq!(plot(&swept(2)).data.rows[0][..2], ["0", "eta 0"]);
}
