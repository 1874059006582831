"""The conformance kit: the same verdicts as the receiver, installed and run where there is no server, no database and no Flask."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app.exchange import sample
from app.exchange.check import run
from app.exchange.delivery import read_delivery
from app.exchange.layouts import every_layout, layout
from app.exchange.messages import CATALOGUE
from tests.exchange.making import rows, write_csv

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("spec", list(every_layout()), ids=lambda spec: f"{spec.source}-{spec.kind}")
def test_examples_of_every_record_type(spec, tmp_path, capsys):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(sample.sample_csv(spec))
    bad.write_bytes(sample.bad_csv(spec))
    assert run([str(good), "--source", spec.source]) == 0
    assert "檢核通過" in capsys.readouterr().out
    assert run([str(bad), "--source", spec.source, "--json", "--errors", str(tmp_path / "back")]) == 1
    said = json.loads(capsys.readouterr().out)
    (file,) = said["files"]
    assert not said["ok"] and file["rejected"] >= 3 and file["accepted"] >= 1
    for finding in file["findings"]:
        assert CATALOGUE[finding["code"]].level == finding["level"] and finding["fix"]
    again = read_delivery(file["error_file"], spec.source, kind=spec.kind)
    assert again.meta.rows == file["rejected"]


def test_the_whole_file_and_wrong_usage(tmp_path, capsys):
    page = tmp_path / "x.xls"
    page.write_bytes(b"<html></html>")
    assert run([str(page), "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["code"] == "carrier_html" and "另存新檔" in said.err
    assert run([str(tmp_path / "missing.csv")]) == 1
    for wrong in (["--month", "98年13月", "x.csv"], ["--kind", "nothing", "x.csv"], []):
        with pytest.raises(SystemExit) as stopped:
            run(wrong)
        assert stopped.value.code == 2
    path = write_csv(tmp_path / "a.csv", rows())
    assert run([str(path), "--month", "09804"]) == 1 and "month_other" in capsys.readouterr().err


def test_it_runs_without_anything_of_the_server(tmp_path):
    """In a fresh interpreter in which Flask, SQLAlchemy and the configuration cannot be imported."""
    path = tmp_path / "a.csv"
    path.write_bytes(sample.sample_csv(layout("roster", "elderly_living_allowance")))
    code = (
        "import sys\n"
        "for name in ('flask', 'sqlalchemy', 'flask_appbuilder', 'werkzeug', 'config', 'duckdb', 'app.models', 'app.security'):\n"
        "    sys.modules[name] = None\n"
        "from app.exchange.check import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_installed_is_all_that_is_needed(tmp_path):
    """The packages `pip install` takes, alone in a folder, and the command as it is declared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for package in project["tool"]["setuptools"]["packages"]:
        folder = Path(package.replace(".", "/"))
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for path in (ROOT / folder).glob("*.py"):
            (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    module, function = project["project"]["scripts"]["swis-check"].split(":")
    bad = tmp_path / "壞檔.csv"
    bad.write_bytes(sample.bad_csv(layout("custody")))
    code = f"import sys; from {module} import {function}; sys.argv[0] = 'swis-check'; {function}()"
    done = subprocess.run([sys.executable, "-c", code, str(bad)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "不是存在的日期" in done.stdout, done.stderr
