"""What a deployment needs: a role of least privilege, and the commands in order."""
