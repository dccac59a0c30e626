//! Warnings about the files of a resumed run.

use std::path::PathBuf;

use thiserror::Error;

/// Warning about a fault that was repaired, or that does not stop the run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum RunWarning {
    #[error(
        "{}: cannot lock this folder: {cause}; two programs that write to it at once would damage it", .folder.display()
    )]
    NotLocked { folder: PathBuf, cause: String },
    #[error("{}: cannot read this checkpoint: {cause}; renamed to {}", .path.display(), .renamed_to.display())]
    DamagedCheckpoint { path: PathBuf, cause: String, renamed_to: PathBuf },
    #[error("resuming from an earlier checkpoint, {}", .path.display())]
    EarlierCheckpoint { path: PathBuf },
    #[error("{}: restored from {}", .path.display(), .from.display())]
    BestRestored { path: PathBuf, from: PathBuf },
    #[error(
        "{}: no checkpoint is left to restore it from; the test after the next epoch writes a new one", .path.display()
    )]
    BestLost { path: PathBuf },
    #[error("{}: cannot use these weights: {cause}; renamed to {}, and written again", .path.display(), .renamed_to.display())]
    DamagedWeights { path: PathBuf, cause: String, renamed_to: PathBuf },
    #[error("{}: {missing} bytes were missing and are restored from the checkpoint", .path.display())]
    MetricsTruncated { path: PathBuf, missing: usize },
    #[error(
        "{}: line {line} differs from the checkpoint; restored from it, the old file is renamed to {}", .path.display(), .renamed_to.display()
    )]
    MetricsChanged { path: PathBuf, line: usize, renamed_to: PathBuf },
    #[error("{}: not a regular file; renamed to {}, and written again", .path.display(), .renamed_to.display())]
    NotRegularFile { path: PathBuf, renamed_to: PathBuf },
    #[error("{}: the last line was incomplete and is removed ({bytes} bytes)", .path.display())]
    TruncatedLine { path: PathBuf, bytes: usize },
    #[error("{}: {key} is {found} in this file; the run keeps {used}, with which it started", .path.display())]
    SettingDiffers { path: PathBuf, key: String, found: String, used: String },
    #[error("{}: cannot read these settings: {cause}; the run keeps those it started with", .path.display())]
    UnreadableSettings { path: PathBuf, cause: String },
    #[error("{}: was missing and is written again", .path.display())]
    MissingFile { path: PathBuf },
}
