"""Undo: what a command did is taken back, unless something is in the way."""

import json

import pytest

from tests.api.people import operator_of
from tests.support.waiting import wait_until

MINUTE = 60_000


class Desk:
    """Somebody at a desk of a room."""

    def __init__(self, api, room, token):
        self.api = api
        self.room = room
        self.token = token

    def send(self, method, path, body=None, headers=None):
        return self.api.request(method, path, body, self.token, headers)

    def undo(self, revision=None, headers=None):
        body = {} if revision is None else {"revision": revision}
        return self.send("POST", f"/api/rooms/{self.room.id}/undo", body, headers)

    def done(self, answer):
        assert answer.ok, answer.text
        return answer.json

    def update(self, timer, **fields):
        return self.done(self.send("PUT", f"/api/timers/{timer['id']}", fields))

    def play(self, command, timer):
        return self.done(self.send("POST", f"/api/timers/{timer['id']}/{command}"))

    def delete(self, timer):
        self.done(self.send("DELETE", f"/api/timers/{timer['id']}"))

    def choose(self, timer):
        chosen = timer and timer["id"]
        path = f"/api/rooms/{self.room.id}"
        return self.done(self.send("PUT", path, {"currentTimerId": chosen}))

    def create(self, title="Encore", duration=MINUTE):
        path = f"/api/rooms/{self.room.id}/timers"
        return self.done(
            self.send("POST", path, {"title": title, "duration": duration})
        )

    def reorder(self, *timers):
        path = f"/api/rooms/{self.room.id}/timers/reorder"
        ids = [timer["id"] for timer in timers]
        return self.done(self.send("POST", path, {"timerIds": ids}))

    def state(self):
        return self.api.state(self.room.share_token)

    def timer(self, timer):
        found = [t for t in self.state()["timers"] if t["id"] == timer["id"]]
        return found[0] if found else None


@pytest.fixture
def owner(api, room):
    return Desk(api, room, room.admin_token)


@pytest.fixture
def ada(api, room):
    return Desk(api, room, operator_of(api, room))


@pytest.fixture
def bob(api, room):
    return Desk(api, room, operator_of(api, room))


@pytest.fixture
def shown(owner):
    """What of the room a screen shows, without numbers and times of changes."""

    def shown():
        state = owner.state()
        timers = [{**timer, "revision": 0} for timer in state["timers"]]
        return {**state, "timers": timers} | dict.fromkeys(
            ("revision", "updatedAt", "serverTime"), 0
        )

    return shown


def refused(answer, code):
    assert (answer.status, answer.json["code"]) == (
        {"not-found": 404, "forbidden": 403}.get(code, 409),
        code,
    ), answer.text
    return answer.json


def test_an_edit_is_taken_back_as_one_revision(owner, timer, shown):
    before = shown()
    edited = owner.update(timer, title="Lecture", duration=90_000)

    undone = owner.done(owner.undo())

    assert shown() == before
    assert undone["revision"] == edited["revision"] + 1
    assert "timers" not in undone
    assert undone["shareToken"] == owner.room.share_token


def test_an_operator_who_undoes_is_not_shown_the_share_token(ada, timer):
    ada.update(timer, title="Lecture")

    assert "shareToken" not in ada.done(ada.undo())


def test_a_wrong_reset_taken_back_ends_at_the_same_millisecond(ada, timer):
    running = ada.play("start", timer)
    ada.play("reset", timer)

    ada.done(ada.undo())

    assert ada.timer(timer) == {**running, "revision": running["revision"] + 2}


def test_a_wrong_start_taken_back_shows_what_was_shown(ada, timer, shown):
    keynote = ada.create("Keynote")
    ada.play("start", timer)
    before = shown()
    ada.play("start", keynote)

    ada.done(ada.undo())

    assert shown() == before


def test_a_timer_that_was_deleted_comes_back_with_its_id(ada, timer, shown):
    ada.play("start", timer)
    before = shown()
    ada.delete(timer)

    ada.done(ada.undo())

    assert shown() == before


def test_a_timer_comes_back_though_the_screens_show_another_by_now(ada, bob, timer):
    keynote = ada.create("Keynote")
    running = ada.play("start", timer)
    ada.delete(timer)
    bob.choose(keynote)

    ada.done(ada.undo())

    assert ada.timer(timer)["endsAt"] == running["endsAt"]
    assert ada.state()["currentTimerId"] == keynote["id"]


def test_creating_choosing_and_reordering_are_taken_back(ada, timer, shown):
    keynote = ada.create("Keynote")
    before = shown()
    for act in (
        lambda: ada.create("Encore"),
        lambda: ada.choose(keynote),
        lambda: ada.reorder(keynote, timer),
    ):
        act()
        ada.done(ada.undo())

        assert shown() == before


def test_pausing_is_taken_back_as_if_it_had_never_stopped(ada, timer):
    running = ada.play("start", timer)
    ada.play("pause", timer)

    ada.done(ada.undo())

    assert ada.timer(timer)["endsAt"] == running["endsAt"]
    assert ada.timer(timer)["status"] == "running"


