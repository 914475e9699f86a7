"""The exit codes of the command line.

`CANNOT` is for mistakes of the user and mistakes in a blueprint. `BUG` is for an exception that
nobody expected, in cfngen or cfn-lint; it is EX_SOFTWARE of sysexits.h, so that a gate that asks
for findings does not take it for one.
"""

FINE, FINDINGS, CANNOT, BUG, STOPPED, HUNG_UP = 0, 1, 2, 70, 130, 141
