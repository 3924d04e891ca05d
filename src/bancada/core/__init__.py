"""What scripts import as `azure.core`: exceptions, credentials, pollers and pages."""

__all__: list[str] = []
