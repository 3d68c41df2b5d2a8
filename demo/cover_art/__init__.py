"""A stand-in for the Cover Art Archive, with covers that are drawn."""
