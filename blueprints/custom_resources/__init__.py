"""The function behind the custom resources of other stacks, as a stack of its own."""
