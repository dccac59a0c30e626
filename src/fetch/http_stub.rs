//! Stub of the HTTP client for builds without the feature `download`.

use std::io::Empty;
use std::time::Duration;

use super::error::FetchError;

/// HTTP client that refuses each request.
pub(super) struct Client;

/// Bytes of a file from `start` on.
pub(super) struct Remainder {
    pub(super) start: u64,
    pub(super) total: Option<u64>,
    pub(super) body: Empty,
}

impl Client {
    pub(super) fn new(_: Duration) -> Self {
        Client
    }

    /// Refuses the request.
    ///
    /// # Errors
    /// Always returns an error.
    pub(super) fn get(&self, url: &str, _: u64) -> Result<Option<Remainder>, FetchError> {
        Err(FetchError::Unsupported { url: url.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Checksum, Downloader, RemoteFile};

    #[test]
    fn only_present_files_are_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let checksum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let checksum = Checksum::Whole(checksum);
        let file = RemoteFile { name: "hello", checksum, max_bytes: 5 };
        let mut listen = |_| ();
        let mut downloader = Downloader::new(vec!["http://a/b/"], &mut listen);
        let error = downloader.fetch(&file, folder.path()).unwrap_err().to_string();
        let expected =
            "cannot download http://a/b/hello: apical was built without the feature download";
        assert_eq!(error, expected);
        fs::write(folder.path().join("hello"), "hello").unwrap();
        assert_eq!(downloader.fetch(&file, folder.path()).unwrap(), folder.path().join("hello"));
    }
}
