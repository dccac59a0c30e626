//! File of compiled kernels, which a later start reuses, if the driver supports it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};
use wgpu::util::pipeline_cache_key;
use wgpu::{AdapterInfo, DeviceType, Features, PipelineCache, PipelineCacheDescriptor};

use crate::files::{self, atomic};
use crate::gpu::shaders;
use crate::interface::Kernel;

/// Feature that a device needs.
pub const FEATURES: Features = Features::PIPELINE_CACHE;

/// Environment variable with the folder of the files, or `off`.
const VARIABLE: &str = "APICAL_PIPELINE_CACHE";

/// Number of bytes before the driver's, see [`with_hash`].
const HASH_LEN: usize = 32;

/// Largest number of stored bytes. All kernels take about 100 KB; SwiftShader was seen to return a few more bytes at
/// each start.
const BYTES_MAX: usize = 16 << 20;

/// Compiled kernels of a device, and their file.
pub struct Cache {
    pub pipelines: PipelineCache,
    file: PathBuf,
    /// Content of the file, without the hash.
    saved: Option<Vec<u8>>,
}

impl Cache {
    /// Opens the cache of an adapter, empty if there is no valid file. Returns `None` if nothing is to be stored:
    /// software devices compile quickly, and some of their caches grow at each start.
    pub fn open(device: &wgpu::Device, adapter: &AdapterInfo) -> Option<Self> {
        if !device.features().contains(FEATURES) || adapter.device_type == DeviceType::Cpu {
            return None;
        }
        let file = folder(env::var_os(VARIABLE))?.join(pipeline_cache_key(adapter)?);
        Some(Cache::in_file(device, file))
    }

    /// Opens the cache in a file.
    fn in_file(device: &wgpu::Device, file: PathBuf) -> Self {
        let saved = read(&file).and_then(|bytes| verified(&bytes).map(<[u8]>::to_vec));
        let description = PipelineCacheDescriptor {
            label: Some("kernels"),
            data: saved.as_deref(),
            // Ignore data of another version of the driver.
            fallback: true,
        };
        // SAFETY: the hash shows that this program got the bytes from `PipelineCache::get_data`.
        let pipelines = unsafe { device.create_pipeline_cache(&description) };
        Cache { pipelines, file, saved }
    }

    /// Stores the kernels compiled so far.
    pub fn save(&mut self) {
        let data = self.pipelines.get_data();
        if data.is_none() || data == self.saved {
            return;
        }
        // Ignore a failure: the next start compiles the kernels again.
        if let Some(data) = data
            && data.len() <= BYTES_MAX
            && write(&self.file, &with_hash(&data)).is_ok()
        {
            self.saved = Some(data);
        }
    }
}

/// Returns the driver's bytes after a hash of them and of this program's kernels. Drivers do not check their bytes, and
/// keep outdated ones, so broken bytes and those of other kernels must not reach them.
fn with_hash(data: &[u8]) -> Vec<u8> {
    [&hash(data), data].concat()
}

/// Returns the driver's bytes, if the hash before them is valid.
fn verified(bytes: &[u8]) -> Option<&[u8]> {
    let (found, data) = bytes.split_at_checked(HASH_LEN)?;
    (*found == hash(data)).then_some(data)
}

fn hash(data: &[u8]) -> [u8; HASH_LEN] {
    let mut hash = Sha256::new();
    for kernel in Kernel::ALL {
        hash.update(shaders::source(kernel));
    }
    hash.update(data);
    hash.finalize().into()
}

/// Returns the bytes of a file, unless it is larger than any that [`Cache::save`] writes.
fn read(file: &Path) -> Option<Vec<u8>> {
    files::read_bounded(file, (HASH_LEN + BYTES_MAX) as u64).ok()
}

/// Writes a file and creates its folder.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    atomic::write(file, bytes)
}

/// Returns the folder of the files. `setting`: value of [`VARIABLE`].
fn folder(setting: Option<OsString>) -> Option<PathBuf> {
    match setting {
        Some(setting) if setting == "off" => None,
        Some(setting) if !setting.is_empty() => Some(setting.into()),
        _ => users_folder().map(|folder| folder.join("apical")),
    }
}

/// Returns the user's folder for caches.
fn users_folder() -> Option<PathBuf> {
    // The XDG specification says to ignore relative paths.
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).filter(|f| f.is_absolute());
    let in_home = |path: &OsStr| env::home_dir().map(|home| home.join(path));
    if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        in_home(OsStr::new("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| in_home(OsStr::new(".cache")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::device::GpuDevice;
    use crate::gpu::device::adapter::AdapterQuery;

    #[test]
    fn broken_or_outdated_bytes_are_not_used() {
        let bytes = with_hash(b"of the driver");
        assert_eq!(verified(&bytes), Some(b"of the driver".as_slice()));
        for index in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[index] ^= 1;
            assert_eq!(verified(&broken), None, "byte {index}");
            assert_eq!(verified(&bytes[..index]), None, "the first {index} bytes");
        }
    }

    /// Uses a real driver.
    #[test]
    fn cache_file_is_read_back_and_bounded() {
        let choice = AdapterQuery { index_or_name: None, allow_software: true };
        let device = GpuDevice::open(&choice).expect("a device, if only a software one");
        if !device.device.features().contains(FEATURES) {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kernels");
        let open = || Cache::in_file(&device.device, file.clone());
        let mut first = open();
        assert_eq!(first.saved, None);
        first.save();
        assert!(first.saved.is_some() && open().saved == first.saved);
        for broken in [&[][..], &[0; 5], &[1; 5000]] {
            fs::write(&file, broken).unwrap();
            assert_eq!(open().saved, None);
        }
        fs::File::create(&file).unwrap().set_len((HASH_LEN + BYTES_MAX) as u64 + 1).unwrap();
        assert_eq!(read(&file), None);
    }

    #[test]
    fn folder_follows_the_environment_variable() {
        let set = |value: &str| folder(Some(value.into()));
        assert_eq!(set("off"), None);
        assert_eq!(set("somewhere"), Some("somewhere".into()));
        assert_eq!(set(""), folder(None));
        assert!(folder(None).is_none_or(|folder| folder.ends_with("apical")));
    }
}
