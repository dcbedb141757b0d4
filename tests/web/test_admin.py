"""What the admin screens ask for beside Airflow's API: accounts, grants, tokens, who did what, settings."""

from __future__ import annotations

import json

from .conftest import Api
from .test_accounts import ask

OWN = "/api/venturi/v1"
PASSWORD = "seven herons by the lake"


def test_an_account_is_made_changed_and_removed_and_each_step_is_written_down(api: Api) -> None:
    made = api.send("POST", f"{OWN}/accounts", {"name": "eve", "role": "viewer", "password": PASSWORD}, 201)
    assert (made["role"], made["grants"], made["disabled"]) == ("viewer", {}, False)
    assert api.ask("POST", f"{OWN}/sign-in", {"username": "eve", "password": PASSWORD}).status == 200
    assert api.ask("POST", f"{OWN}/accounts", {"name": "eve", "password": PASSWORD}).status == 409
    assert api.send("PUT", f"{OWN}/accounts/eve/grants", {"dag": "flow", "role": "user"})["grants"] == {"flow": "user"}
    assert api.send("PUT", f"{OWN}/accounts/eve/grants", {"dag": "flow", "role": "none"})["grants"] == {}
    changed = api.send("PATCH", f"{OWN}/accounts/eve", {"role": "operator", "disabled": True})
    assert (changed["role"], changed["disabled"]) == ("operator", True)
    assert api.ask("POST", f"{OWN}/sign-in", {"username": "eve", "password": PASSWORD}).status == 401
    assert api.ask("DELETE", f"{OWN}/accounts/eve").status == 204
    assert "eve" not in [one["name"] for one in api.get(f"{OWN}/accounts")["accounts"]]
    said = [line["what"] for line in api.get(f"{OWN}/audit", text="EVE")["lines"]]
    for what in ("account removed", "account disabled", "role set", "grant set", "account created"):
        assert what in said
    assert PASSWORD not in json.dumps(api.get(f"{OWN}/audit"))


def test_a_bad_name_and_a_weak_password_are_refused_with_the_field_they_stand_in(api: Api) -> None:
    weak = api.ask("POST", f"{OWN}/accounts", {"name": "mallory", "password": "passwordpassword"})
    assert weak.status == 422
    assert weak.json["detail"][0]["msg"].startswith("password: ")
    bad = api.ask("POST", f"{OWN}/accounts", {"name": "a:b", "password": PASSWORD})
    assert bad.json["detail"][0]["msg"].startswith("name: ")
    assert api.ask("PATCH", f"{OWN}/accounts/nobody", {"role": "user"}).status == 404


def test_a_token_is_told_once_works_and_ends_when_it_is_revoked(api: Api) -> None:
    made = api.send("POST", f"{OWN}/tokens", {"name": "nightly", "role": "viewer", "days": 1}, 201)
    assert ask(api, "GET", "/api/v2/dags", made["token"]).status == 200
    assert ask(api, "GET", f"{OWN}/accounts", made["token"]).status == 403
    listed = api.get(f"{OWN}/tokens")
    assert made["id"] in [one["id"] for one in listed["tokens"]]
    assert made["token"] not in json.dumps(listed)
    assert api.ask("DELETE", f"{OWN}/tokens/{made['id']}").status == 204
    assert ask(api, "GET", "/api/v2/dags", made["token"]).status == 401
    assert api.ask("DELETE", f"{OWN}/tokens/{made['id']}").status == 404


def test_who_is_admin_of_one_dag_alone_does_not_reach_accounts(api: Api) -> None:
    token = api.place("token", "create", "of one", "--role", "none", "--grant", "flow=admin").out.strip()
    for path in ("accounts", "tokens", "audit", "settings"):
        assert ask(api, "GET", f"{OWN}/{path}", token).status == 403, path
    grant = {"dag": "flow", "role": "admin"}
    assert ask(api, "PUT", f"{OWN}/accounts/flow/grants", token, grant).status == 403


def test_what_is_looked_for_in_the_audit_is_text_and_no_pattern(api: Api) -> None:
    assert api.get(f"{OWN}/audit", text="%")["lines"] == []
    newest = api.get(f"{OWN}/audit", limit=2)["lines"]
    assert [one["id"] for one in newest] == sorted((one["id"] for one in newest), reverse=True)
    older = api.get(f"{OWN}/audit", before=newest[-1]["id"], limit=1)["lines"]
    assert older[0]["id"] == newest[-1]["id"] - 1


def test_settings_say_where_they_come_from_and_no_value_unless_that_is_asked_for(api: Api) -> None:
    told = api.get(f"{OWN}/settings")
    sources = {one["name"]: one["source"] for one in told["settings"]}
    assert sources["callback_time_limit_s"] == "default"
    assert told["retention"]["keep_runs_min"] == 20
    assert told["shown"] or all(one["value"] is None for one in told["settings"])
