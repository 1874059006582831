"""What the command line accepts beside files: stored mappings by name, and counties that exist."""

import json

import pytest

from app.commands import mappings
from tests.exchange.making import rows, write_csv

TITLES = {name: f"欄{n}" for n, name in enumerate(rows()[0])}


@pytest.fixture
def stored(actor, session, tmp_path):
    """A county's mapping of its own titles, tested on a sample and put to use."""
    body = {"columns": {title: name for name, title in TITLES.items()}}
    number = mappings.save_mapping(actor("officer.10004"), "roster", "縣府匯出檔", body)
    mappings.test_mapping(actor("officer.10004"), number, write_csv(tmp_path / "sample.csv", rows(), titles=TITLES), "elderly_living_allowance")
    mappings.use_mapping(actor("officer.10004"), number)
    return number


def ran(app, *args):
    return app.test_cli_runner().invoke(args=["swis", *args])


def test_a_stored_mapping_is_chosen_by_its_name(app, stored, tmp_path):
    path = str(write_csv(tmp_path / "a.csv", rows(), titles=TITLES))
    assert ran(app, "import", "roster", path, "--json").exit_code == 1
    done = ran(app, "import", "roster", path, "--county", "10004", "--mapping", "縣府匯出檔", "--json")
    assert (done.exit_code, json.loads(done.stdout)["accepted"]) == (0, 10)


def test_a_mapping_file_still_goes_first_and_an_unknown_name_is_said(app, stored, tmp_path):
    path = str(write_csv(tmp_path / "a.csv", rows(), titles=TITLES))
    unknown = ran(app, "import", "roster", path, "--mapping", "沒有這個對照", "--json")
    assert unknown.exit_code == 1 and json.loads(unknown.stdout)["code"] == "mapping_form"
    file = tmp_path / "mapping.json"
    file.write_text(json.dumps({"name": "x", "source": "roster", "columns": {title: name for name, title in TITLES.items()}}), "utf-8")
    assert ran(app, "import", "roster", path, "--mapping", str(file), "--json").exit_code == 0


def test_another_countys_mapping_is_not_taken(app, stored, tmp_path):
    path = str(write_csv(tmp_path / "a.csv", rows(), titles=TITLES))
    assert ran(app, "import", "roster", path, "--county", "10005", "--mapping", "縣府匯出檔", "--json").exit_code == 1


@pytest.mark.parametrize("args", [["doubts", "--month", "09803"], ["roster", "--month", "09803", "--kind", "elderly_living_allowance"]])
def test_a_county_that_does_not_exist_is_refused_and_nothing_written(app, tmp_path, args):
    out = tmp_path / "out.csv"
    done = ran(app, *args, "--county", "99999", "--out", str(out), "--json")
    assert done.exit_code == 1 and "99999" in done.stdout + done.stderr and not out.exists()