def test_what_ended_meanwhile_is_finished_at_its_exact_end(ada):
    brief = ada.create("Brief", 1_000)
    running = ada.play("start", brief)
    ada.play("reset", brief)
    wait_until(
        lambda: ada.state()["serverTime"] > running["endsAt"], "the end to have passed"
    )

    undone = ada.done(ada.undo())

    finished = ada.timer(brief)
    assert (finished["status"], finished["endsAt"]) == ("finished", running["endsAt"])
    assert finished["revision"] == undone["revision"] == running["revision"] + 3


@pytest.mark.parametrize("noticed", [True, False])
def test_a_finish_of_what_was_started_is_taken_back_with_it(ada, shown, noticed):
    brief = ada.create("Brief", 1_000)
    before = shown()
    running = ada.play("start", brief)
    wait_until(
        lambda: ada.state()["serverTime"] > running["endsAt"], "the end to have passed"
    )
    if noticed:
        # Whoever commands the room finds what time owes.
        ada.send("POST", f"/api/timers/{brief['id']}/pause")

    ada.done(ada.undo())

    assert shown() == before


def test_a_redo_is_the_undo_of_the_undo_and_can_be_undone_again(ada, timer, shown):
    before = shown()
    started = ada.play("start", timer)
    after = shown()

    undone = ada.done(ada.undo())
    redone = ada.done(ada.undo(undone["revision"]))
    assert shown() == after
    ada.done(ada.undo(redone["revision"]))
    assert shown() == before

    for taken_back in (started["revision"], undone["revision"], redone["revision"]):
        answer = refused(ada.undo(taken_back), "cannot-be-undone")
        assert "already undone" in answer["detail"]


def test_what_was_brought_back_is_the_caller_s_latest_command_again(ada, timer, shown):
    before = shown()
    ada.play("start", timer)
    ada.done(ada.undo(ada.done(ada.undo())["revision"]))

    ada.done(ada.undo())

    assert shown() == before


def test_undoing_again_and_again_goes_back_command_by_command(ada, timer):
    for title in ("One", "Two", "Three"):
        ada.update(timer, title=title)

    for title in ("Two", "One", "Opening"):
        ada.done(ada.undo())
        assert ada.timer(timer)["title"] == title
    refused(ada.undo(), "nothing-to-undo")


def test_two_operators_undos_do_not_touch_each_other_s_work(ada, bob, timer):
    keynote = ada.create("Keynote")
    ada.update(timer, title="Ada's")
    bob.update(keynote, title="Bob's")

    ada.done(ada.undo())
    assert (ada.timer(timer)["title"], ada.timer(keynote)["title"]) == (
        "Opening",
        "Bob's",
    )
    bob.done(bob.undo())
    assert ada.timer(keynote)["title"] == "Keynote"
    refused(bob.undo(), "nothing-to-undo")


def test_with_a_revision_anybody_s_command_is_taken_back(ada, bob, timer):
    edited = ada.update(timer, title="Lecture")

    bob.done(bob.undo(edited["revision"]))

    assert ada.timer(timer)["title"] == "Opening"
    refused(ada.undo(), "nothing-to-undo")


def test_what_is_the_owner_s_to_change_is_the_owner_s_to_undo(owner, ada):
    path = f"/api/rooms/{owner.room.id}"
    renamed = owner.done(owner.send("PUT", path, {"name": "Foyer"}))

    refused(ada.undo(renamed["revision"]), "forbidden")
    undone = owner.done(owner.undo())
    refused(ada.undo(undone["revision"]), "forbidden")

    assert owner.state()["name"] == "Main stage"


def reset_edited(ada, bob, timer):
    ada.play("start", timer)
    ada.play("reset", timer)
    bob.update(timer, duration=90_000)
    bob.update(timer, duration=MINUTE)


def start_started_again(ada, bob, timer):
    ada.play("start", timer)
    bob.play("reset", timer)
    bob.play("start", timer)


def edit_edited(ada, bob, timer):
    ada.update(timer, title="Ada's")
    bob.update(timer, title="Bob's")


def edit_deleted(ada, bob, timer):
    ada.update(timer, title="Ada's")
    bob.delete(timer)


def creation_chosen(ada, bob, timer):
    bob.choose(ada.create())


def creation_started(ada, bob, timer):
    created = ada.create()
    bob.play("start", created)
    bob.play("reset", created)
    bob.choose(None)


def choice_chosen(ada, bob, timer):
    ada.choose(timer)
    bob.choose(None)


def choice_of_one_that_is_gone(ada, bob, timer):
    keynote = bob.create("Keynote")
    bob.choose(keynote)
    ada.choose(timer)
    bob.delete(keynote)


