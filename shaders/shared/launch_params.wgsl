// Launch parameters, in kernels that process one layer per launch.
@group(0) @binding(1) var<uniform> params: LaunchParams;
