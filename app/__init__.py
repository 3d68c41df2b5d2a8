"""The application: settings, events, its data (`store`), what it asks of the worker (`jobs`), its pages (`web`).

It imports no worker, and of the mirror only the module that is made for pages.
"""

VERSION = "0.1.0"
