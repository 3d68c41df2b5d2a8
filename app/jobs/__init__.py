"""Jobs: what the web asks of the worker, over RQ. Jobs go by name, so that nothing here imports the worker.

`enqueue` queues them, after a claim where a year is fetched; `queues` says where they wait, `lines` and `backlog`
in which order, and `stored_job` what each is in Redis. `job_status`, `queue_status` and `workers` tell how they
are, and `recovery` has lost ones queued again. `admin`, `forget`, `removal` and `canary` are for what the operator
or a listener asks for; `log_context` for the log.
"""
