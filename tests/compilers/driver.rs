//! A Vulkan driver that compiles shaders and returns the final code (VK_KHR_pipeline_executable_properties).

use std::ffi::CStr;

use ash::khr::pipeline_executable_properties as executables;
use ash::vk;

use super::spirv::Module;

pub struct Driver {
    // Nothing is freed before the process ends.
    device: ash::Device,
    executables: executables::Device,
    _instance: ash::Instance,
    _entry: ash::Entry,
}

/// Name and text of one representation of a shader, such as its assembly code.
type Representation<'a> = vk::PipelineExecutableInternalRepresentationKHR<'a>;

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
            let info = vk::DeviceCreateInfo::default()
                .queue_create_infos(&queues)
                .enabled_extension_names(&names)
                .push_next(&mut features);
            let device = instance.create_device(physical, &info, None);
            let device = device.map_err(|error| failed("device", error))?;
            let executables = executables::Device::new(&instance, &device);
            Ok(Driver { device, executables, _instance: instance, _entry: entry })
        }
    }

    /// Compiles a compute shader and returns its final code.
    pub fn compile(&self, shader: &Module) -> String {
        let device = &self.device;
        let bindings: Vec<_> = shader
            .bindings
            .iter()
            .map(|&(binding, is_uniform)| {
                let kind = match is_uniform {
                    true => vk::DescriptorType::UNIFORM_BUFFER,
                    false => vk::DescriptorType::STORAGE_BUFFER,
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
                .flags(vk::PipelineCreateFlags::CAPTURE_INTERNAL_REPRESENTATIONS_KHR)
                .stage(stage)
                .layout(layout);
            let pipelines =
                device.create_compute_pipelines(vk::PipelineCache::null(), &[info], None);
            self.code(pipelines.expect("the driver compiles the shader")[0])
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
