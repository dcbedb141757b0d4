"""Variables, connections, pools and backfills over the API; what is secret goes in and never comes out."""

from __future__ import annotations

import pytest

SECRET = "canary-9f2c"


def test_variables_are_set_changed_and_removed(api):
    made = api.send("POST", "variables", {"key": "team/size", "value": {"n": 3}, "description": "how many"}, 201)
    assert made == {
        "key": "team/size",
        "value": '{"n": 3}',
        "description": "how many",
        "is_encrypted": True,
        "team_name": None,
    }
    assert api.ask("POST", "variables", {"key": "team/size", "value": "x"}).status == 409
    changed = api.send("PATCH", "variables/team%2Fsize", {"key": "team/size", "value": "4"}, update_mask="value")
    assert (changed["value"], changed["description"]) == ("4", "how many")
    assert api.get("variables", variable_key_prefix_pattern="team")["total_entries"] == 1
    assert api.ask("PATCH", "variables/team%2Fsize", {"key": "other", "value": "4"}).status == 400
    api.send("DELETE", "variables/team%2Fsize", status=204)
    assert api.ask("DELETE", "variables/team%2Fsize").status == 404
    assert api.ask("GET", "variables/team%2Fsize").status == 404


def test_a_variable_that_sounds_secret_is_never_told_and_survives_being_sent_back(api):
    made = api.send("POST", "variables", {"key": "api_token", "value": SECRET}, 201)
    assert made["value"] == "***"
    api.send("PATCH", "variables/api_token", {**{k: made[k] for k in ("key", "value")}, "description": "new"})
    assert api.place("variables", "get", "api_token").out.strip() == SECRET
    assert SECRET.encode() not in api.ask("GET", "variables").body
    inside = api.send("POST", "variables", {"key": "settings", "value": {"password": SECRET, "n": 1}}, 201)
    assert SECRET not in inside["value"]
    for key in ("api_token", "settings"):
        api.send("DELETE", f"variables/{key}", status=204)


def test_connections_tell_all_but_their_secrets(api):
    body = {
        "connection_id": "shop",
        "conn_type": "postgres",
        "host": "db.example",
        "login": "reader",
        "password": SECRET,
        "port": 5432,
        "schema": "public",
        "extra": '{"sslmode": "require", "api_key": "' + SECRET + '"}',
    }
    made = api.send("POST", "connections", body, 201)
    assert (made["host"], made["port"], made["schema"], made["password"]) == ("db.example", 5432, "public", "***")
    assert "require" in made["extra"]
    assert SECRET not in str(made)
    assert api.ask("POST", "connections", body).status == 409
    again = {name: made[name] for name in body}
    api.send("PATCH", "connections/shop", {**again, "host": "other.example"})
    kept = api.place("connections", "get", "shop", "--json").json
    assert kept["host"] == "other.example"
    assert SECRET in str(kept)
    assert api.get("connections", connection_id_pattern="ho")["total_entries"] == 1
    assert SECRET.encode() not in api.ask("GET", "connections").body
    for path in ("connections/test", "connections/enqueue-test"):
        assert api.ask("POST", path, body).status == 403
    api.send("DELETE", "connections/shop", status=204)
    assert api.ask("GET", "connections/shop").status == 404


@pytest.mark.parametrize(
    "wrong", [{"port": "many"}, {"extra": "no json"}, {"connection_id": "a b"}, {"conn_type": ""}, {"unknown": 1}]
)
def test_a_wrong_connection_is_refused_without_repeating_its_password(api, wrong):
    body = {"connection_id": "wrong", "conn_type": "http", "password": SECRET, **wrong}
    answer = api.ask("POST", "connections", body)
    assert answer.status == 422
    assert answer.json["detail"]
    assert SECRET.encode() not in answer.body


