"""Messages on a real broker, and one that is really away."""

import logging
import time
from collections.abc import Iterator

import pytest
from celery import current_app

from common.broker import send, waiting_messages
from tests.broker import private_broker, silent_broker, unreachable_broker

TASK = "labeling.tasks.deliver_webhook"


@pytest.fixture
def broker(embedded_services: None) -> Iterator[None]:
    """A real broker without messages."""
    with private_broker():
        yield


def test_each_id_is_a_message_in_the_named_queue(broker: None) -> None:
    assert send(TASK, 1, 2, 3, queue="lens") == 3
    assert (waiting_messages("lens"), waiting_messages("train")) == (3, 0)


def test_without_a_queue_the_settings_route_the_task(broker: None) -> None:
    assert send(TASK, 7) == 1
    assert waiting_messages(current_app.conf.task_default_queue) == 1


def test_nothing_to_send_is_nothing_sent(broker: None) -> None:
    assert send(TASK) == 0


def test_a_broker_that_is_away_raises_nothing_and_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    with unreachable_broker(), caplog.at_level(logging.WARNING, logger="common.broker"):
        assert send(TASK, 1, 2, queue="lens") == 0
        assert waiting_messages("lens") is None
    (warning,) = caplog.records
    assert f"A sweep will send {TASK} for 1, 2 again." in warning.getMessage()
    assert "127.0.0.1:1" in warning.getMessage()


def test_a_broker_that_took_the_call_and_says_nothing_is_given_up_within_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun = time.monotonic()
    with silent_broker(), caplog.at_level(logging.WARNING, logger="common.broker"):
        assert waiting_messages("lens") is None
        assert send(TASK, 1, 2, queue="lens") == 0
    assert time.monotonic() - begun < 20
    (warning,) = caplog.records
    assert f"A sweep will send {TASK} for 1, 2 again." in warning.getMessage()


def test_an_address_that_says_nothing_is_given_up_within_seconds(broker: None) -> None:
    with current_app.connection_for_read() as connection:
        pool = connection.default_channel.client.connection_pool
        assert pool.connection_kwargs["socket_connect_timeout"] == 5
