"""Logs: lines without secrets (`lines`) or names of listeners (`names`), as the settings want them (`setup`)."""
