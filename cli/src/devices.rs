//! `apical devices`: lists and tests GPUs.

use bytesize::ByteSize;
use clap::Args;

use super::CliError;
use super::error::NO_ADAPTER_HINT;
use super::output::{Output, eprint_line};
use apical::device::{ListedGpu, ListedSelfTest, list_gpus};
use apical::interface::BackendError;

/// List GPUs and test whether they compute the same bits as the CPU
#[derive(Debug, Args)]
pub(super) struct DevicesArgs {
    /// Print one array of JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &DevicesArgs) -> Result<(), CliError> {
    let gpus = list_gpus();
    if gpus.is_empty() {
        eprint_line(BackendError::NoAdapter);
        eprint_line(format_args!("hint: {NO_ADAPTER_HINT}"));
    }
    let output = Output::default();
    if arguments.json {
        return output.print_json(&gpus);
    }
    gpus.iter().try_for_each(|entry| output.print(describe(entry)))
}

fn describe(ListedGpu { info, self_test, subnormals }: &ListedGpu) -> String {
    let arithmetic = match self_test {
        ListedSelfTest::Result(verdict) => verdict.to_string(),
        ListedSelfTest::Failed(reason) => format!("not tested: {reason}"),
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
