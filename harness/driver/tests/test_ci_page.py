"""reports/ci.md: its YAML is YAML, and its shell lines run, in their order, as the code hosts would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import tenter
from tenter.house import this_house
from test_junit import cases_of
from test_sarif import checked

PAGE = (this_house().reports / "ci.md").read_text()

# The launcher of a small repository: the driver with a stand-in for the runner, and nothing to build.
LAUNCHER = """#!{python}
import sys
from pathlib import Path
sys.path.insert(0, {driver!r})
from tenter import cli, console, standpoint
from tenter.house import House
from tenter.verbs import run
run.build_shown = console.build_shown = lambda *_: False
cli.this_house = standpoint.this_house = lambda: House(Path({root!r}))
sys.exit(cli.main(sys.argv[1:]))
"""

# Answers as the interfaces of the hosts do: a list of artifacts, an artifact, a file of an artifact.
CURL = """#!{python}
import json, shutil, sys
words = sys.argv[1:]
url = next(word for word in words if word.startswith("https://"))
to = words[words.index("-o") + 1] if "-o" in words else ""
here = {here!r}
if "actions/artifacts" in url:
    def entry(name, branch, head, expired=False):
        return {{"archive_download_url": "https://host/" + name, "expired": expired,
                 "workflow_run": {{"head_branch": branch, "head_repository_id": head, "repository_id": 1}}}}
    print(json.dumps({{"artifacts": [entry("other", "topic", 1), entry("fork", "main", 2), entry("old", "main", 1, True),
                                     *([entry("main", "main", 1)] if {stored!r} else [])]}}))
elif not {stored!r}:
    sys.exit(22)
elif url in ("https://host/main", "https://gitlab/projects/7/jobs/artifacts/main/raw/ci/report.json?job=tenter"):
    shutil.copy(here + ("/baseline.zip" if url.endswith("/main") else "/report.json"), to)
else:
    sys.exit("an artifact that nobody should ask for: " + url)
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", PAGE)


def steps(host: str) -> tuple[list[str], list[str], str]:
    """The lines before and with the run; those that always follow; and the shell."""
    github, gitlab = map(yaml.safe_load, blocks("yaml"))
    if host == "github":
        runs = [step for step in github["jobs"]["smoke"]["steps"] if "run" in step]
        return ([step["run"] for step in runs if "if" not in step], [step["run"] for step in runs if "if" in step], "bash")
    if host == "gitlab":  # one shell for all of the script
        job = gitlab["tenter"]
        return ["\n".join(job["before_script"] + job["script"])], job["after_script"], "sh"
    shells = re.findall(r"(?s)sh '([^'\n]+)'|script: '''(.*?)'''", blocks("groovy")[0])
    lines = [one or many for one, many in shells]
    return [line for line in lines if "rm -rf ci" not in line], [line for line in lines if "rm -rf ci" in line], "sh"


