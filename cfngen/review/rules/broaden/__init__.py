"""Somebody may do more than before."""