def test_pools_are_made_changed_and_removed(api):
    made = api.send("POST", "pools", {"name": "gpu", "slots": 2, "description": "cards"}, 201)
    assert (made["open_slots"], made["occupied_slots"], made["include_deferred"]) == (2, 0, False)
    assert api.ask("POST", "pools", {"name": "gpu", "slots": 2}).status == 409
    assert api.send("PATCH", "pools/gpu", {"slots": 5})["slots"] == 5
    assert (
        api.send("PATCH", "pools/gpu", {"slots": 7, "description": "x"}, update_mask="slots")["description"] == "cards"
    )
    assert [one["name"] for one in api.get("pools")["pools"]] == ["default_pool", "gpu"]
    assert api.ask("PATCH", "pools/default_pool", {"description": "x"}).status == 400
    assert api.ask("DELETE", "pools/default_pool").status == 400
    api.send("DELETE", "pools/gpu", status=204)
    assert api.ask("DELETE", "pools/gpu").status == 404
    assert api.ask("POST", "pools", {"name": "gpu", "slots": -2}).status == 422


@pytest.mark.parametrize(
    ("what", "first", "second"),
    [
        ("variables", {"key": "b1", "value": "1"}, {"key": "b2", "value": "2"}),
        ("connections", {"connection_id": "b1", "conn_type": "http"}, {"connection_id": "b2", "conn_type": "http"}),
        ("pools", {"name": "b1", "slots": 1}, {"name": "b2", "slots": 1}),
    ],
)
def test_many_are_changed_at_once_and_each_action_says_what_became_of_it(api, what, first, second):
    def bulk(*actions):
        return api.send("PATCH", what, {"actions": list(actions)})

    create = {"action": "create", "entities": [first]}
    assert bulk(create)["create"] == {"success": ["b1"], "errors": []}
    told = bulk({**create, "entities": [first, second]}, {"action": "delete", "entities": ["none"]})
    assert (told["create"]["success"], told["create"]["errors"][0]["status_code"]) == ([], 409)
    assert (told["delete"]["success"], told["delete"]["errors"][0]["status_code"]) == ([], 404)
    told = bulk({**create, "entities": [first, second], "action_on_existence": "skip"})
    assert told["create"]["success"] == ["b2"]
    told = bulk({"action": "update", "entities": [first]}, {"action": "delete", "entities": ["b1", second]})
    assert (told["update"]["success"], told["delete"]["success"]) == (["b1"], ["b1", "b2"])
    assert api.get(what)["total_entries"] == (1 if what == "pools" else 0)


def test_a_backfill_is_looked_at_begun_paused_and_cancelled(api):
    body = {"dag_id": "flow", "from_date": "2026-03-10T00:00:00Z", "to_date": "2026-03-12T23:00:00Z"}
    dates = api.send("POST", "backfills/dry_run", body)["backfills"]
    assert [one["logical_date"][:10] for one in dates] == ["2026-03-10", "2026-03-11", "2026-03-12"]
    made = api.send("POST", "backfills", {**body, "max_active_runs": 1})
    assert (made["dag_id"], made["is_paused"], made["max_active_runs"]) == ("flow", False, 1)
    assert api.get("backfills", dag_id="flow")["total_entries"] == 1
    assert api.get("backfills", dag_id="flow")["backfills"][0]["id"] == made["id"]
    paused = api.ask("PUT", f"backfills/{made['id']}/pause")
    assert paused.status in (200, 409)  # it may have been done already
    cancelled = api.ask("PUT", f"backfills/{made['id']}/cancel")
    assert cancelled.status in (200, 409)
    assert api.get(f"backfills/{made['id']}")["completed_at"] is not None
    assert api.ask("PUT", f"backfills/{made['id']}/unpause").status == 409
    assert api.ask("GET", "backfills/99").status == 404
    assert api.ask("POST", "backfills", {**body, "to_date": "2026-03-01T00:00:00Z"}).status == 400
    assert api.ask("POST", "backfills", {**body, "dag_id": "none"}).status == 404
