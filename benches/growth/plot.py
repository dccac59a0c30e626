"""One figure per axis: time per image, cost per addition and per spike, and the shares of the kernels."""

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import LogLocator, NullFormatter  # noqa: E402

# Colours of Okabe & Ito 2008, distinguishable with all kinds of colour blindness.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
KERNELS = {
    "encode_spikes": "#999999",
    "synaptic_input_spikes": "#0072B2",
    "hidden_step": "#56B4E9",
    "output_step": "#009E73",
    "window_mean_spikes": "#F0E442",
    "local_error": "#CC79A7",
    "weight_update": "#D55E00",
    "others": "#000000",
}


def draw(axis, rows, device, clock, file):
    xs = [row["x"] for row in rows]
    figure, (time, cost, share) = pyplot.subplots(1, 3, figsize=(13, 4), layout="constrained")
    figure.suptitle(f"{axis.note}; training, {device}", fontsize=10)

    time.plot(xs, [row["ms_per_image"] for row in rows], "o-", color=BLUE)
    time.set_ylabel("time per training image, ms")
    time.set_title("wall clock", fontsize=10)

    cost.plot(xs, [row["ns_per_addition"] for row in rows], "o-", color=BLUE, label="ns per addition")
    cost.plot(xs, [row["us_per_spike"] for row in rows], "s--", color=ORANGE, label="µs per spike")
    cost.plot(
        xs, [row["synaptic_input_ns_per_addition"] for row in rows], "^:", color=GREEN,
        label="ns per addition, synaptic input only",
    )
    cost.set_ylabel("cost, ns per addition, µs per spike")
    cost.set_title(f"{clock} per addition and per spike", fontsize=10)
    cost.legend(fontsize=8, frameon=False)

    for panel in (time, cost):
        panel.set_yscale("log")
        widen(panel)
        panel.grid(which="both", alpha=0.25)
    stack(share, xs, rows)
    for panel in (time, cost, share):
        panel.set_xlabel(axis.label)
        panel.set_xscale("log")
        panel.set_xticks(tick_values(xs), [f"{x:,}" for x in tick_values(xs)])
        panel.xaxis.set_minor_formatter(NullFormatter())
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def widen(panel, factor=30):
    """Sets a minimum range of the y axis, so that constant values look constant."""
    low, high = panel.get_ylim()
    more = max(1, factor / (high / low)) ** 0.5
    panel.set_ylim(low / more, high * more)
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.yaxis.set_minor_formatter(NullFormatter())


def tick_values(xs):
    """Returns values whose tick labels do not overlap on a logarithmic axis."""
    min_ratio, ticks = (max(xs) / min(xs)) ** (1 / 9), []
    for x in xs:
        if not ticks or x >= ticks[-1] * min_ratio:
            ticks.append(x)
    return ticks


def stack(panel, xs, rows):
    """Draws the share of each kernel in the time of all kernels."""
    panel.set_title("shares of the kernels", fontsize=10)
    panel.set_ylabel("share of all kernels' time, %")
    panel.set_ylim(0, 100)
    if any(row["kernels"] is None for row in rows):
        panel.text(0.5, 0.5, "unknown:\nno timestamps", ha="center", transform=panel.transAxes)
        return
    shares = {name: [0.0] * len(rows) for name in KERNELS}
    for index, row in enumerate(rows):
        for kernel in row["kernels"]:
            name = kernel["name"] if kernel["name"] in KERNELS else "others"
            shares[name][index] += 100 * kernel["share"]
    panel.stackplot(xs, shares.values(), labels=shares, colors=KERNELS.values(), alpha=0.9)
    panel.margins(x=0)
    handles, labels = panel.get_legend_handles_labels()
    panel.legend(handles[::-1], labels[::-1], fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
