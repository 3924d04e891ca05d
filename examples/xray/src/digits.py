"""Write scikit-learn's handwritten digits as PNG files: a folder <class>/*.png that stands in for X-rays.

    python digits.py --training_data DIR --test_data DIR [--classes 3 8]

Their origin: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998),
CC BY 4.0; the part that scikit-learn carries. One in five images of each class goes into the test folder.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

TABLE = """\
# The images beside this file as a table: each line of images.jsonl names one, and its class.
type: mltable
paths:
  - file: ./images.jsonl
transformations:
  - read_json_lines:
      encoding: utf8
      include_path_column: false
  - convert_column_types:
      - columns: image_url
        column_type: stream_info
"""


def main():
    """Write both folders."""
    parser = argparse.ArgumentParser(description="Write handwritten digits as images.")
    parser.add_argument("--training_data", type=Path, required=True)
    parser.add_argument("--test_data", type=Path, required=True)
    parser.add_argument("--classes", type=int, nargs="+", default=[3, 8])
    parser.add_argument("--mltable", action="store_true", help="add an MLTable and its images.jsonl to each folder")
    arguments = parser.parse_args()
    images, labels = load_digits(return_X_y=True)
    rows = {arguments.training_data: [], arguments.test_data: []}
    for digit in arguments.classes:
        for number, values in enumerate(images[labels == digit]):
            folder = arguments.test_data if number % 5 == 0 else arguments.training_data
            path = Path(f"digit-{digit}") / f"{number:03d}.png"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            # 8 x 8 values from 0 to 16
            Image.fromarray(np.uint8(values.reshape(8, 8) * 255 / 16)).save(folder / path)
            rows[folder].append({"image_url": f"./{path.as_posix()}", "label": path.parent.name})
    for folder, lines in rows.items():
        print(f"{folder}: {len(lines)} images")
        if arguments.mltable:
            (folder / "MLTable").write_text(TABLE, encoding="utf-8")
            (folder / "images.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
