"""Medians, spreads and ratios of rounds, as a table for people and for files."""

import statistics

WIDE = 0.10
ONE_THREAD = "1 thread"


def summarise(case, contender, rounds, reference):
    """One row. `rounds` and `reference`: measurements of each round, the reference's being those of
    apical in the same place. Ratios are medians over rounds, each taken within its round."""
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
        pairs = [(mine[clock], its[clock]) for mine, its in zip(rounds, reference or [])]
        ratios = [mine / its if mine and its else None for mine, its in pairs]
        # CPU time of several threads counts how they wait for each other, too.
        is_told = clock == "ms_per_image" or contender.place == ONE_THREAD
        row[name] = middle(ratios) if is_told else None
        row[f"{name}_range"] = None if row[name] is None else [min(ratios), max(ratios)]
    return row


def middle(values):
    """The median, or None where any is not known."""
    return statistics.median(values) if values and None not in values else None


HEADER = [
    "case", "where", "who", "ms an image", "images/s", "CPU ms an image", "spread",
    "apical is faster by", "in CPU time by",
]
WORDS = 3


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
    lines = [HEADER, ["---"] * WORDS + ["---:"] * (len(HEADER) - WORDS), *map(cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(rows):
    lines = [HEADER, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < WORDS else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    )


def warnings(rows):
    """Lines about rows whose rounds differ by more than WIDE of their median."""
    wide = [
        f"- {row['case']}, {row['place']}, {row['contender']}: {100 * row['spread']:.0f} %"
        for row in rows
        if row["spread"] > WIDE
    ]
    if not wide:
        return []
    head = (
        f"The fastest and the slowest round lie further apart than {100 * WIDE:.0f} % of the median here: "
        "something else used the machine. CPU time on one thread and ratios suffer least.\n"
    )
    return [head, *wide]
