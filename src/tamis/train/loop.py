"""The training loop: steps, measurements, checkpoints; the same numbers whether or not it was stopped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tamis.errors import TrainingError
from tamis.score.nets.lib import nn, torch
from tamis.train.bases.base import Start
from tamis.train.checkpoints import Checkpoints, load_trainable
from tamis.train.log import Log
from tamis.train.losses.base import Loss
from tamis.train.optimiser import optimiser, share_of_rate
from tamis.train.options import Options
from tamis.train.processes.base import Processes
from tamis.train.rows import by_rows
from tamis.train.sampler import Sampler
from tamis.train.steps import Task
from tamis.train.tune import layers

MEASUREMENTS = 10  # of a run, where nobody says how often


@dataclass(frozen=True)
class Run:
    """What a training run works with.

    Attributes:
        start: the model.
        sampler: the lists of each step.
        loss: what is learnt.
        options: how.
        processes: in which processes.
        checkpoints, log: where it is written down.
        device: where it is computed.
        measure: from the network as it is to its worth on the dev queries, larger is better; None without dev queries.
        progress: called with (steps done, steps in all, the last loss).
        stop: asked after every step whether to stop there.
    """

    start: Start
    sampler: Sampler
    loss: Loss
    options: Options
    processes: Processes
    checkpoints: Checkpoints
    log: Log
    device: torch.device
    measure: Callable[[nn.Module], float] | None = None
    progress: Callable[[int, int, float], None] | None = None
    stop: Callable[[], bool] = field(default=lambda: False)


@dataclass(slots=True)
class State:
    """Where a run stands.

    Attributes:
        step: steps done.
        seconds: spent training, measurements included.
        best, best_step: the highest dev measurement and the step after which it was taken.
        stale: measurements since then.
        pairs, tokens: seen in all processes, all in all.
    """

    step: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_step: int = 0
    stale: int = 0
    pairs: int = 0
    tokens: int = 0

    def as_json(self) -> dict[str, Any]:
        """What a checkpoint keeps of it, beside the step."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "step"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: where it stood, whether it was stopped before its end, and whether dev stopped improving."""

    state: State
    stopped: bool = False
    early: bool = False


def fit(run: Run) -> Ended:
    """Train from the last checkpoint, or from the start, to the end; the network then holds the best parameters.

    Raises:
        TrainingError: the loss is no number any more.
        StorageError: the disk refused a checkpoint; those of before are whole.
        InputError: the checkpoints are of another run.
    """
    network = run.start.network
    learner = _learner(run, network)
    called = run.processes.wrapped(network, learner)
    state = _resumed(run, network, learner)
    task = run.start.task(run.options.batches, run.device, run.sampler.positives)
    if state.step == 0 and run.measure:
        _measured(run, state, network)
    last = Ended(state, early=_stale(run, state))  # which it is where a run that had ended early is gone on with
    began, before = time.monotonic(), state.seconds
    for step, read in _ahead(run, task, run.sampler.steps if last.early else state.step):
        _take(run, state, step, (called, network, learner), task, read)
        state.seconds = before + time.monotonic() - began
        last = _looked_up(run, state, network, learner)
        if last.stopped or last.early:
            break
    if not last.stopped and run.checkpoints.best:
        load_trainable(network, run.checkpoints.best, run.processes)
    return last


def _learner(run: Run, network: nn.Module) -> torch.optim.AdamW:
    torch.manual_seed(run.options.seed)  # what a tuning adds begins with the same numbers in all processes
    run.options.tune(network)
    if run.options.dropout is not None:
        _drop(network, run.options.dropout)
    network.to(run.device)
    if run.options.learning.rows and run.processes.world == 1:
        by_rows(network)
    run.processes.ready(network, run.options)
    if run.options.recompute:
        _recompute(network)
    if run.options.precision not in (None, "float32"):
        cast = torch.autocast(run.device.type, dtype=getattr(torch, run.options.precision))
        for one in {network, run.processes.plain(network)}:  # a whole copy is measured where parameters are cut up
            one.forward = cast(one.forward)
    return optimiser(network, run.start.new, run.options.learning, run.options.tune.rate)


def _resumed(run: Run, network: nn.Module, learner: torch.optim.AdamW) -> State:
    found = run.checkpoints.restore(network, learner, run.processes)
    state = State(found.get("step", 0), **{k: found[k] for k in State().as_json() if k in found})
    if run.processes.rank == 0 and run.log.path.exists():
        run.log.cut(state.step if found else -1)
    return state


