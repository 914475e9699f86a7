"""A small network for builds that must come from a known address."""
