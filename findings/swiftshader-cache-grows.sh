#!/usr/bin/env bash
# SwiftShader (@sparticuz/chromium 153.0.0 from npm): pipeline cache data grow by 32 bytes each time they are reused.
# Expected: a cache created from its own data and used for the same pipeline keeps its size.
# Seen: the driver prepends a new header to the old data, header included: 32, 64, 96, .. bytes. A program that saves its
# cache at each start has an unbounded file. The UUID in the header is the text "SwiftShaderUUID" in every version.
# Requires npm.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm pack --silent @sparticuz/chromium@153.0.0 >/dev/null
tar xzf sparticuz-chromium-153.0.0.tgz package/bin/swiftshader.tar.br
node -e 'process.stdout.write(require("zlib").brotliDecompressSync(require("fs").readFileSync("package/bin/swiftshader.tar.br")))' | tar x
python3 -m venv venv
venv/bin/pip install -q vulkan==1.3.275.1
export LD_LIBRARY_PATH="$work" VK_ICD_FILENAMES="$work/vk_swiftshader_icd.json"
venv/bin/python - <<'PY'
import ctypes, struct, sys
import vulkan as vk

def words(opcode, *operands):
    return [(len(operands) + 1) << 16 | opcode, *operands]

# An empty compute shader in SPIR-V: capability, memory model, entry point, workgroup size, types, function.
name = struct.unpack("<2I", b"main\0\0\0\0")
body = [words(17, 1), words(14, 0, 1), words(15, 5, 1, *name), words(16, 1, 17, 1, 1, 1), words(19, 2),
        words(33, 3, 2), words(54, 2, 1, 0, 3), words(248, 4), words(253), words(56)]
spirv = [0x07230203, 0x10000, 0, 8, 0] + [word for group in body for word in group]
spirv = struct.pack(f"<{len(spirv)}I", *spirv)

application = vk.VkApplicationInfo(apiVersion=vk.VK_MAKE_VERSION(1, 1, 0))
instance = vk.vkCreateInstance(vk.VkInstanceCreateInfo(pApplicationInfo=application), None)
physical = vk.vkEnumeratePhysicalDevices(instance)[0]
print(vk.vkGetPhysicalDeviceProperties(physical).deviceName)
queue = vk.VkDeviceQueueCreateInfo(queueFamilyIndex=0, pQueuePriorities=[1.0])
device = vk.vkCreateDevice(physical, vk.VkDeviceCreateInfo(pQueueCreateInfos=[queue]), None)
module = vk.vkCreateShaderModule(device, vk.VkShaderModuleCreateInfo(codeSize=len(spirv), pCode=spirv), None)
layout = vk.vkCreatePipelineLayout(device, vk.VkPipelineLayoutCreateInfo(), None)
stage = vk.VkPipelineShaderStageCreateInfo(stage=vk.VK_SHADER_STAGE_COMPUTE_BIT, module=module, pName="main")
read = ctypes.CDLL("libvulkan.so.1").vkGetPipelineCacheData
read.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p]

def cache_data(initial):
    pointer = vk.ffi.from_buffer(initial) if initial else None
    info = vk.VkPipelineCacheCreateInfo(initialDataSize=len(initial), pInitialData=pointer)
    cache = vk.vkCreatePipelineCache(device, info, None)
    pipeline = vk.VkComputePipelineCreateInfo(stage=stage, layout=layout)
    vk.vkCreateComputePipelines(device, cache, 1, [pipeline], None)
    handles = int(vk.ffi.cast("uintptr_t", device)), int(vk.ffi.cast("uint64_t", cache))
    size = ctypes.c_size_t(0)
    assert read(*handles, ctypes.byref(size), None) == 0
    data = ctypes.create_string_buffer(size.value)
    assert read(*handles, ctypes.byref(size), data) == 0
    return data.raw[:size.value]

sizes, data = [], b""
for _ in range(5):
    data = cache_data(data)
    sizes.append(len(data))
print("bytes, start by start:", sizes, "| UUID", data[16:32])
sys.exit(0 if sizes == [32, 64, 96, 128, 160] and data[16:31] == b"SwiftShaderUUID" else 1)
PY
