"""What makes the comparison fair: the PyTorch model computes the model's voltages, and it learns.

Voltages and averages are compared with plain stepping, one equation after the other, for the same
spikes. What is learned is compared with apical's for as many images: they draw other random numbers, so
errors agree within the noise between seeds and no better. It does not prove equal bits.
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
# Of the test set, the same for all.
TESTED = 2000


def stepped(weights, bias, counts, voltage, target_from=None, label=None):
    """Voltages `[steps, neurons]` of one lane by the equations. `counts` `[PAST + steps, units]`."""
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
    """Counts `[PAST + steps, lanes, units]` as spikes of a form."""
    rows, lanes, units = counts.shape
    if form is Dense:
        return Dense(torch.cat([torch.zeros(HEAD, lanes, units), counts]))
    row, lane, unit = counts.nonzero(as_tuple=True)
    repeat = counts[row, lane, unit].long()
    place = ((HEAD + row) * lanes + lane).repeat_interleave(repeat)
    return Events(place, unit.repeat_interleave(repeat), HEAD + rows, lanes, units)


def worst_voltage(form):
    """Largest difference from plain stepping, hidden and output, over two lanes."""
    steps, lanes, units, forward = 120, 2, 40, torch.tensor([53, 61])
    network = Network([units, 7, 10], "sgd", 0.1, form)
    counts = torch.poisson(torch.full((PAST + steps, lanes, units), 0.2))
    spikes = as_form(FORMS[form], counts)
    labels, rows = torch.tensor([3, 9]), HEAD + PAST + steps
    network.voltage[0] = torch.randn(lanes, 7)
    hidden = network.step_somata(network.drive(0, spikes))
    window = spikes.window(network.training.window[forward, :rows])
    network.weights[1], network.voltage[1] = torch.randn(units, 10), torch.randn(lanes, 10)
    output = network.step_output(network.drive(1, spikes), forward, labels)
    worst = 0.0
    for lane in range(lanes):
        mine = counts[:, lane].double().numpy()
        start = [network.voltage[layer][lane].double().numpy() for layer in (0, 1)]
        both = zip(network.weights, network.biases)
        weights = [(w.double().numpy(), b.double().numpy()) for w, b in both]
        expected, traces = stepped(*weights[0], mine, start[0])
        taught, _ = stepped(*weights[1], mine, start[1], forward[lane].item(), labels[lane].item())
        mean = traces[forward[lane] - WINDOW : forward[lane]].mean(0)
        pairs = [(hidden[:, lane], expected), (output[lane], taught), (window[lane], mean)]
        worst = max(worst, *(abs(got.numpy() - want).max() for got, want in pairs))
    return worst


def learned(form, images, seed):
    """Test error in percent after one epoch of so many images."""
    network = Network([PIXELS, 500, 10], "adam", 0.01, form, seed=seed)
    shown, labels = load("train", "cpu")
    tested, truth = (part[:TESTED] for part in load("test", "cpu"))
    for chosen in shuffled(images, "cpu").split(BATCH):
        if len(chosen) == BATCH:
            network.train(shown[chosen].float() / 255, labels[chosen])
    wrong = sum(
        (network.test(some.float() / 255) != true).sum().item()
        for some, true in zip(tested.split(BATCH), truth.split(BATCH))
    )
    return 100 * wrong / len(truth)


def learned_by_apical(binary, images, seed):
    command = [str(binary), "train", "--train-images", str(images), "--epochs", "1", "--seed", str(seed)]
    command += ["--preset", "paper-1", "--batch-size", str(BATCH), "--optimizer", "adam", "--eta", "0.01"]
    command += ["--eval-every", "0", "--test-images", str(TESTED), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])["test_error"]


def run(binary, images, seeds):
    """Prints what was found; the exit code is 0 where all agrees."""
    torch.set_grad_enabled(False)
    # Threads of PyTorch wait for each other: on a busy machine one is faster than two.
    torch.set_num_threads(1)
    agrees = True
    for form in FORMS:
        worst = worst_voltage(form)
        agrees &= worst < TOLERANCE
        print(f"{form}: at most {worst:.1e} from plain stepping, voltages and averages", flush=True)
    errors = {}
    for name in ["apical", *FORMS]:
        learn = partial(learned, name) if name in FORMS else partial(learned_by_apical, binary)
        errors[name] = [learn(images, seed + 1) for seed in range(seeds)]
        by_seed = ", ".join(f"{error:.2f}" for error in errors[name])
        mean = statistics.mean(errors[name])
        print(f"{name}: test error after {images:,} images {mean:.2f} %; by seed {by_seed}", flush=True)
    # One noise for all, for three seeds alone tell little of it.
    deviations = [error - statistics.mean(found) for found in errors.values() for error in found]
    degrees = len(deviations) - len(errors)
    if degrees > 0:
        noise = (sum(d * d for d in deviations) / degrees) ** 0.5 * (2 / seeds) ** 0.5
        for form in FORMS:
            difference = statistics.mean(errors[form]) - statistics.mean(errors["apical"])
            agrees &= abs(difference) < 3 * noise
            print(f"{form} - apical: {difference:+.2f} points, its standard error {noise:.2f}")
    print("agrees" if agrees else "DOES NOT AGREE")
    return 0 if agrees else 1
