"""The worker: fetches a listener's year from Last.fm and enriches it from the mirror."""
