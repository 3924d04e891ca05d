"""The vocabulary of the platform: entities, references, expressions, life cycles. No I/O of any kind."""

__all__: list[str] = []
