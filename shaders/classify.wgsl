// Computes the class of an image and the output's loss.
// The class is the one with the highest mean voltage, the first of several. The loss is
// `L1 = sum (phi_t - phi_max sigma(Cf))^2`, or zero without a target phase. With bursts, phi_t is phi_max for the
// neurons of the image's class, else 0.
// One thread per sample, in its own workgroup.
#import bindings, exact_math

// voltages of the output, [samples, 5, units]
@group(0) @binding(5) var<storage, read> compartments: array<f32>;
// [replicas, result slots]
@group(0) @binding(6) var<storage, read_write> classes: array<u32>;
// [replicas, result slots]
@group(0) @binding(7) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(workgroup_threads)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x > 0u {
        return;
    }
    let sample = samples[id.z];
    replica = sample.replica;
    let means = (sample.index * COMPARTMENT_ROWS + COMPARTMENT_MEAN_SOMA) * params.units;
    let rates = (sample.index * COMPARTMENT_ROWS + COMPARTMENT_MEAN_RATE) * params.units;
    var best = 0u;
    var highest = 0.0;
    for (var class_index = 0u; class_index < constants.classes; class_index++) {
        var sum = 0.0;
        for (var member = 0u; member < constants.neurons_per_class; member++) {
            sum += compartments[means + class_index * constants.neurons_per_class + member];
        }
        if class_index == 0u || sum > highest {
            best = class_index;
            highest = sum;
        }
    }
    var loss = 0.0;
    let has_bursts = constants.rule == RULE_BURSTS;
    if has_bursts || sample.steps_target > 0u {
        for (var unit = 0u; unit < params.units; unit++) {
            let forward = sigmoid(compartments[means + unit]);
            var target_rate = compartments[rates + unit];
            if has_bursts {
                let is_target = unit / constants.neurons_per_class == sample.label;
                target_rate = select(0.0, replicas[replica].phi_max, is_target);
            }
            let difference = target_rate - mul_rounded(replicas[replica].phi_max, forward);
            loss += flush(mul_rounded(difference, difference), SMALLEST_MOMENT);
        }
    }
    let slot = replica * constants.result_slots + sample.result_slot;
    classes[slot] = best;
    losses[slot] = loss;
}
