use super::*;
use crate::run_dir::weights::test_files::{config, read, saved};

#[test]
fn fit_refuses_other_sizes_and_classes() {
    let saved = read(&saved(&config())).unwrap();
    let set = |height: usize, width: usize, labels: Vec<u8>| {
        let images = vec![9; height * width * labels.len()];
        let one = (vec![9; height * width], vec![0]);
        Dataset::from_parts("set", height, width, (images, labels), one).unwrap()
    };
    // The class names of the data set are numbers.
    assert!(saved.check_fits(&set(2, 3, vec![0, 1])).is_err());
    let (fitted, note) = saved.fit(set(2, 3, vec![0, 1]), false).unwrap();
    assert!(saved.check_fits(&fitted).is_ok() && !note.is_empty());
    let unfit = |dataset| saved.check_fits(&dataset).unwrap_err().to_string();
    let expected = "set: the network expects images of 2 x 3 pixels, this data set has 3 x 2";
    assert_eq!(unfit(set(3, 2, vec![0, 1])), expected);
    let expected = "set: expected the classes of the network (cat, dog \"Rex\"), found 0, 1, 2";
    assert_eq!(saved.fit(set(2, 3, vec![0, 1, 2]), false).unwrap_err().to_string(), expected);
}
