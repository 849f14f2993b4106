"""What a sweep has shown of every site: hit, fired, and fired beside two other calls; what is missing, and what is waived."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tenter.plan.sweeping import ENOUGH_BESIDE, SWEPT
from tenter.plan.waivers import BESIDE, CELLS, FIRED, HIT, Waiver
from tenter.record.findings import Finding, signature
from tenter.record.results import CaseResult, SiteCount, Verdict

CHECK = "sweep_coverage"
_MISSING = {HIT: "no case of the set hits {site}", FIRED: "no fault fired at {site}",
            BESIDE: "no fault fired at {site} with two other calls in flight"}


@dataclass(frozen=True)
class Row:
    site: str
    hits: int  # of the clean runs
    trials: int
    fired: int
    beside: int
    waived: tuple[Waiver, ...] = ()

    def has(self, cell: str) -> bool:
        return {HIT: self.hits > 0, FIRED: self.fired > 0, BESIDE: self.fired > 0 and self.beside >= ENOUGH_BESIDE}[cell]

    @property
    def missing(self) -> tuple[str, ...]:
        """The cells that are empty and not waived. What is not hit cannot fire: it is missing once, and one waiver is enough."""
        if not self.hits and any(waiver.what == HIT for waiver in self.waived):
            return ()
        empty = [cell for cell in CELLS if not self.has(cell) and cell not in {waiver.what for waiver in self.waived}]
        return tuple(empty[:1])

    @property
    def needless(self) -> tuple[Waiver, ...]:
        return tuple(waiver for waiver in self.waived if self.has(waiver.what))


def rows(sites: Iterable[str], clean: Iterable[Sequence[SiteCount]], struck: Iterable[tuple[Sequence[str], Sequence[SiteCount]]],
         waivers: Sequence[Waiver]) -> list[Row]:
    """`struck`: the sites that each trial aimed at, and what it counted."""
    counted = {site: [0, 0, 0, 0] for site in sites}
    for counts in clean:
        for count in counts:
            counted.setdefault(count.name, [0, 0, 0, 0])[0] += count.hit
    for aimed, counts in struck:
        for site in aimed:
            counted[site][1] += 1
        for count in counts:
            row = counted.setdefault(count.name, [0, 0, 0, 0])
            row[2] += count.fired
            row[3] = max(row[3], count.beside)
    return [Row(site, *numbers, tuple(waiver for waiver in waivers if waiver.site == site)) for site, numbers in counted.items()]


def result(made: Sequence[Row], open_sites: Collection[str], cut: str, flavour: str, again: str, target: str, seed: int) -> CaseResult:
    """`open_sites`: of which trials were planned and not run, so that nothing is concluded of them; `cut`: why, or nothing."""
    findings = tuple(_finding(row.site, _MISSING[cell].format(site=row.site), cell, again)
                     for row in made for cell in row.missing if row.site not in open_sites)
    findings += tuple(_finding(waiver.site, f"the waiver of '{waiver.what}' of {waiver.site} is not needed: scenarios/waivers.toml",
                               f"needless {waiver.what}", again) for row in made for waiver in row.needless)
    pending = [row.site for row in made if row.missing and row.site in open_sites]
    if findings:
        verdict, reason = Verdict.FAIL, f"reported by {CHECK}"
    elif pending or cut:
        verdict, reason = Verdict.GREY, "; ".join(filter(None, [cut, f"not shown of {', '.join(pending)}" if pending else ""]))
    else:
        verdict, reason = Verdict.PASS, "every site was hit, fired, and fired beside two others, or is waived"
    return CaseResult(name=f"sweep/coverage.{flavour}", scenario="sweep/coverage", flavour=flavour, title="What the sweep has shown of every site",
                      purpose="A fault that never fires, or always alone, shows nothing.", kind=SWEPT, parameters={}, target=target, seed=seed,
                      contracts=(), verdict=verdict, reason=reason, duration_s=0.0, timeout_s=1.0, findings=findings, again=again)


def _finding(site: str, title: str, what: str, again: str) -> Finding:
    return Finding(check=CHECK, signature=signature(CHECK, site, what), title=title, evidence={"site": site, "what": what, "replay": again})
