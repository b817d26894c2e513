"""The files of ours beside the database."""
import sys
import threading

import pytest

import db

PATIENCE = 30
FILES, READERS = 150, 3


@pytest.fixture
def often_changing_hands():
    """Threads take turns after each few steps."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_a_new_file_of_counters_opens_for_all_who_come_at_once(tmp_path, often_changing_hands):
    barrier, refused = threading.Barrier(READERS), []

    def come():
        for number in range(FILES):
            barrier.wait(PATIENCE)
            try:
                db.open_plain(str(tmp_path / f"{number}.db")).close()
            except db.FileTrouble as trouble:
                refused.append(trouble)

    runners = [threading.Thread(target=come) for _ in range(READERS)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert not refused
