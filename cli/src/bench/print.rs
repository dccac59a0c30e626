//! Text formats of benchmark reports.

use super::print_dense;
use crate::CliError;
use apical::bench::{Report, Roofline, Row};
use apical::figures::Table;
use apical::interface::Kernel;
use bytesize::ByteSize;

/// Formats a report as aligned tables.
pub fn text(report: &Report) -> String {
    render(report, Table::aligned)
}

/// Formats a report as Markdown tables.
pub fn markdown(report: &Report) -> String {
    render(report, Table::markdown)
}

fn render(report: &Report, print: fn(&Table) -> String) -> String {
    let mut tables = vec![device_table(report)];
    tables.extend(report.roofline.as_ref().map(roofline));
    tables.push(rows(&report.rows));
    tables.extend(kernels(&report.rows));
    tables.extend(print_dense::tables(&report.dense));
    tables.iter().map(print).collect::<Vec<_>>().join("\n\n")
}

fn device_table(report: &Report) -> Table {
    let device = &report.device;
    let mut table = Table::new(&["device", device.name.as_str()]);
    let mut push = |what: &str, value: String| table.push(vec![what.to_string(), value]);
    push("backend", device.backend.to_string());
    if let Some(driver) = &device.driver {
        push("driver", driver.clone());
    }
    if let Some(threads) = device.threads {
        push("threads", threads.to_string());
    }
    if let Some(simd) = device.simd {
        push("vectors", simd.to_string());
    }
    push("apical", report.version.to_string());
    push("date", report.date.clone());
    table
}

/// Returns the table of the device's roofline.
fn roofline(roofline: &Roofline) -> Table {
    let of_a_thread = roofline.additions_per_second_per_thread.is_some();
    let all = if of_a_thread { "all threads" } else { "device" };
    let mut table = match of_a_thread {
        true => Table::new(&["roofline", all, "one thread"]),
        false => Table::new(&["roofline", all]),
    };
    let mut push = |what: String, all: String, one: Option<String>| {
        let one = of_a_thread.then(|| one.unwrap_or_default());
        table.push([what, all].into_iter().chain(one).collect());
    };
    push(
        "additions in registers, G/s".to_string(),
        giga(roofline.additions_per_second),
        roofline.additions_per_second_per_thread.map(giga),
    );
    push(
        "additions of the column sum, G/s".to_string(),
        giga(roofline.column_sum_additions_per_second),
        roofline.column_sum_additions_per_second_per_thread.map(giga),
    );
    for read in &roofline.read {
        push(
            format!("reading {}, GB/s", ByteSize(read.bytes as u64)),
            giga(read.bytes_per_second),
            read.bytes_per_second_per_thread.map(giga),
        );
    }
    for (what, microseconds) in [
        ("waking the threads, µs", roofline.pool_us),
        ("a launch in a pass, µs", roofline.launch_us),
        ("a submission, µs", roofline.submission_us),
        ("reading back 40 bytes, µs", roofline.readback_us),
    ] {
        if let Some(microseconds) = microseconds {
            push(what.to_string(), format!("{microseconds:.1}"), None);
        }
    }
    table
}

const NETWORK_COLUMNS: [&str; 5] = ["task", "layers", "batch_size", "replicas", "g_apical"];

/// Returns the cells of [`NETWORK_COLUMNS`].
fn network(row: &Row) -> Vec<String> {
    vec![
        row.task.to_string(),
        layers(row),
        row.batch_size.to_string(),
        row.replicas.to_string(),
        row.g_apical.to_string(),
    ]
}

