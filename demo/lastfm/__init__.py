"""A stand-in for Last.fm: its API and its profile pages, with invented listeners and faults on demand."""
