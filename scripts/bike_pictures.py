"""Make the pictures of the bike lab's tutorials again: `.venv/bin/python scripts/bike_pictures.py`.

Plays tests/e2e/studio/test_studio_bike_lab.py in both languages and writes what it saw, with a palette of its own for
each picture, to docs/images/bike/. Needs the `test` extra, a Chromium on PATH, and Pillow (`pip install pillow`).
`--kept` takes the pictures of the last play. Look at what it made.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PLAY = ROOT / "tests" / "e2e" / "studio" / "test_studio_bike_lab.py"
SEEN = PLAY.parent / "artifacts"
IMAGES = ROOT / "docs" / "images" / "bike"
COLOURS = 128  # enough for flat colours with smoothed edges


def main() -> None:
    """Play the lab, keep its pictures."""
    if "--kept" not in sys.argv[1:]:
        for old in SEEN.glob("bike-lab-*.png"):
            old.unlink()
        subprocess.run([sys.executable, "-m", "pytest", str(PLAY), "-q"], cwd=ROOT, check=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    for old in IMAGES.glob("*.png"):
        old.unlink()
    for path in sorted(SEEN.glob("bike-lab-*.png")):
        keep(path, IMAGES / path.name.removeprefix("bike-lab-"))
    total = sum(path.stat().st_size for path in IMAGES.glob("*.png"))
    print(f"docs/images/bike: {total / 1e6:.2f} MB")


def keep(source: Path, target: Path) -> None:
    """Write a picture with few colours, the rare ones of charts among them."""
    with Image.open(source) as image:
        few = image.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE
        )
        few.save(target, optimize=True)


if __name__ == "__main__":
    main()
