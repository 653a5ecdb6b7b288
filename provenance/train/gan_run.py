"""A training under way: where it is, how it goes one step on, how it is written to a checkpoint and read back."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.digest import Json
from provenance.errors import UsageError
from provenance.train import checkpoint, gan_watch
from provenance.train.gan_plan import Plan
from provenance.train.gan_state import State, begin, chance, follow, restore, tensors
from provenance.train.gan_step import advance, draw

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT = "checkpoint.safetensors"
ROW_EVERY = 25
"""Steps that a row of the history is the mean of."""

_MAY_DIFFER = ("steps", "checkpoint_every", "sheet_every", "precision")
"""Settings that a training may go on with changed: they do not touch what a step does, but for the precision."""


@dataclass(slots=True, kw_only=True)
class Run:
    """Where a training is."""

    plan: Plan
    state: State
    step: int = 0
    """How many steps are done."""
    seconds: float = 0.0
    """What they took, pauses left out."""
    history: list[dict[str, float]] = field(default_factory=list)
    _sums: dict[str, "tuple[Tensor, int]"] = field(default_factory=dict)

    @classmethod
    def begin(cls, plan: Plan) -> "Run":
        """Begin at step 0."""
        return cls(plan=plan, state=_state(plan))

    @classmethod
    def resume(cls, plan: Plan) -> "Run":
        """Go on from the checkpoint in the folder, or begin if there is none yet.

        Raises UsageError if it is of another training, EngineError if it cannot be read.
        """
        path = plan.folder / CHECKPOINT
        if not path.exists():
            return cls.begin(plan)
        found, facts = checkpoint.load(path)
        _check_same(plan, facts, path)
        state = _state(plan)
        checkpoint.fit(found, tensors(state), path)
        restore(state, found)
        return cls(plan=plan, state=state, step=facts["step"], seconds=facts["seconds"], history=facts["history"])

    def go_on(self) -> None:
        """Take one step."""
        started = time.perf_counter()
        plan = self.plan
        batch = draw(plan, self.step)
        losses = advance(self.state, plan, batch, self.step)
        follow(self.state, plan.settings, self.step)
        for name, value in losses.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (value + total, count + 1)
        self.step += 1
        self.seconds += time.perf_counter() - started

    def end_row(self) -> str | None:
        """Add the mean losses since the last row to the history; say what is wrong with them, if anything is."""
        if not self._sums:
            return None
        row = {name: float(total) / count for name, (total, count) in self._sums.items()}
        self._sums.clear()
        if (problem := gan_watch.odd_loss(row)) is None:
            self.history.append({"step": self.step, **row})
        return problem

    def problem(self) -> str | None:
        """Look at weights and samples, and note in the last row how varied these are; say what is wrong, if any is."""
        if (odd := gan_watch.odd_weight(self.state)) is not None:
            return odd
        share = self._variety()
        began = any(row.get("variety", 0.0) >= gan_watch.VARIED for row in self.history)
        if began and share < gan_watch.ALIKE:
            return "the samples collapsed: they are all alike now"
        if self.history:
            self.history[-1]["variety"] = share
        return None

    def save(self) -> None:
        """Write the checkpoint; the one before is replaced at once. Raises StoreError."""
        facts: dict[str, Json] = {
            **_identity(self.plan),
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
        }
        checkpoint.save(self.plan.folder / CHECKPOINT, tensors(self.state), facts)

    def _variety(self) -> float:
        import torch

        dice = chance(self.plan.seed, "variety")
        latents = torch.randn(64, self.plan.settings.latent, generator=dice).to(self.plan.device)
        shares = None
        if self.plan.settings.conditional and self.plan.categories is not None:
            named = self.plan.categories[torch.randint(0, len(self.plan.categories), (64,), generator=dice)]
            shares = torch.nn.functional.one_hot(named, len(self.plan.names)).float().to(self.plan.device)
        made = gan_watch.variety_of_samples(self.state.average, latents, shares)
        return made / max(gan_watch.variety_of_works(self.plan.works), 1e-9)


def _state(plan: Plan) -> State:
    return begin(plan.settings, plan.architecture, len(plan.names), seed=plan.seed, device=plan.device)


def _identity(plan: Plan) -> dict[str, Any]:
    """Say what must be the same for a training to go on."""
    hasher = hashlib.sha256(plan.works.numpy().data)
    if plan.categories is not None:
        hasher.update(plan.categories.numpy().data)
    return {
        "training": "gan_v1",
        "settings": asdict(plan.settings),
        "seed": str(plan.seed),
        "works": hasher.hexdigest(),
        "names": list(plan.names),
    }


def _check_same(plan: Plan, facts: Mapping[str, Any], path: Path) -> None:
    wanted = _identity(plan)
    found = {name: facts.get(name) for name in wanted}
    for side in (wanted, found):
        settings = side.pop("settings") or {}
        side |= {f"setting {name}": value for name, value in settings.items() if name not in _MAY_DIFFER}
    different = [name for name in sorted(wanted.keys() | found.keys()) if wanted.get(name) != found.get(name)]
    if different:
        raise UsageError(
            f"The checkpoint {path} is of another training: {', '.join(different)} differ. "
            "Resume with what it was begun with, or train anew."
        )
