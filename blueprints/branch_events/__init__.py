"""Lets a branch builder in another account build the repositories of this one."""
