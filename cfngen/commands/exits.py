"""The exit codes of the command line."""

FINE, FINDINGS, CANNOT, STOPPED, HUNG_UP = 0, 1, 2, 130, 141
