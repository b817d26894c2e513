"""Several at one instant, each in a thread with a connection of its own."""
import threading

import db


def at_once(times, do):
    """What came of each: what it gave back, or the name of what stopped it."""
    outcomes, barrier = [], threading.Barrier(times)

    def one():
        barrier.wait()
        try:
            outcomes.append(do())
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            db.database.close()

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
