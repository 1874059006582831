"""Run in a copy of the product to which one benefit was added: from the counter to 核定, by screens and commands that know nothing of it."""

import re
import sys
from pathlib import Path

from tests import seed
from tests.conftest import Browser, settings

CODE = "firewood_allowance"


def main(home: Path) -> None:
    from app import create_app
    from app.commands import setup
    from app.commands.casework import documents, intake, review
    from app.core import clock
    from app.extensions import Model, db
    from app.models.award import Award
    from app.models.decision import Decision
    from app.models.user import User
    from app.security import scope, web

    app = create_app(settings(home, f"sqlite:///{home}/swis.db"))
    app.test_client_class = Browser
    with app.app_context():
        Model.metadata.create_all(db.engine)
        setup.initialise()
        with scope.use(scope.SYSTEM):
            seed.fill(db.session())
            db.session.commit()
        client = app.test_client()
        client.post("/login/", data={"username": "clerk.10004010", "password": seed.PASSWORD})
        assert "柴薪津貼" in client.get("/").text, "the benefit is on the home page"
        who = {"person_id": "J100000014", "name": "彭水木", "birth": "30/5/6", "sex": "M", "registered_address": "新竹縣竹北市", "checksum_confirmed": "y"}
        answer = client.post(f"/{CODE}/open", data=who)
        assert answer.status_code == 303, answer.text
        pk = int(re.search(r"/intake/(\d+)/", answer.location)[1])
        page = client.get(f"/{CODE}/intake/{pk}/facts").text
        assert 'name="finding_burns_wood"' in page and "以柴薪炊煮" in page

        def actor(name: str):
            with scope.use(scope.SYSTEM):
                return web.actor_for(db.session.query(User).filter(User.username == name).one())

        today = clock.today()
        fields = {"lives_at_registration": True, "household_taken_on": today, "finding_burns_wood": True, "consent_on": today, "affidavit_on": today,
                  "channel": "post", "institution": "0061234", "account": "0123456"}  # fmt: skip
        papers = {c: {"received_on": today} for c in ("application_form", "stove_photo")}
        intake.save_draft(actor("clerk.10004010"), pk, intake.Draft(fields=fields, documents=papers))
        intake.submit(actor("clerk.10004010"), pk)
        documents.mark_documents_complete(actor("clerk.10004010"), pk)
        review.first_review(actor("chief.10004010"), pk, "pass", "相符")
        review.forward(actor("chief.10004010"), pk)
        review.second_review(actor("officer.10004"), pk, "相符")
        decision_id = review.approve(actor("director.10004"), pk)
        with scope.use(scope.SYSTEM):
            decision = db.session.get(Decision, decision_id)
            award = db.session.query(Award).one()
            assert (decision.amount, award.amount, award.benefit) == (1_200, 1_200, CODE)
            assert decision.decision_no.startswith("府社柴字")
        client.post(f"/{CODE}/purpose/{pk}", data={"purpose": "複審"})
        page = client.get(f"/{CODE}/show/{pk}").text
        assert "1,200" in page and "是否以柴薪炊煮" in page
        db.session.remove()
    print("decided")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
