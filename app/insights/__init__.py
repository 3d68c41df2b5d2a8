"""The musical age: that of somebody whose youth fell into the five release years played most above others.

The musical age, where a year stands among all years counted here, and what is unusual about it. Imports
`app.charts.release_years` and nothing else of the app.
"""
