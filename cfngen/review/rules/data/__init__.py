"""Data that is lost, or may be."""
