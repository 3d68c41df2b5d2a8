"""Live progress, from Redis to every open page. `subscriptions` and `open_pages` are part of the context."""
