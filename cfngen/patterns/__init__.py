"""Building blocks whose defaults are the safe ones."""
