// Column sums for one neuron per thread, over the kernel's array `weights`.
#import exact_math, weight_matrix, column_sum

alias Units = u32;
alias Sums = f32;

fn load_column(pre: u32, unit: u32) -> f32 {
    return weight_at(pre, unit);
}

fn opaque_sums(sum: f32) -> f32 {
    return opaque(sum);
}
