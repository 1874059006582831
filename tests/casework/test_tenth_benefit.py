"""A tenth benefit costs a rule, a model, a view and a row of data: nothing else of the product is touched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.casework.tenth import CODE

ROOT = Path(__file__).parents[2]
ROW = f"{CODE},FWA,柴薪津貼,柴薪,,cash,person,monthly,縣柴薪津貼要點,preliminary_review;second_review;approval,,,每年,縣,\n"
RULE = {
    "code": CODE, "name": "柴薪津貼", "short_name": "柴薪", "who": "山區以柴薪炊煮的長者", "law": "縣柴薪津貼要點",
    "versions": [{
        "number": 1, "effective_from": "2020-01-01", "law": "縣柴薪津貼要點",
        "tests": [
            {"type": "registered", "article": "第2點"},
            {"type": "age_at_least", "article": "第2點", "limit": 80},
            {"type": "finding", "article": "第3點", "question": "是否以柴薪炊煮？", "code": "burns_wood"},
        ],
        "amounts": [{"amount": 1200, "name": "每人每月", "article": "第4點"}],
    }],
}  # fmt: skip
MODEL = '''"""柴薪津貼."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application, name_documents
from .application_facts import HERE, LivesHere

name_documents({"stove_photo": "爐灶照片"})


class FirewoodApplication(LivesHere, Application):
    """Who cooks with wood."""

    __tablename__ = "firewood_application"
    BENEFIT = "firewood_allowance"
    LABEL = _l("柴薪津貼")
    DECISION_WORD = "府社柴字"
    SECTIONS = ("person", "facts", "documents", "account")
    DOCUMENTS = (("application_form", True), ("stove_photo", True))
    FACTS = (*HERE, "finding_burns_wood")
    ASKED = FACTS

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    finding_burns_wood: Mapped[bool | None] = mapped_column(info={"label": "以柴薪炊煮"})
'''
VIEW = '''"""柴薪津貼 on screen."""

from app.models.firewood_allowance import FirewoodApplication

from .base import ViewInterface
from .casework import ApplicationView, add_benefit


class FirewoodApplicationView(ApplicationView):
    """Applications for firewood."""

    datamodel = ViewInterface(FirewoodApplication)
    record_name = "柴薪津貼申請"


def register(appbuilder):
    add_benefit(appbuilder, FirewoodApplicationView, 30)
'''


def test_a_tenth_benefit_is_decided_from_four_files(tmp_path):
    product = tmp_path / "product"
    product.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc", "node_modules")
    for name in ("app", "tests", "migrations", "translations"):
        shutil.copytree(ROOT / name, product / name, ignore=unwanted)
    shutil.copy(ROOT / "config.py", product)
    before = {p: p.stat().st_mtime_ns for p in (product / "app").rglob("*.py")}
    (product / "app/rules/data/local" / f"{CODE}.json").write_text(json.dumps(RULE), "utf-8")
    (product / "app/models" / f"{CODE}.py").write_text(MODEL, "utf-8")
    (product / "app/views" / f"{CODE}.py").write_text(VIEW, "utf-8")
    with (product / "app/rules/data/benefits.csv").open("a", encoding="utf-8") as rows:
        rows.write(ROW)
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-m", "tests.casework.tenth", str(home)], cwd=product, env={**os.environ, "PYTHONPATH": str(product)},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0 and done.stdout.endswith("decided\n"), done.stdout[-2000:] + done.stderr[-4000:]
    assert {p: p.stat().st_mtime_ns for p in before} == before
