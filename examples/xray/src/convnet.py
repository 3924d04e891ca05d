"""A small convolutional network in PyTorch, the alternative to patches.py: `--network convnet`.

Four convolutions of 3 x 3, batch normalisation, two halvings, averages over four quarters, a linear layer: 17,000
parameters, for images of about 16 to 128 pixels. Uses the processor; a graphics card is not needed.
"""

import os

import torch
from images import standardised, varied
from torch import nn

CHUNK = 256  # images at a time when asking
# One, unless told otherwise: jobs run side by side, a core for each, and two threads that wait for each other on a busy
# machine of two cores took eight times as long as one.
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


class ConvNetwork:
    """A model of this kind, with the face of `patches.PatchNetwork`."""

    def __init__(self, settings):
        """Take the settings: a dictionary with `filters`, `channels`, `classes`, and those of `fit`."""
        self.settings = settings
        self.module = build(settings["channels"], width_of(settings), len(settings["classes"]))

    def fit(self, images, labels, random, weights=None):
        """Train, and yield the training loss after each epoch; shapes (images, size, size, channels) and (images,).

        `weights` is a `weights.pt` that `save` wrote, or any state dictionary of such layers: each tensor that fits by
        name and shape is taken over, so that other classes are no hindrance. Without it, training begins at random.
        """
        chosen = self.settings
        torch.manual_seed(int(random.integers(2**31)))
        self.module = build(chosen["channels"], width_of(chosen), len(chosen["classes"]))
        if weights:
            self._take_over(weights)
        counts = torch.bincount(torch.tensor(labels), minlength=len(chosen["classes"])).float()
        loss_of = nn.CrossEntropyLoss(weight=counts.sum() / (len(counts) * counts), label_smoothing=0.05)
        rate, steps = chosen["learning_rate"], -(-len(images) // chosen["batch_size"])
        optimizer = torch.optim.AdamW(self.module.parameters(), rate, weight_decay=chosen["weight_decay"])
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, chosen["epochs"] * steps)
        for _ in range(chosen["epochs"]):
            self.module.train()
            values, wanted, losses = tensor(varied(images, random)), torch.tensor(labels), []
            for rows in torch.randperm(len(values)).split(chosen["batch_size"]):
                loss = loss_of(self.module(values[rows]), wanted[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                losses.append(loss.item())
            yield sum(losses) / len(losses)

    def _take_over(self, weights):
        given, own = torch.load(weights, map_location="cpu", weights_only=True), self.module.state_dict()
        fitting = {name: one for name, one in given.items() if name in own and own[name].shape == one.shape}
        self.module.load_state_dict(fitting, strict=False)
        print(f"{weights}: {len(fitting)} of {len(own)} tensors fit and are taken over")

    def probabilities(self, images):
        """Return the probability of each class, shape (images, classes)."""
        return self.prepared(images)()

    def prepared(self, images):
        """Return a function that asks the model as it then is about these images."""
        values = tensor(images)

        def ask():
            self.module.eval()
            with torch.no_grad():
                return torch.cat([self.module(some).softmax(dim=1) for some in values.split(CHUNK)]).numpy()

        return ask

    def state(self):
        """Return what `restore` takes to go back to this point of the training."""
        return {name: one.clone() for name, one in self.module.state_dict().items()}

    def restore(self, state):
        """Go back to an earlier point of the training."""
        self.module.load_state_dict(state)

    def save(self, folder):
        """Write the weights into a folder."""
        torch.save(self.module.state_dict(), folder / "weights.pt")

    def load(self, folder):
        """Read what `save` wrote."""
        self.module.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))


def tensor(images):
    """Return images as the layers take them: (images, channels, size, size)."""
    return torch.from_numpy(standardised(images).transpose(0, 3, 1, 2).copy())


def width_of(settings):
    """Return the number of channels of the first layers: a tenth of `filters`, whose default fits the other network."""
    return max(settings["filters"] // 10, 8)


def build(channels, width, classes):
    """Return the layers."""

    def stage(entering, leaving):
        return [nn.Conv2d(entering, leaving, 3, padding=1, bias=False), nn.BatchNorm2d(leaving), nn.ReLU()]

    layers = [*stage(channels, width), *stage(width, width), nn.MaxPool2d(2)]
    layers += [*stage(width, 2 * width), *stage(2 * width, 2 * width), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(8 * width, classes))
