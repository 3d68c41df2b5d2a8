"""Commands of `lastyear` that are more than a line of `worker.cli`: on listeners, the site, dumps and opt-outs."""
