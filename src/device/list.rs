//! List of the GPUs with the results of their self-tests.

use serde::Serialize;

use crate::gpu::GpuDevice;
use crate::gpu::adapter::{self, AdapterInfo, AdapterQuery};
use crate::gpu::self_test::{self, SelfTestResult, Subnormals};

/// GPU with the result of its self-test.
#[derive(Serialize)]
pub struct ListedGpu {
    /// Name, driver and limits.
    #[serde(flatten)]
    pub info: AdapterInfo,
    /// Whether the GPU computes the bits of the CPU.
    pub self_test: ListedSelfTest,
    /// Treatment of subnormal numbers; `None` if the GPU was not tested.
    pub subnormals: Option<Subnormals>,
}

/// Result of a self-test, or the reason for which there is none.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ListedSelfTest {
    /// Reason why the GPU cannot be opened or tested.
    Failed(String),
    /// Result.
    #[serde(untagged)]
    Result(SelfTestResult),
}

/// Lists all GPUs and tests each.
pub fn list_gpus() -> Vec<ListedGpu> {
    adapter::list().into_iter().map(tested).collect()
}

fn tested(info: AdapterInfo) -> ListedGpu {
    let choice = AdapterQuery { index_or_name: Some(info.index.to_string()), allow_software: true };
    let examined =
        GpuDevice::open(&choice).and_then(|mut device| self_test::test_and_subnormals(&mut device));
    match examined {
        Ok((verdict, subnormals)) => {
            let self_test = ListedSelfTest::Result(verdict);
            ListedGpu { info, self_test, subnormals: Some(subnormals) }
        }
        Err(error) => {
            let self_test = ListedSelfTest::Failed(error.to_string());
            ListedGpu { info, self_test, subnormals: None }
        }
    }
}
