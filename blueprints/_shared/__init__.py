"""Payloads that several blueprints embed."""
