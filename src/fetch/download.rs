//! Downloads files: tries each mirror in turn, resumes partial files and checks their content.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::error::{FetchError, lines};
use super::http::{Client, Remainder};
use super::known::{Checksum, RemoteFile};
use crate::files;
use crate::text::to_hex;

/// Time after which a silent or too slow server is given up.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Lowest accepted rate over [`TIMEOUT`], bytes per second.
const MIN_BYTES_PER_SECOND: u64 = 1000;
/// Size of one read, bytes.
const READ_SIZE: usize = 1 << 16;

/// Progress of a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownloadProgress {
    /// The file already exists with the right checksum.
    AlreadyPresent {
        /// Name of the file.
        file: &'static str,
    },
    /// A part of the file was received.
    Bytes {
        /// Name of the file.
        file: &'static str,
        /// Number of bytes on disk.
        bytes: u64,
        /// Size of the complete file in bytes, if the server sends it.
        total: Option<u64>,
    },
    /// A mirror failed.
    Failed {
        /// The error as text.
        reason: String,
    },
}

/// Downloads files from a list of mirrors.
pub struct Downloader<'a> {
    client: Client,
    mirrors: Vec<&'a str>,
    listen: &'a mut dyn FnMut(DownloadProgress),
    timeout: Duration,
}

impl<'a> Downloader<'a> {
    /// Creates a downloader. `mirrors`: URLs of folders, tried in this order. `listen` receives the progress.
    pub fn new(mirrors: Vec<&'a str>, listen: &'a mut dyn FnMut(DownloadProgress)) -> Self {
        Downloader::with_timeout(mirrors, listen, TIMEOUT)
    }

    /// Creates a downloader that gives up a silent or slow server after `timeout`.
    pub fn with_timeout(
        mirrors: Vec<&'a str>,
        listen: &'a mut dyn FnMut(DownloadProgress),
        timeout: Duration,
    ) -> Self {
        Downloader { client: Client::new(timeout), mirrors, listen, timeout }
    }

