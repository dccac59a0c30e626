//! Columns of CSV tables: headers, labels, pixels and line numbers.

use apical::dataset::{Dataset, ReadOptions};

use super::tables::{TEST, folder};
use super::{error_of, folder_of, sized};

/// Returns a table whose first line is `first`, followed by 69 lines of a label and 16 pixels.
fn long(first: &str) -> String {
    let line =
        |index: usize| format!("{},{}", index % 2, "0,7,".repeat(7) + &format!("0,{index}\n"));
    format!("{first}\n{}", (1..70).map(line).collect::<String>())
}

fn counting(from: usize, to: usize) -> String {
    (from..=to).map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn consecutive_numbers_are_a_header() {
    // A pandas frame without column names has the header 0 to 16 above a label and 16 pixels.
    let header = counting(0, 16);
    let set = Dataset::open(folder(&long(&header), &long(&header)).path()).unwrap();
    assert_eq!((set.training_count, set.test_count, set.max_pixel), (69, 69, 69));
    let header = format!("label,{}", counting(0, 15));
    let set = Dataset::open(folder(&long(&header), &long(&header)).path()).unwrap();
    assert_eq!((set.training_count, set.labels()[0]), (69, 1));

    // Consecutive numbers in only one file can be an image.
    let image = long(&counting(0, 16));
    let test = long("1,5,0,0,0,0,0,0,0,0,0,0,0,0,0,0,9");
    let expected =
        "train.csv, line 1: expected column names or an image, found consecutive numbers";
    assert_eq!(error_of(&folder(&image, &test), "", &ReadOptions::default()), expected);
    let read = |csv_header| {
        let options = ReadOptions { csv_header: Some(csv_header), ..ReadOptions::default() };
        Dataset::open_as(folder(&image, &image).path(), &options).unwrap().training_count
    };
    assert_eq!((read(true), read(false)), (69, 70));
    // Numbers above 255 cannot be pixels.
    let set =
        |header: &str| Dataset::open_as(folder(header, header).path(), &sized(300, 1)).unwrap();
    let (row, other) = (vec!["7"; 300].join(","), vec!["8"; 300].join(","));
    let set = set(&format!("{}\n0,{row}\n1,{other}\n", counting(0, 300)));
    assert_eq!(set.training_count, 2);
    // pandas renames a duplicate 0 to 0.1.
    let mangled = "5,0,0.1,7,0.2\n1,0,0,7,9\n0,0,0,7,9\n";
    let expected = "train.csv, line 1: expected column names or an image, found fractions, which are in no later line";
    assert_eq!(error_of(&folder(mangled, TEST), "", &ReadOptions::default()), expected);
}

#[test]
fn columns_are_detected_by_name() {
    let same = |training: &str| {
        let set = Dataset::open(folder(training, training).path()).unwrap();
        assert_eq!((set.labels(), set.image(0)), (&[1, 0, 1, 0][..], &[5, 6, 7, 8][..]));
        let text = &set.source_files[0].format;
        assert!(text.contains("labels in column"), "{text}");
        set.conversions.join("\n")
    };
    same("pixel0,pixel1,pixel2,pixel3,Label\n5,6,7,8,1\n1,2,3,4,0\n");
    same("a,target,b,c,d\n5,1,6,7,8\n1,0,2,3,4\n");
    let sorted = same("p10,class,p2,p1,p0\n8,1,7,6,5\n4,0,3,2,1\n");
    assert!(sorted.contains("sorted by the numbers in their names"), "{sorted}");
    same("label,1x1,1x2,2x1,2x2\n1,5,6,7,8\n0,1,2,3,4\n");
    same("id,label,0,1,2,3\n900,1,5,6,7,8\n17,0,1,2,3,4\n");
    same("# label;1x1;1x2;2x1;2x2\n1;5;6;7;8\n0;1;2;3;4\n");
    same("label\t1x1\t1x2\t2x1\t2x2\n1\t5\t6\t7\t8\n0\t1\t2\t3\t4\n");
    same("label,a,b,c,d\r1,5,6,7,8\r0,1,2,3,4\r");
    same("\"label\",\"a\",\"b\",\"c\",\"d\"\n1.0,5.0,6,7,8\n0,1e0,2,3,4\n");
}

#[test]
fn ambiguous_columns_are_refused() {
    let assert_error = |training: &str, expected: &str| {
        let message = error_of(&folder(training, training), "", &ReadOptions::default());
        assert_eq!(message, format!("train.csv{expected}"));
    };
    // Kaggle's test.csv has no labels.
    let labels =
        ", line 1: expected a label column, named label, labels, class, classes, target, found ";
    assert_error(
        "pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n",
        &format!("{labels}pixel0, pixel1, pixel2, pixel3"),
    );
    assert_error(
        "label,class,a,b\n1,2,3,4\n",
        ", line 1: expected one label column, found label, class",
    );
    assert_error(
        "label,width,p0,p1,p2,p3\n1,2,5,6,7,8\n",
        ", line 1: expected pixel columns named like 'p0', found a column 'width'",
    );
    assert_error(
        "label,p0,p1,p1,p2\n1,2,5,6,7\n",
        ", line 1: expected distinct column names, found 'p1' twice",
    );
    assert_error(
        "label,a,b,c\n1,2,5,6,7\n",
        ", line 2: expected 4 fields as in the header, line 1, found 5",
    );
    assert_error(
        "label,x0_y0,x1_y0,x0_y1,x1_y1\n1,5,6,7,8\n",
        ", line 1: expected pixel columns in the order of their two numbers, row by row, found 'x1_y0' after 'x0_y0'",
    );
    assert_error("1;5;6,5;7;8\n", ": expected one kind of separator, found semicolons and commas");
    let counted: String = (0..30).map(|index| format!("{index},5,6,7,{index}\n")).collect();
    assert_error(
        &counted,
        ", line 1, column 1: expected a column of labels, found line numbers 0, 1, 2 and so on",
    );
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(b"1\x00,\x002\x00".iter().copied()).collect();
    let files = folder_of([("train.csv", utf16), ("test.csv", TEST.into())]);
    let message = error_of(&files, "", &ReadOptions::default());
    assert_eq!(message, "train.csv: expected UTF-8 text, found UTF-16");
}
