"""The network of segregated dendrites in PyTorch, for whole minibatches, in the style of a PyTorch user.

Same dynamics as apical with the preset `quick` (Guerguiev, Lillicrap & Richards 2017): Poisson input,
truncated synaptic kernel, basal dendrite, soma by forward Euler, Poisson output spikes, plateau
potentials, target phase with teaching current, local updates, random phase lengths, and state that
persists between images. It draws other random numbers than apical, so results agree only within noise.

There is no loop over time steps. Weights are constant during an image, and the apical dendrite does not
affect the soma (g_A = 0). So the presynaptic spikes determine a layer's synaptic input for all steps, and
a matrix, [steps, rows] (`Responses`), maps it to voltages: filter and Euler steps are linear. Samples of
a minibatch have different lengths; steps after a sample's end are computed but not used.

It says nothing about other models: with g_A above 0, PyTorch would need a loop over steps.
"""

import numpy
import torch

from spikes import HEAD, PAST, PHI_MAX, TAPS, Dense, Events

FORMS = {"dense": Dense, "events": Events}
G_LEAK, G_DENDRITE, G_TEACHING, E_TEACHING = 0.1, 0.6, 1.0, 8.0
RATIO = G_DENDRITE / (G_LEAK + G_DENDRITE)
PHASE, WINDOW, EXTRA_LONGEST = 50, 20, 60
TEST_STEPS, TEST_FROM = 250, 30
BETAS, EPSILON = (0.9, 0.999), 1e-8


class Responses:
    """Responses of a soma to each row of the synaptic input, per first step of the target phase.

    `soma`, [starts, steps, rows]: voltage at each step for an input of 1 in a row. The HEAD rows are the
    voltage before the first step, the bias and the teaching current. `window`, [steps + 1, rows]: mean
    filtered spike train over the WINDOW steps before each end.
    """

    def __init__(self, steps, starts, device):
        rows = HEAD + PAST + steps
        x = numpy.arange(1, TAPS + 1)
        kappa = (numpy.exp(-x / 10) - numpy.exp(-x / 3)) / (10 - 3)
        synapse = numpy.zeros((steps, rows))
        for step in range(steps):
            synapse[step, HEAD + step : HEAD + PAST + step + 1] = kappa[::-1]
        taught = numpy.arange(steps)[:, None] >= numpy.array(starts)
        decay = 1 - G_LEAK - G_DENDRITE - G_TEACHING * taught
        voltage = numpy.zeros((len(starts), rows))
        voltage[:, 0] = 1
        soma = numpy.empty((steps, len(starts), rows))
        for step in range(steps):
            voltage *= decay[step][:, None]
            voltage += G_DENDRITE * synapse[step]
            voltage[:, 1] += G_DENDRITE
            voltage[:, 2] += G_TEACHING * E_TEACHING * taught[step]
            soma[step] = voltage
        window = numpy.zeros((steps + 1, rows))
        for end in range(WINDOW, steps + 1):
            window[end] = synapse[end - WINDOW : end].mean(0)
        as_tensor = lambda a: torch.tensor(a, dtype=torch.float32, device=device)
        self.soma = as_tensor(soma.transpose(1, 0, 2)).contiguous()
        self.window = as_tensor(window)
        # Feedback arrives one step late, which equals a spike one step later.
        self.late_window = self.window.roll(-1, 1)


