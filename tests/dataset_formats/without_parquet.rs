//! Parquet files without the cargo feature `parquet`.

use apical::dataset::{Dataset, ReadOptions};

use super::{error_of, folder_of};

#[test]
fn parquet_without_the_feature_is_refused() {
    let files = ["data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"];
    let folder = folder_of(files.map(|file| (file, b"PAR1".to_vec())));
    let message = error_of(&folder, "", &ReadOptions::default());
    let expected =
        "expected a build that reads Parquet files, found one without the cargo feature parquet";
    assert!(message.ends_with(&format!("train-00000-of-00001.parquet: {expected}")), "{message}");
    let error = Dataset::open(folder.path()).unwrap_err();
    assert!(error.hint().unwrap().contains("--features parquet"), "{error:?}");
}
