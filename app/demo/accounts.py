"""The demo's people who sign in: one account per role for the visitor, and the other townships' staff."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.models.office import Office
from app.models.user import User
from app.security import passwords, roles, web
from app.security.actor import Actor

from . import places

PASSWORD = "Demo-Hsinchu-115"  # noqa: S105  (printed on the sign-in page of the demo, and only there)


class Account(NamedTuple):
    """A demo account as it is printed: user name, password, role, person and office."""

    username: str
    password: str
    role: str
    office: str


@dataclass(frozen=True)
class _Staff:
    username: str
    family: str
    given: str
    role: str
    office: str


_TOWN = places.TOWNS[0].code
_LEADING = (
    _Staff("gongsuo", "彭", "雅婷", roles.TOWN_CLERK, _TOWN),
    _Staff("gongsuo-boss", "范", "國棟", roles.TOWN_SUPERVISOR, _TOWN),
    _Staff("xianfu", "羅", "心怡", roles.COUNTY_OFFICER, places.COUNTY),
    _Staff("xianfu-boss", "葉", "明宏", roles.COUNTY_SUPERVISOR, places.COUNTY),
    _Staff("zhuji", "古", "淑芬", roles.ACCOUNTANT, places.COUNTY),
    _Staff("zhongyang", "林", "冠宇", roles.MINISTRY_OFFICER, "MOHW"),
    _Staff("jihe", "戴", "正賢", roles.AUDITOR, places.COUNTY),
    _Staff("xitong", "詹", "俊豪", roles.ADMINISTRATOR, places.COUNTY),
)
_SECOND = _Staff("xianfu2", "徐", "慧玲", roles.COUNTY_OFFICER, places.COUNTY)
_CLERKS = ("邱慧敏", "曾佩君", "鍾宜蓉", "劉欣儒", "黃郁婷", "陳思穎", "張佩瑜", "温雅雯", "詹佳穎", "朱宜君", "田曉萱", "古筱涵")
_CHIEFS = ("陳建宏", "黃文傑", "鄭俊賢", "吳家豪", "余振明", "謝志偉", "賴國龍", "姜文豪", "何明輝", "官世昌", "甘志強", "江建成")
_NAMES = {_TOWN: "竹北市公所", places.COUNTY: "新竹縣政府", "MOHW": "衛生福利部"}

ACCOUNTS = tuple(Account(s.username, PASSWORD, s.role, f"{_NAMES[s.office]}　{s.family}{s.given}") for s in _LEADING)


def _everybody() -> list[_Staff]:
    others = [
        _Staff(f"{head}.{town.code}", name[0], name[1:], role, town.code)
        for head, role, people in (("gongsuo", roles.TOWN_CLERK, _CLERKS), ("gongsuo-boss", roles.TOWN_SUPERVISOR, _CHIEFS))
        for town, name in zip(places.TOWNS[1:], people, strict=True)
    ]
    return [*_LEADING, _SECOND, *others]


class Staff:
    """The demo's staff as users and as actors, by what they do."""

    def __init__(self, session: Session) -> None:
        self.session = session
        names = [s.username for s in _everybody()]
        users = session.scalars(select(User).where(User.username.in_(names))).unique().all()
        self._ids = {u.username: u.id for u in users}
        self._names = {u.id: u.get_full_name() for u in users}

    def id_of(self, username: str) -> int:
        return self._ids[username]

    def actor(self, username: str) -> Actor:
        return web.actor_for(self.session.get_one(User, self._ids[username]))

    def display(self, user_id: int) -> str:
        return self._names[user_id]

    def clerk(self, town: str) -> str:
        return "gongsuo" if town == _TOWN else f"gongsuo.{town}"

    def chief(self, town: str) -> str:
        return "gongsuo-boss" if town == _TOWN else f"gongsuo-boss.{town}"


OFFICER, OFFICER2, DIRECTOR, CASHIER, MINISTRY = "xianfu", "xianfu2", "xianfu-boss", "zhuji", "zhongyang"


def create(session: Session) -> None:
    """Make the accounts that are not there yet. Everybody has the same password, so it is hashed once."""
    sm: Any = current_app.appbuilder.sm  # type: ignore[attr-defined]
    offices = {o.code: o for o in session.scalars(select(Office))}
    role_of = {name: sm.find_role(name) for name in roles.ALL}
    hashed = passwords.hashed(PASSWORD, current_app.config.get("PASSWORD_HASH", "scrypt"))
    have = set(session.scalars(select(User.username)))
    for s in _everybody():
        if s.username in have:
            continue
        user = User(
            username=s.username,
            last_name=s.family,
            first_name=s.given,
            email=f"{s.username}@invalid",
            active=True,
            office_id=offices[s.office].id,
            password=hashed,
            must_change_password=False,
            password_changed_at=clock.now(),
        )
        user.roles = [role_of[s.role]]
        session.add(user)
    session.flush()
