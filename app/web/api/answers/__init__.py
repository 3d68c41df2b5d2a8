"""The API's answers as models, from which its document is generated too, so that the two cannot differ.

`common` has what several of them share.
"""