def _ahead(run: Run, task: Task, first: int) -> Iterator[tuple[int, Any]]:
    """(step, its lists as token ids); the next step's texts are tokenised while this one is computed."""
    steps = run.sampler.steps

    def read(step: int) -> Any:
        return task.read(run.processes.share(run.sampler.at(step)))

    with ThreadPoolExecutor(1) as other:
        coming = other.submit(read, first) if first < steps else None
        for step in range(first, steps):
            assert coming is not None
            found = coming.result()
            coming = other.submit(read, step + 1) if step + 1 < steps else None
            yield step, found


def _take(
    run: Run, state: State, step: int, parts: tuple[nn.Module, nn.Module, torch.optim.AdamW], task: Task, read: Any
) -> None:
    """One step of the optimiser."""
    called, network, learner = parts
    learning, began = run.options.learning, time.monotonic()
    share = share_of_rate(step, run.sampler.steps, learning.warmup, learning.falling)
    for group in learner.param_groups:
        group["lr"] = group["most"] * share
    # Every step has random numbers of its own, so that one that is taken again after a crash draws the same.
    drawn = np.random.SeedSequence((run.options.seed, step, run.processes.rank)).generate_state(1, np.uint64)
    torch.manual_seed(int(drawn[0]) >> 1)
    called.train()
    done = task.step(called, read, run.loss, run.processes)
    mean = done.loss / max(done.units, 1e-12)
    pairs, tokens = map(int, run.processes.total(torch.tensor([done.pairs, done.tokens])))
    if not math.isfinite(mean):
        raise TrainingError(f"the loss of step {step + 1} is {mean}: lower the learning rate; {_kept(run.checkpoints)}")
    length = run.processes.clip(network, learner, learning.clip)
    if not math.isfinite(length) and run.options.precision != "float16":  # where such a step is left out
        raise TrainingError(
            f"the gradient of step {step + 1} is {length}: lower the learning rate; {_kept(run.checkpoints)}"
        )
    run.processes.update(learner)
    learner.zero_grad(set_to_none=True)
    state.step, state.pairs, state.tokens = step + 1, state.pairs + pairs, state.tokens + tokens
    if run.processes.rank == 0:
        seconds = time.monotonic() - began
        slope = length if math.isfinite(length) else None  # JSON knows no infinity
        row = {
            "step": step + 1,
            "steps": run.sampler.steps,
            "epoch": round(run.sampler.epoch(step + 1), 4),
            "loss": mean,
            "gradient": slope,
        }
        run.log.add(
            row
            | {"rate": max(group["lr"] for group in learner.param_groups), "seconds": round(seconds, 4)}
            | {"pairs": pairs, "tokens": tokens, "pairs_per_second": round(pairs / max(seconds, 1e-9), 2)}
        )
        if run.progress:
            run.progress(step + 1, run.sampler.steps, mean)


def _looked_up(run: Run, state: State, network: nn.Module, learner: torch.optim.AdamW) -> Ended:
    """Measure and keep a checkpoint where it is time to; say whether to go on."""
    steps, watch = run.sampler.steps, run.options.watch
    every = watch.evaluate or max(1, math.ceil(steps / MEASUREMENTS))
    done, stop = state.step == steps, bool(run.processes.most(int(run.stop())))
    if run.measure and (state.step % every == 0 or done):
        _measured(run, state, network)
    early = _stale(run, state) and not done
    if state.step % (watch.checkpoint or every) == 0 or done or stop or early:
        run.checkpoints.save(state.step, network, learner, state.as_json(), run.processes)
    return Ended(state, stop and not done, early)


def _stale(run: Run, state: State) -> bool:
    """Whether dev has not improved for as long as was to be waited."""
    patience = run.options.watch.patience
    return patience is not None and state.stale >= patience


def _measured(run: Run, state: State, network: nn.Module) -> None:
    """The dev queries, and whether this is the best so far."""
    assert run.measure is not None
    plain = run.processes.plain(network)
    value = run.processes.first(partial(run.measure, plain))
    if run.processes.rank == 0:
        run.log.add({"step": state.step, "dev": {"ndcg@10": value}})
    if state.best is None or value > state.best:
        state.best, state.best_step, state.stale = value, state.step, 0
        run.checkpoints.save_best(state.step, network, run.processes)
    else:
        state.stale += 1


def _drop(network: nn.Module, share: float) -> None:
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
        if hasattr(module, "unseen"):
            setattr(module, "unseen", share)  # of attention  # noqa: B010


def _recompute(network: nn.Module) -> None:
    def around(forward: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *inputs: torch.utils.checkpoint.checkpoint(forward, *inputs, use_reentrant=False)

    for layer in layers(network):
        layer.forward = around(layer.forward)


def _kept(checkpoints: Checkpoints) -> str:
    steps = checkpoints.steps()
    return f"the checkpoint after step {steps[-1]} is whole" if steps else "there is no checkpoint yet"
