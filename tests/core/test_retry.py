from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from venturi.core import retry
from venturi.core.spec import TaskSpec

delays = st.floats(min_value=0, max_value=1e6, allow_nan=False)
tries = st.integers(min_value=1, max_value=100_000)
fractions = st.floats(min_value=0, max_value=1, exclude_max=True)


def test_two_retries_make_three_tries() -> None:
    task = TaskSpec("t", retries=2)
    assert [retry.may_retry(task, n) for n in (1, 2, 3)] == [True, True, False]


@given(delays, tries, fractions)
def test_a_plain_delay_never_changes(delay: float, try_number: int, jitter: float) -> None:
    assert retry.delay_s(TaskSpec("t", retry_delay_s=delay), try_number, jitter) == delay


@given(delays, st.integers(min_value=1, max_value=10), fractions)
def test_an_exponential_delay_lies_in_the_upper_half_of_its_doubling(delay: float, n: int, jitter: float) -> None:
    full = delay * 2 ** (n - 1)
    got = retry.delay_s(TaskSpec("t", retry_delay_s=delay, retry_factor=2.0), n, jitter)
    assert min(full / 2, retry.DELAY_MAX_S) <= got <= min(full, retry.DELAY_MAX_S) or full == 0


@given(delays, tries, fractions, st.floats(min_value=0, max_value=1e6))
def test_no_delay_exceeds_its_maximum(delay: float, n: int, jitter: float, most: float) -> None:
    task = TaskSpec("t", retry_delay_s=delay, retry_factor=3.0, retry_delay_max_s=most)
    assert 0 <= retry.delay_s(task, n, jitter) <= most


@given(st.text(), st.text(), st.integers(min_value=-1, max_value=10**6), tries)
def test_jitter_is_a_fraction_that_only_depends_on_which_try_it_is(run: str, task: str, index: int, n: int) -> None:
    assert 0 <= retry.jitter(run, task, index, n) < 1
    assert retry.jitter(run, task, index, n) == retry.jitter(run, task, index, n)


def test_a_thousand_tasks_that_fail_together_do_not_come_back_together() -> None:
    task = TaskSpec("t", retry_delay_s=60, retry_factor=2.0)
    delays = {round(retry.delay_s(task, 3, retry.jitter("r", f"t{i}", -1, 3)), 3) for i in range(1000)}
    assert len(delays) > 900
