//! Error of a sweep.

use thiserror::Error;

/// Largest number of networks of one command.
pub const VARIANTS_MAX: usize = 65_535;

/// Error of a sweep or of an assignment.
#[derive(Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "the messages document the variants")]
pub enum SweepError {
    #[error("expected KEY=VALUE,VALUE,.., found '{0}'")]
    InvalidSweep(String),
    #[error("expected KEY=VALUE, found '{0}'")]
    InvalidAssignment(String),
    #[error("unknown setting '{key}', did you mean '{nearest}'? Settings: {known}")]
    UnknownKey { key: String, nearest: String, known: String },
    #[error(
        "layers: cannot be swept, because networks that train in parallel have equal layer sizes"
    )]
    Layers,
    #[error("{key}: expected values separated by commas, none of them empty")]
    EmptyValue { key: String },
    #[error("{key}: duplicate value {value}")]
    DuplicateValue { key: String, value: String },
    #[error("{key} = {value}: {reason}")]
    InvalidValue { key: String, value: String, reason: String },
    #[error("{key}: swept more than once")]
    DuplicateKey { key: String },
    #[error("invalid number of replicas 0: expected at least 1")]
    NoReplicas,
    #[error("cannot sweep seed with {replicas} replicas: the sweep defines all seeds")]
    SeedConflict { replicas: usize },
    #[error("invalid seed {seed}: {replicas} replicas need seeds above the maximum {}", u64::MAX)]
    SeedOverflow { seed: u64, replicas: usize },
    #[error("invalid number of networks {count}: expected at most {VARIANTS_MAX}")]
    TooManyNetworks { count: String },
}
