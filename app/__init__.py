"""The application: settings, events, its data (`store`), what it asks of the worker (`jobs`), what both
tell each other in Redis (`redis`), its pages (`web`).

It imports no worker, and of the mirror only the module that is made for pages.
"""

from importlib.metadata import version

VERSION = version("lastyear")
"""That of pyproject.toml, as the installed package has it; on a server with the commit: 0.1.0+g1234567."""
