"""The blueprints that ship with cfngen, one folder each."""
