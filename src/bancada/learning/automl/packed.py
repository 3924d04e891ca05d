"""An object of a heavy library that is unpickled when it is used, not when the model around it is.

The process that runs `fit` puts models together and never predicts with them: on a busy machine the imports alone would
take it longer than its time.
"""

from __future__ import annotations

import pickle
from typing import Any

__all__ = ["Packed"]


class Packed:
    """Holds an object, or its pickle until the object is asked for."""

    def __init__(self, value: Any) -> None:
        """Keep a value."""
        self._value = value
        self._content: bytes | None = None

    def get(self) -> Any:
        """Return the value."""
        if self._value is None and self._content is not None:
            self._value = pickle.loads(self._content)
        return self._value

    def __getstate__(self) -> bytes:
        """Return the value's pickle."""
        if self._content is None:
            self._content = pickle.dumps(self._value, protocol=pickle.HIGHEST_PROTOCOL)
        return self._content

    def __setstate__(self, content: bytes) -> None:
        """Keep the pickle as it is."""
        self._value, self._content = None, content