def order_reordered(ada, bob, timer):
    keynote = bob.create("Keynote")
    ada.reorder(keynote, timer)
    bob.reorder(timer, keynote)


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        (reset_edited, {"duration", "remaining"}),
        (start_started_again, {"startedAt", "endsAt", "status"}),
        (edit_edited, {"title"}),
        (edit_deleted, {"id"}),
        (creation_chosen, {"currentTimerId"}),
        (creation_started, {"status", "startedAt", "endsAt"}),
        (choice_chosen, {"currentTimerId"}),
        (choice_of_one_that_is_gone, {"currentTimerId"}),
        (order_reordered, {"position"}),
    ],
)
def test_what_has_been_changed_since_is_in_the_way(ada, bob, timer, shown, act, fields):
    act(ada, bob, timer)
    before = shown()

    answer = refused(ada.undo(), "overtaken")

    assert shown() == before
    named = {name.rpartition(".")[2] for name in answer["errors"]}
    assert named == fields
    assert all(field in answer["detail"] for field in fields)


def test_what_was_in_the_way_and_is_undone_is_so_no_more(ada, bob, timer, shown):
    before = shown()
    ada.play("start", timer)
    bob.play("reset", timer)
    refused(ada.undo(), "overtaken")

    bob.done(bob.undo())
    ada.done(ada.undo())

    assert shown() == before


def test_what_is_brought_back_is_in_the_way_again(ada, bob, timer):
    ada.play("start", timer)
    bob.play("reset", timer)
    bob.done(bob.undo(bob.done(bob.undo())["revision"]))

    refused(ada.undo(), "overtaken")


def test_a_timer_that_was_deleted_and_brought_back_is_as_it_was(ada, bob, timer):
    ada.update(timer, duration=90_000)
    bob.delete(timer)
    bob.done(bob.undo())

    ada.done(ada.undo())

    assert ada.timer(timer)["duration"] == MINUTE


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/share-token"), ("POST", "/tokens"), ("DELETE", "/tokens")],
)
def test_tokens_are_not_undone_nor_what_came_before_them(owner, timer, method, path):
    owner.update(timer, title="Lecture")
    owner.done(owner.send(method, f"/api/rooms/{owner.room.id}{path}"))

    refused(owner.undo(), "cannot-be-undone")

    owner.done(owner.undo(3))


def test_neither_creating_a_room_nor_a_finish_can_be_undone(owner):
    refused(owner.undo(), "cannot-be-undone")
    refused(owner.undo(1), "cannot-be-undone")
    brief = owner.create("Brief", 1_000)
    running = owner.play("start", brief)
    wait_until(
        lambda: owner.state()["serverTime"] > running["endsAt"],
        "the end to have passed",
    )
    reset = owner.play("reset", brief)

    refused(owner.undo(reset["revision"] - 1), "cannot-be-undone")


def test_a_revision_that_is_not_in_the_log_is_not_found(owner):
    refused(owner.undo(2), "not-found")


def test_only_a_number_names_a_revision(owner):
    for wrong in (0, -1, "2", 2.5, 2**53, None):
        path = f"/api/rooms/{owner.room.id}/undo"
        answer = owner.send("POST", path, {"revision": wrong})
        assert (answer.status, list(answer.json["errors"])) == (422, ["revision"])


def test_a_deletion_is_not_undone_where_the_room_is_full_by_now(api, ada, timer):
    ada.delete(timer)
    deletion = ada.state()["revision"]
    for number in range(500):
        ada.create(f"No. {number}")

    answer = ada.undo(deletion)

    assert "500 timers" in refused(answer, "limit-reached")["detail"]


def test_an_undo_that_is_sent_twice_with_its_key_is_done_once(ada, timer):
    ada.update(timer, title="One")
    ada.update(timer, title="Two")
    key = {"Idempotency-Key": "undo-the-last-edit"}

    first, second = ada.undo(headers=key), ada.undo(headers=key)

    assert first.json == second.json
    assert second.headers["idempotency-replayed"] == "true"
    assert ada.timer(timer)["title"] == "One"


def test_an_undo_insists_on_a_revision_if_it_says_so(ada, bob, timer):
    edited = ada.update(timer, title="One")
    bob.create()

    answer = ada.undo(headers={"If-Match": f'"{edited["revision"]}"'})

    assert (answer.status, answer.json["code"]) == (412, "room-moved-on")
    assert ada.timer(timer)["title"] == "One"


def test_the_command_line_undoes_what_is_named(app, owner, timer):
    edited = owner.update(timer, title="Lecture")
    run = app.test_cli_runner().invoke
    words = ["room", "undo", owner.room.id]

    nothing = run(args=words)
    assert nothing.exit_code == 1
    assert "not undone already" in nothing.output
    undone = run(args=[*words, "--revision", str(edited["revision"])])

    assert json.loads(undone.stdout)["revision"] == edited["revision"] + 1
    assert owner.timer(timer)["title"] == "Opening"


def test_the_command_line_undoes_nothing_in_a_room_that_is_not_there(app, database):
    nowhere = "00000000-0000-0000-0000-000000000000"
    result = app.test_cli_runner().invoke(args=["room", "undo", nowhere])

    assert result.exit_code == 1
    assert "no such room" in result.output
