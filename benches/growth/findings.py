"""Where the cost of an addition is not flat, and which kernel makes it so: read off the measurements."""

FLAT = 1.25

# What a kernel's work is proportional to, if not to the spikes.
GROWS_WITH = {
    "encode_spikes": "pixels and steps, not spikes",
    "hidden_step": "neurons and steps, not spikes",
    "output_step": "neurons of the output and steps, not spikes",
    "window_mean_spikes": "the words that hold spikes, not the spikes in them",
    "plateau": "neurons of an image, not spikes",
    "local_error": "neurons of an image, not spikes",
    "weight_update": "weights, once a minibatch, and not spikes",
    "synaptic_input_spikes": "additions alone: the dotted line of the figure is its own cost of one, to be seen beside the "
    "size of the weights",
    "classify": "images, not spikes",
}


def by_kernel(row):
    """ns an addition of each kernel; the rest is what runs beside kernels."""
    cost = row["ns_per_addition"]
    return {kernel["name"]: cost * kernel["share"] for kernel in row["kernels"] or []}


def of_axis(axis, rows):
    """Lines of Markdown about the rows of an axis."""
    best = min(rows, key=lambda row: row["ns_per_addition"])
    worst = max(rows, key=lambda row: row["ns_per_addition"])
    spread = worst["ns_per_addition"] / best["ns_per_addition"]
    line = (
        f"{axis.label}: {best['ns_per_addition']:.3f} ns an addition at {best['x']:,}, "
        f"{worst['ns_per_addition']:.3f} at {worst['x']:,}"
    )
    if spread <= FLAT:
        return [f"- {line}: flat (within a factor of {spread:.2f})."]
    lines = [f"- {line}: **not flat**, a factor of {spread:.2f}."]
    base = by_kernel(best)
    for row in rows:
        factor = row["ns_per_addition"] / best["ns_per_addition"]
        if factor <= FLAT or not row["kernels"]:
            continue
        more = {name: cost - base.get(name, 0) for name, cost in by_kernel(row).items()}
        total = row["ns_per_addition"] - best["ns_per_addition"]
        reasons = [
            f"`{name}` {cost:+.3f}"
            for name, cost in sorted(more.items(), key=lambda item: -item[1])
            if cost > 0.15 * total
        ]
        lines.append(
            f"  - at {row['x']:,}, {factor:.2f} times the least: {total:+.3f} ns, of which "
            f"{', '.join(reasons) or 'no kernel much'}; weights of {row['weights_mib']:.1f} MiB, "
            f"{best['weights_mib']:.1f} at the least."
        )
    return lines


def explained(lines):
    """What the kernels that `lines` blame grow with."""
    text = "\n".join(lines)
    return [f"- `{name}` grows with {what}." for name, what in GROWS_WITH.items() if f"`{name}`" in text]
