"""A build each night, and mail when it fails."""
