// What the launch works on, in kernels that work on one layer.
@group(0) @binding(1) var<uniform> params: LaunchParams;
