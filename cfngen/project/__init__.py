"""A project: which templates it makes, of which blueprints, and where they are written."""
