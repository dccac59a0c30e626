//! HTML report of all experiments in a folder: one self-contained file, suited to phones, paper and dark screens.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::claims_table::{list_epochs, with_unit};
use super::markdown::{
    NO_FULL_RUN, SPREAD, TRAINING_HEADER, describe_data, describe_length, heading, markdown,
    training_row,
};
use super::result_folders::read_results;
use super::{ExperimentResult, FigureError, Finding, SavedPlot, TrainingRecord};
use crate::files;
use crate::run_dir::StorageError;
use crate::run_dir::write::write_atomic;

/// File names of the report and of the table of findings.
const PAGE: &str = "report.html";
const TABLE: &str = "reproduction.md";

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
fn html_page(folder: &Path) -> Result<String, FigureError> {
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
    let _ = writeln!(html, "<p>{}</p>", escape_html(SPREAD));
    let (quick, full): (Vec<&Section>, Vec<&Section>) =
        sections.iter().partition(|section| section.result.quick);
    write_overview(&mut html, false, &full);
    if !quick.is_empty() {
        write_overview(&mut html, true, &quick);
    }
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

/// Reads a plot's SVG as an element of the page.
fn read_svg(folder: &Path, plot: &SavedPlot) -> Result<String, FigureError> {
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

/// Appends the findings of all experiments of one length.
fn write_overview(html: &mut String, quick: bool, sections: &[&Section]) {
    let text = if sections.is_empty() { NO_FULL_RUN } else { describe_length(quick) };
    // Writing to a string cannot fail.
    let _ = writeln!(html, "<h2>{}</h2>\n<p>{text}</p>", heading(quick));
    if sections.is_empty() {
        return;
    }
    html.push_str("<table class=\"findings\">\n<thead><tr><th>Figure</th>");
    html.push_str(FINDING_HEADER);
    for Section { result, .. } in sections {
        if result.findings.is_empty() {
            let (name, figure) = (escape_html(&result.folder_name()), escape_html(&result.figure));
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
                let figure = escape_html(&result.figure);
                let name = escape_html(&result.folder_name());
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
            figure,
            title,
            about,
            quick,
            command,
            data: _,
            version,
            missing,
            remark,
            trainings,
            ..
        } = &self.result;
        let quick = if *quick { ", quick run" } else { "" };
        let epochs = match &list_epochs(&self.result)[..] {
            "" => String::new(),
            epochs => format!(" Epochs: {epochs}."),
        };
        let _ = write!(
            html,
            "<section id=\"{}\">\n<h2>{}: {}{quick}</h2>\n<p>{}{epochs}</p>\n",
            escape_html(&self.result.folder_name()),
            escape_html(figure),
            escape_html(title),
            escape_html(about)
        );
        if !missing.is_empty() {
            let _ = writeln!(html, "<p>Unfinished: {}.</p>", escape_html(&missing.join("; ")));
        }
        if let Some(remark) = remark {
            let _ = writeln!(html, "<p>{}</p>", escape_html(remark));
        }
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
        write_trainings(html, &self.result.name, trainings);
        let _ = write!(
            html,
            "<p class=\"how\"><code>{}</code><br>Data: {}<br>apical {}; {}</p>\n\
             </section>\n",
            escape_html(command),
            escape_html(&self.result.data_description()),
            escape_html(version),
            escape_html(&self.result.origin()),
        );
    }
}

/// Appends a table of trainings, if there are any.
fn write_trainings(html: &mut String, experiment: &str, trainings: &[TrainingRecord]) {
    if trainings.is_empty() {
        return;
    }
    let row = |tag: &str, cells: &[String]| {
        let cells = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape_html(cell)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    // The section names the experiment, the first column.
    let header: Vec<String> = TRAINING_HEADER[1..].iter().map(ToString::to_string).collect();
    let rows = trainings.iter().map(|one| row("td", &training_row(experiment, one)[1..]));
    let rows: String = rows.collect();
    let _ = writeln!(
        html,
        "<details>\n<summary>Trainings: {}</summary>\n<div class=\"scroll\"><table>\n<thead>{}</thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n</details>",
        trainings.len(),
        row("th", &header),
    );
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
pub(super) mod tests;
