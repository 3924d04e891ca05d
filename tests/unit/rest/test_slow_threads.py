"""Requests that wait for an endpoint or a web address leave threads to all others."""

from __future__ import annotations

import asyncio
import threading

import anyio
import anyio.lowlevel
import anyio.to_thread

from bancada.faces.http import SLOW_THREADS, SlowThreads, in_thread


def test_slow_calls_do_not_take_the_threads_of_others():
    async def main() -> list[int]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 2
        going_on, found = threading.Event(), list[int]()
        web, processes = SlowThreads("web"), SlowThreads("processes", 1)
        async with anyio.create_task_group() as slow:
            try:
                for _ in range(2 * SLOW_THREADS):
                    slow.start_soon(web.run, going_on.wait)
                await anyio.lowlevel.checkpoint()
                with anyio.fail_after(120):
                    found.append(await in_thread(lambda: 7))
                    found.append(await processes.run(lambda: 8))
            finally:
                going_on.set()
        return found

    assert asyncio.run(main()) == [7, 8]
