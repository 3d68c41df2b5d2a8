"""Live progress, from Redis to every open page: `subscriptions` is part of the context, `routes` uses it."""
