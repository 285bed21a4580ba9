"""Reads and judges a file by several processes into a spool, while the caller only waits."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from threading import Thread
from typing import Protocol

from keepline.flows.importing.judging import Refusal
from keepline.flows.importing.reading import Layout, rows
from keepline.flows.importing.spool import Spool

SAID_EVERY = 5000  # rows
Reached = Callable[[int], None]  # the line of the file


class RowJudge(Protocol):
    """Judges rows of one layout by themselves; travels to other processes."""

    def judge(self, line_number: int, values: Sequence[str]) -> str | Refusal:
        """The row as a line of COPY that begins with its slot, or what is wrong with it."""

    def slot_of(self, values: Sequence[str]) -> int:
        """With which slot a row is reported that could not be judged."""


def judge_file(
    layout: Layout, judge: RowJudge, folder: Path, judges: int, reached: Reached
) -> Counter[int]:
    """Judges every row into spool files in `folder`; returns slot -> number of rows."""
    if judges == 1:
        return _judge_part(layout, judge, folder, 0, 1, reached)
    sizes: Counter[int] = Counter()
    context = multiprocessing.get_context("spawn")
    queue: Queue[int | Counter[int] | Exception] = context.Queue()
    processes: list[BaseProcess] = [
        context.Process(
            target=_tell, args=(queue, layout, judge, folder, part, judges), daemon=True
        )
        for part in range(judges)
    ]
    for process in processes:
        process.start()
    try:
        for _ in processes:
            while isinstance(said := _next(queue, processes), int):
                reached(said)
            if isinstance(said, Exception):
                raise said
            sizes.update(said)
    finally:
        for process in processes:
            process.terminate()
            process.join()
    return sizes


def _next(
    queue: "Queue[int | Counter[int] | Exception]", processes: list[BaseProcess]
) -> int | Counter[int] | Exception:
    """What a judge says next; one that died without a word is an error."""
    while True:
        try:
            return queue.get(timeout=1)
        except Empty:
            codes = [process.exitcode for process in processes if process.exitcode]
            if codes and queue.empty():
                raise RuntimeError(f"a judging process ended with {codes[0]}") from None


def _tell(
    queue: "Queue[int | Counter[int] | Exception]",
    layout: Layout,
    judge: RowJudge,
    folder: Path,
    part: int,
    parts: int,
) -> None:
    Thread(target=_end_with_the_import, daemon=True).start()
    try:
        queue.put(_judge_part(layout, judge, folder, part, parts, queue.put))
    except Exception as error:  # noqa: BLE001 - told to the process that waits
        queue.put(error)


def _end_with_the_import() -> None:
    """Whoever is killed ends nobody: without this a judge would write on beside the next start."""
    if (judged_for := multiprocessing.parent_process()) is not None:
        wait([judged_for.sentinel])
        os._exit(1)


def _judge_part(
    layout: Layout, judge: RowJudge, folder: Path, part: int, parts: int, reached: Reached
) -> Counter[int]:
    spool = Spool(folder, part)
    for place, (number, values, fault) in enumerate(rows(layout, part, parts)):
        verdict = Refusal(number, "", "", fault) if fault else judge.judge(number, values)
        if isinstance(verdict, str):
            spool.good(verdict)
        else:
            spool.bad(judge.slot_of(values), verdict)
        if place % SAID_EVERY == 0:
            reached(number)
    spool.flush()
    return spool.sizes


def batches(sizes: Mapping[int, int], done: set[int], size: int) -> Iterator[tuple[int, ...]]:
    """Neighbouring slots that are not done yet, together at least `size` rows but for the last."""
    batch: list[int] = []
    count = 0
    for slot in sorted(set(sizes) - done):
        batch.append(slot)
        count += sizes[slot]
        if count >= size:
            yield tuple(batch)
            batch, count = [], 0
    if batch:
        yield tuple(batch)
