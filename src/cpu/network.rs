//! Takes all layers of a network through a block of steps, apical dendrites too: what the shader does in one launch
//! is here a list of launches of other kernels, step by step.

use crate::layout::{Kernel, Launch, Shape};

/// The launches that one of [`Kernel::Network`] stands for, in order.
pub fn network(launch: &Launch, shape: &Shape) -> Vec<Launch> {
    let output = shape.layers() - 1;
    let mut list = Vec::new();
    for first in launch.first..launch.first + launch.steps {
        let one = |kernel, layer| Launch { kernel, layer, first, steps: 1 };
        for layer in 0..=output {
            // The lowest layer's drive comes a block at a time, before.
            if layer > 0 {
                list.push(one(Kernel::Drive, layer));
            }
            list.push(one(if layer == output { Kernel::Output } else { Kernel::Soma }, layer));
        }
        list.extend((0..output).map(|layer| one(Kernel::Apical, layer)));
    }
    list
}
