//! A Vulkan driver that compiles shaders and returns the final code and its statistics
//! (VK_KHR_pipeline_executable_properties).

use std::ffi::CStr;
use std::path::Path;
use std::process::Command;

use ash::khr::pipeline_executable_properties as executables;
use ash::vk;
use serde_json::{Map, Number, Value};

use super::spirv::Module;

/// Driver descriptions of Mesa's RADV in Debian's and Ubuntu's package mesa-vulkan-drivers.
pub const RADV: [&str; 2] =
    ["/usr/share/vulkan/icd.d/radeon_icd.x86_64.json", "/usr/share/vulkan/icd.d/radeon_icd.json"];

/// Binding of the launch parameters, whose offset differs between dispatches.
const DYNAMIC_BINDING: u32 = 1;

/// Restricts a process to RADV for an absent GPU of a family. `description`: the driver's description.
pub fn select_radv(command: &mut Command, description: &Path, family: &str) {
    command.env("VK_DRIVER_FILES", description).env("VK_ICD_FILENAMES", description);
    command.env("RADV_FORCE_FAMILY", family).env("MESA_SHADER_CACHE_DISABLE", "true");
}

pub struct Driver {
    /// Names of the device and of the driver, with its version.
    pub name: String,
    // Nothing is freed before the process ends.
    device: ash::Device,
    executables: executables::Device,
    _instance: ash::Instance,
    _entry: ash::Entry,
}

/// Name and text of one representation of a shader, such as its assembly code.
type Representation<'a> = vk::PipelineExecutableInternalRepresentationKHR<'a>;

/// Compiled form of a shader. Some drivers compile several, one per size of a subgroup.
pub struct Executable {
    pub name: String,
    /// Number of threads of a subgroup.
    pub subgroup_size: u32,
    /// The driver's statistics by their names.
    pub statistics: Map<String, Value>,
}

