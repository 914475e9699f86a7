"""What several blueprints share: payloads that they embed, and parts of their templates."""
