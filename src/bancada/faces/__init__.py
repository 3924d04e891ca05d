"""What others talk to: REST, MLflow, the scoring gateway, the page. Empty: the gateway imports little."""

__all__: list[str] = []