impl Driver {
    /// Opens the first device of the driver that the environment selects.
    ///
    /// # Errors
    /// Returns the reason if there is no such device, or if it cannot return its code.
    pub fn open() -> Result<Self, String> {
        let failed = |call: &str, error: vk::Result| format!("{call}: {error}");
        // SAFETY: all handles live as long as the process; create infos outlive their calls.
        unsafe {
            let entry = ash::Entry::load().map_err(|error| format!("Vulkan loader: {error}"))?;
            let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_1);
            let info = vk::InstanceCreateInfo::default().application_info(&application);
            let instance =
                entry.create_instance(&info, None).map_err(|error| failed("instance", error))?;
            let devices = instance.enumerate_physical_devices();
            let devices = devices.map_err(|error| failed("physical devices", error))?;
            let physical = *devices.first().ok_or("the driver compiles for no absent GPU")?;
            let queues = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
            let names = [executables::NAME.as_ptr()];
            let mut features = vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default()
                .pipeline_executable_info(true);
            // As wgpu opens a device.
            let robust = vk::PhysicalDeviceFeatures::default().robust_buffer_access(true);
            let info = vk::DeviceCreateInfo::default()
                .queue_create_infos(&queues)
                .enabled_extension_names(&names)
                .enabled_features(&robust)
                .push_next(&mut features);
            let device = instance.create_device(physical, &info, None);
            let device = device.map_err(|error| failed("device", error))?;
            let executables = executables::Device::new(&instance, &device);
            let name = name(&instance, physical);
            Ok(Driver { name, device, executables, _instance: instance, _entry: entry })
        }
    }

    /// Compiles a compute shader and returns its final code.
    pub fn compile(&self, shader: &Module) -> String {
        self.code(self.pipeline(shader))
    }

    /// Compiles a compute shader and returns the driver's statistics of its compiled forms.
    pub fn statistics(&self, shader: &Module) -> Vec<Executable> {
        let pipeline = self.pipeline(shader);
        let info = vk::PipelineInfoKHR::default().pipeline(pipeline);
        // SAFETY: all handles live as long as the process.
        let properties = unsafe { self.executables.get_pipeline_executable_properties(&info) };
        let properties = properties.expect("the driver returns properties");
        let executables = properties.iter().zip(0..).map(|(properties, index)| {
            let info =
                vk::PipelineExecutableInfoKHR::default().pipeline(pipeline).executable_index(index);
            // SAFETY: all handles live as long as the process.
            let statistics = unsafe { self.executables.get_pipeline_executable_statistics(&info) };
            let statistics = statistics.expect("the driver returns statistics");
            Executable {
                name: text(properties.name_as_c_str()),
                subgroup_size: properties.subgroup_size,
                statistics: statistics
                    .iter()
                    .map(|one| (text(one.name_as_c_str()), value(one)))
                    .collect(),
            }
        });
        executables.collect()
    }

    /// Compiles a compute shader.
    fn pipeline(&self, shader: &Module) -> vk::Pipeline {
        let device = &self.device;
        let bindings: Vec<_> = shader
            .bindings
            .iter()
            .map(|&(binding, is_uniform)| {
                let kind = match (is_uniform, binding) {
                    (true, DYNAMIC_BINDING) => vk::DescriptorType::UNIFORM_BUFFER_DYNAMIC,
                    (true, _) => vk::DescriptorType::UNIFORM_BUFFER,
                    (false, _) => vk::DescriptorType::STORAGE_BUFFER,
                };
                vk::DescriptorSetLayoutBinding::default()
                    .binding(binding)
                    .descriptor_type(kind)
                    .descriptor_count(1)
                    .stage_flags(vk::ShaderStageFlags::COMPUTE)
            })
            .collect();
        // SAFETY: all handles live as long as the process; create infos outlive their calls.
        unsafe {
            let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
            let sets =
                [device.create_descriptor_set_layout(&info, None).expect("the layout is created")];
            let info = vk::PipelineLayoutCreateInfo::default().set_layouts(&sets);
            let layout = device.create_pipeline_layout(&info, None).expect("the layout is created");
            let info = vk::ShaderModuleCreateInfo::default().code(&shader.words);
            let module = device.create_shader_module(&info, None).expect("a module");
            let stage = vk::PipelineShaderStageCreateInfo::default()
                .stage(vk::ShaderStageFlags::COMPUTE)
                .module(module)
                .name(&shader.entry);
            let info = vk::ComputePipelineCreateInfo::default()
                .flags(
                    vk::PipelineCreateFlags::CAPTURE_INTERNAL_REPRESENTATIONS_KHR
                        | vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR,
                )
                .stage(stage)
                .layout(layout);
            let pipelines =
                device.create_compute_pipelines(vk::PipelineCache::null(), &[info], None);
            pipelines.expect("the driver compiles the shader")[0]
        }
    }

    /// Returns the final code of a pipeline.
    fn code(&self, pipeline: vk::Pipeline) -> String {
        let info = vk::PipelineExecutableInfoKHR::default().pipeline(pipeline);
        // SAFETY: the buffers of the second call have the sizes that the first call returned.
        let (representations, texts) = unsafe {
            let mut representations: Vec<Representation> = self
                .executables
                .get_pipeline_executable_internal_representations(&info)
                .expect("the driver returns representations");
            let sizes = representations.iter().map(|one| one.data_size);
            let mut texts: Vec<Vec<u8>> = sizes.map(|size| vec![0; size]).collect();
            for (one, text) in representations.iter_mut().zip(&mut texts) {
                one.p_data = text.as_mut_ptr().cast();
            }
            let mut count = representations.len() as u32;
            let read = self.executables.fp().get_pipeline_executable_internal_representations_khr;
            let result =
                read(self.device.handle(), &info, &mut count, representations.as_mut_ptr());
            assert_eq!(result, vk::Result::SUCCESS);
            (representations, texts)
        };
        let is_assembly = |one: &Representation| {
            // SAFETY: the driver ends names with a zero.
            unsafe { CStr::from_ptr(one.name.as_ptr()) }.to_bytes() == b"Assembly"
        };
        let index = representations
            .iter()
            .position(is_assembly)
            .expect("the driver returns the final code");
        String::from_utf8_lossy(&texts[index]).trim_end_matches('\0').to_string()
    }
}

/// Returns the names of a device and of its driver, with the driver's version.
fn name(instance: &ash::Instance, physical: vk::PhysicalDevice) -> String {
    let mut driver = vk::PhysicalDeviceDriverProperties::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut driver);
    // SAFETY: the device is one of the instance.
    unsafe { instance.get_physical_device_properties2(physical, &mut properties) };
    let device = text(properties.properties.device_name_as_c_str());
    format!("{device}, {}", text(driver.driver_info_as_c_str()))
}

/// Returns the text of a fixed-size array of the driver.
fn text<E>(bytes: Result<&CStr, E>) -> String {
    bytes.map(|bytes| bytes.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Returns the value of a statistic.
fn value(statistic: &vk::PipelineExecutableStatisticKHR) -> Value {
    use vk::PipelineExecutableStatisticFormatKHR as Format;
    // SAFETY: the format says which field the driver wrote.
    unsafe {
        match statistic.format {
            Format::BOOL32 => Value::Bool(statistic.value.b32 != 0),
            Format::INT64 => Value::from(statistic.value.i64),
            Format::UINT64 => Value::from(statistic.value.u64),
            _ => Number::from_f64(statistic.value.f64).map_or(Value::Null, Value::Number),
        }
    }
}
