"""cfn-lint with our rules beside its own, and what it finds."""
