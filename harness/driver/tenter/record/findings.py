"""Findings: one broken contract each, with a signature that is the same in every run that shows the defect."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tenter.errors import HarnessDefect

VERSION = 1


@dataclass(frozen=True)
class Finding:
    check: str
    signature: str
    title: str
    detail: str = ""
    contracts: tuple[str, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What a person types: the first 8 hex digits of the signature."""
        return self.signature[:8]


def signature(*parts: str) -> str:
    """Hashes what was wrong; callers leave out addresses, times, thread ids and counts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


# When their places in the code are known, their signatures are made of them: that is the defect wherever it shows itself.
_BY_PLACE = frozenset({"crash", "data_race", "sanitizer"})


def qualified(finding: Finding, subject: str) -> Finding:
    """The finding with a signature of its subject (workload, model, target), so that two defects never share one."""
    if finding.check in _BY_PLACE and "frame_0" in finding.evidence:
        return finding
    return replace(finding, signature=signature(finding.signature, subject))


def finding_from_json(raw: Any, where: str) -> Finding:
    try:
        if raw["version"] != VERSION:
            raise HarnessDefect(f"{where}: finding of version {raw['version']}, and this driver reads {VERSION}")
        texts = {key: raw[key] for key in ("check", "signature", "title")} | {"detail": raw.get("detail", "")}
        if not all(isinstance(text, str) for text in texts.values()):
            raise TypeError("check, signature, title and detail are strings")
        if not re.fullmatch(r"[0-9a-f]{8,64}", raw["signature"]):
            raise ValueError("a signature has at least 8 hex digits and nothing else")
        if not all(isinstance(value, str | int | float) for value in raw.get("evidence", {}).values()):
            raise ValueError("evidence is a flat map of strings and numbers")
        return Finding(**texts, contracts=tuple(raw.get("contracts", ())), evidence=dict(raw.get("evidence", {})))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HarnessDefect(f"{where}: a finding that cannot be read ({error})") from error


def finding_to_json(finding: Finding) -> dict[str, Any]:
    return {"version": VERSION, "check": finding.check, "contracts": list(finding.contracts),
            "signature": finding.signature, "title": finding.title, "detail": finding.detail,
            "evidence": finding.evidence}


def merge(findings: list[Finding]) -> list[Finding]:
    """One finding per signature, the first one with how often it was written. The runner writes a few of each kind."""
    counts = Counter(finding.signature for finding in findings)
    first = {finding.signature: finding for finding in reversed(findings)}
    merged = []
    for sign in dict.fromkeys(finding.signature for finding in findings):
        finding = first[sign]
        if counts[sign] > 1:
            finding = replace(finding, evidence={**finding.evidence, "times_written": counts[sign]})
        merged.append(finding)
    return merged


def read_findings(path: Path, torn: bool) -> list[Finding]:
    """Reads findings.jsonl. `torn` allows a last line cut short, as a dying process leaves it."""
    if not path.is_file():
        return []
    lines = path.read_text(errors="replace").splitlines()
    findings = []
    for number, line in enumerate(lines, start=1):
        where = f"{path.name}:{number}"
        try:
            findings.append(finding_from_json(json.loads(line), where))
        except ValueError as error:
            if torn and number == len(lines):
                break
            raise HarnessDefect(f"{where}: not JSON ({error})") from error
    return findings
