"""What commands share: the terminal, exit codes, the project, options."""
