//! Columns of images and labels, and names of the classes.

use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::FileMetaData;
use parquet::schema::types::ColumnDescriptor;
use serde_json::Value;

use super::super::class_names::sanitize;
use super::super::error::{invalid_with_hint, list_few};
use super::super::{DatasetError, Location};

/// Key of the metadata in which Hugging Face stores the features.
const FEATURES_KEY: &str = "huggingface";
/// Name of the column of labels, if there are several class labels.
const LABEL: &str = "label";
/// Remedies for no column of images, and for several: methods of `datasets.Dataset`.
const IMAGE_HINTS: [&str; 2] = [
    "cast the column of images: dataset.cast_column(\"image\", datasets.Image())",
    "remove the other columns of images: dataset.remove_columns",
];
/// The same for labels.
const LABEL_HINTS: [&str; 2] = [
    "name the labels 'label': dataset.rename_column; number labels of text: dataset.class_encode_column",
    "name the labels to be learned 'label': dataset.rename_column",
];
/// Part of an image with the encoded bytes.
const BYTES: &str = "bytes";

/// Columns of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImageColumns {
    /// Name of the column of images.
    image: String,
    /// Name of the column of labels.
    label: String,
    /// Indices in the schema.
    pub image_index: usize,
    pub label_index: usize,
    /// Names of the classes, if the file has them.
    pub class_names: Option<Vec<String>>,
    /// Names of the other columns.
    pub unused: Vec<String>,
}

impl ImageColumns {
    /// Finds the column of images, `{bytes, path}`, and that of labels: `label`, or the only class label of the
    /// features.
    ///
    /// # Errors
    /// Returns an error unless there is one of each.
    pub fn of(file: &str, metadata: &FileMetaData) -> Result<ImageColumns, DatasetError> {
        let columns = metadata.schema_descr().columns();
        // An element of the schema always has a name.
        let name = |column: &ColumnDescriptor| column.path().parts()[0].clone();
        let find = |is_meant: &dyn Fn(&ColumnDescriptor) -> bool| -> Vec<(usize, String)> {
            let columns = columns.iter().enumerate().filter(|(_, column)| is_meant(column));
            columns.map(|(index, column)| (index, name(column))).collect()
        };
        let (image_index, image) =
            only_one(file, "one column of images {bytes, path}", find(&is_image), IMAGE_HINTS)?;
        let features = features(metadata);
        let is_class = |name: &str| {
            features.as_ref().is_some_and(|features| features[name]["_type"] == "ClassLabel")
        };
        let named = find(&|column| is_label(column, LABEL));
        let classes = find(&|column| is_class(&name(column)) && is_label(column, &name(column)));
        let label = if named.len() == 1 { named } else { classes };
        let (label_index, label) =
            only_one(file, "one column of integer labels", label, LABEL_HINTS)?;
        let class_names = features.and_then(|features| class_names(&features[&label]["names"]));
        let unused = find(&|column| ![&image, &label].contains(&&name(column)));
        let mut unused: Vec<String> = unused.into_iter().map(|(_, name)| name).collect();
        unused.dedup();
        Ok(ImageColumns { image, label, image_index, label_index, class_names, unused })
    }
}

/// Returns the only column: its index and its name. `hints`: remedies for no column, and for several.
fn only_one(
    file: &str,
    expected: &str,
    mut columns: Vec<(usize, String)>,
    [none, several]: [&'static str; 2],
) -> Result<(usize, String), DatasetError> {
    let hint = if columns.is_empty() { none } else { several };
    let names: Vec<&String> = columns.iter().map(|(_, name)| name).collect();
    let found = if names.is_empty() { "none".to_string() } else { list_few(&names) };
    match columns.pop() {
        Some(column) if columns.is_empty() => Ok(column),
        _ => Err(invalid_with_hint(Location::whole(file), expected, found, hint)),
    }
}

fn is_image(column: &ColumnDescriptor) -> bool {
    let is_bytes = matches!(column.path().parts(), [_, part] if part == BYTES);
    is_bytes && column.physical_type() == PhysicalType::BYTE_ARRAY && column.max_rep_level() == 0
}

fn is_label(column: &ColumnDescriptor, name: &str) -> bool {
    let is_named = matches!(column.path().parts(), [part] if part == name);
    let is_integer = matches!(column.physical_type(), PhysicalType::INT32 | PhysicalType::INT64);
    is_named && is_integer && column.max_rep_level() == 0
}

/// Returns the features of the columns as JSON, if the file has them.
fn features(metadata: &FileMetaData) -> Option<Value> {
    let pairs = metadata.key_value_metadata()?;
    let text = pairs.iter().find(|pair| pair.key == FEATURES_KEY)?.value.as_ref()?;
    let info: Value = serde_json::from_str(text).ok()?;
    Some(info["info"]["features"].clone())
}

/// Returns the names of the classes: a list, or an object with a name for each number.
fn class_names(names: &Value) -> Option<Vec<String>> {
    let name = |name: &Value| name.as_str().map(sanitize);
    match names {
        Value::Array(names) => names.iter().map(name).collect(),
        Value::Object(numbered) => {
            (0..numbered.len()).map(|class| name(numbered.get(&class.to_string())?)).collect()
        }
        _ => None,
    }
}
