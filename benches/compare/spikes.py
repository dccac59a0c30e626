"""Spike trains of one population through one minibatch, in two forms with one interface.

`Dense` is the obvious form: counts in a tensor, [rows, samples, units], and the synaptic input as one
matrix product for all steps. `Events` stores a list of spikes: a Poisson process is drawn as its number
of spikes, each at a uniform step, and the synaptic input is a sum of weight rows (`embedding_bag`). Both
draw from the same distribution.

Rows: HEAD rows without spikes (initial voltage, bias and teaching current of a soma), then PAST rows for
the last steps of the previous image, then one row per step.
"""

import torch
from torch.nn.functional import embedding_bag

TAPS = 10
HEAD = 3
PAST = TAPS - 1
PHI_MAX = 0.2


class Dense:
    """Spike counts as floats, [rows, samples, units]."""

    def __init__(self, counts):
        self.counts = counts

    @classmethod
    def draw_input(cls, rates, lengths, steps, past):
        """Draws input spikes. `rates`: [samples, units], spikes per step; `past`: from `last`, or None."""
        samples, units = rates.shape
        return cls._with_past(torch.poisson(rates.expand(steps, samples, units)), past)

    @classmethod
    def draw_hidden(cls, soma, lengths, past):
        """Draws spikes of neurons. `soma`: voltages, [steps, samples, units]."""
        return cls._with_past(torch.poisson(PHI_MAX * torch.sigmoid(soma)), past)

    @classmethod
    def _with_past(cls, counts, past):
        steps, samples, units = counts.shape
        rows = counts.new_zeros(HEAD + PAST + steps, samples, units)
        rows[HEAD + PAST :] = counts
        if past is not None:
            rows[HEAD : HEAD + PAST] = past
        return cls(rows)

    def synaptic_input(self, weights):
        """Returns the synaptic input, [rows, samples, neurons]. `weights`: [units, neurons]."""
        return self.counts @ weights

    def window(self, weights):
        """Returns the weighted sum over rows, [samples, units]. `weights`: [samples, rows]."""
        return torch.einsum("br,rbn->bn", weights, self.counts)

    def last(self, lengths):
        """Returns the last PAST steps of each sample, [PAST, samples, units]."""
        rows = HEAD + lengths + torch.arange(PAST, device=lengths.device)[:, None]
        return self.counts[rows, torch.arange(len(lengths), device=lengths.device)]


class Events:
    """A list of spikes: row * samples + sample, ascending, and unit."""

    def __init__(self, index, unit, rows, samples, units):
        self.index, order = torch.sort(index.int())
        self.unit = unit.int().index_select(0, order)
        self.rows, self.samples, self.units = rows, samples, units

    @classmethod
    def draw_input(cls, rates, lengths, steps, past):
        index, unit = cls._scatter(rates, lengths)
        return cls._with_past(index, unit, steps, *rates.shape, past)

    @classmethod
    def draw_hidden(cls, soma, lengths, past):
        """Draws candidates at the maximum rate and keeps each with probability sigma(C): exact thinning."""
        steps, samples, units = soma.shape
        index, unit = cls._scatter(soma.new_full((), PHI_MAX).expand(samples, units), lengths)
        voltage = take(soma.view(-1), (index - (HEAD + PAST) * samples) * units + unit)
        keep = (torch.rand_like(voltage) < torch.sigmoid_(voltage)).nonzero()[:, 0]
        return cls._with_past(take(index, keep), take(unit, keep), steps, samples, units, past)

    @staticmethod
    def _scatter(rates, lengths):
        """Draws Poisson processes with `rates`, [samples, units], over `lengths` steps."""
        samples, units = rates.shape
        counts = torch.poisson(rates * lengths[:, None]).long()
        sample_of = torch.arange(samples, device=rates.device).repeat_interleave(counts.sum(1))
        ids = torch.arange(units, device=rates.device).expand(samples, units)
        unit = ids.reshape(-1).repeat_interleave(counts.view(-1), output_size=len(sample_of))
        step = (torch.rand(len(unit), device=rates.device) * take(lengths, sample_of)).long()
        return (HEAD + PAST + step) * samples + sample_of, unit

    @classmethod
    def _with_past(cls, index, unit, steps, samples, units, past):
        if past is not None:
            index, unit = torch.cat([past[0], index]), torch.cat([past[1], unit])
        return cls(index, unit, HEAD + PAST + steps, samples, units)

    def synaptic_input(self, weights):
        bags = self.rows * self.samples
        bag = torch.arange(bags, device=self.index.device, dtype=torch.int32)
        starts = torch.searchsorted(self.index, bag, out_int32=True)
        synaptic_input = embedding_bag(self.unit, weights, starts, mode="sum")
        return synaptic_input.view(self.rows, self.samples, -1)

    def window(self, weights):
        of_spike = take(weights.t().reshape(-1), self.index)
        sums = weights.new_zeros(self.samples * self.units)
        sums.index_add_(0, self.index % self.samples * self.units + self.unit, of_spike)
        return sums.view(self.samples, self.units)

    def last(self, lengths):
        start = take((HEAD + lengths) * self.samples, self.index % self.samples)
        kept = (self.index >= start).nonzero()[:, 0]
        return take(self.index - start + HEAD * self.samples, kept), take(self.unit, kept)


def take(tensor, index):
    """Returns `tensor[index]`; on a CPU several times faster."""
    return tensor.index_select(0, index)
