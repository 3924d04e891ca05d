"""Learned patches and a linear layer: a vision model in NumPy that trains in seconds on a processor.

Small patches of the training images are whitened and grouped by k-means; the groups' centres are filters. An image
becomes, for each part of a 3 x 3 grid, how much of each filter is in it; softmax regression decides on that.
Source of the method: A. Coates, H. Lee, A. Ng, "An analysis of single-layer networks in unsupervised feature
learning" (2011).
"""

import numpy as np
from images import standardised, varied

GRID = 3  # parts of an image on each side
CHUNK = 64  # images at a time: their patches fit into the processor's cache and a few hundred MB


class PatchNetwork:
    """A model of this kind; `fit` trains it, `probabilities` asks it."""

    def __init__(self, settings):
        """Take the settings: a dictionary with `filters`, `patch`, `classes`, and those of `fit`."""
        self.settings = settings
        self.arrays = {}

    def fit(self, images, labels, random, weights=None):
        """Train, and yield the training loss after each epoch; shapes (images, size, size, channels) and (images,).

        `weights` is a file that `save` wrote: its filters are taken over, whatever they were learned from.
        """
        chosen = self.settings
        if weights:
            with np.load(weights) as file:
                self.arrays.update({name: file[name] for name in ("mean", "whiten", "centres")})
        else:
            self._learn_filters(standardised(images), random)
        features = [self._features(images)]
        features += [self._features(varied(images, random)) for _ in range(chosen["copies"])]
        features = np.concatenate(features)
        labels = np.tile(labels, 1 + chosen["copies"])
        self.arrays["centre"] = features.mean(axis=0)
        self.arrays["scale"] = features.std(axis=0) + 0.01
        features = (features - self.arrays["centre"]) / self.arrays["scale"]
        yield from self._learn_layer(features, labels, random)

    def _learn_filters(self, images, random):
        """Set `mean`, `whiten` and `centres` from patches taken at random."""
        size = self.settings["patch"]
        count = 60_000
        which = random.integers(0, len(images), count)
        top, left = random.integers(0, images.shape[1] - size + 1, (2, count))
        rows = np.arange(size)
        patches = images[which[:, None, None], top[:, None, None] + rows[:, None], left[:, None, None] + rows]
        patches = _contrast(patches.reshape(count, -1))
        mean = patches.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
        whiten = (vectors / np.sqrt(values + 0.1)) @ vectors.T
        self.arrays.update(mean=mean, whiten=whiten.astype(np.float32))
        self.arrays["centres"] = _k_means((patches - mean) @ self.arrays["whiten"], self.settings["filters"], random)

    def _features(self, images):
        """Return how much of each filter is in each part of each image, shape (images, 9 * filters)."""
        images = standardised(images)
        return np.concatenate([self._features_of_few(images[at : at + CHUNK]) for at in range(0, len(images), CHUNK)])

    def _features_of_few(self, images):
        arrays, size = self.arrays, self.settings["patch"]
        windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
        count, high, wide = windows.shape[:3]
        # The window's channels come first in the view, last in the patches that the filters were learned from.
        patches = _contrast(windows.transpose(0, 1, 2, 4, 5, 3).reshape(count * high * wide, -1))
        patches = (patches - arrays["mean"]) @ arrays["whiten"]
        centres = arrays["centres"]
        squared = (patches**2).sum(axis=1)[:, None] - 2 * patches @ centres.T + (centres**2).sum(axis=1)
        distance = np.sqrt(np.maximum(squared, 0))
        active = np.maximum(distance.mean(axis=1)[:, None] - distance, 0).reshape(count, high, wide, -1)
        rows, columns = (np.linspace(0, length, GRID + 1).astype(int) for length in (high, wide))
        parts = [
            active[:, rows[i] : rows[i + 1], columns[j] : columns[j + 1]].mean(axis=(1, 2))
            for i in range(GRID)
            for j in range(GRID)
        ]
        return np.concatenate(parts, axis=1)

    def _learn_layer(self, features, labels, random):
        """Set `layer` and `bias` by Adam on the cross entropy, each class with the same total weight."""
        chosen, classes = self.settings, len(self.settings["classes"])
        weight = (len(labels) / (classes * np.bincount(labels, minlength=classes)))[labels].astype(np.float32)
        wanted = np.eye(classes, dtype=np.float32)[labels]
        values = np.zeros((features.shape[1] + 1, classes), dtype=np.float32)
        first, second, step = np.zeros_like(values), np.zeros_like(values), 0
        features = np.concatenate([features, np.ones((len(features), 1))], axis=1, dtype=np.float32)
        for epoch in range(chosen["epochs"]):
            rate, losses = chosen["learning_rate"] * (1 - epoch / chosen["epochs"]), []
            order = random.permutation(len(features))
            for at in range(0, len(order), chosen["batch_size"]):
                rows = order[at : at + chosen["batch_size"]]
                found = _softmax(features[rows] @ values)
                losses.append(-(weight[rows] * np.log(found[wanted[rows] > 0] + 1e-9)).mean())
                slope = features[rows].T @ ((found - wanted[rows]) * weight[rows, None]) / len(rows)
                slope[:-1] += chosen["weight_decay"] * values[:-1]
                step += 1
                first += 0.1 * (slope - first)
                second += 0.001 * (slope**2 - second)
                size = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
                values -= size * first / (np.sqrt(second) + 1e-8)
            self.arrays.update(layer=values[:-1].copy(), bias=values[-1].copy())
            yield float(np.mean(losses))

    def probabilities(self, images):
        """Return the probability of each class, shape (images, classes)."""
        return self.prepared(images)()

    def prepared(self, images):
        """Return a function that asks the model as it then is about these images, whose features are made once."""
        features = self._features(images)

        def ask():
            scaled = (features - self.arrays["centre"]) / self.arrays["scale"]
            return _softmax(scaled @ self.arrays["layer"] + self.arrays["bias"])

        return ask

    def state(self):
        """Return what `restore` takes to go back to this point of the training."""
        return {name: self.arrays[name] for name in ("layer", "bias")}

    def restore(self, state):
        """Go back to an earlier point of the training."""
        self.arrays.update(state)

    def save(self, folder):
        """Write the arrays into a folder."""
        np.savez(folder / "weights.npz", **self.arrays)

    def load(self, folder):
        """Read what `save` wrote."""
        with np.load(folder / "weights.npz") as file:
            self.arrays = dict(file)


def _contrast(patches):
    """Return patches with mean 0 and deviation about 1 each; flat ones stay flat."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    return patches / np.sqrt(patches.var(axis=1, keepdims=True) + 0.01)


def _k_means(points, count, random, rounds=15):
    """Return the centres of groups, shape (count, dimensions)."""
    centres = points[random.choice(len(points), count, replace=False)]
    for _ in range(rounds):
        nearest = (points @ centres.T - (centres**2).sum(axis=1) / 2).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, points)
        sizes = np.bincount(nearest, minlength=count)
        empty = sizes == 0
        centres = sums / np.maximum(sizes, 1)[:, None].astype(np.float32)
        centres[empty] = points[random.choice(len(points), empty.sum(), replace=False)]
    return centres.astype(np.float32)


def _softmax(values):
    values = np.exp(values - values.max(axis=1, keepdims=True))
    return values / values.sum(axis=1, keepdims=True)
