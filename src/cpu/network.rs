//! Steps all layers of a network, apical dendrites included, through a block of steps. One launch of the shader
//! equals a list of launches of other kernels here.

use crate::layout::{Kernel, Launch, Shape};

/// Returns the launches that replace one launch of [`Kernel::Network`], in order.
pub fn network(launch: &Launch, shape: &Shape) -> Vec<Launch> {
    let output = shape.layers() - 1;
    let mut list = Vec::new();
    for first in launch.first..launch.first + launch.steps {
        let one = |kernel, layer| Launch { kernel, layer, first, steps: 1 };
        for layer in 0..=output {
            // The input of the lowest layer is computed before, for the whole block.
            if layer > 0 {
                list.push(one(Kernel::Drive, layer));
            }
            list.push(one(if layer == output { Kernel::Output } else { Kernel::Soma }, layer));
        }
        list.extend((0..output).map(|layer| one(Kernel::Apical, layer)));
    }
    list
}
