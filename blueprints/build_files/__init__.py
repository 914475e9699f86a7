"""A file system that builds in a VPC keep between them."""
