"""Numbers in addresses and forms that no row can have are answered like any other mistake, never with an error of the system."""

import re

import pytest

from app.core.text import row_number

NONSENSE = ("99999999999999999999999", "²", "-1", "１", "1e9", "")


@pytest.mark.parametrize("typed", NONSENSE)
def test_a_row_number_is_plain_digits_that_fit(typed):
    assert row_number(typed) is None
    assert row_number("120") == 120


PEOPLE = ("chief.10004010", "officer.10004", "director.10004", "admin.10004")  # together they reach every screen that takes a number


@pytest.mark.sqlite
@pytest.mark.parametrize("username", PEOPLE)
def test_no_screen_breaks_on_a_number_nobody_has(app, client_as, username):
    """Every route that takes a number or a form, with numbers that cannot be."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    browser = client_as(username)
    form = dict.fromkeys(("line", "finding", "line_no", "mapping", "days", "due", "office_id", "_seen_version", "record_length", "benefit", "town"), "²")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("static", "appbuilder.static", "AuthView.logout", "PasswordView.form", "upload_endpoint"):
            continue
        for number in NONSENSE[:2] if rule.arguments else ("",):
            url = re.sub(r"<(?:\w+:)?(\w+)>", lambda m, number=number: number if m[1] != "name" else "approve", rule.rule)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = browser.open(url, method=method, data=form if method == "POST" else None)
                assert answer.status_code < 500, (method, url)
