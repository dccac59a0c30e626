"""Axes along which the cost per addition is not constant, and the responsible kernels."""

FLAT = 1.25

# Quantities to which a kernel's work is proportional, if not to spikes.
GROWS_WITH = {
    "encode_spikes": "pixels and steps, not spikes",
    "hidden_step": "neurons and steps, not spikes",
    "output_step": "neurons of the output and steps, not spikes",
    "window_mean_spikes": "words with spikes, not spikes",
    "plateau": "neurons per image, not spikes",
    "local_error": "neurons per image, not spikes",
    "weight_update": "weights per minibatch, not spikes",
    "synaptic_input_spikes": "additions; its own cost per addition, the dotted line of the figure, depends on the size "
    "of the weights",
    "classify": "images, not spikes",
}


def by_kernel(row):
    """Returns the cost of each kernel, ns per addition. The rest of the cost is outside kernels."""
    cost = row["ns_per_addition"]
    return {kernel["name"]: cost * kernel["share"] for kernel in row["kernels"] or []}


def of_axis(axis, rows):
    """Returns lines of Markdown about the rows of an axis."""
    best = min(rows, key=lambda row: row["ns_per_addition"])
    worst = max(rows, key=lambda row: row["ns_per_addition"])
    spread = worst["ns_per_addition"] / best["ns_per_addition"]
    line = (
        f"{axis.label}: {best['ns_per_addition']:.3f} ns per addition at {best['x']:,}, "
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
            f"  - at {row['x']:,}, {factor:.2f} times the minimum: {total:+.3f} ns, mainly "
            f"{', '.join(reasons) or 'spread over kernels'}; weights of {row['weights_mib']:.1f} MiB, "
            f"{best['weights_mib']:.1f} at the minimum."
        )
    return lines


def explained(lines):
    """Returns a line per kernel named in `lines`, with the quantity that its work grows with."""
    text = "\n".join(lines)
    named = [(name, quantity) for name, quantity in GROWS_WITH.items() if f"`{name}`" in text]
    return [f"- `{name}` grows with {quantity}." for name, quantity in named]