fn layers(row: &Row) -> String {
    row.layers.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

fn rows(rows: &[Row]) -> Table {
    let figures = [
        "images/s",
        "ms/minibatch",
        "spread %",
        "additions/image",
        "G additions/s",
        "GB/s",
        "% of roofline",
        "synaptic input % of roofline",
        "utilization %",
    ];
    let mut table = Table::new(&[&NETWORK_COLUMNS[..], &figures].concat());
    for row in rows {
        let figures = vec![
            format!("{:.0}", row.images_per_second),
            three_digits(row.ms_per_minibatch),
            percent(Some(row.spread)),
            format!("{:.0}", row.additions_per_image),
            giga(row.additions_per_second),
            giga(row.bytes_per_second),
            percent(row.fraction_of_roofline),
            percent(row.synaptic_input_fraction_of_roofline),
            percent(row.utilization),
        ];
        table.push([network(row), figures].concat());
    }
    table
}

/// Returns the table of each kernel's time per minibatch, ms, and its fraction; `None` if no row has kernel times.
fn kernels(rows: &[Row]) -> Option<Table> {
    let of = |row: &Row, name: &str| {
        let kernels = row.kernels.as_deref().unwrap_or_default();
        kernels.iter().find(|kernel| kernel.name == name).cloned()
    };
    let names: Vec<&str> = Kernel::ALL
        .map(Kernel::name)
        .into_iter()
        .filter(|name| rows.iter().any(|row| of(row, name).is_some()))
        .collect();
    if names.is_empty() {
        return None;
    }
    let headers: Vec<String> = names.iter().map(|name| format!("{name} ms (%)")).collect();
    let headers = NETWORK_COLUMNS.iter().map(|name| name.to_string()).chain(headers);
    let mut table = Table::new(&headers.collect::<Vec<_>>());
    for row in rows {
        let cell = |name: &&str| match of(row, name) {
            Some(kernel) => format!("{} ({:.0})", three_digits(kernel.ms), 100.0 * kernel.share),
            None => "-".to_string(),
        };
        table.push(network(row).into_iter().chain(names.iter().map(cell)).collect());
    }
    Some(table)
}

/// Formats a report as CSV, one line per row of the report. Lists are left out, except kernel times, which have one column
/// per kernel.
pub fn csv(report: &Report) -> Result<String, CliError> {
    let lines: Vec<Vec<(String, String)>> =
        report.rows.iter().map(|row| fields(report, row)).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    if let Some(first) = lines.first() {
        writer.write_record(first.iter().map(|(name, _)| name))?;
    }
    for line in &lines {
        writer.write_record(line.iter().map(|(_, value)| value))?;
    }
    let bytes = writer.into_inner().map_err(|error| CliError::Output(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_string())
}

fn fields(report: &Report, row: &Row) -> Vec<(String, String)> {
    let device = &report.device;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let mut fields: Vec<(String, String)> = vec![
        ("device".into(), device.name.clone()),
        ("driver".into(), device.driver.clone().unwrap_or_default()),
        ("backend".into(), device.backend.into()),
        ("threads".into(), device.threads.map_or(String::new(), |threads| threads.to_string())),
        ("simd".into(), device.simd.unwrap_or_default().to_string()),
        ("version".into(), report.version.into()),
        ("date".into(), report.date.clone()),
    ];
    fields.extend(NETWORK_COLUMNS.iter().map(|name| name.to_string()).zip(network(row)));
    for (name, value) in [
        ("images_per_second", Some(row.images_per_second)),
        ("ms_per_minibatch", Some(row.ms_per_minibatch)),
        ("spread", Some(row.spread)),
        ("cpu_ms_per_minibatch", row.cpu_ms_per_minibatch),
        ("busy", row.utilization),
        ("steps_per_image", Some(row.steps_per_image)),
        ("rng_draws_per_image", Some(row.rng_draws_per_image)),
        ("additions_per_image", Some(row.additions_per_image)),
        ("bytes_per_image", Some(row.bytes_per_image)),
        ("additions_per_second", Some(row.additions_per_second)),
        ("bytes_per_second", Some(row.bytes_per_second)),
        ("fraction_of_roofline", row.fraction_of_roofline),
        ("synaptic_input_fraction_of_roofline", row.synaptic_input_fraction_of_roofline),
        ("fraction_of_peak", row.fraction_of_peak),
        ("fraction_of_bandwidth", row.fraction_of_bandwidth),
    ] {
        fields.push((name.into(), number(value)));
    }
    for name in Kernel::ALL.map(Kernel::name) {
        let kernels = row.kernels.as_deref().unwrap_or_default();
        let kernel = kernels.iter().find(|kernel| kernel.name == name);
        fields.push((format!("{name}_ms"), number(kernel.map(|kernel| kernel.ms))));
    }
    fields
}

pub(super) fn giga(value: f64) -> String {
    three_digits(value / 1e9)
}

pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_string(), |share| format!("{:.1}", 100.0 * share))
}

/// Formats a number with three significant digits, and all digits before the point.
pub(super) fn three_digits(value: f64) -> String {
    let before_the_point = value.abs().max(1e-9).log10().floor() as i32 + 1;
    format!("{value:.*}", (3 - before_the_point).clamp(0, 5) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_keeps_significant_digits() {
        let values = [0.0, 0.000_123_4, 0.123_4, 1.234, 12.34, 123.4, 12_340.0];
        let expected = ["0.00000", "0.00012", "0.123", "1.23", "12.3", "123", "12340"];
        assert_eq!(values.map(three_digits), expected);
    }
}
