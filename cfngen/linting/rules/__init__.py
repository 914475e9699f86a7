"""What AWS refuses although a template is well-formed, as rules of the linter."""
