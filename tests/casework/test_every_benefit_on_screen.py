"""Every benefit's screens, made from its model: list, counter, each section, review page and sheet."""

import re

import pytest

from app.core import clock, roc
from app.models.application import Application
from tests.casework.conftest import person_id
from tests.casework.test_further_benefits import models
from tests.casework.test_screens import CLERK, opened


@pytest.mark.sqlite
@pytest.mark.parametrize("code", models())
def test_from_list_to_sheet(code, client_as, county_settings, session):
    model, base, client = models()[code], f"/{code}", client_as(CLERK)
    assert str(model.LABEL) in client.get("/").text
    assert client.get(f"{base}/list/").status_code == 200
    answer = client.post(f"{base}/open", data={"person_id": person_id(9), "name": "林小安", "birth": "60/5/6", "sex": "M", "registered_address": "新竹縣竹北市"})
    pk = int(re.search(r"/intake/(\d+)/person", answer.location)[1])
    for section in (*model.SECTIONS, "summary"):
        page = client.get(f"{base}/intake/{pk}/{section}")
        assert page.status_code == 200, section
        assert "msgid" not in page.text and "None" not in re.sub(r"<script.*?</script>", "", page.text, flags=re.S), section
    for missing in {"household", "means", "account"} - set(model.SECTIONS):
        assert client.get(f"{base}/intake/{pk}/{missing}").status_code == 404
    form = client.get(f"{base}/intake/{pk}/facts").text
    assert all(f'name="{name}"' in form for name in model.FACTS)
    today = roc.show_date(clock.today())
    saved = client.post(
        f"{base}/intake/{pk}/facts", data={"_seen_version": version_of(client, base, pk), "go": "stay", "lives_at_registration": "y", "household_taken_on": today}
    )
    assert saved.status_code == 303
    session.expire_all()
    assert session.get(Application, pk).lives_at_registration is True
    opened(client, pk, base=base)
    page = client.get(f"{base}/show/{pk}").text
    assert "試算結果" in page and ("家庭應計算人口" in page) == ("means" in model.SECTIONS)
    assert "審核結果計算表" in client.get(f"{base}/sheet/{pk}").text


def version_of(client, base, pk):
    return re.search(r'name="_seen_version" value="(\d+)"', client.get(f"{base}/intake/{pk}/facts").text)[1]
