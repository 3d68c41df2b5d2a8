"""Plays: what was played in a year, by album and by release year: lists, counts, what stands out."""
