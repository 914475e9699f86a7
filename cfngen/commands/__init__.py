"""The commands: a file each, of the command's name with underscores for dashes.

A file defines `command`, a `click.Command` whose short help fits a line of 80 columns, and imports
what is slow where it is used, since `cfngen --help` imports every file here. A file that begins
with an underscore is no command. `FORMER_NAMES` lists names that the command had in the last
release: they go on working, with a warning.
"""
