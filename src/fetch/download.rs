//! Downloads a file over HTTP: from one place after the other, and on from where it broke off.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use ureq::Agent;
use ureq::http::{Response, header};

use super::known::{Checksum, RemoteFile};
use super::{FetchError, lines};
use crate::files;

/// A server that says nothing for so long has gone.
const PATIENCE: Duration = Duration::from_secs(60);
/// A server that sends fewer bytes a second for as long is given up.
const SLOWEST: u64 = 1000;
/// Bytes that are read at once.
const BLOCK: usize = 1 << 16;

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A file is there already.
    Kept {
        /// Its name.
        file: &'static str,
    },
    /// Some of a file is there.
    Bytes {
        /// Its name.
        file: &'static str,
        /// Bytes that are there.
        bytes: u64,
        /// Bytes that it will have, where the server tells.
        of: Option<u64>,
    },
    /// A place failed.
    Failed {
        /// In words.
        reason: String,
    },
}

/// Downloads files from the same places.
pub struct Downloader<'a> {
    agent: Agent,
    places: Vec<&'a str>,
    listen: &'a mut dyn FnMut(Progress),
    patience: Duration,
}

impl<'a> Downloader<'a> {
    /// From `places`, addresses to which names of files are added, the first first. `listen` hears how far a download is.
    pub fn new(places: Vec<&'a str>, listen: &'a mut dyn FnMut(Progress)) -> Self {
        Downloader::with_patience(places, listen, PATIENCE)
    }

    /// The same with another time after which a silent or slow server is given up.
    pub fn with_patience(
        places: Vec<&'a str>,
        listen: &'a mut dyn FnMut(Progress),
        patience: Duration,
    ) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_per_read(Some(patience))
            // What is compressed stays so: its checksum is known.
            .accept_encoding("identity")
            .user_agent(concat!("apical/", env!("CARGO_PKG_VERSION")));
        Downloader { agent: config.build().new_agent(), places, listen, patience }
    }

    /// Puts a file into a folder, and says where.
    ///
    /// # Errors
    /// When no place has it with the right checksum, another file has its name, or it cannot be written.
    pub fn fetch(&mut self, file: &RemoteFile, folder: &Path) -> Result<PathBuf, FetchError> {
        let path = folder.join(file.name);
        if path.exists() {
            return match check(&path, file, &path.display().to_string()) {
                Ok(()) => {
                    (self.listen)(Progress::Kept { file: file.name });
                    Ok(path)
                }
                Err(error) => Err(FetchError::Other { path, source: Box::new(error) }),
            };
        }
        let part = folder.join(format!("{}.part", file.name));
        let mut failures = Vec::new();
        for place in self.places.clone() {
            let url = format!("{}/{}", place.trim_end_matches('/'), file.name);
            match self.fetch_from(&url, file, &part) {
                Ok(()) => {
                    fs::rename(&part, &path).map_err(FetchError::file("written", &path))?;
                    return Ok(path);
                }
                // Another place would not help.
                Err(error @ FetchError::File { .. }) => return Err(error),
                Err(error) => {
                    let reason = lines(std::slice::from_ref(&error)).trim_start().to_string();
                    (self.listen)(Progress::Failed { reason });
                    failures.push(error);
                }
            }
        }
        Err(FetchError::Everywhere { file: file.name, failures })
    }

    /// Completes the part and checks it; one that is not right is taken away.
    fn fetch_from(&mut self, url: &str, file: &RemoteFile, part: &Path) -> Result<(), FetchError> {
        loop {
            let begun = length_of_part(part)?;
            self.complete(url, file, part, begun)?;
            let checked = check(part, file, url);
            if checked.is_ok() {
                return Ok(());
            }
            fs::remove_file(part).map_err(FetchError::file("removed", part))?;
            // The part may have come from a place that has another file: once more from its beginning.
            if begun == 0 {
                return checked;
            }
        }
    }

    /// Adds to a part of which `begun` bytes are there what is missing.
    fn complete(
        &mut self,
        url: &str,
        file: &RemoteFile,
        part: &Path,
        begun: u64,
    ) -> Result<(), FetchError> {
        const OK: u16 = 200;
        const PARTIAL: u16 = 206;
        const NOT_SATISFIABLE: u16 = 416;
        let mut request = self.agent.get(url);
        if begun > 0 {
            request = request.header(header::RANGE, format!("bytes={begun}-"));
        }
        let connection = |source| {
            let (url, source) = (url.to_string(), Box::new(source));
            FetchError::Connection { url, source }
        };
        let response = request.call().map_err(connection)?;
        let status = response.status().as_u16();
        let (mut bytes, of) = match status {
            OK => (0, length(&response)),
            PARTIAL if begun > 0 && continues_at(&response, begun) => {
                (begun, length(&response).map(|length| begun + length))
            }
            // All of it is there, or more: the checksum tells.
            NOT_SATISFIABLE if begun > 0 => return Ok(()),
            status => return Err(FetchError::Status { url: url.to_string(), status }),
        };
        let written = || FetchError::file("written", part);
        let mut target = if bytes > 0 {
            OpenOptions::new().append(true).open(part).map_err(written())?
        } else {
            File::create(part).map_err(written())?
        };
        let mut body = response.into_body().into_reader();
        let mut block = vec![0; BLOCK];
        let mut window = (Instant::now(), bytes);
        loop {
            let broken = |source| FetchError::BrokenOff { url: url.to_string(), bytes, source };
            let read = match body.read(&mut block) {
                Ok(0) if of.is_some_and(|of| bytes < of) => return Err(broken(None)),
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(Some(error))),
            };
            target.write_all(&block[..read]).map_err(written())?;
            bytes += read as u64;
            if bytes > file.most {
                drop(target);
                fs::remove_file(part).map_err(FetchError::file("removed", part))?;
                return Err(FetchError::TooLong { url: url.to_string(), most: file.most });
            }
            (self.listen)(Progress::Bytes { file: file.name, bytes, of });
            let (since, before) = window;
            if since.elapsed() >= self.patience {
                let rate = (bytes - before) as f64 / since.elapsed().as_secs_f64();
                if rate < SLOWEST as f64 {
                    let (url, rate) = (url.to_string(), rate as u64);
                    return Err(FetchError::TooSlow { url, bytes, rate, least: SLOWEST });
                }
                window = (Instant::now(), bytes);
            }
        }
        target.sync_all().map_err(written())
    }
}