@pytest.fixture
def machine(house, tmp_path, monkeypatch, write):
    """Runs the lines of a host in the small repository; returns the exit code of the first that fails."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()

    def program(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    program(bin_folder / "apt-get", "#!/bin/sh\nexit 0\n")
    program(bin_folder / "unzip", f"#!{sys.executable}\nimport sys, zipfile\n_, _, file, name, _, to = sys.argv\n"
            "zipfile.ZipFile(file).extract(name, to)\n")
    program(house.root / "tenter", LAUNCHER.format(python=sys.executable, root=str(house.root),
                                                   driver=str(Path(tenter.__file__).parents[1])))
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "TOKEN": "t", "CI_JOB_TOKEN": "t",
                   "GITHUB_API_URL": "https://api", "GITHUB_REPOSITORY": "a/b", "CI_API_V4_URL": "https://gitlab",
                   "CI_PROJECT_ID": "7", "CI_DEFAULT_BRANCH": "main"}

    def call(host: str, stored: bool = False) -> int:
        if host == "github" and not shutil.which("jq"):
            pytest.skip("the lines for GitHub need jq, which the job itself installs")
        program(bin_folder / "curl", CURL.format(python=sys.executable, here=str(tmp_path), stored=stored))
        more = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")} if host == "github" else {}
        if host == "jenkins" and stored:  # what copyArtifacts does
            (house.root / "baseline").mkdir(exist_ok=True)
            (house.root / "baseline" / "report.json").write_bytes((tmp_path / "report.json").read_bytes())
        first, always, shell = steps(host)
        code = 0
        for lines in first:
            code = _shell(shell, lines, house.root, environment | more)
            if code:
                break
        for lines in always:
            assert _shell(shell, lines, house.root, environment | more) == 0
        return code

    return call


def _shell(shell: str, lines: str, folder: Path, environment: dict[str, str]) -> int:
    words = [shell, "-eo", "pipefail", "-c", lines] if shell == "bash" else [shell, "-e", "-c", lines]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    print(done.stdout, done.stderr, sep="\n")
    return done.returncode


HOSTS = ("github", "gitlab", "jenkins")


@pytest.mark.parametrize("host", HOSTS)
def test_the_job_fails_on_what_is_new_and_hands_over_every_file(machine, write, house, tmp_path, host):
    import zipfile
    write("canary/found", "[expect]\nfound_by = 'determinism'", behaviour="finding")
    write("smoke/one", behaviour="finding")
    assert machine(host) == 1, "without a baseline every finding is new"
    ci = house.root / "ci"
    assert cases_of(ci) and checked((ci / "report.sarif").read_text())["results"]
    assert len(json.loads((ci / "report.codequality.json").read_text())) == 1 and not ci.is_symlink()
    (tmp_path / "report.json").write_bytes((ci / "report.json").read_bytes())
    with zipfile.ZipFile(tmp_path / "baseline.zip", "w") as file:
        file.write(ci / "report.json", "report.json")
    assert machine(host, stored=True) == 0, "what the main branch has seen is known"
    assert checked((ci / "report.sarif").read_text())["results"][0]["baselineState"] == "unchanged"
    write("smoke/two", behaviour="race")
    assert machine(host, stored=True) == 66
    if host == "github":
        assert (tmp_path / "summary").read_text().startswith("# Findings: 1 finding")


@pytest.mark.parametrize("host", HOSTS)
def test_a_run_without_a_conclusion_has_its_code_and_a_mistake_leaves_no_files(machine, write, house, host):
    write("smoke/grey", behaviour="no_power")
    write("canary/found", "[expect]\nfound_by = 'determinism'", behaviour="finding")
    assert machine(host) == 3 and (house.root / "ci" / "junit.xml").is_file()
    (house.scenarios / "smoke" / "grey.toml").write_text("title = 3")
    for path in (house.out / "latest", *(house.root / "ci").glob("*.xml")):
        path.unlink()
    assert machine(host) == 2 and not (house.root / "ci").exists()


def test_the_line_that_lets_an_inconclusive_run_pass(machine, write, house, tmp_path):
    [line] = blocks("bash")
    machine("github")  # writes the programs
    write("canary/found", "[expect]\nfound_by = 'determinism'", behaviour="finding")
    for behaviour, expected in (("no_power", 0), ("finding", 1), ("defect", 70), ("clean", 0)):
        write("smoke/one", behaviour=behaviour)
        assert _shell("bash", "known=()\n" + line, house.root, dict(os.environ)) == expected


def test_what_the_jobs_hand_over_is_what_a_run_writes():
    github, gitlab = map(yaml.safe_load, blocks("yaml"))
    [sarif] = [step for step in github["jobs"]["smoke"]["steps"] if "upload-sarif" in step.get("uses", "")]
    assert sarif["with"]["sarif_file"] == "ci/report.sarif" and "always()" in sarif["if"]
    assert github["permissions"]["security-events"] == "write"
    job = gitlab["tenter"]
    assert job["artifacts"]["reports"] == {"junit": "ci/junit.xml", "codequality": "ci/report.codequality.json"}
    assert job["allow_failure"] == {"exit_codes": [3]} and job["artifacts"]["when"] == "always"
    for groovy in blocks("groovy"):
        assert groovy.count("{") == groovy.count("}") and groovy.count("'''") == 2
    for text in (json.dumps(github), json.dumps(gitlab), blocks("groovy")[0]):
        assert "debian:12" in text and "--budget 10m" in text and "ccache" in text
