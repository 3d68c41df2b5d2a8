"""The API: what the pages show, as JSON under a versioned address. As on a page, reading may start a fetch.

`routes` answers about listeners, `release_years` about any albums, by models in `answers`, of which `document` is
made.
"""
