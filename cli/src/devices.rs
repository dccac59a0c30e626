//! `apical devices`: lists and tests GPUs.

use bytesize::ByteSize;
use clap::Args;
use serde::Serialize;

use super::CliError;
use super::error::NO_ADAPTER_HINT;
use super::output::{Output, eprint_line};
use apical::gpu::GpuDevice;
use apical::gpu::adapter::{self, AdapterInfo, AdapterQuery};
use apical::gpu::self_test::{self, SelfTestResult, Subnormals};
use apical::interface::BackendError;

/// List GPUs and test whether they compute the same bits as the CPU
#[derive(Debug, Args)]
pub(super) struct DevicesArgs {
    /// Print one array of JSON
    #[arg(long)]
    json: bool,
}

/// GPU with the result of its self-test.
#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    info: AdapterInfo,
    self_test: SelfTest,
    /// `None` if the device was not tested.
    subnormals: Option<Subnormals>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum SelfTest {
    /// Reason why the device cannot be opened or tested.
    Failed(String),
    #[serde(untagged)]
    Result(SelfTestResult),
}

pub(super) fn run(arguments: &DevicesArgs) -> Result<(), CliError> {
    let infos = adapter::list();
    if infos.is_empty() {
        eprint_line(BackendError::NoAdapter);
        eprint_line(format_args!("hint: {NO_ADAPTER_HINT}"));
    }
    let entries: Vec<Entry> = infos.into_iter().map(entry).collect();
    let output = Output::default();
    if arguments.json {
        return output.print_json(&entries);
    }
    entries.iter().try_for_each(|entry| output.print(describe(entry)))
}

fn entry(info: AdapterInfo) -> Entry {
    let choice = AdapterQuery { index_or_name: Some(info.index.to_string()), allow_software: true };
    let examined =
        GpuDevice::open(&choice).and_then(|mut device| self_test::test_and_subnormals(&mut device));
    match examined {
        Ok((verdict, subnormals)) => {
            Entry { info, self_test: SelfTest::Result(verdict), subnormals: Some(subnormals) }
        }
        Err(error) => {
            Entry { info, self_test: SelfTest::Failed(error.to_string()), subnormals: None }
        }
    }
}

fn describe(Entry { info, self_test, subnormals }: &Entry) -> String {
    let arithmetic = match self_test {
        SelfTest::Result(verdict) => verdict.to_string(),
        SelfTest::Failed(reason) => format!("not tested: {reason}"),
    };
    let subnormals = match subnormals {
        Some(subnormals) => format!("{subnormals} (no result depends on it)"),
        None => "not tested".to_string(),
    };
    format!(
        "{}: {}\n   \
         backend     {}\n   \
         type        {}\n   \
         driver      {} {}\n   \
         arrays      up to {}, buffers up to {}\n   \
         workgroups  up to {} threads, {} of shared memory, {} along a dimension\n   \
         arithmetic  {arithmetic}\n   \
         subnormals  {subnormals}",
        info.index,
        info.name,
        info.backend,
        info.kind,
        info.driver,
        info.driver_info,
        ByteSize(info.max_binding),
        ByteSize(info.max_buffer),
        info.max_workgroup_threads,
        ByteSize(info.max_workgroup_storage.into()),
        info.max_workgroups,
    )
}
