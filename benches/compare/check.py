"""Checks of the PyTorch model: it computes the model's voltages, and learns as well as apical.

Voltages and averages are compared with stepping the equations for the same spikes. Test errors are
compared with apical's after equally many images. The programs draw other random numbers, so errors
agree only within the noise between seeds. The check does not prove equal bits.
"""

import json
import statistics
import subprocess
from functools import partial

import numpy
import torch

from cases import PIXELS
from torch_bench import load, shuffled
from torch_model import FORMS, HEAD, PAST, PHASE, TAPS, WINDOW, Dense, Events, Network

BATCH, TOLERANCE = 32, 1e-3
# Number of test images, the same for all programs.
TEST_IMAGES = 2000


def step_equations(weights, bias, counts, voltage, target_from=None, label=None):
    """Returns voltages and traces of one sample, [steps, neurons]. `counts`: [PAST + steps, units]."""
    x = numpy.arange(1, TAPS + 1)
    kappa = (numpy.exp(-x / 10) - numpy.exp(-x / 3)) / 7
    voltages, traces = [], []
    for step in range(PAST, len(counts)):
        trace = sum(kappa[k] * counts[step - k] for k in range(TAPS))
        basal = trace @ weights + bias
        current = 0
        if target_from is not None and step - PAST >= target_from:
            reversal = numpy.where(numpy.arange(len(bias)) == label, 8.0, -8.0)
            current = reversal - voltage
        voltage = voltage - 0.1 * voltage + 0.6 * (basal - voltage) + current
        voltages.append(voltage)
        traces.append(trace)
    return numpy.array(voltages), numpy.array(traces)


def as_form(form, counts):
    """Converts counts, [PAST + steps, samples, units], to spikes of a form."""
    rows, samples, units = counts.shape
    if form is Dense:
        return Dense(torch.cat([torch.zeros(HEAD, samples, units), counts]))
    row, sample, unit = counts.nonzero(as_tuple=True)
    repeat = counts[row, sample, unit].long()
    index = ((HEAD + row) * samples + sample).repeat_interleave(repeat)
    return Events(index, unit.repeat_interleave(repeat), HEAD + rows, samples, units)


def worst_voltage(form):
    """Returns the largest difference from stepping the equations, hidden and output, over two samples."""
    steps, samples, units, forward = 120, 2, 40, torch.tensor([53, 61])
    network = Network([units, 7, 10], "sgd", 0.1, form)
    counts = torch.poisson(torch.full((PAST + steps, samples, units), 0.2))
    spikes = as_form(FORMS[form], counts)
    labels, rows = torch.tensor([3, 9]), HEAD + PAST + steps
    network.voltage[0] = torch.randn(samples, 7)
    hidden = network.step_somata(network.synaptic_input(0, spikes))
    window = spikes.window(network.training.window[forward, :rows])
    network.weights[1], network.voltage[1] = torch.randn(units, 10), torch.randn(samples, 10)
    output = network.step_output(network.synaptic_input(1, spikes), forward, labels)
    worst = 0.0
    for sample in range(samples):
        sample_counts = counts[:, sample].double().numpy()
        start = [network.voltage[layer][sample].double().numpy() for layer in (0, 1)]
        both = zip(network.weights, network.biases)
        weights = [(w.double().numpy(), b.double().numpy()) for w, b in both]
        expected, traces = step_equations(*weights[0], sample_counts, start[0])
        target = forward[sample].item(), labels[sample].item()
        taught, _ = step_equations(*weights[1], sample_counts, start[1], *target)
        mean = traces[forward[sample] - WINDOW : forward[sample]].mean(0)
        pairs = [(hidden[:, sample], expected), (output[sample], taught), (window[sample], mean)]
        worst = max(worst, *(abs(found.numpy() - wanted).max() for found, wanted in pairs))
    return worst


def torch_error(form, images, seed):
    """Returns the test error after one epoch of `images` images, %."""
    network = Network([PIXELS, 500, 10], "adam", 0.01, form, seed=seed)
    train_images, train_labels = load("train", "cpu")
    test_images, test_labels = (array[:TEST_IMAGES] for array in load("test", "cpu"))
    for chosen in shuffled(images, "cpu").split(BATCH):
        if len(chosen) == BATCH:
            network.train(train_images[chosen].float() / 255, train_labels[chosen])
    wrong = sum(
        (network.test(some.float() / 255) != true).sum().item()
        for some, true in zip(test_images.split(BATCH), test_labels.split(BATCH))
    )
    return 100 * wrong / len(test_labels)


def apical_error(binary, images, seed):
    command = [str(binary), "train", "--train-images", str(images), "--epochs", "1", "--seed", str(seed)]
    command += ["--preset", "paper-1", "--batch-size", str(BATCH), "--optimizer", "adam", "--eta", "0.01"]
    command += ["--eval-every", "0", "--test-images", str(TEST_IMAGES), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])["test_error"]


def run(binary, images, seeds):
    """Prints the results. Returns the exit code: 0 if both programs agree."""
    torch.set_grad_enabled(False)
    # PyTorch's threads wait for each other: on a busy machine one thread is faster than two.
    torch.set_num_threads(1)
    agrees = True
    for form in FORMS:
        worst = worst_voltage(form)
        agrees &= worst < TOLERANCE
        print(f"{form}: largest difference of voltages and averages {worst:.1e}", flush=True)
    errors = {}
    for name in ["apical", *FORMS]:
        error_of = partial(torch_error, name) if name in FORMS else partial(apical_error, binary)
        errors[name] = [error_of(images, seed + 1) for seed in range(seeds)]
        by_seed = ", ".join(f"{error:.2f}" for error in errors[name])
        mean = statistics.mean(errors[name])
        print(f"{name}: test error after {images:,} images {mean:.2f} %; by seed {by_seed}", flush=True)
    # A pooled standard deviation: three seeds alone estimate it poorly.
    deviations = [error - statistics.mean(found) for found in errors.values() for error in found]
    degrees = len(deviations) - len(errors)
    if degrees > 0:
        noise = (sum(d * d for d in deviations) / degrees) ** 0.5 * (2 / seeds) ** 0.5
        for form in FORMS:
            difference = statistics.mean(errors[form]) - statistics.mean(errors["apical"])
            agrees &= abs(difference) < 3 * noise
            print(f"{form} - apical: {difference:+.2f} points, standard error {noise:.2f}")
    print("agrees" if agrees else "DOES NOT AGREE")
    return 0 if agrees else 1
