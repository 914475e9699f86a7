"""The program that mirrors, published by a stack of its own for all stacks that run it."""
