//! Separators, line endings and compression of CSV tables, and tables with thousands of columns.

use std::io::Write;

use apical::dataset::{Dataset, ReadOptions};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::tables::folder;
use super::{error_of, folder_of};

const TABLE: &str = "label,1x1,1x2,2x1,2x2\n1,5,6,7,8\n0,1,2,3,4\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn separators_and_line_ends_are_detected() {
    for (separator, name) in [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), (" ", "blanks")]
    {
        for end in ["\n", "\r\n", "\r"] {
            for start in ["", "\u{feff}"] {
                let table = start.to_string() + &TABLE.replace(',', separator).replace('\n', end);
                let set = Dataset::open(folder(&table, &table).path()).unwrap();
                assert_eq!((set.labels(), set.image(1)), (&[1, 0, 1, 0][..], &[1, 2, 3, 4][..]));
                let text = &set.source_files[0].format;
                let expected = format!("CSV, separated by {name}, 2 lines, with a header");
                assert!(text.starts_with(&expected), "{text}");
            }
        }
    }
    // numpy.savetxt(fmt='%3d') pads with blanks.
    let padded = "  1   5   6   7 100\n  0   1   2   3   4\n";
    let set = Dataset::open(folder(padded, padded).path()).unwrap();
    assert_eq!((set.labels(), set.image(0)), (&[1, 0, 1, 0][..], &[5, 6, 7, 100][..]));
}

#[test]
fn quoted_fields_are_read() {
    // pandas: to_csv(quoting=csv.QUOTE_ALL).
    let table = "\"label\",\"0\",\"1\",\"2\",\"3\"\n\"a \"\"b\"\"\",\"5\",\"6\",\"7\",\"8\"\n\"c\nd\",\"1\",\"2\",\"3\",\"x\"\n";
    let error = Dataset::open(folder(table, table).path()).unwrap_err().to_string();
    assert!(
        error.ends_with("line 4, column 5: expected a pixel, an integer from 0 to 255, found 'x'"),
        "{error}"
    );
    let set =
        Dataset::open(folder(&table.replace('x', "4"), &table.replace('x', "4")).path()).unwrap();
    assert_eq!((&set.class_names[0][..], set.image(1)), ("a \"b\"", &[1, 2, 3, 4][..]));
}

#[test]
fn gzip_tables_equal_plain_ones() {
    let plain = Dataset::open(folder(TABLE, TABLE).path()).unwrap();
    let files = folder_of([("train.csv", gzip(TABLE)), ("test.csv", gzip(TABLE))]);
    let set = Dataset::open(files.path()).unwrap();
    assert_eq!((set.images(), set.labels()), (plain.images(), plain.labels()));
    assert!(set.source_files[0].format.starts_with("CSV, gzip, separated by commas"));
    let mut damaged = gzip(TABLE);
    damaged.truncate(damaged.len() - 9);
    let files = folder_of([("train.csv", damaged), ("test.csv", gzip(TABLE))]);
    let error = Dataset::open(files.path()).unwrap_err().to_string();
    assert!(error.contains("damaged gzip stream"), "{error}");
}

#[test]
fn tables_of_thousands_of_columns_are_read() {
    // 100 x 100 pixels, sorted as text by a writer: pixel10 before pixel2.
    let mut names: Vec<String> = (0..10_000).map(|pixel| format!("pixel{pixel}")).collect();
    names.sort();
    let line = |label: usize| {
        let values = names.iter().map(|name| (name[5..].parse::<usize>().unwrap() + label) % 251);
        let values: Vec<String> = values.map(|value| value.to_string()).collect();
        format!("{label},{}\n", values.join(","))
    };
    let table = format!("label,{}\n{}{}", names.join(","), line(0), line(1));
    let set = Dataset::open(folder(&table, &table).path()).unwrap();
    assert_eq!((set.height, set.width), (100, 100));
    assert!(set.image(1).iter().enumerate().all(|(at, &byte)| usize::from(byte) == (at + 1) % 251));
    assert!(set.conversions[0].ends_with("pixel columns are sorted by the numbers in their names"));
}

#[test]
fn tables_of_emnist_are_transposed() {
    // Kaggle's tables of EMNIST have its columns in place of rows, and letters from 1.
    let table = "1,5,6,7,8\n2,1,2,3,4\n";
    let files = folder_of([
        ("emnist-letters-train.csv", table.into()),
        ("emnist-letters-test.csv", table.into()),
    ]);
    let path = files.path().join("emnist-letters-train.csv");
    let set = Dataset::open(&path).unwrap();
    assert_eq!((set.image(0), set.image(3)), (&[5, 7, 6, 8][..], &[1, 3, 2, 4][..]));
    assert_eq!(
        (set.labels(), &set.class_names[..]),
        (&[0, 1, 0, 1][..], &["1".into(), "2".into()][..])
    );
    let options = ReadOptions { transposed: Some(false), ..ReadOptions::default() };
    assert_eq!(Dataset::open_as(&path, &options).unwrap().image(0), [5, 6, 7, 8]);
    let images = folder_of([("train/a/1.png", vec![]), ("test/a/1.png", vec![])]);
    let expected =
        "DIR: expected IDX files or tables, for which --transposed is given, found other data";
    assert_eq!(error_of(&images, "", &options), expected);
    let options = ReadOptions { csv_header: Some(true), ..ReadOptions::default() };
    let expected = "DIR: expected CSV files, for which --csv-header is given, found other data";
    assert_eq!(error_of(&images, "", &options), expected);
}
