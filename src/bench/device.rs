//! Measured device, chosen once for all rows.

use std::time::Duration;

use serde::Serialize;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

use crate::config::Config;
use crate::cpu::{Threads, Width, processor_name};
use crate::dataset::Dataset;
use crate::device::{self, BackendKind, DeviceOptions};
use crate::gpu::adapter::{self, AdapterInfo, AdapterQuery};
use crate::interface::{BackendError, Stop};

/// Measured device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasuredDevice {
    /// Name of the GPU or the processor.
    #[serde(rename = "device")]
    pub name: String,
    /// API and driver of a GPU.
    pub driver: Option<String>,
    /// `cpu` or `gpu`.
    pub backend: &'static str,
    /// Whether a GPU is software on the CPU.
    pub is_software: bool,
    /// Number of threads that compute on the CPU; `None` for a GPU.
    pub threads: Option<usize>,
    /// Width of the CPU's vectors, as [`Width::name`]; `None` for a GPU.
    pub simd: Option<&'static str>,
    /// Reason for the choice, if it needs explanation.
    #[serde(skip)]
    pub note: Option<String>,
    #[serde(skip)]
    info: Option<AdapterInfo>,
    /// Request that ends the benchmark.
    #[serde(skip)]
    stop: Stop,
}

impl MeasuredDevice {
    /// Chooses the device selected by `selection`, without opening it.
    ///
    /// # Errors
    /// Returns an error if there is no such device.
    pub fn choose(selection: &DeviceOptions) -> Result<Self, BackendError> {
        let on_gpu = |query: &AdapterQuery| adapter::find(query).map(MeasuredDevice::from_adapter);
        let device =
            selection.choose(on_gpu, |note| Ok(MeasuredDevice::cpu(selection.threads, note)))?;
        Ok(MeasuredDevice { stop: selection.stop.clone(), ..device })
    }

    fn cpu(threads: usize, note: Option<String>) -> Self {
        let threads = Threads::choose(threads);
        let note = note.or(threads.reason);
        MeasuredDevice {
            name: processor_name(),
            driver: None,
            backend: "cpu",
            is_software: false,
            threads: Some(threads.count),
            simd: Some(Width::current().name()),
            note,
            info: None,
            stop: Stop::default(),
        }
    }

    fn from_adapter(info: AdapterInfo) -> Self {
        let driver = [info.backend.as_str(), &info.driver, &info.driver_info];
        MeasuredDevice {
            name: info.name.clone(),
            driver: Some(driver.join(" ").trim().to_string()),
            backend: "gpu",
            is_software: info.is_software,
            threads: None,
            simd: None,
            note: info
                .is_software
                .then(|| "this is a software GPU: its times say nothing about a GPU".to_string()),
            info: Some(info),
            stop: Stop::default(),
        }
    }

    /// Returns the query that finds this GPU; `None` for the CPU.
    pub(super) fn gpu(&self) -> Option<AdapterQuery> {
        let index = self.info.as_ref()?.index.to_string();
        Some(AdapterQuery { index_or_name: Some(index), allow_software: true })
    }

    /// Returns the options that open exactly this device.
    pub(super) fn selection(&self) -> DeviceOptions {
        let any = DeviceOptions { stop: self.stop.clone(), ..DeviceOptions::default() };
        match self.gpu() {
            Some(AdapterQuery { index_or_name: device, .. }) => {
                DeviceOptions { backend: BackendKind::Gpu, device, ..any }
            }
            None => {
                let threads = self.threads.unwrap_or(0);
                DeviceOptions { backend: BackendKind::Cpu, threads, ..any }
            }
        }
    }

    /// Returns the memory of `replicas` networks in parallel, bytes.
    ///
    /// # Errors
    /// Returns an error if they are known not to fit, without opening the device.
    pub(super) fn check(
        &self,
        config: &Config,
        dataset: &Dataset,
        replicas: usize,
    ) -> Result<u64, BackendError> {
        match &self.info {
            Some(info) => device::check_gpu(&self.selection(), info, config, dataset, replicas),
            None => device::check_cpu(&self.selection(), config, dataset, replicas),
        }
    }
}

/// Returns the computing time of this program's threads so far; `None` if unknown.
pub(super) fn cpu_time() -> Option<Duration> {
    let process = get_current_pid().ok()?;
    let mut system = System::new();
    let what = ProcessRefreshKind::nothing().with_cpu();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), false, what);
    Some(Duration::from_millis(system.process(process)?.accumulated_cpu_time()))
}
