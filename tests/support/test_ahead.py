"""What is read ahead comes in order, and not too early."""

import threading

import pytest

from tagspace.support.ahead import AHEAD, map_ahead


def test_results_come_in_order_from_another_thread():
    threads = set()

    def double(number):
        threads.add(threading.get_ident())
        return 2 * number

    assert list(map_ahead(double, range(20))) == list(range(0, 40, 2))
    assert threads.isdisjoint({threading.get_ident()})
    assert list(map_ahead(double, [])) == []


def test_no_more_than_a_few_parts_wait():
    read = []
    parts = map_ahead(read.append, range(20))
    for used in range(1, 10):
        next(parts)
        assert used <= len(read) <= used + AHEAD + 1
    parts.close()
    assert len(read) < 20


def test_an_error_is_raised_where_its_part_is_used():
    parts = map_ahead(lambda number: 1 // number, [1, 0])
    assert next(parts) == 1
    with pytest.raises(ZeroDivisionError):
        next(parts)
