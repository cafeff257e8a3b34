"""Senders that waybill.toml declares: signed in their own header, known by their own key, mapped to a task."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.datastructures import Headers

from resources.domain.configuration import Adapter, Configuration
from resources.webhooks.adapter import DeliveryInvalidError, MakeTask, WantedTask, WebhookAdapter
from resources.webhooks.declared import DeclaredWebhook
from resources.webhooks.routes import AdapterInvalidError, NoRouteError, Routes
from tests.resources.webhooks.clickup_samples import signature

MAPPING = {"name": "Answer $.form", "type": "$.form.kind", "client": "acme", "body": "$.answers.1.text"}
DELIVERY: dict[str, Any] = {
    "event": {"id": 77},
    "form": {"kind": "knowledge_note", "title": "x"},
    "answers": [{"text": "no"}, {"text": "yes"}],
}


def adapter(**changed: object) -> Adapter:
    return Adapter.model_validate(
        {
            "path": "forms/typed",
            "signature_header": "X-Form-Signature",
            "secret_setting": "WAYBILL_WEBHOOK_SECRET_FORMS",
            "key": "event.id",
            "task": MAPPING,
            **changed,
        }
    )


def declared(**changed: object) -> DeclaredWebhook:
    return DeclaredWebhook("forms", adapter(**changed))


def configured(**adapters: Adapter) -> Configuration:
    return Configuration.model_validate({"webhooks": {name: each.model_dump() for name, each in adapters.items()}})


def test_AP_2_a_declared_adapter_is_one_like_any_other() -> None:
    routes = Routes.of(configured(forms=adapter()))
    found = routes.get("forms/typed")
    assert isinstance(found, WebhookAdapter)
    assert found.secret_setting == "WAYBILL_WEBHOOK_SECRET_FORMS"
    assert found.key({}, DELIVERY) == "77"
    assert routes.work("forms/typed", DELIVERY) == MakeTask(
        WantedTask("Answer $.form", "knowledge_note", "acme", body="yes")
    )


@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_its_signature_stands_in_its_own_header(prefix: str) -> None:
    raw = json.dumps(DELIVERY).encode()
    good = prefix + signature(raw, "s")
    assert declared().verify(Headers({"x-form-signature": good}), raw, "s")
    assert not declared().verify(Headers({"X-Signature": good}), raw, "s")
    assert not declared().verify(Headers({"X-Form-Signature": good}), raw + b"\n", "s")


@pytest.mark.parametrize("path", ["event.absent", "event", "answers.2.text", "answers.x", "event.id.deeper"])
def test_a_place_that_a_delivery_lacks_is_named(path: str) -> None:
    with pytest.raises(DeliveryInvalidError, match=path):
        declared(key=path).key({}, DELIVERY)
    with pytest.raises(DeliveryInvalidError, match=path):
        declared(task=MAPPING | {"name": f"$.{path}"}).work(DELIVERY)


def test_AP_4_a_task_type_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(AdapterInvalidError, match="press_release") as told:
        Routes.of(configured(forms=adapter(task=MAPPING | {"type": "press_release"})))
    assert "knowledge_note" in str(told.value)


def test_AP_4_a_delivery_that_names_no_task_type_of_ours_is_told() -> None:
    routes = Routes.of(configured(forms=adapter()))
    with pytest.raises(DeliveryInvalidError, match="press_release"):
        routes.work("forms/typed", DELIVERY | {"form": {"kind": "press_release"}})


def test_AP_4_a_route_whose_adapter_is_gone_is_told() -> None:
    with pytest.raises(NoRouteError, match="forms/typed"):
        Routes.of(Configuration()).work("forms/typed", DELIVERY)


def test_two_adapters_of_one_route_stop_the_start_and_both_are_named() -> None:
    with pytest.raises(AdapterInvalidError, match=r"webhooks\.two.*webhooks\.one"):
        Routes.of(configured(one=adapter(), two=adapter()))


def test_clickup_is_a_route_only_where_a_workspace_is_configured() -> None:
    assert Routes.of(Configuration()).get("clickup") is None
    with_clickup = Configuration.model_validate({"clickup": {"team": "1", "spaces": ["2"]}})
    assert Routes.of(with_clickup).get("clickup") is not None


def test_a_path_with_dots_is_refused() -> None:
    with pytest.raises(ValidationError):
        adapter(path="../x")
