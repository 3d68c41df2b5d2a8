"""Upkeep of the app database: dumps, names forgotten for good, room for new years, rows that nothing needs."""
