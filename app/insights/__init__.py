"""Insights into a listener's year: the musical age, where it stands among all years, and what is unusual about it.

Imports `app.charts.release_years` and `app.formatting`, and nothing else of the app.
"""
