"""A change could hide in what was not compared."""
