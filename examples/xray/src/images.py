"""Labelled images: from a folder `<class>/*.png`, from an MLTable, or from the bytes of a request."""

import io
import json
from pathlib import Path

import numpy as np
import yaml
from PIL import Image, ImageOps

AFFINE = Image.Transform.AFFINE
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")


def find_images(source):
    """Return [(path, class)] of a folder, or of an MLTable whose JSON lines have `image_url` and `label`.

    The classes of a folder are the names of its subfolders; images may lie at any depth below them.
    """
    source = Path(source)
    if (source / "MLTable").is_file():
        found = _of_table(source)
    else:
        files = sorted(path for path in source.glob("*/**/*") if path.suffix.lower() in ENDINGS)
        found = [(path, path.relative_to(source).parts[0]) for path in files]
    if not found:
        kinds = ", ".join(ENDINGS)
        raise SystemExit(f"{source}: no images. Expected <class>/<name> ({kinds}), or an MLTable that names them.")
    return found


def _of_table(folder):
    """Return what the JSON lines of an MLTable name; paths are relative to the MLTable."""
    table = yaml.safe_load((folder / "MLTable").read_text(encoding="utf-8"))
    found = []
    for entry in table["paths"]:
        for file in sorted(folder.glob(entry.get("file") or entry.get("pattern"))):
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                found.append((folder / row["image_url"], str(row["label"])))
    return found


def read_image(content, size, channels):
    """Return an image (path, or bytes of a file) as floats from 0 to 1, shape (size, size, channels)."""
    with Image.open(io.BytesIO(content) if isinstance(content, bytes) else content) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode[0] in "IF":  # 16 bits and more, as X-rays often have: Pillow would cut them off at 255
            values = np.asarray(image, dtype=np.float32)
            low, high = values.min(), values.max()
            image = Image.fromarray(np.uint8((values - low) / max(high - low, 1e-6) * 255))
        image = image.convert("L" if channels == 1 else "RGB").resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.float32).reshape(size, size, channels) / 255


def read_images(sources, size, channels):
    """Return the images of [(path, class)] as one array, shape (images, size, size, channels)."""
    return np.stack([read_image(path, size, channels) for path, _ in sources])


def standardised(images):
    """Return images with mean 0 and deviation 1 each: devices differ in brightness and contrast."""
    flat = images.reshape(len(images), -1)
    mean, deviation = flat.mean(axis=1), flat.std(axis=1)
    return (images - mean[:, None, None, None]) / np.maximum(deviation, 1e-3)[:, None, None, None]


def varied(images, random, degrees=10, share=0.08):
    """Return each image turned, moved, scaled a little, brighter or darker: what may differ without a meaning."""
    size = images.shape[1]
    half = (size - 1) / 2
    made = np.empty_like(images)
    for index, image in enumerate(images):
        angle = np.deg2rad(random.uniform(-degrees, degrees))
        scale = 1 + random.uniform(-share, share)
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        across, down = half + random.uniform(-share, share, 2) * size
        # Where in the image a pixel of the varied one comes from, turned about the middle.
        matrix = (cos, -sin, across - cos * half + sin * half, sin, cos, down - sin * half - cos * half)
        gamma = np.exp(random.uniform(-0.25, 0.25))
        for channel in range(images.shape[3]):
            plane, edge = Image.fromarray(image[:, :, channel]), float(image[:, :, channel].min())
            plane = plane.transform((size, size), AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=edge)
            made[index, :, :, channel] = np.asarray(plane) ** gamma
    return made
