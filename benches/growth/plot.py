"""One figure an axis: time of an image, cost of an addition and of a spike, and who takes the time."""

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import LogLocator, NullFormatter  # noqa: E402

# Okabe & Ito 2008: told apart with every kind of colour blindness.
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
    time.set_ylabel("time of a training image, ms")
    time.set_title("wall clock", fontsize=10)

    cost.plot(xs, [row["ns_per_addition"] for row in rows], "o-", color=BLUE, label="an addition, ns")
    cost.plot(xs, [row["us_per_spike"] for row in rows], "s--", color=ORANGE, label="a spike, µs")
    cost.plot(
        xs, [row["drive_ns_per_addition"] for row in rows], "^:", color=GREEN,
        label="an addition, ns: drive alone",
    )
    cost.set_ylabel("cost, ns an addition, µs a spike")
    cost.set_title(f"{clock} over all additions and spikes", fontsize=10)
    cost.legend(fontsize=8, frameon=False)

    for panel in (time, cost):
        panel.set_yscale("log")
        widen(panel)
        panel.grid(which="both", alpha=0.25)
    stack(share, xs, rows)
    for panel in (time, cost, share):
        panel.set_xlabel(axis.label)
        panel.set_xscale("log")
        panel.set_xticks(thinned(xs), [f"{x:,}" for x in thinned(xs)])
        panel.xaxis.set_minor_formatter(NullFormatter())
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def widen(panel, factor=30):
    """At least so large a range on the y axis, so that what is flat looks flat."""
    low, high = panel.get_ylim()
    more = max(1, factor / (high / low)) ** 0.5
    panel.set_ylim(low / more, high * more)
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.yaxis.set_minor_formatter(NullFormatter())


def thinned(xs):
    """Values far enough apart on a logarithmic axis to be written below it."""
    reach, kept = (max(xs) / min(xs)) ** (1 / 9), []
    for x in xs:
        if not kept or x >= kept[-1] * reach:
            kept.append(x)
    return kept


def stack(panel, xs, rows):
    """Shares of the time of all kernels."""
    panel.set_title("who takes the time", fontsize=10)
    panel.set_ylabel("share of the time of all kernels, %")
    panel.set_ylim(0, 100)
    if any(row["kernels"] is None for row in rows):
        panel.text(0.5, 0.5, "not known:\nno timestamps", ha="center", transform=panel.transAxes)
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
