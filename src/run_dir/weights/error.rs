//! Errors of files of weights.

use std::io;

use safetensors::SafeTensorError;
use thiserror::Error;

use crate::config::ConfigError;
use crate::dataset::DatasetError;
use crate::files;
use crate::run_dir::file_names::WEIGHTS;
use crate::text::with_causes;

/// Error of reading a file of weights, or of a data set that does not fit its network.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum WeightsError {
    #[error("{file}: the file cannot be read")]
    Read { file: String, source: io::Error },
    #[error("{file}: expected a complete safetensors file, found {found}")]
    NotSafetensors { file: String, found: &'static str, source: SafeTensorError },
    #[error("{file}: the file is damaged: its content does not match its checksum")]
    Checksum { file: String },
    #[error("{file}: the file is damaged: apical wrote it with a checksum, which is missing")]
    NoChecksum { file: String },
    #[error("{folder}: expected the weights of a run, found a folder without {WEIGHTS}")]
    NoWeights { folder: String },
    #[error("{file}: cannot parse the settings in the metadata 'config'")]
    Config { file: String, source: Box<toml::de::Error> },
    #[error("{file}: invalid setting in the metadata 'config'")]
    Setting { file: String, source: ConfigError },
    #[error("{file}: expected {expected}, found {found}")]
    Content { file: String, expected: String, found: String },
    #[error("{dataset}: the network expects {expected}, this data set has {found}")]
    Unfit { dataset: String, expected: String, found: String },
    #[error(transparent)]
    Classes(DatasetError),
    #[error(transparent)]
    Pixels(DatasetError),
}

impl WeightsError {
    /// Returns whether the file may be intact: the system refused to read it for a reason that may pass, such as missing
    /// permission, missing memory or too many open files. A file that the disk cannot read (EIO) is damaged.
    pub(in crate::run_dir) fn may_be_intact(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, InvalidData, InvalidInput, IsADirectory, UnexpectedEof};
        #[cfg(unix)]
        const EIO: i32 = 5;
        #[cfg(not(unix))]
        const EIO: i32 = 1117; // ERROR_IO_DEVICE
        match self {
            WeightsError::Read { source, .. } => {
                let is_damaged = matches!(
                    source.kind(),
                    IsADirectory | InvalidInput | InvalidData | UnexpectedEof | FileTooLarge
                );
                !is_damaged && source.raw_os_error() != Some(EIO)
            }
            _ => false,
        }
    }

    /// Returns the message with its causes, without the name of the file.
    pub(in crate::run_dir) fn without_file(&self) -> String {
        let file = match self {
            WeightsError::Read { file, .. }
            | WeightsError::NotSafetensors { file, .. }
            | WeightsError::Checksum { file }
            | WeightsError::NoChecksum { file }
            | WeightsError::Config { file, .. }
            | WeightsError::Setting { file, .. }
            | WeightsError::Content { file, .. } => file,
            WeightsError::Unfit { dataset, .. } => dataset,
            WeightsError::NoWeights { folder } => folder,
            WeightsError::Classes(_) | WeightsError::Pixels(_) => "",
        };
        let message = with_causes(self);
        message.strip_prefix(&format!("{file}: ")).unwrap_or(&message).to_string()
    }
}

/// Returns the error for a file that is not a complete safetensors file; `start`: its first bytes.
pub(super) fn not_safetensors(file: String, start: &[u8], source: SafeTensorError) -> WeightsError {
    let found = match files::kind_of_bytes(start) {
        None | Some("a safetensors file") => "a damaged one or something else",
        Some(kind) => kind,
    };
    WeightsError::NotSafetensors { file, found, source }
}