class Network:
    def __init__(self, layers, optimizer, eta, form="dense", device="cpu", seed=1):
        """Creates a network. `layers`: sizes from the input to the output; `form`: a key of FORMS."""
        torch.manual_seed(seed)
        self.device, self.spikes = device, FORMS[form]
        self.numpy = numpy.random.default_rng(seed)
        sizes = list(zip(layers, layers[1:]))
        self.weights = [uniform(below, below, n, device) for below, n in sizes]
        self.biases = [0.8 + 0.003465 * signed(n, device) for _, n in sizes]
        self.feedback = [uniform(n, layers[-1], n, device) for n in layers[1:-1]]
        self.eta, self.adam = eta, None
        if optimizer == "adam":
            parameters = self.weights + self.biases
            self.adam = torch.optim.Adam(parameters, lr=eta, betas=BETAS, eps=EPSILON, fused=True)
        longest = PHASE + EXTRA_LONGEST
        self.training = Responses(2 * longest, range(PHASE, longest + 1), device)
        # Fastest block lengths: short blocks avoid products with zeros, long ones save launches.
        self.block = 16 if device == "cpu" else 64
        self.untaught = Responses(self.block, [self.block], device).soma[0]
        self.testing = Responses(TEST_STEPS, [TEST_STEPS], device).soma[0]
        self.reset_state()

    def reset_state(self):
        """Clears the state that persists between images."""
        self.past = [None] * len(self.weights)
        self.voltage = [torch.zeros((), device=self.device)] * len(self.weights)

    def draw_lengths(self, samples):
        """Draws the lengths of both phases on the host, [2, samples], steps."""
        extra = self.numpy.wald(2, 1, (2, samples)).astype(int)
        return torch.from_numpy(PHASE + extra.clip(max=EXTRA_LONGEST))

    def synaptic_input(self, layer, spikes):
        """Returns the synaptic input with the HEAD rows filled, [rows, samples, neurons]."""
        synaptic_input = spikes.synaptic_input(self.weights[layer])
        synaptic_input[0], synaptic_input[1] = self.voltage[layer], self.biases[layer]
        return synaptic_input

    def step_somata(self, synaptic_input):
        """Returns voltages without teaching, [steps, samples, neurons]. Overwrites the synaptic input.

        It computes blocks of steps, because a matrix for all steps is mostly zeros. The rows before a
        block's are no longer needed, so they become its HEAD.
        """
        steps = len(synaptic_input) - HEAD - PAST
        bias = synaptic_input[1].clone()
        soma = synaptic_input.new_empty(steps, *synaptic_input.shape[1:])
        for start in range(0, steps, self.block):
            count = min(self.block, steps - start)
            block = synaptic_input[start : start + HEAD + PAST + count]
            if start > 0:
                block[0], block[1], block[2] = soma[start - 1], bias, 0
            torch.mm(
                self.untaught[:count, : len(block)],
                block.view(len(block), -1),
                out=soma[start : start + count].view(count, -1),
            )
        return soma

    def step_output(self, synaptic_input, forward, labels):
        """Returns the output's voltages, [samples, steps, neurons], with teaching from step `forward`."""
        rows = len(synaptic_input)
        synaptic_input[2] = -1
        synaptic_input[2, torch.arange(len(labels), device=self.device), labels] = 1
        responses = self.training.soma[forward - PHASE, : rows - HEAD - PAST, :rows]
        return responses @ synaptic_input.transpose(0, 1)

    def train(self, images, labels):
        """Trains on a minibatch: `images`, [samples, pixels], 0 to 1; `labels`, [samples]. Returns classes."""
        samples, output = len(labels), len(self.weights) - 1
        lengths = self.draw_lengths(samples)
        steps = int(lengths.sum(0).max())
        rows = HEAD + PAST + steps
        forward, both = lengths[0].to(self.device), lengths.sum(0).to(self.device)
        time = torch.arange(steps, device=self.device)[:, None]
        mean = ((time < forward) & (time >= forward - WINDOW)).float() / WINDOW
        seen = self.training.window[forward, :rows]
        sample = torch.arange(samples, device=self.device)

        spikes = self.spikes.draw_input(images * PHI_MAX, both, steps, self.past[0])
        traces, means = [], []
        for layer in range(output):
            synaptic_input = self.synaptic_input(layer, spikes)
            traces.append(spikes.window(seen))
            self.past[layer] = spikes.last(both)
            soma = self.step_somata(synaptic_input)
            means.append(torch.einsum("tb,tbn->bn", mean, soma))
            self.voltage[layer] = soma[both - 1, sample]
            spikes = self.spikes.draw_hidden(soma, both, self.past[layer + 1])

        synaptic_input = self.synaptic_input(output, spikes)
        traces.append(spikes.window(seen))
        self.past[output] = spikes.last(both)
        soma = self.step_output(synaptic_input, forward, labels)
        self.voltage[output] = soma[sample, both - 1]
        rates = PHI_MAX * torch.sigmoid(soma)
        counts = torch.poisson(rates)
        mean_target = (time.t() < both[:, None]) & (time.t() >= both[:, None] - WINDOW)
        mean_rate = torch.einsum("bt,btn->bn", mean_target.float() / WINDOW, rates)
        means.append(torch.einsum("tb,btn->bn", mean, soma))

        late = self.training.late_window
        feedback = [
            torch.einsum("br,brn->bn", late[end, HEAD + PAST : rows], counts) for end in (forward, both)
        ]
        self.learn(traces, means, mean_rate, feedback)
        return means[output].argmax(1)

    def learn(self, traces, means, mean_rate, feedback):
        """Applies the local updates. The averages are [samples, neurons]."""
        samples = len(mean_rate)
        for layer, (trace, mean) in enumerate(zip(traces, means)):
            sigma = torch.sigmoid(mean)
            if layer == len(means) - 1:
                error = (PHI_MAX * sigma - mean_rate) * (20 / PHI_MAX**2 * RATIO * PHI_MAX)
            else:
                before, after = (torch.sigmoid(f @ self.feedback[layer]) for f in feedback)
                error = (before - after) * (20 / PHI_MAX * RATIO * PHI_MAX)
            error *= sigma * (1 - sigma)
            if self.adam is None:
                self.weights[layer].addmm_(trace.t(), error, alpha=-self.eta / samples)
                self.biases[layer].add_(error.mean(0), alpha=-self.eta)
            else:
                self.weights[layer].grad = trace.t() @ (error / samples)
                self.biases[layer].grad = error.mean(0)
        if self.adam is not None:
            self.adam.step()

    def test(self, images):
        """Returns the classes of `images`, [samples, pixels], each from a cleared state.

        The output's mean voltage is linear in the hidden spikes, so its steps are not computed.
        """
        self.reset_state()
        samples, rows = len(images), HEAD + PAST + TEST_STEPS
        lengths = torch.full((samples,), TEST_STEPS, device=self.device)
        spikes = self.spikes.draw_input(images * PHI_MAX, lengths, TEST_STEPS, None)
        for layer in range(len(self.weights) - 1):
            soma = self.step_somata(self.synaptic_input(layer, spikes))
            spikes = self.spikes.draw_hidden(soma, lengths, None)
        mean = self.testing[TEST_FROM:].mean(0)
        voltage = spikes.window(mean.expand(samples, rows)) @ self.weights[-1]
        return (voltage + mean[1] * self.biases[-1]).argmax(1)


def signed(*shape_and_device):
    *shape, device = shape_and_device
    return 2 * torch.rand(*shape, device=device) - 1


def uniform(fan_in, rows, columns, device):
    """Draws initial weights, [rows, columns], scaled so that initial voltages have mean 3 and sd 3."""
    v, square, b, nu, n = 3.0, 18.0, 0.8, PHI_MAX / 4, fan_in
    mean = (v - b) / (nu * n * v)
    w_square = (
        square + nu**2 * (n - n**2) * mean**2 * v**2 - 2 * n * nu * b * v * mean - b**2
    ) / (n * nu**2 * square)
    return mean + 3.465 * (w_square - mean**2) ** 0.5 * signed(rows, columns, device)
