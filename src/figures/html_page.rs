//! HTML report of all experiments in a folder: one self-contained file, suited to phones, paper and dark screens.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::findings::with_unit;
use super::markdown::markdown;
use super::result_folders::read_results;
use super::{ExperimentResult, FigureError, Finding, Plot};
use crate::files;
use crate::run_dir::StorageError;
use crate::run_dir::atomic_file::write_atomic;

/// File names of the report and of the table of findings.
pub const PAGE: &str = "report.html";
pub const TABLE: &str = "reproduction.md";

/// Largest width of an SVG that shrinks with the screen, pixels. Its text of 14 pixels stays at 9 or more on a phone.
const MAX_SHRINKABLE_WIDTH: u32 = 560;

/// An experiment with its figures as SVG.
struct Section {
    result: ExperimentResult,
    drawings: Vec<String>,
}

/// Returns the report on all experiments whose folders are in `folder`.
///
/// # Errors
/// Returns an error if there is no experiment, or one of its files is unreadable.
pub fn html_page(folder: &Path) -> Result<String, FigureError> {
    let results = read_results(folder)?;
    let sections: Vec<Section> = results
        .into_iter()
        .map(|(path, result)| {
            let drawings = result.plots.iter().map(|plot| read_svg(&path, plot));
            Ok(Section { drawings: drawings.collect::<Result<_, FigureError>>()?, result })
        })
        .collect::<Result<_, FigureError>>()?;
    let style = include_str!("html_page.css");
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>Reproduction</title>\n<style>\n{style}</style>\n\
         </head>\n<body>\n<main>\n<h1>Segregated dendrites: the paper's experiments</h1>\n<p>Guerguiev, Lillicrap \
         &amp; Richards, “Towards deep learning with segregated dendrites”, eLife 2017;6:e22901, repeated \
         with apical {}.</p>\n",
        env!("CARGO_PKG_VERSION")
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        html,
        "<p>{}</p>",
        escape_html(&describe_data(sections.iter().map(|s| &s.result)))
    );
    write_overview(&mut html, &sections);
    for section in &sections {
        section.write(&mut html);
    }
    html.push_str("</main>\n</body>\n</html>\n");
    Ok(html)
}

/// Writes `report.html` and `reproduction.md`, the table of findings, into the folder. Returns their paths.
///
/// # Errors
/// Returns an error if there is no experiment, or a file cannot be read or written.
pub fn save_html_page(folder: &Path) -> Result<[PathBuf; 2], FigureError> {
    let files = [PAGE, TABLE].map(|name| folder.join(name));
    write_atomic(&files[0], html_page(folder)?.as_bytes())?;
    let results: Vec<ExperimentResult> =
        read_results(folder)?.into_iter().map(|(_, result)| result).collect();
    write_atomic(&files[1], markdown(&results).as_bytes())?;
    Ok(files)
}

/// Describes the data of the experiments.
pub(super) fn describe_data<'a>(results: impl Iterator<Item = &'a ExperimentResult>) -> String {
    let mut known: Vec<(&str, String)> = Vec::new();
    for result in results {
        let sha256 = result.data.as_ref().map_or("", |data| &data.sha256);
        if known.iter().all(|(other, _)| *other != sha256) {
            known.push((sha256, result.data_description()));
        }
    }
    let names: Vec<String> = known.into_iter().map(|(_, name)| name).collect();
    match &names[..] {
        [name] => format!("Data: {name}. The paper used MNIST."),
        _ => format!(
            "Warning: the experiments used different data ({}), named in each section. The paper used \
             MNIST.",
            names.join("; ")
        ),
    }
}

/// Reads a plot's SVG as an element of the page.
fn read_svg(folder: &Path, plot: &Plot) -> Result<String, FigureError> {
    let path = folder.join(format!("{}.svg", plot.name));
    let text = files::read_text(&path).map_err(StorageError::io("read", &path))?;
    match text.find("<svg") {
        Some(start) => Ok(text[start..].to_string()),
        None => Err(FigureError::NoDrawing { path }),
    }
}

/// Returns whether an SVG stays readable at the width of a phone.
fn is_narrow(svg: &str) -> bool {
    let width = svg.split_once(" width=\"").and_then(|(_, rest)| rest.split_once('"'));
    width
        .and_then(|(width, _)| width.parse().ok())
        .is_some_and(|width: u32| width <= MAX_SHRINKABLE_WIDTH)
}

fn write_overview(html: &mut String, sections: &[Section]) {
    html.push_str("<h2>All findings</h2>\n<table class=\"findings\">\n<thead><tr><th>Figure</th>");
    html.push_str(FINDING_HEADER);
    for Section { result, .. } in sections {
        if result.findings.is_empty() {
            let (name, figure) = (escape_html(&result.name), escape_html(&result.figure));
            let row = "<td colspan=\"5\">no findings</td>";
            // Writing to a string cannot fail.
            let _ = writeln!(
                html,
                "<tr><th class=\"figure\"><a href=\"#{name}\">{figure}</a></th>{row}</tr>"
            );
        }
        for (index, finding) in result.findings.iter().enumerate() {
            html.push_str("<tr>");
            if index == 0 {
                let rows = result.findings.len();
                let (name, figure) = (escape_html(&result.name), escape_html(&result.figure));
                // Writing to a string cannot fail.
                let _ = write!(
                    html,
                    "<th class=\"figure\" rowspan=\"{rows}\"><a href=\"#{name}\">{figure}</a></th>"
                );
            }
            write_cells(html, finding);
            html.push_str("</tr>\n");
        }
    }
    html.push_str("</tbody>\n</table>\n");
}

