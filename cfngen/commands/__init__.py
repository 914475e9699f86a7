"""The commands, each with what it needs to be asked; `cfngen.cli` gathers them."""
