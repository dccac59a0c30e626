use super::super::{Measured, RESULT};
use std::fs;

use super::*;
use crate::dataset::MNIST_SHA256;
use crate::dataset::{DataIdentity, DataSource, ReadOptions};

/// Returns the identity of MNIST.
fn mnist() -> DataIdentity {
    DataIdentity {
        name: "MNIST".to_string(),
        source: DataSource::Embedded,
        read_options: ReadOptions::default(),
        training_images: 60_000,
        test_images: 10_000,
        sha256: MNIST_SHA256.to_string(),
        class_names: Vec::new(),
    }
}

pub(in crate::figures) fn result(name: &str) -> ExperimentResult {
    ExperimentResult {
        name: name.to_string(),
        figure: format!("Figure <{name}>"),
        title: "A & B".to_string(),
        about: "About.".to_string(),
        quick: true,
        command: "apical".to_string(),
        data: Some(mnist()),
        version: "0".to_string(),
        device: "none".to_string(),
        date: "2026-11-26T00:00:00Z".to_string(),
        seconds: 1.0,
        is_resumed: false,
        plots: vec![SavedPlot { name: "p".to_string(), caption: "A caption".to_string() }],
        findings: vec![Finding {
            what: "a < b".to_string(),
            unit: "%".to_string(),
            paper: "4.1".to_string(),
            ours: Measured { mean: 4.05, sd: Some(0.1), n: 3 },
            criterion: "near".to_string(),
            agrees: Some(false),
            note: Some("a note".to_string()),
        }],
        epochs: vec![4, 8],
        trainings: Vec::new(),
        missing: Vec::new(),
        remark: Some("Copied & rounded.".to_string()),
    }
}

fn save(folder: &Path, result: &ExperimentResult) {
    let folder = folder.join(result.folder_name());
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(RESULT), serde_json::to_vec(result).unwrap()).unwrap();
    fs::write(folder.join("p.svg"), "<?xml version=\"1.0\"?>\n<svg width=\"1\"></svg>").unwrap();
}

#[test]
fn page_has_all_experiments_in_order_and_escaped() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["other2", "fig10", "fig9b", "fig3"] {
        save(folder.path(), &result(name));
    }
    fs::create_dir(folder.path().join("trainings")).unwrap();
    let html = html_page(folder.path()).unwrap();
    let positions: Vec<usize> = ["fig3", "fig9b", "fig10", "other2"]
        .map(|name| html.find(&format!("<section id=\"{name}-quick\">")).unwrap())
        .to_vec();
    assert!(positions.is_sorted());
    assert_eq!(html.matches("<svg width=\"1\"></svg>").count(), 4);
    assert_eq!(html.matches("<p>Copied &amp; rounded.</p>").count(), 4);
    assert_eq!(html.matches("<?xml").count(), 0);
    // In the overview and in the section.
    assert_eq!(html.matches("a &lt; b<small>a note</small>").count(), 8);
    assert!(html.contains("4.05 ± 0.10 (3) %") && html.contains("<td class=\"agrees no\">no</td>"));
    assert!(!html.contains("a < b") && !html.contains("Figure <") && html.contains("A &amp; B"));
    assert!(!html.contains("http://") && !html.contains("https://"), "nothing is fetched");
}

#[test]
fn unreadable_file_is_named_in_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = |folder: &Path| html_page(folder).unwrap_err().to_string();
    assert!(error(folder.path()).contains("no experiment"));
    save(folder.path(), &result("fig3"));
    fs::remove_file(folder.path().join("fig3-quick/p.svg")).unwrap();
    assert!(error(folder.path()).contains("p.svg"));
    fs::write(folder.path().join("fig3-quick/p.svg"), "nothing").unwrap();
    assert!(error(folder.path()).contains("p.svg: expected an SVG"));
    fs::write(folder.path().join("fig3-quick").join(RESULT), "{\n\"name\": 1}").unwrap();
    let broken = html_page(folder.path()).unwrap_err();
    assert!(broken.to_string().contains("result.json"));
    let cause = std::error::Error::source(&broken).unwrap().to_string();
    assert!(cause.contains("line 2"), "{cause}");
}

#[test]
fn page_fits_a_narrow_screen() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &result("fig3"));
    let html = html_page(folder.path()).unwrap();
    assert!(html.contains("<meta name=\"viewport\" content=\"width=device-width"));
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    for (position, _) in style.match_indices("width: ") {
        let value = &style[position + "width: ".len()..];
        let is_limit = style[..position].ends_with("max-");
        assert!(is_limit || ["100%", "0"].iter().any(|free| value.starts_with(free)), "{value}");
    }
    // Rows become blocks there, with the verdict beside the quantity.
    assert!(style.contains("@media screen and (max-width: 52rem)") && style.contains(".agrees"));
    assert!(style.contains("overflow-x: auto"));
}

#[test]
fn only_small_figures_shrink_with_the_screen() {
    let svg = |width: &str| format!("<svg width=\"{width}\" height=\"1\">");
    assert!(is_narrow(&svg("410")) && is_narrow(&svg("560")));
    assert!(!is_narrow(&svg("820")) && !is_narrow(&svg("100%")) && !is_narrow("<svg>"));
}

#[test]
fn experiment_without_findings_is_linked() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), &ExperimentResult { findings: Vec::new(), ..result("fig3") });
    let html = html_page(folder.path()).unwrap();
    assert_eq!(html.matches("<a href=\"#fig3-quick\">").count(), 1);
    assert_eq!(html.matches("<table ").count(), 1);
}
