"""Tensors and state dicts come back bit for bit. Needs torch, which other tests do not: run where it is installed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

from venturi.core.errors import BadValue
from venturi.wire import values

torch = pytest.importorskip("torch", reason="torch is not installed here, so values of its are not tried")


def back(obj: Any) -> Any:
    return values.decode(values.encode(obj).whole(), classes=True)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "uint8", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4), (200, 200)])
def test_tensors_of_every_type_come_back(dtype: str, shape: tuple[int, ...]) -> None:
    tensor = (torch.rand(shape) * 9).to(getattr(torch, dtype))
    got = back([tensor])[0]
    assert got.dtype == tensor.dtype
    assert got.shape == tensor.shape
    assert torch.equal(got, tensor)


def test_a_state_dict_goes_into_a_new_model() -> None:
    def model() -> Any:
        return torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.BatchNorm1d(256))

    trained = model()
    state = back(trained.state_dict())
    fresh = model()
    fresh.load_state_dict(state)
    given = torch.rand(8, 64)
    assert torch.equal(fresh.eval()(given), trained.eval()(given))


def test_views_gradients_and_parameters_come_back_as_what_they_are() -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    assert torch.equal(back(whole.T), whole.T)
    assert back(torch.ones(2, requires_grad=True)).requires_grad
    got = back(torch.nn.Parameter(torch.ones(2)))
    assert isinstance(got, torch.nn.Parameter)
    got.data += 1  # it is the reader's own
    assert back([torch.float16, torch.device("cpu"), torch.Size([1, 2])]) == [
        torch.float16,
        torch.device("cpu"),
        (1, 2),
    ]


def test_a_model_is_refused_and_told_what_to_return() -> None:
    with pytest.raises(BadValue, match="a model") as caught:
        values.encode(OrderedDict(m=torch.nn.Linear(1, 1)))
    assert "model.state_dict()" in str(caught.value)
    with pytest.raises(BadValue, match="to_dense"):
        values.encode(torch.ones(2).to_sparse())
