"""Backlog's webhook starts a build that mirrors its repository into CodeCommit."""
