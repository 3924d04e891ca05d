"""The parts of the scoring gateway: table, balance, links to replicas, HTTP, metrics, control.

`bancada.faces.scoring` puts them together. Nothing here imports the engine, the database or pydantic: the
gateway starts and runs alone, from the file that the server publishes.
"""

__all__: list[str] = []
