"""Every page a person can reach by links, each kind of page once: lists, records, forms."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from flask.testing import FlaskClient

from .language import read

LEAVE = re.compile(r"^/(logout|static|lang)|/file/|/download|\.(xlsx|csv|pdf|txt|zip)$")
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')
PURPOSE = re.compile(r'action="(/[^"]*/purpose/[^"]+)"')
MANY = 400


@dataclass(frozen=True)
class Visited:
    path: str
    status: int
    html: str

    @property
    def kind(self) -> str:
        return kind_of(self.path)


def kind_of(path: str) -> str:
    """Pages that differ in their numbers only are of one kind; of the arguments only their names count."""
    parts = urlsplit(path)
    shape = re.sub(r"/[^/]*\d[^/]*", "/#", parts.path)
    names = sorted({re.sub(r"=.*", "", a) for a in parts.query.split("&") if a and not re.match(r"_o[cd]_|page_|psize_", a)})
    return shape + ("?" + "&".join(names) if names else "")


def crawl(client: FlaskClient, start: str = "/") -> Iterator[Visited]:
    """Pages reachable by links from `start`, one of each kind; the purpose is given where it is asked."""
    waiting, seen = deque([start]), {kind_of(start)}
    while waiting and len(seen) < MANY:
        path = waiting.popleft()
        answer = client.get(path, follow_redirects=True)
        html = answer.text if answer.mimetype == "text/html" else ""
        asked = PURPOSE.search(html)
        if asked and "purpose-form" in html:
            yield Visited(path + "#purpose", answer.status_code, html)
            token = TOKEN.search(html)
            client.post(asked[1], data={"purpose": "民眾查詢", "csrf_token": token[1] if token else ""})
            answer = client.get(path, follow_redirects=True)
            html = answer.text
        yield Visited(path, answer.status_code, html)
        for link in read(html)[1]:
            target = urlsplit(urljoin("http://x" + path, link.replace("&amp;", "&")))
            found = target.path + ("?" + target.query if target.query else "")
            if target.netloc == "x" and not LEAVE.search(target.path) and kind_of(found) not in seen:
                seen.add(kind_of(found))
                waiting.append(found)
