"""What the terminal shows of a search of the fuzzer: what was tried, and the program that breaks a contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rich.console import Console

from tenter.console import advise, line
from tenter.plain import one_line, shortened
from tenter.plan.hunt import Hunt
from tenter.record.searched import NOT_BEGUN, Told
from tenter.report.wording import plural


def print_coverage(told: Told, hunt: Hunt, flavour: str, console: Console) -> None:
    p = told.progress
    if told.ended.stopped:
        line(console, f"{flavour}: {one_line(interrupted(told, hunt))}", "bold")
    if hunt.replay:
        _print_held(told.replayed, hunt, flavour, console)
    if not p:
        return
    rate = p["cases"] / p["elapsed_s"] if p["elapsed_s"] >= 1 else 0
    unit = hunt.subject().unit
    found = f"{plural(len(told.findings), 'finding')} in {plural(p['cases'], 'program')}, {plural(p[f'{unit}s'], unit)}"
    line(console, f"{flavour}: {found} in {p['elapsed_s']:.0f} s"
                  + (f" ({rate:,.0f} programs/s)" if rate else "") + f", seed {p['seed']}")
    _print_counts(p, hunt, console)


def _print_held(replayed: Mapping[str, Any], hunt: Hunt, flavour: str, console: Console) -> None:
    """What the program did, as often as it ran."""
    unit = hunt.subject().unit
    if replayed.get(f"{unit}s") is not None:
        line(console, f"{flavour}: the program ran {plural(replayed['tried'], 'time')}, {plural(replayed[f'{unit}s'], unit)} in all")
        _print_counts(replayed, hunt, console)


def _print_counts(told: Mapping[str, Any], hunt: Hunt, console: Console) -> None:
    line(console, "  " + ", ".join(f"{told[key]:,} {word}" for key, word in hunt.subject().coverage.items() if key in told), "dim")


def interrupted(told: Told, hunt: Hunt) -> str:
    """How far it came, for a person."""
    if told == NOT_BEGUN:
        return "not begun, since the search was interrupted before"
    if hunt.replay:
        return (f"interrupted: came back {told.replayed.get('came_back', 0):,} of the {told.replayed.get('tried', 0):,} times that "
                f"ran, of {hunt.times:,}")
    if told.findings:
        return "interrupted while shrinking: the program is as it was found"
    return f"interrupted after {told.ended.duration_s:.0f} s of {hunt.seconds:g} s"


def print_found(finding: dict[str, Any], hunt: Hunt, replay: str, console: Console) -> None:
    """Before it is shrunk, so that what comes after may be interrupted."""
    line(console, f"\n{finding['contract']} is broken: {one_line(finding['kind'])}", "bold red")
    line(console, f"found after {finding['found_after_s']:.1f} s in a program of {plural(finding['ops'], hunt.subject().unit)}, which is shrunk now",
         "bold")
    advise(console, f"replay: {replay}")


def print_contracts(findings: Iterable[dict[str, Any]], meanings: Mapping[str, str], console: Console) -> None:
    """What the contracts mean of which findings are told, once each."""
    named = dict.fromkeys(name for finding in findings for name in str(finding["contract"]).split(" or ") if name in meanings)
    for name in named:
        line(console, f"{name}: {meanings[name]}", "dim")
    if named:
        advise(console, f"what tests and searches {'it' if len(named) == 1 else 'each'}: ./tenter contracts", "dim")


def print_finding(finding: dict[str, Any], hunt: Hunt, flavour: str, replay: str, console: Console) -> None:
    line(console, f"\n{finding['contract']} is broken: {one_line(finding['kind'])}", "bold red")
    line(console, shortened(finding["detail"].strip(), 4000))
    line(console, f"\nthe program{_how_small(finding, hunt.subject().unit)}:", "bold")
    line(console, "\n".join(f"  {step}" for step in finding["program"].splitlines()))
    if "tried" in finding:
        line(console, f"it came back {finding['came_back']} of {finding['tried']} times")
    advise(console, f"replay: {replay}")
    if "seed" in finding:
        original = replace(hunt, replay=f"{finding['seed']}:{finding['case']}", times=Hunt.times)
        advise(console, f"the original: {original.words(flavour)}")


def _how_small(finding: dict[str, Any], unit: str) -> str:
    if "original_ops" not in finding:
        return ""
    found = f"found after {finding['found_after_s']:.1f} s"
    if "shrunk_after_s" not in finding:
        return f", {plural(finding['ops'], unit)}, {found}, not shrunk"
    return f", {plural(finding['ops'], unit)} of {finding['original_ops']}, {found}, shrunk after {finding['shrunk_after_s']:.1f} s"
