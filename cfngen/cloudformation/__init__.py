"""CloudFormation as it is: its YAML, its functions, its schemas, limits, regions and hours."""
