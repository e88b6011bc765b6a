"""The control centre: one more face of the store, on a terminal or as a web page."""
