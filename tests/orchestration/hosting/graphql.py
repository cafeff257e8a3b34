"""Asks a running `up` as a browser does."""

import json
from collections import Counter
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

_LAUNCH = """mutation($job: String!) { launchRun(executionParams: {
  selector: {jobName: $job, repositoryLocationName: "waybill", repositoryName: "__repository__"}, runConfigData: "{}"
}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_STATUSES = "{ runsOrError(limit: 100) { ... on Runs { results { runId status } } } }"


def ask(url: str, query: str, **variables: str) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=30) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    return dict(answer["data"])


def launch(url: str, job: str) -> str:
    """The id of the run that was launched."""
    result = ask(url, _LAUNCH, job=job)["launchRun"]
    assert result["__typename"] == "LaunchRunSuccess", result
    return str(result["run"]["runId"])


def statuses(url: str) -> dict[str, str]:
    """Status by run id, of every run."""
    return {run["runId"]: run["status"] for run in ask(url, _STATUSES)["runsOrError"]["results"]}


def counted(url: str) -> Counter[str]:
    """How many runs are in each status."""
    return Counter(statuses(url).values())
