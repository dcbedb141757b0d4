"""Stands in for a package that is not public: a decorator that does nothing."""


def iqoqo_job(function):
    return function
