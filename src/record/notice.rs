//! What a user has to know about the files of a run that goes on.

use std::path::PathBuf;

use thiserror::Error;

/// A fault that was mended or left as it is. It ends nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum Notice {
    #[error(
        "{}: cannot lock this folder: {cause}; two programs that write it at once would damage it", .folder.display()
    )]
    NoLock { folder: PathBuf, cause: String },
    #[error("{}: cannot read this checkpoint: {cause}; kept as {}", .path.display(), .kept.display())]
    Checkpoint { path: PathBuf, cause: String, kept: PathBuf },
    #[error("going on from an earlier checkpoint, {}", .path.display())]
    Earlier { path: PathBuf },
    #[error("{}: written anew from {}", .path.display(), .from.display())]
    Best { path: PathBuf, from: PathBuf },
    #[error("{}: no checkpoint is left to write it anew from; the next test of an epoch does", .path.display())]
    NoBest { path: PathBuf },
    #[error("{}: cannot use these weights: {cause}; kept as {}, and written anew", .path.display(), .kept.display())]
    Weights { path: PathBuf, cause: String, kept: PathBuf },
    #[error("{}: {missing} bytes were missing and are written again from the checkpoint", .path.display())]
    MetricsShort { path: PathBuf, missing: usize },
    #[error(
        "{}: line {line} is not as it was at the checkpoint; written anew from it, the old file is kept as {}", .path.display(), .kept.display()
    )]
    Metrics { path: PathBuf, line: usize, kept: PathBuf },
    #[error("{}: this is no regular file; kept as {}, and written anew", .path.display(), .kept.display())]
    Special { path: PathBuf, kept: PathBuf },
    #[error("{}: the last line was cut off and is removed ({bytes} bytes)", .path.display())]
    CutLine { path: PathBuf, bytes: usize },
    #[error("{}: {key} is {found} there, but the run goes on with {used} as it began", .path.display())]
    Setting { path: PathBuf, key: String, found: String, used: String },
    #[error("{}: cannot read these settings: {cause}; the run goes on with those it began with", .path.display())]
    Settings { path: PathBuf, cause: String },
    #[error("{}: was gone and is written anew", .path.display())]
    Gone { path: PathBuf },
}
