"""The container image of the branch builder's workers, built by a stack of its own."""