const FINDING_HEADER: &str = "<th>Quantity</th><th>Paper</th><th>Here: mean ± sd (n)</th>\
                              <th>Agrees if</th><th>Agrees</th></tr></thead>\n<tbody>\n";

fn write_cells(html: &mut String, finding: &Finding) {
    let Finding { what, unit, paper, ours, criterion, note, .. } = finding;
    let verdict = finding.verdict();
    let class = verdict.replace(' ', "-");
    let [paper, ours] = [with_unit(paper, unit), with_unit(&ours.to_string(), unit)];
    let _ = write!(
        html,
        "<td class=\"what\">{}{}</td><td class=\"paper number\">{}</td><td class=\"here number\">{}</td>\
         <td class=\"criterion\">{}</td><td class=\"agrees {class}\">{verdict}</td>",
        escape_html(what),
        note.as_ref()
            .map(|note| format!("<small>{}</small>", escape_html(note)))
            .unwrap_or_default(),
        escape_html(&paper),
        escape_html(&ours),
        escape_html(criterion),
    );
}

impl Section {
    fn write(&self, html: &mut String) {
        let ExperimentResult {
            name,
            figure,
            title,
            about,
            quick,
            command,
            data: _,
            version,
            device,
            date,
            seconds,
            ..
        } = &self.result;
        let quick = if *quick { " A quick run: fewer images, epochs and seeds." } else { "" };
        let _ = write!(
            html,
            "<section id=\"{}\">\n<h2>{}: {}</h2>\n<p>{}{quick}</p>\n",
            escape_html(name),
            escape_html(figure),
            escape_html(title),
            escape_html(about)
        );
        for (plot, drawing) in self.result.plots.iter().zip(&self.drawings) {
            let caption = escape_html(&plot.caption);
            let class = if is_narrow(drawing) { "drawing narrow" } else { "drawing" };
            let _ = write!(
                html,
                "<figure>\n<div class=\"{class}\">{drawing}</div>\n<figcaption>{caption}</figcaption>\n\
                 </figure>\n"
            );
        }
        if !self.result.findings.is_empty() {
            html.push_str("<table class=\"findings\">\n<thead><tr>");
            html.push_str(FINDING_HEADER);
            for finding in &self.result.findings {
                html.push_str("<tr>");
                write_cells(html, finding);
                html.push_str("</tr>\n");
            }
            html.push_str("</tbody>\n</table>\n");
        }
        let _ = write!(
            html,
            "<p class=\"how\"><code>{}</code><br>Data: {}<br>apical {}, {}; {}, {seconds:.0} s</p>\n\
             </section>\n",
            escape_html(command),
            escape_html(&self.result.data_description()),
            escape_html(version),
            escape_html(device),
            escape_html(date),
        );
    }
}

/// Escapes text for HTML.
fn escape_html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Measured, RESULT};
    use std::fs;

    use super::*;
    use crate::dataset::embedded::MNIST_SHA256;
    use crate::dataset::{DataIdentity, DataSource, ReadOptions};

    /// The identity of MNIST.
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
            plots: vec![Plot { name: "p".to_string(), caption: "A caption".to_string() }],
            findings: vec![Finding {
                what: "a < b".to_string(),
                unit: "%".to_string(),
                paper: "4.1".to_string(),
                ours: Measured { mean: 4.05, sd: Some(0.1), n: 3 },
                criterion: "near".to_string(),
                agrees: Some(false),
                note: Some("a note".to_string()),
            }],
        }
    }

    fn save(folder: &Path, result: &ExperimentResult) {
        let folder = folder.join(&result.name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(RESULT), serde_json::to_vec(result).unwrap()).unwrap();
        fs::write(folder.join("p.svg"), "<?xml version=\"1.0\"?>\n<svg width=\"1\"></svg>")
            .unwrap();
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
            .map(|name| html.find(&format!("<section id=\"{name}\">")).unwrap())
            .to_vec();
        assert!(positions.is_sorted());
        assert_eq!(html.matches("<svg width=\"1\"></svg>").count(), 4);
        assert_eq!(html.matches("<?xml").count(), 0);
        // In the overview and in the section.
        assert_eq!(html.matches("a &lt; b<small>a note</small>").count(), 8);
        assert!(
            html.contains("4.05 ± 0.10 (3) %") && html.contains("<td class=\"agrees no\">no</td>")
        );
        assert!(
            !html.contains("a < b") && !html.contains("Figure <") && html.contains("A &amp; B")
        );
        assert!(!html.contains("http://") && !html.contains("https://"), "nothing is fetched");
    }

    #[test]
    fn unreadable_file_is_named_in_the_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = |folder: &Path| html_page(folder).unwrap_err().to_string();
        assert!(error(folder.path()).contains("no experiment"));
        save(folder.path(), &result("fig3"));
        fs::remove_file(folder.path().join("fig3/p.svg")).unwrap();
        assert!(error(folder.path()).contains("p.svg"));
        fs::write(folder.path().join("fig3/p.svg"), "nothing").unwrap();
        assert!(error(folder.path()).contains("p.svg: expected an SVG"));
        fs::write(folder.path().join("fig3").join(RESULT), "{\n\"name\": 1}").unwrap();
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
            assert!(
                is_limit || ["100%", "0"].iter().any(|free| value.starts_with(free)),
                "{value}"
            );
        }
        // Rows become blocks there, with the verdict beside the quantity.
        assert!(
            style.contains("@media screen and (max-width: 52rem)") && style.contains(".agrees")
        );
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
        assert_eq!(html.matches("<a href=\"#fig3\">").count(), 1);
        assert_eq!(html.matches("<table ").count(), 1);
    }
}
