"""A timeline as text, as a picture and as data."""
