"""Reads and judges in a process of its own, while the other one loads; a short queue between."""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from queue import Empty, Full
from typing import Any

from keepline.flows.importing.judging import Judge, Known, Refusal
from keepline.flows.importing.reading import Layout, rows

IN_FLIGHT = 3  # batches; what bounds the memory


@dataclass(frozen=True)
class Batch:
    """Rows of one transaction: good ones ready for COPY, bad ones with their reason."""

    last_line: int
    good: int
    copy_block: bytes
    refusals: tuple[Refusal, ...]


def batches(layout: Layout, known: Known, after_line: int, size: int) -> Iterator[Batch]:
    """Batches of rows behind `after_line`, in the order of the file."""
    context = multiprocessing.get_context("spawn")
    queue: Queue[Batch | BaseException | None] = context.Queue(IN_FLIGHT)
    judge = context.Process(
        target=_judge_all, args=(queue, layout, known, after_line, size), daemon=True
    )
    judge.start()
    try:
        while (item := _next(queue, judge)) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        judge.terminate()
        judge.join()


def _next(
    queue: "Queue[Batch | BaseException | None]", judge: BaseProcess
) -> Batch | BaseException | None:
    """The next thing the judge says; a judge that died without a word is an error."""
    while True:
        try:
            return queue.get(timeout=1)
        except Empty:
            if not judge.is_alive() and queue.empty():
                raise RuntimeError(f"the judging process ended with {judge.exitcode}") from None


def _judge_all(
    queue: "Queue[Batch | BaseException | None]",
    layout: Layout,
    known: Known,
    after_line: int,
    size: int,
) -> None:
    parent = os.getppid()
    try:
        for batch in judged(layout, known, after_line, size):
            _put(queue, batch, parent)
        _put(queue, None, parent)
    except Exception as error:  # noqa: BLE001 - told to the process that waits
        _put(queue, error, parent)


def _put(queue: "Queue[Batch | BaseException | None]", item: Any, parent: int) -> None:
    """Waits for room in the queue, but not for a loader that was killed."""
    while os.getppid() == parent:
        try:
            queue.put(item, timeout=1)
        except Full:
            continue
        return
    queue.cancel_join_thread()
    sys.exit(1)


def judged(layout: Layout, known: Known, after_line: int, size: int) -> Iterator[Batch]:
    """The same, in this process. Memory is one batch."""
    judge = Judge(layout, known)
    ahead = (row for row in rows(layout) if row[0] > after_line)
    while batch := list(islice(ahead, size)):
        lines: list[str] = []
        refusals: list[Refusal] = []
        for number, values, fault in batch:
            verdict = Refusal(number, "", "", fault) if fault else judge.judge(number, values)
            if isinstance(verdict, str):
                lines.append(verdict)
            else:
                refusals.append(verdict)
        lines.sort()
        yield Batch(batch[-1][0], len(lines), "".join(lines).encode(), tuple(refusals))
