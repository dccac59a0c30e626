//! The messages of TensorFlow's `event.proto` and `summary.proto` that are written, with the fields that
//! are filled. TensorBoard shows the old forms of a summary (number, picture, histogram) as it does the
//! new ones, which are tensors.

use prost::{Message, Oneof};

/// A record of an event file.
#[derive(Clone, PartialEq, Message)]
pub struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    /// Where on the axis it stands: here, images shown.
    #[prost(int64, tag = "2")]
    pub step: i64,
    /// What it holds.
    #[prost(oneof = "event::What", tags = "3, 5, 7")]
    pub what: Option<event::What>,
}

/// What an event holds.
pub mod event {
    use super::{Oneof, SessionLog, Summary};

    /// The version of the file, which the first record has, something to see, or the start of a session.
    #[derive(Clone, PartialEq, Oneof)]
    pub enum What {
        /// Of the format: `brain.Event:2`.
        #[prost(string, tag = "3")]
        FileVersion(String),
        /// Something to see.
        #[prost(message, tag = "5")]
        Summary(Summary),
        /// Start of a session: readers drop what stands at its step and after it in earlier files.
        #[prost(message, tag = "7")]
        SessionLog(SessionLog),
    }
}

/// State of the program that writes.
#[derive(Clone, PartialEq, Message)]
pub struct SessionLog {
    /// 1: the session starts.
    #[prost(int32, tag = "1")]
    pub status: i32,
}

/// What there is to see at a step.
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    /// All of it.
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Value>,
}

/// One thing to see.
#[derive(Clone, PartialEq, Message)]
pub struct Value {
    /// Its name; those with one part before a slash are shown together.
    #[prost(string, tag = "1")]
    pub tag: String,
    /// What it is.
    #[prost(oneof = "value::Content", tags = "2, 4, 5, 8")]
    pub content: Option<value::Content>,
    /// Which part of TensorBoard shows a tensor.
    #[prost(message, optional, tag = "9")]
    pub metadata: Option<SummaryMetadata>,
}

/// How a value is shown.
#[derive(Clone, PartialEq, Message)]
pub struct SummaryMetadata {
    /// The part of TensorBoard.
    #[prost(message, optional, tag = "1")]
    pub plugin_data: Option<PluginData>,
    /// Kind of the value: 2 for a tensor.
    #[prost(int32, tag = "4")]
    pub data_class: i32,
}

/// A part of TensorBoard.
#[derive(Clone, PartialEq, Message)]
pub struct PluginData {
    /// Its name: `text`.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// A tensor without axes that holds a text.
#[derive(Clone, PartialEq, Message)]
pub struct Tensor {
    /// Type of its elements: 7 for texts.
    #[prost(int32, tag = "1")]
    pub kind: i32,
    /// Its elements.
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub texts: Vec<Vec<u8>>,
}

/// What can be seen.
pub mod value {
    use super::{Histogram, Image, Oneof, Tensor};

    /// The kinds of things to see that are written here.
    #[derive(Clone, PartialEq, Oneof)]
    pub enum Content {
        /// A point of a curve.
        #[prost(float, tag = "2")]
        Number(f32),
        /// A picture.
        #[prost(message, tag = "4")]
        Image(Image),
        /// A distribution.
        #[prost(message, tag = "5")]
        Histogram(Histogram),
        /// A text.
        #[prost(message, tag = "8")]
        Tensor(Tensor),
    }
}

/// A picture as a PNG file.
#[derive(Clone, PartialEq, Message)]
pub struct Image {
    /// Rows of pixels.
    #[prost(int32, tag = "1")]
    pub height: i32,
    /// Columns of pixels.
    #[prost(int32, tag = "2")]
    pub width: i32,
    /// Channels: 3 for red, green and blue.
    #[prost(int32, tag = "3")]
    pub colorspace: i32,
    /// The bytes of the file.
    #[prost(bytes = "vec", tag = "4")]
    pub png: Vec<u8>,
}

/// Numbers counted in buckets, with their moments.
#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    /// The smallest.
    #[prost(double, tag = "1")]
    pub min: f64,
    /// The largest.
    #[prost(double, tag = "2")]
    pub max: f64,
    /// How many there are.
    #[prost(double, tag = "3")]
    pub count: f64,
    /// Their sum.
    #[prost(double, tag = "4")]
    pub sum: f64,
    /// The sum of their squares.
    #[prost(double, tag = "5")]
    pub sum_squares: f64,
    /// Right ends of the buckets, ascending; the first begins at `min`.
    #[prost(double, repeated, tag = "6")]
    pub bucket_limits: Vec<f64>,
    /// Values in each bucket.
    #[prost(double, repeated, tag = "7")]
    pub buckets: Vec<f64>,
}

impl Value {
    /// A point of the curve of this name.
    pub fn number(tag: impl Into<String>, number: f64) -> Self {
        Value::new(tag, value::Content::Number(number as f32))
    }
    /// A picture of this name.
    pub fn image(tag: impl Into<String>, image: Image) -> Self {
        Value::new(tag, value::Content::Image(image))
    }
    /// A distribution of this name.
    pub fn histogram(tag: impl Into<String>, histogram: Histogram) -> Self {
        Value::new(tag, value::Content::Histogram(histogram))
    }
    /// A text of this name, in Markdown.
    pub fn text(tag: impl Into<String>, text: &str) -> Self {
        const TEXT: i32 = 7;
        const TENSOR: i32 = 2;
        let plugin_data = Some(PluginData { name: "text".to_string() });
        let metadata = Some(SummaryMetadata { plugin_data, data_class: TENSOR });
        let tensor = Tensor { kind: TEXT, texts: vec![text.as_bytes().to_vec()] };
        Value { metadata, ..Value::new(tag, value::Content::Tensor(tensor)) }
    }
    fn new(tag: impl Into<String>, content: value::Content) -> Self {
        Value { tag: tag.into(), content: Some(content), metadata: None }
    }
}
