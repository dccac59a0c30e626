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
    #[prost(oneof = "value::Content", tags = "2, 4, 5")]
    pub content: Option<value::Content>,
}

/// What can be seen.
pub mod value {
    use super::{Histogram, Image, Oneof};

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
        Value { tag: tag.into(), content: Some(value::Content::Number(number as f32)) }
    }
    /// A picture of this name.
    pub fn image(tag: impl Into<String>, image: Image) -> Self {
        Value { tag: tag.into(), content: Some(value::Content::Image(image)) }
    }
    /// A distribution of this name.
    pub fn histogram(tag: impl Into<String>, histogram: Histogram) -> Self {
        Value { tag: tag.into(), content: Some(value::Content::Histogram(histogram)) }
    }
}
