"""Pictures to share or to keep, as SVG, in three shapes, light and dark; for pages and the command line.

`drawing` draws a `content`, `layout` says where everything stands, `text` makes lines fit, `fonts` measures them.
"""
