"""A line in a log every hour, as a sign of life."""
