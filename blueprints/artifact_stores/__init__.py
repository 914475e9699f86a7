"""Where pipelines keep what they deploy, in every region they deploy to."""
