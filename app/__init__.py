"""LastYear.fm, the application: its data, what it asks of the worker, its pages."""

VERSION = "0.1.0"
