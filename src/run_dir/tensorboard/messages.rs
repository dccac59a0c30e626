//! Messages of TensorFlow's `event.proto` and `summary.proto`, with only the fields that are written. Scalars, images and
//! histograms have their old forms, which TensorBoard shows like the new form (tensors).

use prost::{Message, Oneof};

/// Record of an event file.
#[derive(Clone, PartialEq, Message)]
pub struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    /// Step on the horizontal axis: number of training images shown.
    #[prost(int64, tag = "2")]
    pub step: i64,
    /// Payload; `what` in `event.proto`.
    #[prost(oneof = "event::What", tags = "3, 5, 7")]
    pub what: Option<event::What>,
}

/// Payloads of an [`Event`].
pub mod event {
    use super::{Oneof, SessionLog, Summary};

    /// Payload of an event.
    #[derive(Clone, PartialEq, Oneof)]
    pub enum What {
        /// Format version, in the first record: `brain.Event:2`.
        #[prost(string, tag = "3")]
        FileVersion(String),
        /// Values of a step.
        #[prost(message, tag = "5")]
        Summary(Summary),
        /// Start of a session: readers drop the events of earlier files from its step on.
        #[prost(message, tag = "7")]
        SessionLog(SessionLog),
    }
}

/// State of the writing program.
#[derive(Clone, PartialEq, Message)]
pub struct SessionLog {
    /// Status; 1: the session starts.
    #[prost(int32, tag = "1")]
    pub status: i32,
}

/// Values of a step.
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    /// The values.
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Value>,
}

/// Named value.
#[derive(Clone, PartialEq, Message)]
pub struct Value {
    /// Name; TensorBoard groups names by the part before the slash.
    #[prost(string, tag = "1")]
    pub tag: String,
    /// Content.
    #[prost(oneof = "value::Content", tags = "2, 4, 5, 8")]
    pub content: Option<value::Content>,
    /// Plugin that shows a tensor.
    #[prost(message, optional, tag = "9")]
    pub metadata: Option<SummaryMetadata>,
}

/// Display options of a value.
#[derive(Clone, PartialEq, Message)]
pub struct SummaryMetadata {
    /// Plugin that shows the value.
    #[prost(message, optional, tag = "1")]
    pub plugin_data: Option<PluginData>,
    /// Class of the data: 2 for a tensor.
    #[prost(int32, tag = "4")]
    pub data_class: i32,
}

/// Plugin of TensorBoard.
#[derive(Clone, PartialEq, Message)]
pub struct PluginData {
    /// Name: `text`.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// Scalar tensor of one text.
#[derive(Clone, PartialEq, Message)]
pub struct Tensor {
    /// Type of the elements: 7 for strings.
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    /// Elements.
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub string_val: Vec<Vec<u8>>,
}

/// Contents of a [`Value`].
pub mod value {
    use super::{Histogram, Image, Oneof, Tensor};

    /// Content of a value.
    #[derive(Clone, PartialEq, Oneof)]
    pub enum Content {
        /// Point of a curve.
        #[prost(float, tag = "2")]
        Scalar(f32),
        /// Image.
        #[prost(message, tag = "4")]
        Image(Image),
        /// Distribution.
        #[prost(message, tag = "5")]
        Histogram(Histogram),
        /// Text.
        #[prost(message, tag = "8")]
        Tensor(Tensor),
    }
}

/// Image as a PNG file.
#[derive(Clone, PartialEq, Message)]
pub struct Image {
    /// Number of rows.
    #[prost(int32, tag = "1")]
    pub height: i32,
    /// Number of columns.
    #[prost(int32, tag = "2")]
    pub width: i32,
    /// Number of channels: 3 for red, green and blue.
    #[prost(int32, tag = "3")]
    pub colorspace: i32,
    /// Bytes of the file.
    #[prost(bytes = "vec", tag = "4")]
    pub png: Vec<u8>,
}

/// Histogram of values, with their moments.
#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    /// Smallest value.
    #[prost(double, tag = "1")]
    pub min: f64,
    /// Largest value.
    #[prost(double, tag = "2")]
    pub max: f64,
    /// Number of values.
    #[prost(double, tag = "3")]
    pub count: f64,
    /// Sum of the values.
    #[prost(double, tag = "4")]
    pub sum: f64,
    /// Sum of their squares.
    #[prost(double, tag = "5")]
    pub sum_squares: f64,
    /// Upper bounds of the buckets, ascending. The first bucket starts at `min`.
    #[prost(double, repeated, tag = "6")]
    pub bucket_limits: Vec<f64>,
    /// Number of values in each bucket.
    #[prost(double, repeated, tag = "7")]
    pub buckets: Vec<f64>,
}

impl Value {
    /// Returns a point of the curve `tag`.
    pub fn scalar(tag: impl Into<String>, number: f64) -> Self {
        Value::new(tag, value::Content::Scalar(number as f32))
    }
    /// Returns an image.
    pub fn image(tag: impl Into<String>, image: Image) -> Self {
        Value::new(tag, value::Content::Image(image))
    }
    /// Returns a histogram.
    pub fn histogram(tag: impl Into<String>, histogram: Histogram) -> Self {
        Value::new(tag, value::Content::Histogram(histogram))
    }
    /// Returns a text in Markdown.
    pub fn text(tag: impl Into<String>, text: &str) -> Self {
        const STRING: i32 = 7;
        const TENSOR: i32 = 2;
        let plugin_data = Some(PluginData { name: "text".to_string() });
        let metadata = Some(SummaryMetadata { plugin_data, data_class: TENSOR });
        let tensor = Tensor { dtype: STRING, string_val: vec![text.as_bytes().to_vec()] };
        Value { metadata, ..Value::new(tag, value::Content::Tensor(tensor)) }
    }
    fn new(tag: impl Into<String>, content: value::Content) -> Self {
        Value { tag: tag.into(), content: Some(content), metadata: None }
    }
}
