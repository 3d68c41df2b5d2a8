"""What is shared of a page: pictures in three shapes, badges, embeds, and snippets for other sites.

`panel` offers all of it. `answers`, `options`, `favourites` and `snippets` import no page; the others may.
"""
