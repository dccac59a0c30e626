//! Steps all layers of a network, apical dendrites included, through a block of steps. One launch of the shader
//! equals a list of launches of other kernels here.

use crate::interface::{Kernel, Launch, Shape};

/// Returns the launches that replace one launch of [`Kernel::FusedStep`], in order.
pub fn fused_step(launch: &Launch, shape: &Shape) -> Vec<Launch> {
    let output = shape.layers() - 1;
    let mut list = Vec::new();
    for first in launch.first..launch.first + launch.steps {
        let one = |kernel, layer| Launch { kernel, layer, first, steps: 1 };
        for layer in 0..=output {
            // The input of the lowest layer is computed before, for the whole block.
            if layer > 0 {
                list.push(one(Kernel::SynapticInputSpikes, layer));
            }
            list.push(one(
                if layer == output { Kernel::OutputStep } else { Kernel::HiddenStep },
                layer,
            ));
        }
        list.extend((0..output).map(|layer| one(Kernel::ApicalStepSpikes, layer)));
    }
    list
}
