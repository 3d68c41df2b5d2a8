"""Jobs: what the web asks of the worker, over RQ. Jobs go by name, so that nothing here imports the worker."""
