"""What AWS refuses although a template is well-formed, as rules of the linter.

Each module of this directory lists the rules that it has in `RULES`, and nothing lists them
elsewhere; `cfn_lint` hands them to cfn-lint.
"""
