"""The forms in which scanners take waivers, a module each, found by walking this directory.

A module has `SCANNER`, the scanner's name in `Waiver.rule`; `file(name)`, where the file of a
template goes, below a directory of the scanner's name; and `text(name, document, waivers)`, what
is in it, where `waivers` are those of the scanner by logical ID.
"""
