"""Spike trains of one population through one minibatch, in two forms with one interface.

`Dense` is what one writes first: counts in a tensor `[rows, lanes, units]`, the drive one matrix product
for all steps at once. `Events` keeps only the spikes that there are, as a list: a Poisson process is
drawn as its number of spikes, each at a uniform step, and the drive is a sum of weight rows
(`embedding_bag`). Both draw from the same distribution.

Rows: HEAD rows that belong to no spikes (the model puts what starts a soma there), then PAST rows for
the last steps of the image before, then one row a step.
"""

import torch
from torch.nn.functional import embedding_bag

TAPS = 10
HEAD = 3
PAST = TAPS - 1
PHI_MAX = 0.2


class Dense:
    """Counts `[rows, lanes, units]`, as floats."""

    def __init__(self, counts):
        self.counts = counts

    @classmethod
    def draw_input(cls, rates, lengths, steps, past):
        """`rates` `[lanes, units]` in spikes a step; `past` is what `last` returned, or None."""
        lanes, units = rates.shape
        return cls._with_past(torch.poisson(rates.expand(steps, lanes, units)), past)

    @classmethod
    def draw_hidden(cls, soma, lengths, past):
        """`soma` `[steps, lanes, units]`: the voltages of all steps."""
        return cls._with_past(torch.poisson(PHI_MAX * torch.sigmoid(soma)), past)

    @classmethod
    def _with_past(cls, counts, past):
        steps, lanes, units = counts.shape
        rows = counts.new_zeros(HEAD + PAST + steps, lanes, units)
        rows[HEAD + PAST :] = counts
        if past is not None:
            rows[HEAD : HEAD + PAST] = past
        return cls(rows)

    def drive(self, weights):
        """`weights` `[units, neurons]`; returns `[rows, lanes, neurons]`."""
        return self.counts @ weights

    def window(self, weights):
        """Sum over the rows with `weights` `[lanes, rows]`; returns `[lanes, units]`."""
        return torch.einsum("br,rbn->bn", weights, self.counts)

    def last(self, lengths):
        """The last PAST steps of each lane, `[PAST, lanes, units]`."""
        rows = HEAD + lengths + torch.arange(PAST, device=lengths.device)[:, None]
        return self.counts[rows, torch.arange(len(lengths), device=lengths.device)]


class Events:
    """A list of spikes: row * lanes + lane, ascending, and unit."""

    def __init__(self, place, unit, rows, lanes, units):
        self.place, order = torch.sort(place.int())
        self.unit = unit.int().index_select(0, order)
        self.rows, self.lanes, self.units = rows, lanes, units

    @classmethod
    def draw_input(cls, rates, lengths, steps, past):
        place, unit = cls._scatter(rates, lengths)
        return cls._with_past(place, unit, steps, *rates.shape, past)

    @classmethod
    def draw_hidden(cls, soma, lengths, past):
        """Candidates at the highest rate, each kept with probability sigma(C): exact thinning."""
        steps, lanes, units = soma.shape
        place, unit = cls._scatter(soma.new_full((), PHI_MAX).expand(lanes, units), lengths)
        voltage = take(soma.view(-1), (place - (HEAD + PAST) * lanes) * units + unit)
        keep = (torch.rand_like(voltage) < torch.sigmoid_(voltage)).nonzero()[:, 0]
        return cls._with_past(take(place, keep), take(unit, keep), steps, lanes, units, past)

    @staticmethod
    def _scatter(rates, lengths):
        """Spikes of Poisson processes with `rates` `[lanes, units]` through `lengths` steps."""
        lanes, units = rates.shape
        counts = torch.poisson(rates * lengths[:, None]).long()
        lane_of = torch.arange(lanes, device=rates.device).repeat_interleave(counts.sum(1))
        ids = torch.arange(units, device=rates.device).expand(lanes, units)
        unit = ids.reshape(-1).repeat_interleave(counts.view(-1), output_size=len(lane_of))
        step = (torch.rand(len(unit), device=rates.device) * take(lengths, lane_of)).long()
        return (HEAD + PAST + step) * lanes + lane_of, unit

    @classmethod
    def _with_past(cls, place, unit, steps, lanes, units, past):
        if past is not None:
            place, unit = torch.cat([past[0], place]), torch.cat([past[1], unit])
        return cls(place, unit, HEAD + PAST + steps, lanes, units)

    def drive(self, weights):
        bags = self.rows * self.lanes
        bag = torch.arange(bags, device=self.place.device, dtype=torch.int32)
        starts = torch.searchsorted(self.place, bag, out_int32=True)
        drive = embedding_bag(self.unit, weights, starts, mode="sum")
        return drive.view(self.rows, self.lanes, -1)

    def window(self, weights):
        of_spike = take(weights.t().reshape(-1), self.place)
        sums = weights.new_zeros(self.lanes * self.units)
        sums.index_add_(0, self.place % self.lanes * self.units + self.unit, of_spike)
        return sums.view(self.lanes, self.units)

    def last(self, lengths):
        start = take((HEAD + lengths) * self.lanes, self.place % self.lanes)
        kept = (self.place >= start).nonzero()[:, 0]
        return take(self.place - start + HEAD * self.lanes, kept), take(self.unit, kept)


def take(tensor, index):
    """`tensor[index]`, several times faster on CPU."""
    return tensor.index_select(0, index)
