"""Draws overview.png of the README: the dashboard of a training beside receptive fields of the network.

    python3 -m venv venv && venv/bin/pip install pillow==13.0.0 pyte==0.8.2
    venv/bin/python docs/images/make.py target/release/apical

Runs `apical train --tui` in a terminal of 110 x 34 characters until its fourth epoch ends, and `apical plot`.
"""

import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pyte
from PIL import Image, ImageDraw, ImageFont

COLUMNS, LINES = 110, 34
WIDTH, HEIGHT = 8, 17
FONTS = ["DejaVuSansMono.ttf", "LiberationMono-Regular.ttf", "Menlo.ttc", "consola.ttf"]
PAPER, INK = (24, 26, 31), (220, 223, 228)
NAMED = {
    "default": INK, "black": (60, 63, 70), "red": (224, 108, 117), "green": (152, 195, 121), "brown": (229, 192, 123),
    "blue": (97, 175, 239), "magenta": (198, 120, 221), "cyan": (86, 182, 194), "white": INK,
}


def screen_of_training(apical, folder):
    """Returns the terminal's content near the end of a training of four epochs."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    pid, terminal = pty.fork()
    if pid == 0:
        ioctl(0, TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        arguments = ["train", "--epochs", "4", "--out", str(folder), "--tui", "--backend", "cpu"]
        os.execv(apical, [apical, *arguments])
    kept, last = None, time.monotonic()
    while True:
        ready, _, _ = select.select([terminal], [], [], 1)
        try:
            data = os.read(terminal, 1 << 16) if ready else b""
        except OSError:
            break
        if ready and not data:
            break
        # pyte does not have the blank alternate screen that the dashboard switches to.
        before, switch, after = data.partition(b"\x1b[?1049h")
        stream.feed(before)
        if switch:
            screen.reset()
        stream.feed(after)
        # The dashboard gives the terminal back at the end.
        if time.monotonic() - last > 2 and any("epoch" in line for line in screen.display):
            kept, last = [dict(screen.buffer[line]) for line in range(LINES)], time.monotonic()
    os.waitpid(pid, 0)
    return kept


def colour(name, otherwise):
    if name == "default":
        return otherwise
    if name in NAMED:
        return NAMED[name]
    name = name.removeprefix("bright")
    if name in NAMED:
        return NAMED[name]
    return tuple(int(name[place:place + 2], 16) for place in (0, 2, 4))


def drawn(rows):
    image = Image.new("RGB", (COLUMNS * WIDTH, LINES * HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    font = next(ImageFont.truetype(name, 13) for name in FONTS if is_there(name))
    for line, row in enumerate(rows):
        for column, cell in row.items():
            if column >= COLUMNS:
                continue
            x, y = column * WIDTH, line * HEIGHT
            ink, paper = colour(cell.fg, INK), colour(cell.bg, PAPER)
            if cell.reverse:
                ink, paper = paper, ink
            draw.rectangle((x, y, x + WIDTH - 1, y + HEIGHT - 1), paper)
            glyph(draw, font, cell.data, x, y, ink)
    return image


def glyph(draw, font, character, x, y, ink):
    code = ord(character[:1] or " ")
    if character in "▀▄█":
        top, bottom = (0 if character != "▄" else HEIGHT // 2), (HEIGHT if character != "▀" else HEIGHT // 2)
        draw.rectangle((x, y + top, x + WIDTH - 1, y + bottom - 1), ink)
    elif 0x2800 <= code < 0x2900:
        for bit, (column, row) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]):
            if code >> bit & 1:
                left, top = x + 2 + 4 * column, y + 2 + 4 * row
                draw.rectangle((left, top, left + 1, top + 1), ink)
    elif character.strip():
        draw.text((x, y), character, ink, font)


def is_there(name):
    try:
        ImageFont.truetype(name, 13)
        return True
    except OSError:
        return False


def main():
    apical = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        dashboard = drawn(screen_of_training(apical, run))
        subprocess.run([apical, "plot", str(run), "--quiet"], check=True)
        fields = Image.open(run / "plots" / "fields.png").convert("RGB")
        size = (fields.width * dashboard.height // fields.height, dashboard.height)
        overview = Image.new("RGB", (dashboard.width + size[0], size[1]), "white")
        overview.paste(dashboard, (0, 0))
        overview.paste(fields.resize(size, Image.Resampling.LANCZOS), (dashboard.width, 0))
        overview.quantize(128).save(Path(__file__).parent / "overview.png", optimize=True)


main()
