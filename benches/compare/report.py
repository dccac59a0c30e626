"""Medians, spreads and ratios over rounds, as plain and Markdown tables."""

import statistics

WIDE = 0.10
ONE_THREAD = "1 thread"


def summarise(case, contender, rounds, reference):
    """Returns one row. `rounds`: measurements, one per round; `reference`: those of apical on the same
    device. A ratio is the median over rounds of the ratios within rounds."""
    times = [one["ms_per_image"] for one in rounds]
    median = statistics.median(times)
    row = {
        "case": case.name,
        "contender": contender.name,
        "place": contender.place,
        "ms_per_image": median,
        "images_per_second": 1e3 / median,
        "cpu_ms_per_image": middle([one["cpu_ms_per_image"] for one in rounds]),
        "spread": (max(times) - min(times)) / median,
        "rounds": rounds,
    }
    for name, clock in (("ratio", "ms_per_image"), ("cpu_ratio", "cpu_ms_per_image")):
        pairs = [(one[clock], other[clock]) for one, other in zip(rounds, reference or [])]
        ratios = [one / other if one and other else None for one, other in pairs]
        # The CPU time of several threads includes their waiting for each other.
        is_meaningful = clock == "ms_per_image" or contender.place == ONE_THREAD
        row[name] = middle(ratios) if is_meaningful else None
        row[f"{name}_range"] = None if row[name] is None else [min(ratios), max(ratios)]
    return row


def middle(values):
    """Returns the median, or None if a value is unknown."""
    return statistics.median(values) if values and None not in values else None


HEADER = [
    "case", "device", "program", "ms/image", "images/s", "CPU ms/image", "spread",
    "speed-up of apical", "speed-up in CPU time",
]
TEXT_COLUMNS = 3


def cells(row):
    is_apical, cpu = row["contender"] == "apical", row["cpu_ms_per_image"]

    def faster(name):
        if is_apical or row[name] is None:
            return ""
        return "{:.1f} ({:.1f} to {:.1f})".format(row[name], *row[f"{name}_range"])

    return [
        row["case"],
        row["place"],
        row["contender"],
        f"{row['ms_per_image']:.4g}",
        f"{row['images_per_second']:,.0f}",
        "" if cpu is None else f"{cpu:.4g}",
        f"{100 * row['spread']:.0f} %",
        faster("ratio"),
        faster("cpu_ratio"),
    ]


def markdown(rows):
    lines = [HEADER, ["---"] * TEXT_COLUMNS + ["---:"] * (len(HEADER) - TEXT_COLUMNS), *map(cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(rows):
    lines = [HEADER, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < TEXT_COLUMNS else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    )


def warnings(rows):
    """Returns lines about rows whose spread exceeds WIDE."""
    wide = [
        f"- {row['case']}, {row['place']}, {row['contender']}: {100 * row['spread']:.0f} %"
        for row in rows
        if row["spread"] > WIDE
    ]
    if not wide:
        return []
    head = (
        f"The spread of these rows, (slowest - fastest round) / median, exceeds {100 * WIDE:.0f} %: other "
        "programs used the machine. CPU times on one thread and ratios are least affected.\n"
    )
    return [head, *wide]
