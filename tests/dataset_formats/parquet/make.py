"""Write Parquet files of images by datasets 5.2.0 and pyarrow 26.0.1. Run: python make.py."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, Image
from PIL import Image as Picture

FOLDER = Path(__file__).parent
FEATURES = Features({"image": Image(), "label": ClassLabel(names=["cat", "dog"])})


def png(shade: int) -> bytes:
    """Return an image of 3 x 2 pixels: `shade`, and its half in the last column."""
    pixels = np.full((2, 3), shade, np.uint8)
    pixels[:, 2] //= 2
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def rows(shades: list[int], labels: list) -> dict[str, list]:
    images = [{"bytes": png(shade), "path": f"{shade}.png"} for shade in shades]
    return {"image": images, "label": labels}


def write(name: str, shades: list[int], labels: list[int]) -> None:
    data = Dataset.from_dict(rows(shades, labels), features=FEATURES)
    data.to_parquet(FOLDER / name)


def write_table(name: str, columns: dict[str, list], **options: object) -> None:
    pq.write_table(pa.table(columns), FOLDER / name, **options)


write("train-00000-of-00002.parquet", [10, 20, 30], [0, 1, 1])
write("train-00001-of-00002.parquet", [40], [0])
write("test-00000-of-00001.parquet", [50, 60], [1, 0])
plain = rows([70, 80, 90, 100], [0, 1, 0, 1])
write_table("plain.parquet", plain, compression="snappy", row_group_size=2)
# Not compressed, without dictionaries, and with a column that is no image and no label.
others = {"id": ["a", "b", "c", "d"], **plain}
write_table("others.parquet", others, compression="none", use_dictionary=False)
paths = {
    "image": [{"bytes": None, "path": "0.png"}, {"bytes": png(10), "path": None}],
    "label": [0, 1],
}
write_table("paths.parquet", paths)
write_table("unlabelled.parquet", rows([10, 20], [0, -1]))
write_table("large_label.parquet", rows([10, 20], [0, 300]))
write_table("text_labels.parquet", rows([10, 20], ["cat", "dog"]))
write_table("null_label.parquet", rows([10, 20], [0, None]))
write_table("version_2.parquet", plain, data_page_version="2.0")
write_table("zstd.parquet", plain, compression="zstd")
