"""Resources that are replaced."""
