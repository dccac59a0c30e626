//! Compiled kernels of a real GPU, kept in a file from one start to the next, where the driver hands them out.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};
use wgpu::util::pipeline_cache_key;
use wgpu::{AdapterInfo, DeviceType, Features, PipelineCache, PipelineCacheDescriptor};

use crate::files::{self, atomic};
use crate::gpu::shaders;
use crate::interface::Kernel;

/// What a device needs for it.
pub const FEATURES: Features = Features::PIPELINE_CACHE;

/// The environment variable that names another folder than the user's, or says `off`.
const VARIABLE: &str = "APICAL_PIPELINE_CACHE";

/// Bytes before the driver's: see [`with_hash`].
const HASH_LEN: usize = 32;

/// Most bytes of compiled kernels that are kept. All kernels take some 100 KB; SwiftShader was seen to return a few
/// more bytes at each start.
const BYTES_MAX: usize = 16 << 20;

/// The compiled kernels of a device, and the file that keeps them.
pub struct Cache {
    pub pipelines: PipelineCache,
    file: PathBuf,
    /// What the file holds.
    saved: Option<Vec<u8>>,
}

impl Cache {
    /// What was kept of an earlier start; empty where that was nothing, or cannot be used. `None` where
    /// nothing is to be saved: software devices compile in no time, and some of their caches grow at each start.
    pub fn open(device: &wgpu::Device, adapter: &AdapterInfo) -> Option<Self> {
        if !device.features().contains(FEATURES) || adapter.device_type == DeviceType::Cpu {
            return None;
        }
        let file = folder(env::var_os(VARIABLE))?.join(pipeline_cache_key(adapter)?);
        Some(Cache::in_file(device, file))
    }

    /// The same, in a given file.
    fn in_file(device: &wgpu::Device, file: PathBuf) -> Self {
        let kept = read(&file).and_then(|bytes| verified(&bytes).map(<[u8]>::to_vec));
        let description = PipelineCacheDescriptor {
            label: Some("kernels"),
            data: kept.as_deref(),
            // What another version of the driver made is left aside.
            fallback: true,
        };
        // SAFETY: the seal says that this program had the bytes from `PipelineCache::get_data`.
        let pipelines = unsafe { device.create_pipeline_cache(&description) };
        Cache { pipelines, file, saved: kept }
    }

    /// Keeps what was compiled since.
    pub fn save(&mut self) {
        let data = self.pipelines.get_data();
        if data.is_none() || data == self.saved {
            return;
        }
        // What cannot be kept is compiled again: the next start takes longer, and nothing else.
        if let Some(data) = data
            && data.len() <= BYTES_MAX
            && write(&self.file, &with_hash(&data)).is_ok()
        {
            self.saved = Some(data);
        }
    }
}

/// The driver's bytes behind a hash of them and of this program's kernels. Drivers trust their own bytes,
/// and keep what no kernel needs any more: so what is broken, or is of other kernels, must not reach them.
fn with_hash(data: &[u8]) -> Vec<u8> {
    [&hash(data), data].concat()
}

/// The bytes that were with_hash, where nothing is wrong with them.
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

/// The bytes of a file that is not larger than those that are written.
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

/// Where compiled kernels are kept, by what [`VARIABLE`] says.
fn folder(setting: Option<OsString>) -> Option<PathBuf> {
    match setting {
        Some(setting) if setting == "off" => None,
        Some(setting) if !setting.is_empty() => Some(setting.into()),
        _ => users_folder().map(|folder| folder.join("apical")),
    }
}

/// The user's folder for what programs can make again.
fn users_folder() -> Option<PathBuf> {
    // The conventions say to ignore a relative one.
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
    use crate::gpu::device::Device;
    use crate::gpu::device::adapter::AdapterQuery;

    #[test]
    fn what_is_broken_or_of_others_is_not_used() {
        let bytes = with_hash(b"of the driver");
        assert_eq!(verified(&bytes), Some(b"of the driver".as_slice()));
        for place in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[place] ^= 1;
            assert_eq!(verified(&broken), None, "byte {place}");
            assert_eq!(verified(&bytes[..place]), None, "the first {place} bytes");
        }
    }

    /// On a real driver: what it hands out is kept, used again, and never larger than the limit.
    #[test]
    fn cache_file_is_read_back_and_bounded() {
        let choice = AdapterQuery { index_or_name: None, allow_software: true };
        let device = Device::open(&choice).expect("a device, if only a software one");
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
    fn the_variable_names_a_folder_or_says_that_there_is_none() {
        let set = |value: &str| folder(Some(value.into()));
        assert_eq!(set("off"), None);
        assert_eq!(set("somewhere"), Some("somewhere".into()));
        assert_eq!(set(""), folder(None));
        assert!(folder(None).is_none_or(|folder| folder.ends_with("apical")));
    }
}
