"""The container image of the Fargate mirrors, built by a stack of its own."""
