"""The formats of a review: one module each, of the format's name.

A module in this directory *is* a format; nothing lists it elsewhere. It has one function,
`render(review: Review, options: Options) -> str`. `cfngen review` takes its name as `--format`.
"""
