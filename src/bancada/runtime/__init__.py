"""What runs beside a user's code: keepers, templates, scoring replicas. Not for the server's own process.

Standard library only, Python 3.8 and later, nothing of Bancada's other parts: the folder is copied to
`<home>/runtime/<hash>/bancada_runtime` and started from there by the interpreters of users' environments, so that
an upgrade of the server never changes what is running.
"""

__all__ = []  # type: ignore[var-annotated]
