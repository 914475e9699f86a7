"""Acme's blueprints: each folder here that has a `blueprint.py` is one."""
