"""Commands of `lastyear` that are more than a line of `worker.cli`: for the site's day, its dumps and opt-outs."""
