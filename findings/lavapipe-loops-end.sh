#!/usr/bin/env bash
# Mesa 22.3.6 lavapipe (Debian 12's software Vulkan device): an invocation has 65,535 loop iterations in total.
# Expected: 100,000 iterations, a lost device, or a limit per loop. Seen: one budget for all loops of an invocation,
# including nested and later ones. Afterwards each loop ends after one iteration, without an error, so a long loop
# makes the sums of later short loops wrong. Workaround: several dispatches.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q wgpu==0.32.0
dpkg-query -W mesa-vulkan-drivers >/dev/null 2>&1 || { echo "needs Debian 12's mesa-vulkan-drivers"; exit 2; }
export XDG_RUNTIME_DIR="$work" VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.x86_64.json
venv/bin/python - <<'PY'
import struct, sys, wgpu

adapter = next(a for a in wgpu.gpu.enumerate_adapters_sync() if a.info["backend_type"] == "Vulkan")
print(adapter.info["device"], "|", adapter.info["description"])
device = adapter.request_device_sync()
code = """
@group(0) @binding(0) var<storage, read_write> r: array<u32>;
@compute @workgroup_size(1) fn main() {
    var one = 0u;
    for (var i = 0u; i < r[0]; i++) { one += r[2]; }
    var nested = 0u;
    for (var i = 0u; i < r[1]; i++) { for (var j = 0u; j < r[1]; j++) { nested += r[2]; } }
    r[3] = one;
    r[4] = nested;
}"""
pipeline = device.create_compute_pipeline(
    layout="auto", compute={"module": device.create_shader_module(code=code), "entry_point": "main"})
usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC

def run(rounds):
    buffer = device.create_buffer_with_data(data=struct.pack("5I", rounds, 1000, 1, 0, 0), usage=usage)
    group = device.create_bind_group(
        layout=pipeline.get_bind_group_layout(0), entries=[{"binding": 0, "resource": {"buffer": buffer}}])
    encoder = device.create_command_encoder()
    compute = encoder.begin_compute_pass()
    compute.set_pipeline(pipeline)
    compute.set_bind_group(0, group)
    compute.dispatch_workgroups(1)
    compute.end()
    device.queue.submit([encoder.finish()])
    return struct.unpack("5I", device.queue.read_buffer(buffer))[3:]

seen = {rounds: run(rounds) for rounds in (1_000, 65_535, 65_536, 100_000)}
for rounds, (one, nested) in seen.items():
    print(f"asked for {rounds}: {one} rounds; 1000 x 1000 nested: {nested}")
expected = {1_000: (1_000, 64_406), 65_535: (65_535, 1), 65_536: (65_535, 1), 100_000: (65_535, 1)}
sys.exit(0 if seen == expected else 1)
PY
