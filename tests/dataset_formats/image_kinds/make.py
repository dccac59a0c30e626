"""Write the images of this folder and their pixels, as Pillow 13.0.0 decodes them, into `pixels.txt`.

A line has name, width, height, channels and all bytes in hexadecimal. Values of 16 bits, and of files with another largest
value, are scaled to bytes: the largest becomes 255, halves are rounded up.
"""

from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 6, 4

rows, columns = np.mgrid[:HEIGHT, :WIDTH]
grey = (rows * 60 + columns * 11).astype(np.uint8)
wide = (rows * 16000 + columns * 3001 + 7).astype(np.uint16)
colours = np.stack([rows * 70, columns * 50, 255 - rows * 20 - columns * 9], -1).astype(np.uint8)

L, RGB = Image.fromarray(grey), Image.fromarray(colours)
WIDE = Image.fromarray(wide)
MONO = L.point(lambda value: 255 if value > 90 else 0, "1")
OTHER = Image.fromarray(255 - grey)


def save(image: Image.Image, name: str, **options: object) -> None:
    image.save(FOLDER / name, **options)


save(L, "grey.bmp")
save(RGB, "rgb.bmp")
save(MONO, "mono.bmp")
save(RGB.quantize(8), "palette.bmp")
save(L, "grey.gif")
save(L, "frames.gif", save_all=True, append_images=[OTHER], duration=100)
save(L, "interlaced.gif", interlace=1)
save(RGB, "lossless.webp", lossless=True)
save(L.resize((24, 16)).convert("RGB"), "lossy.webp", quality=90)
save(RGB, "frames.webp", save_all=True, append_images=[RGB.rotate(180)], lossless=True)
save(L, "frames.png", save_all=True, append_images=[OTHER])
save(L, "grey.tif")
save(WIDE, "wide.tif")
save(Image.fromarray(wide.astype(">u2")), "wide-big-endian.tif")
save(RGB, "rgb-lzw.tif", compression="tiff_lzw")
save(WIDE, "wide-deflate.tif", compression="tiff_adobe_deflate")
save(MONO, "mono.tif")
save(MONO, "mono-fax.tif", compression="group4")
save(L, "pages.tif", save_all=True, append_images=[OTHER])
save(L, "grey.pgm")
save(WIDE, "wide.pgm")
save(RGB, "rgb.ppm")
save(MONO, "mono.pbm")
text = " ".join(str(value // 17) for value in grey.ravel())
(FOLDER / "text15.pgm").write_text(f"P2\n# 4 bits\n{WIDTH} {HEIGHT}\n15\n{text}\n")
(FOLDER / "bytes15.pgm").write_bytes(b"P5 %d %d 15\n" % (WIDTH, HEIGHT) + (grey // 17).tobytes())
(FOLDER / "bytes4095.pgm").write_bytes(
    b"P5 %d %d 4095\n" % (WIDTH, HEIGHT) + (wide // 16).astype(">u2").tobytes()
)
text = " ".join(map(str, colours.ravel()))
(FOLDER / "text.ppm").write_text(f"P3\n{WIDTH} {HEIGHT}\n255\n{text}\n")

lines = []
for path in sorted(FOLDER.glob("*.*")):
    if path.suffix in (".py", ".txt"):
        continue
    with Image.open(path) as image:
        mode = image.mode
        image.load()
        if mode.startswith("I"):
            pixels = np.asarray(image).astype(np.int64)
            full = 65535
            if path.name == "bytes4095.pgm":
                # Pillow scales the values to 16 bits: undo it.
                full = 4095
                pixels = (pixels * full + 32767) // 65535
                assert (pixels == wide // 16).all()
            pixels = (2 * 255 * pixels + full) // (2 * full)
        else:
            pixels = np.asarray(image.convert("RGB" if mode in ("RGB", "P", "RGBA") else "L"))
    channels = 3 if pixels.ndim == 3 else 1
    height, width = pixels.shape[:2]
    lines.append(f"{path.name} {width} {height} {channels} {pixels.astype(np.uint8).tobytes().hex()}")
(FOLDER / "pixels.txt").write_text("\n".join(lines) + "\n")
