"""What is told of template fields: short, whole or not at all, and nothing of an author's is called for it."""

from __future__ import annotations

from typing import Any

from venturi.sdk.rendered import rendered_fields


class Loud:
    def __repr__(self) -> str:
        raise AssertionError("an author's object was asked")


class Some:
    template_fields = ("sql", "op_args", "op_kwargs", "nothing", "absent")

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def test_texts_are_whole_and_containers_short() -> None:
    given = {"n": 3, "who": "a'b", "all": list(range(30))}
    told = rendered_fields(Some(sql="select 1\nfrom t", op_args=[], op_kwargs=given, nothing=None))
    assert told["sql"] == "select 1\nfrom t"
    assert told["op_kwargs"].startswith("{'n': 3, 'who': 'a'b', 'all': [0, 1, 2,")
    assert told["op_kwargs"].endswith("19, … 10 more]}")
    assert list(told) == ["sql", "op_kwargs"]


def test_no_text_is_cut_in_two_and_no_object_asked() -> None:
    told = rendered_fields(Some(sql="x" * 30_000, op_args=("y" * 300, Loud(), {Loud(): 1}, None, 2.5)))
    assert told == {"sql": "<text of 30000 signs>", "op_args": "(<text of 300 signs>, <Loud>, {<Loud>: 1}, None, 2.5)"}


def test_what_holds_itself_ends() -> None:
    endless: list[Any] = [1]
    endless.append(endless)
    assert rendered_fields(Some(op_args=endless)) == {"op_args": "[1, [1, [1, [1, …]]]]"}


def test_a_class_that_answers_in_its_own_way_fails_nothing() -> None:
    class Odd:
        @property
        def template_fields(self) -> Any:
            raise RuntimeError("not now")

    assert rendered_fields(Odd()) == {}
