"""A command sent twice acts once, whichever workers it meets."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.workers import apis_on_each, viewers_on_each


@pytest.fixture
def apis(cluster, connect):
    return apis_on_each(cluster, connect) + apis_on_each(cluster, connect)


def at_once(apis, call):
    with ThreadPoolExecutor(len(apis)) as pool:
        return list(pool.map(call, apis))


def test_a_repeat_through_other_workers_at_the_same_time_acts_once(
    cluster, operator, room, apis, viewer_factory
):
    (viewer, *_) = viewers_on_each(cluster, room, viewer_factory)
    key = {"Idempotency-Key": "create-the-keynote"}

    created = at_once(apis, lambda api: api.create_timer(room, "Keynote", headers=key))

    assert len({timer["id"] for timer in created}) == 1
    assert all(timer == created[0] for timer in created)
    state = operator.state(room.share_token)
    assert state["revision"] == 2
    assert state["timers"] == created[:1]
    viewer.wait_for("timer-created")
    viewer.call("ping")
    assert len(viewer.events("timer-created")) == 1


def test_only_the_first_answer_is_not_a_replay(room, apis):
    path = f"/api/rooms/{room.id}/timers"
    timer = {"title": "Keynote", "duration": 60_000}
    key = {"Idempotency-Key": "create-the-keynote"}

    answers = at_once(
        apis, lambda api: api.request("POST", path, timer, room.admin_token, key)
    )

    assert {answer.status for answer in answers} == {201}
    replayed = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None, *["true"] * (len(apis) - 1)]


def test_different_keys_act_each(operator, room, apis):
    keys = [{"Idempotency-Key": f"timer-{number}"} for number in range(len(apis))]

    with ThreadPoolExecutor(len(apis)) as pool:
        created = list(
            pool.map(
                lambda api, key: api.create_timer(room, "Heat", headers=key),
                apis,
                keys,
            )
        )

    assert len({timer["id"] for timer in created}) == len(apis)
    assert operator.state(room.share_token)["revision"] == 1 + len(apis)
