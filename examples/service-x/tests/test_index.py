"""What the worker does with messages."""

import contextlib
import io
import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

import index


class Worker(unittest.TestCase):
    """The handler, called as Lambda does."""

    def work(self, *bodies):
        """Return the answer, and the lines of log."""
        records = [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]
        os.environ["AWS_REGION"] = "eu-west-1"
        with contextlib.redirect_stdout(io.StringIO()) as said:
            answer = index.handler({"Records": records}, None)
        return answer, [json.loads(line) for line in said.getvalue().splitlines()]

    def test_each_job_is_told_with_its_region(self):
        """One line each."""
        answer, lines = self.work('{"job": "a"}', '{"job": "b"}')
        self.assertEqual(answer, {"batchItemFailures": []})
        self.assertEqual(lines, [{"job": job, "region": "eu-west-1"} for job in "ab"])

    def test_what_is_no_job_fails_alone(self):
        """The others of the batch are done."""
        answer, lines = self.work("nonsense", '{"job": "b"}', "[]", "{}")
        failed = [item["itemIdentifier"] for item in answer["batchItemFailures"]]
        self.assertEqual(failed, ["0", "2", "3"])
        self.assertEqual(len(lines), 1)


if __name__ == "__main__":
    unittest.main()
