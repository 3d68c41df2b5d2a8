"""The geometry of pictures: plain numbers in, positions and paths out. Imports nothing of the rest of the app."""
