"""What blueprints are written with: parameters, options, payloads, policies, the template."""
