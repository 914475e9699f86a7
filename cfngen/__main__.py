"""Runs cfngen as `python -m cfngen`."""

from cfngen.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
