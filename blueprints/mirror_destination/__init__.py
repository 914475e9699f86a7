"""A role in another account that a Fargate mirror may push with."""
