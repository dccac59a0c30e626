"""Medians, spreads and ratios of rounds, as a table for people and for files."""

import statistics

WIDE = 0.10


def summarise(case, contender, rounds, reference):
    """One row. `rounds` and `reference`: measurements of each round, the reference's being those of
    apical in the same place; the ratio is the median over rounds, each taken within its round."""
    times = [one["ms_per_image"] for one in rounds]
    median = statistics.median(times)
    cpu = [one["cpu_ms_per_image"] for one in rounds]
    row = {
        "case": case.name,
        "contender": contender.name,
        "place": contender.place,
        "ms_per_image": median,
        "images_per_second": 1e3 / median,
        "cpu_ms_per_image": None if None in cpu else statistics.median(cpu),
        "spread": (max(times) - min(times)) / median,
        "ratio": None,
        "ratio_range": None,
        "rounds": rounds,
    }
    if reference:
        ratios = [mine / its["ms_per_image"] for mine, its in zip(times, reference)]
        row["ratio"], row["ratio_range"] = statistics.median(ratios), [min(ratios), max(ratios)]
    return row


HEADER = [
    "case", "where", "who", "ms an image", "images/s", "CPU ms an image", "spread", "apical is faster by"
]


def cells(row):
    cpu, ratio = row["cpu_ms_per_image"], row["ratio"]
    is_reference = row["contender"] == "apical" or ratio is None
    faster = "" if is_reference else "{:.1f} ({:.1f} to {:.1f})".format(ratio, *row["ratio_range"])
    return [
        row["case"],
        row["place"],
        row["contender"],
        f"{row['ms_per_image']:.4g}",
        f"{row['images_per_second']:,.0f}",
        "" if cpu is None else f"{cpu:.4g}",
        f"{100 * row['spread']:.0f} %",
        faster,
    ]


def markdown(rows):
    lines = [HEADER, ["---"] * 3 + ["---:"] * 5, *map(cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(rows):
    lines = [HEADER, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < 3 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    )


def warnings(rows):
    """A line for each row whose rounds differ by more than WIDE of their median."""
    return [
        f"wide spread: {row['case']}, {row['place']}, {row['contender']}: the slowest of "
        f"{len(row['rounds'])} rounds took {100 * row['spread']:.0f} % of the median longer than the "
        "fastest; the machine was not quiet, trust the ratios within rounds more than the times"
        for row in rows
        if row["spread"] > WIDE
    ]
