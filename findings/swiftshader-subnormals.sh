#!/usr/bin/env bash
# SwiftShader (Chromium's Vulkan device on the CPU; @sparticuz/chromium 153.0.0 from npm): subnormal numbers.
# Expected on a CPU: IEEE arithmetic. Seen: products and differences are flushed and 1e-40 > 0 is false, as on most GPUs,
# but copies, abs and x + 0.0 keep the value, and its negation is -0. The same value is zero or not depending on the
# operation.
# Requires npm.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm pack --silent @sparticuz/chromium@153.0.0 >/dev/null
tar xzf sparticuz-chromium-153.0.0.tgz package/bin/swiftshader.tar.br
node -e 'process.stdout.write(require("zlib").brotliDecompressSync(require("fs").readFileSync("package/bin/swiftshader.tar.br")))' | tar x
python3 -m venv venv
venv/bin/pip install -q wgpu==0.32.0
export XDG_RUNTIME_DIR="$work" VK_ICD_FILENAMES="$work/vk_swiftshader_icd.json"
venv/bin/python - <<'PY'
import struct, sys, wgpu

adapter = next(a for a in wgpu.gpu.enumerate_adapters_sync() if a.info["backend_type"] == "Vulkan")
print(adapter.info["device"], "|", adapter.info["adapter_type"])
device = adapter.request_device_sync()
code = """
@group(0) @binding(0) var<storage, read> v: array<f32>;
@group(0) @binding(1) var<storage, read_write> r: array<f32>;
@compute @workgroup_size(1) fn main() {
    r[0] = v[0];
    r[1] = abs(v[0]);
    r[2] = v[0] + 0.0;
    r[3] = select(0.0, 1.0, v[0] > 0.0);
    r[4] = v[1] * v[1];
    r[5] = v[2] - v[3];
    r[6] = -v[0];
}"""
pipeline = device.create_compute_pipeline(
    layout="auto", compute={"module": device.create_shader_module(code=code), "entry_point": "main"})
usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC
inputs = device.create_buffer_with_data(data=struct.pack("4f", 1e-40, 1e-20, 1.5e-38, 1.2e-38), usage=usage)
results = device.create_buffer(size=28, usage=usage)
group = device.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=[
    {"binding": 0, "resource": {"buffer": inputs}}, {"binding": 1, "resource": {"buffer": results}}])
encoder = device.create_command_encoder()
compute = encoder.begin_compute_pass()
compute.set_pipeline(pipeline)
compute.set_bind_group(0, group)
compute.dispatch_workgroups(1)
compute.end()
device.queue.submit([encoder.finish()])
data = bytes(device.queue.read_buffer(results))
bits, values = struct.unpack("7I", data), struct.unpack("7f", data)
names = ["x = 1e-40", "abs(x)", "x + 0.0", "x > 0.0", "1e-20 * 1e-20", "1.5e-38 - 1.2e-38", "-x"]
for name, value in zip(names, values):
    print(f"{name:20} {value:g}")
kept = struct.unpack("I", struct.pack("f", 1e-40))[0]
sys.exit(0 if list(bits) == [kept, kept, kept, 0, 0, 0, 0x8000_0000] else 1)
PY
