"""What the fuzzer is asked for: a search for a program that breaks a contract, or one program again. Plain data."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tenter.plan.fuzzed import SUBJECTS, Subject

FUZZED = "engine_fuzz"  # the kind of a case that is a search of the fuzzer


@dataclass(frozen=True)
class Hunt:
    what: str
    seconds: float = 60
    flavours: tuple[str, ...] = ("probe",)
    seed: int = 1
    replay: str = ""  # FILE or SEED:CASE; empty for a search
    mutant: str = ""
    property: str = "all"
    workers: str = ""
    max_ops: int = 24
    times: int = 200
    shrink_seconds: float = 0  # how long a finding may shrink; 0: as long as suits the search
    target: str = ""  # a library, or the name of a target; empty for Tenter's own runtime

    def subject(self) -> Subject:
        return SUBJECTS[self.what]

    def on_target(self) -> bool:
        """Whether the fuzzer loads a library, and has no runtime of its own."""
        return self.subject().any_target or bool(self.target)

    def program(self) -> str:
        """The fuzzer's program. A planted bug is in the program itself, or in the library that it loads."""
        if self.target and self.subject().target_program:
            return self.subject().target_program
        linked = self.mutant and not self.on_target()
        return f"{self.what}_fuzz" + (f"_{self.mutant}" if linked else "")

    def builds(self) -> tuple[str, ...]:
        """The build targets."""
        if not self.on_target():
            return (self.program(),)
        return self.program(), f"tenter_target_mutant_{self.mutant}" if self.mutant else "tenter_target_reference"

    def words(self, flavour: str) -> str:
        """The command that does exactly this again, in one flavour."""
        words = ["--replay", self.replay, "--times", str(self.times)] if self.replay else [
            "--seconds", f"{self.seconds:g}", "--seed", str(self.seed), "--max-ops", str(self.max_ops)]
        if ":" in self.replay and self.max_ops != Hunt.max_ops:
            words += ["--max-ops", str(self.max_ops)]
        for option, value, default in (("--property", self.property, "all"), ("--workers", self.workers, ""),
                                       ("--mutant", self.mutant, ""), ("--target", self.target, "")):
            if value and value != default and (option in ("--mutant", "--target") or not self.replay or ":" in self.replay):
                words += [option, value]
        return shlex.join(["./tenter", "fuzz", self.what, "--flavour", flavour, *words])

    def replay_line(self, flavour: str, file: str) -> str:
        """The command that runs a stored program again."""
        what = [word for option, value in (("--mutant", self.mutant), ("--target", self.target)) if value for word in (option, value)]
        return shlex.join(["./tenter", "fuzz", self.what, "--flavour", flavour, "--replay", file, *what])
