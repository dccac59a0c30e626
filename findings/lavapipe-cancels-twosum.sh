#!/usr/bin/env bash
# Mesa 22.3.6 lavapipe (Debian 12): Knuth's TwoSum in WGSL loses its error term.
# Expected: WGSL compilers may fuse a * b + c, but do not reassociate additions, so that compensated sums work.
# Seen: for a = 1, b = 0.1f the error of a + b is 0 instead of -2.2351742e-08: the compiler simplifies (a + b) - a to b.
# XORing the sum's bits with a zero from a buffer preserves the error. SwiftShader (npm) preserves it anyway.
# Needs npm.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
npm pack --silent @sparticuz/chromium@153.0.0 >/dev/null
tar xzf sparticuz-chromium-153.0.0.tgz package/bin/swiftshader.tar.br
node -e 'process.stdout.write(require("zlib").brotliDecompressSync(require("fs").readFileSync("package/bin/swiftshader.tar.br")))' | tar x
python3 -m venv venv
venv/bin/pip install -q wgpu==0.32.0
dpkg-query -W mesa-vulkan-drivers >/dev/null 2>&1 || { echo "needs Debian 12's mesa-vulkan-drivers"; exit 2; }
cat > twosum.py <<'PY'
import struct, wgpu

adapter = next(a for a in wgpu.gpu.enumerate_adapters_sync() if a.info["backend_type"] == "Vulkan")
print(adapter.info["device"], "|", adapter.info["description"], end=" | ")
device = adapter.request_device_sync()
code = """
@group(0) @binding(0) var<storage, read_write> r: array<f32>;
@group(0) @binding(1) var<storage, read> zero: array<u32>;
fn opaque(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ zero[0]); }
@compute @workgroup_size(1) fn main() {
    let a = r[0];
    let b = r[1];
    let sum = a + b;
    let b1 = sum - a;
    r[2] = (a - (sum - b1)) + (b - b1);
    let hidden = opaque(a + b);
    let b2 = opaque(hidden - a);
    r[3] = (a - opaque(hidden - b2)) + (b - b2);
}"""
pipeline = device.create_compute_pipeline(
    layout="auto", compute={"module": device.create_shader_module(code=code), "entry_point": "main"})
usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC
buffer = device.create_buffer_with_data(data=struct.pack("4f", 1.0, 0.1, 9, 9), usage=usage)
zero = device.create_buffer_with_data(data=struct.pack("I", 0), usage=usage)
group = device.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=[
    {"binding": 0, "resource": {"buffer": buffer}}, {"binding": 1, "resource": {"buffer": zero}}])
encoder = device.create_command_encoder()
compute = encoder.begin_compute_pass()
compute.set_pipeline(pipeline)
compute.set_bind_group(0, group)
compute.dispatch_workgroups(1)
compute.end()
device.queue.submit([encoder.finish()])
plain, hidden = struct.unpack("4f", device.queue.read_buffer(buffer))[2:]
print(f"error as written {plain:.8g} | opaque {hidden:.8g}")
PY
export XDG_RUNTIME_DIR="$work"
lavapipe=$(VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.x86_64.json venv/bin/python twosum.py)
swiftshader=$(VK_ICD_FILENAMES="$work/vk_swiftshader_icd.json" venv/bin/python twosum.py)
printf '%s\n' "$lavapipe" "$swiftshader"
[[ $lavapipe == *"as written 0 | opaque -2.2351742e-08" && $swiftshader == *"as written -2.2351742e-08 | opaque -2.2351742e-08" ]]