    /// Downloads a file into a folder and returns its path.
    ///
    /// # Errors
    /// Returns an error if no mirror has the file with its checksum, another file has its name, or it cannot be written.
    /// Without the feature `download`, returns an error unless the file is already present.
    pub fn fetch(&mut self, file: &RemoteFile, folder: &Path) -> Result<PathBuf, FetchError> {
        let path = folder.join(file.name);
        if path.exists() {
            return match check(&path, file, &path.display().to_string()) {
                Ok(()) => {
                    (self.listen)(DownloadProgress::AlreadyPresent { file: file.name });
                    Ok(path)
                }
                Err(error) => Err(FetchError::Conflict { path, source: Box::new(error) }),
            };
        }
        let part = folder.join(format!("{}.part", file.name));
        let mut failures = Vec::new();
        for mirror in self.mirrors.clone() {
            let url = format!("{}/{}", mirror.trim_end_matches('/'), file.name);
            match self.fetch_from(&url, file, &part) {
                Ok(()) => {
                    fs::rename(&part, &path).map_err(FetchError::file("write", &path))?;
                    return Ok(path);
                }
                // Would recur with every mirror.
                Err(error @ (FetchError::File { .. } | FetchError::Unsupported { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    let reason = lines(std::slice::from_ref(&error)).trim_start().to_string();
                    (self.listen)(DownloadProgress::Failed { reason });
                    failures.push(error);
                }
            }
        }
        Err(FetchError::AllMirrorsFailed { file: file.name, failures })
    }

    /// Completes the `.part` file and checks it. Removes it if the checksum is wrong.
    fn fetch_from(&mut self, url: &str, file: &RemoteFile, part: &Path) -> Result<(), FetchError> {
        loop {
            let resume_at = length_of_part(part)?;
            self.complete(url, file, part, resume_at)?;
            let checked = check(part, file, url);
            if checked.is_ok() {
                return Ok(());
            }
            fs::remove_file(part).map_err(FetchError::file("remove", part))?;
            // The first bytes may come from a mirror with another file: retry once from the start.
            if resume_at == 0 {
                return checked;
            }
        }
    }

    /// Appends the missing bytes to a `.part` file of `resume_at` bytes.
    fn complete(
        &mut self,
        url: &str,
        file: &RemoteFile,
        part: &Path,
        resume_at: u64,
    ) -> Result<(), FetchError> {
        let Some(Remainder { start, total, mut body }) = self.client.get(url, resume_at)? else {
            // The file is complete or too long: the checksum decides.
            return Ok(());
        };
        let written = || FetchError::file("write", part);
        let mut target = if start > 0 {
            OpenOptions::new().append(true).open(part).map_err(written())?
        } else {
            File::create(part).map_err(written())?
        };
        let mut block = vec![0; READ_SIZE];
        let mut bytes = start;
        let mut speed = Speed { since: Instant::now(), bytes };
        loop {
            let broken = |source| FetchError::Interrupted { url: url.to_string(), bytes, source };
            let read = match body.read(&mut block) {
                Ok(0) if total.is_some_and(|total| bytes < total) => return Err(broken(None)),
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(Some(error))),
            };
            target.write_all(&block[..read]).map_err(written())?;
            bytes += read as u64;
            if bytes > file.max_bytes {
                drop(target);
                fs::remove_file(part).map_err(FetchError::file("remove", part))?;
                let (url, max_bytes) = (url.to_string(), file.max_bytes);
                return Err(FetchError::TooLong { url, max_bytes });
            }
            (self.listen)(DownloadProgress::Bytes { file: file.name, bytes, total });
            speed.check(url, bytes, self.timeout)?;
        }
        target.sync_all().map_err(written())
    }
}

/// Start of the period over which the speed of a download is measured.
struct Speed {
    since: Instant,
    /// Number of bytes received before.
    bytes: u64,
}

impl Speed {
    /// Checks the speed once per `period`. `bytes`: number of bytes received.
    ///
    /// # Errors
    /// Returns an error if the download is slower than [`MIN_BYTES_PER_SECOND`].
    fn check(&mut self, url: &str, bytes: u64, period: Duration) -> Result<(), FetchError> {
        if self.since.elapsed() < period {
            return Ok(());
        }
        let rate = (bytes - self.bytes) as f64 / self.since.elapsed().as_secs_f64();
        if rate < MIN_BYTES_PER_SECOND as f64 {
            let (url, rate, least) = (url.to_string(), rate as u64, MIN_BYTES_PER_SECOND);
            return Err(FetchError::TooSlow { url, bytes, rate, least });
        }
        *self = Speed { since: Instant::now(), bytes };
        Ok(())
    }
}

/// Returns the size of a `.part` file, 0 if it does not exist.
///
/// # Errors
/// Returns an error if the name belongs to a link or a special file.
fn length_of_part(part: &Path) -> Result<u64, FetchError> {
    match fs::symlink_metadata(part) {
        Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
        Ok(_) => {
            let source = io::Error::other("not a regular file; remove it");
            Err(FetchError::file("write", part)(source))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(FetchError::file("read", part)(error)),
    }
}

/// Compares a file's checksum. `from` names the file in errors. Reads and decompresses at most `max_bytes` and one
/// byte.
fn check(path: &Path, file: &RemoteFile, from: &str) -> Result<(), FetchError> {
    let content = files::open_regular(path).map_err(FetchError::file("read", path))?;
    let max_bytes = file.max_bytes.saturating_add(1);
    let read = FetchError::file("read", path);
    let (expected, digest) = match file.checksum {
        Checksum::Whole(expected) => (expected, digest(content.take(max_bytes)).map_err(read)?),
        Checksum::Decompressed(expected) => {
            let digest = digest(MultiGzDecoder::new(content).take(max_bytes));
            let gzip = |source| FetchError::Gzip { from: from.to_string(), source };
            (expected, digest.map_err(gzip)?)
        }
    };
    if digest == expected {
        return Ok(());
    }
    Err(FetchError::Checksum { from: from.to_string(), expected, found: digest })
}

/// Returns the SHA-256 in hexadecimal.
fn digest(mut content: impl Read) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut block = vec![0; READ_SIZE];
    loop {
        match content.read(&mut block) {
            Ok(0) => break,
            Ok(read) => digest.update(&block[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(to_hex(&digest.finalize()))
}
