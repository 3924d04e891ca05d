"""`python -m bancada.cli`."""

from __future__ import annotations

from bancada.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
