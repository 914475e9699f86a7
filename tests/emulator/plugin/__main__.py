"""Ministack with what it lacks of our templates' services; run by ministack's own Python.

It rests on names inside of ministack, which `internals.py` lists and checks before anything else.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Its own parts, the tests' check of requests, and the check of values that this one shares.
sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

import internals

if changed := internals.changed():
    sys.exit("\n".join([internals.CHANGED, *changed]))

import acting
import assuming
import authorization
import behind
import builds
import control
import custom_resources
import evidence
import exports
import functions
import gateway
import lambdas
import networks
import patience
import policies
import polling
import receipts
import resources
import roles
import targets
import tasks
import valid
from ministack import app

import integrations

for part in (
    authorization,
    assuming,
    behind,
    builds,
    control,
    custom_resources,
    evidence,
    exports,
    functions,
    lambdas,
    integrations,
    patience,
    receipts,
    resources,
    networks,
    policies,
    polling,
    gateway,
    roles,
    targets,
    tasks,
    valid,
    acting,  # around what all others have changed of CloudFormation
):
    part.plug_in()
app.main()
