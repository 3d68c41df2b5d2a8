"""Comparing: the year of two listeners in one chart, and of up to six in small ones."""
