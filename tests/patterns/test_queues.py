"""A queue for what rules could not deliver."""

from __future__ import annotations

from troposphere import GetAtt, encode_to_dict

from cfngen.patterns import dead_letters

RULES = [GetAtt("Push", "Arn"), GetAtt("Reconcile", "Arn")]


def test_the_queue_is_encrypted_with_a_key_that_eventbridge_may_use() -> None:
    """SQS's own: under the key AWS manages for the account, EventBridge cannot write."""
    queue = dead_letters("Lost", rules=RULES, reason="To test.").queue.to_dict()
    assert queue["Properties"]["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in queue["Properties"]
    assert "FifoQueue" not in queue["Properties"], "a rule's must be a standard queue"


def test_what_was_lost_is_kept_as_long_as_sqs_can() -> None:
    """14 days, and not beyond the stack."""
    queue = dead_letters("Lost", rules=RULES, reason="To test.").queue.to_dict()
    assert queue["Properties"]["MessageRetentionPeriod"] == 1_209_600
    assert queue["DeletionPolicy"] == queue["UpdateReplacePolicy"] == "Delete"


def test_only_the_rules_that_were_named_write_there() -> None:
    """EventBridge may, on behalf of these rules; and who is given the right may send, no more."""
    lost = dead_letters("Lost", rules=RULES, reason="To test.")
    statement, tls_only = lost.policy.to_dict()["Properties"]["PolicyDocument"]["Statement"]
    assert tls_only["Effect"] == "Deny"
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": [rule.to_dict() for rule in RULES]}
    }
    right = encode_to_dict(lost.may_send)
    assert right["Action"] == "sqs:SendMessage"
    assert right["Resource"] == lost.arn.to_dict()
