//! Requests the bytes of a file over HTTP.

use std::time::Duration;

use ureq::http::{Response, header};
use ureq::{Agent, BodyReader};

use super::error::FetchError;

/// HTTP client.
pub(super) struct Client(Agent);

/// Bytes of a file from `start` on.
pub(super) struct Remainder {
    pub(super) start: u64,
    /// Size of the complete file in bytes, if the server sends it.
    pub(super) total: Option<u64>,
    pub(super) body: BodyReader<'static>,
}

impl Client {
    /// Creates a client that gives up a silent server after `timeout`.
    pub(super) fn new(timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(timeout))
            .timeout_recv_response(Some(timeout))
            .timeout_per_read(Some(timeout))
            // Checksums are those of the compressed files.
            .accept_encoding("identity")
            .user_agent(concat!("apical/", env!("CARGO_PKG_VERSION")));
        Client(config.build().new_agent())
    }

    /// Requests the bytes of a file from `resume_at` on. Returns `None` if there are none.
    pub(super) fn get(&self, url: &str, resume_at: u64) -> Result<Option<Remainder>, FetchError> {
        const OK: u16 = 200;
        const PARTIAL: u16 = 206;
        const NOT_SATISFIABLE: u16 = 416;
        let mut request = self.0.get(url);
        if resume_at > 0 {
            request = request.header(header::RANGE, format!("bytes={resume_at}-"));
        }
        let response = request.call().map_err(|source| FetchError::Connection {
            url: url.to_string(),
            source: source.into(),
        })?;
        let (start, total) = match response.status().as_u16() {
            OK => (0, length(&response)),
            PARTIAL if resume_at > 0 && starts_at(&response, resume_at) => {
                (resume_at, length(&response).map(|length| resume_at + length))
            }
            NOT_SATISFIABLE if resume_at > 0 => return Ok(None),
            status => return Err(FetchError::Status { url: url.to_string(), status }),
        };
        Ok(Some(Remainder { start, total, body: response.into_body().into_reader() }))
    }
}

/// Returns the size of the body, if the server sends it.
fn length<T>(response: &Response<T>) -> Option<u64> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Returns whether the response starts at byte `resume_at`.
fn starts_at<T>(response: &Response<T>, resume_at: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {resume_at}-")))
}
