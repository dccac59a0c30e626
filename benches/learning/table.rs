//! Markdown.

use apical::evaluate::Spread;

/// A table; the first columns `left` are to the left, all others to the right.
pub fn table(header: &[&str], left: usize, rows: &[Vec<String>]) -> String {
    let rule = (0..header.len()).map(|column| if column < left { "---" } else { "---:" });
    let rule: Vec<String> = rule.map(str::to_string).collect();
    let header: Vec<String> = header.iter().map(|name| name.to_string()).collect();
    let line = |cells: &Vec<String>| format!("| {} |", cells.join(" | "));
    let lines: Vec<String> = [&header, &rule].into_iter().chain(rows).map(line).collect();
    lines.join("\n") + "\n"
}

/// An error with its spread over networks, percent.
pub fn error(Spread { mean, sd, .. }: Spread) -> String {
    match sd {
        Some(sd) => format!("{mean:.2} ± {sd:.2}"),
        None => format!("{mean:.2}"),
    }
}
