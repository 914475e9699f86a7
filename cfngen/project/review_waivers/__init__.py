"""Waivers of the review, as a project or a repository without one keeps them."""