/// Bytes that are there of a file.
///
/// # Errors
/// Returns an error if its name is that of a link or of no regular file, which is not written through.
fn length_of_part(part: &Path) -> Result<u64, FetchError> {
    match fs::symlink_metadata(part) {
        Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
        Ok(_) => {
            let source = io::Error::other("this is a link or no regular file: take it away");
            Err(FetchError::file("written", part)(source))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(FetchError::file("read", part)(error)),
    }
}

/// Bytes of the body, where the server tells.
fn length<T>(response: &Response<T>) -> Option<u64> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether a part of a file begins where it was asked to.
fn continues_at<T>(response: &Response<T>, begun: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {begun}-")))
}

/// Compares a file's checksum; `from` names the file in errors. No more is read, or unpacked, than the right
/// file has at most.
fn check(path: &Path, file: &RemoteFile, from: &str) -> Result<(), FetchError> {
    let content = files::open_regular(path).map_err(FetchError::file("read", path))?;
    let most = file.most.saturating_add(1);
    let read = FetchError::file("read", path);
    let (expected, digest) = match file.checksum {
        Checksum::Whole(expected) => (expected, digest(content.take(most)).map_err(read)?),
        Checksum::Decompressed(expected) => {
            let digest = digest(MultiGzDecoder::new(content).take(most));
            let gzip = |source| FetchError::Gzip { from: from.to_string(), source };
            (expected, digest.map_err(gzip)?)
        }
    };
    if digest == expected {
        return Ok(());
    }
    Err(FetchError::Checksum { from: from.to_string(), expected, found: digest })
}

/// SHA-256 in hexadecimal.
fn digest(mut content: impl Read) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match content.read(&mut block) {
            Ok(0) => break,
            Ok(read) => digest.update(&block[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
