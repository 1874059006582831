"""The alternative for `lists`: the same applications in a stock Flask-AppBuilder ModelView, with its own count, offset and ILIKE.

`python -m tests.performance.stock_list URL FOLDER ROWS` measures it on a database that `lists` has filled with ROWS, and prints one line of JSON.
"""

import json
import logging
import sys
from typing import Any

from flask import Flask

from .lists import measured

LIST = "/applicationview/list/"


def make(url: str, folder: str) -> Flask:
    """A stock application over the same tables; everybody who signs in may see everything."""
    from flask_appbuilder import AppBuilder, Model, ModelView
    from flask_appbuilder.models.sqla.interface import SQLAInterface
    from flask_appbuilder.utils.legacy import get_sqla_class
    from sqlalchemy import Column, Date, ForeignKey, Integer, String
    from sqlalchemy.orm import relationship

    class Person(Model):  # type: ignore[misc]
        __tablename__ = "person"
        id = Column(Integer, primary_key=True)
        person_id = Column(String(10))
        name = Column(String(50))

        def __repr__(self) -> str:
            return str(self.name)

    class Application(Model):  # type: ignore[misc]
        __tablename__ = "application"
        id = Column(Integer, primary_key=True)
        case_no = Column(String(20))
        applicant_id = Column(Integer, ForeignKey("person.id"))
        applicant = relationship(Person)
        county_code = Column(String(5))
        town_code = Column(String(8))
        purpose = Column(String(16))
        received_on = Column(Date)
        documents_complete_on = Column(Date)
        state = Column(String(30))

    class ApplicationView(ModelView):  # type: ignore[misc]
        datamodel = SQLAInterface(Application)
        list_columns = ["case_no", "applicant.name", "applicant.person_id", "town_code", "purpose", "received_on", "documents_complete_on", "state"]
        search_columns = ["case_no", "county_code", "town_code", "state", "received_on"]  # a search by applicant would offer every person in one drop-down
        base_order = ("id", "desc")
        page_size = 25

    app = Flask("stock", instance_path=folder)
    app.config |= {"SQLALCHEMY_DATABASE_URI": url, "SECRET_KEY": "bench", "WTF_CSRF_ENABLED": False}
    db = get_sqla_class()()
    db.init_app(app)
    with app.app_context():
        appbuilder = AppBuilder(app, db.session)
        appbuilder.add_view(ApplicationView, "Applications", category="Cases")
        appbuilder.sm.add_user("bench", "Bench", "Mark", "bench@example.invalid", appbuilder.sm.find_role("Admin"), "bench")
    return app


def main(url: str, folder: str, rows: str) -> None:
    app = make(url, folder)
    client = app.test_client()
    client.post("/login/", data={"username": "bench", "password": "bench"})

    def list_of(query: str = "") -> Any:
        def get() -> None:
            answer = client.get(f"{LIST}?{query}")
            assert answer.status_code == 200 and "BEN" in answer.text, (answer.status_code, query)

        return get

    found = {}
    last = int(rows) * 59 // 100 // 25
    for label, query in {
        "第一頁": "_flt_3_county_code=10004",
        "翻到後面": f"_flt_3_county_code=10004&page_ApplicationView={last}",
        "依收件日": "_flt_3_county_code=10004&_oc_ApplicationView=received_on&_od_ApplicationView=desc",
        "已核定": "_flt_3_county_code=10004&_flt_3_state=approved",
        "案號開頭": "_flt_0_case_no=BEN0004",
    }.items():
        found[label] = measured(list_of(query))
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main(*sys.argv[1:4])
