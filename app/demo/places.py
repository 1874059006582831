"""Where the invented people live: the county's thirteen real townships, with invented villages and roads.

`elders` is roughly how many people of 65 and more live there (orders of magnitude, only used as weights).
"""

from dataclasses import dataclass
from random import Random

COUNTY = "10004"
COUNTY_NAME = "新竹縣"


@dataclass(frozen=True, slots=True)
class Town:
    code: str
    name: str
    zip: str
    elders: int
    indigenous: float  # share of indigenous residents

    @property
    def village_word(self) -> str:
        return "村" if self.name.endswith("鄉") else "里"


TOWNS = (
    Town("10004010", "竹北市", "302", 20000, 0.005),
    Town("10004020", "竹東鎮", "310", 15500, 0.03),
    Town("10004030", "新埔鎮", "305", 7500, 0.005),
    Town("10004040", "關西鎮", "306", 7000, 0.02),
    Town("10004050", "湖口鄉", "303", 10500, 0.015),
    Town("10004060", "新豐鄉", "304", 8500, 0.015),
    Town("10004070", "芎林鄉", "307", 4000, 0.005),
    Town("10004080", "橫山鄉", "312", 3300, 0.02),
    Town("10004090", "北埔鄉", "314", 2200, 0.02),
    Town("10004100", "寶山鄉", "308", 2900, 0.005),
    Town("10004110", "峨眉鄉", "315", 1600, 0.01),
    Town("10004120", "尖石鄉", "313", 1150, 0.88),
    Town("10004130", "五峰鄉", "311", 650, 0.9),
)
TOWN = {town.code: town for town in TOWNS}
OTHER_COUNTIES = (("10018", "新竹市"), ("68000", "桃園市"), ("10005", "苗栗縣"), ("65000", "新北市"), ("63000", "臺北市"), ("66000", "臺中市"))

_VILLAGE_HEAD = "東安永和福瑞長興義泰德嘉昌景清"
_VILLAGE_TAIL = "泉原坪豐祥禾雲林湖園樂義崙埔"
_ROADS = ("和順路", "永樂街", "福田路", "稻香街", "長春路", "清溪路", "平安街", "豐年路", "茶香路", "柿園街", "義民新路", "學府新街", "松濤路", "石橋街")
_FARM = ("竹林下", "柑園", "茶亭", "上屋", "下屋", "水門", "石坑口", "大樟樹", "楓樹排", "牛欄湖")


def village(rng: Random, town: Town) -> str:
    """One of about a dozen invented villages of the township, the same dozen for a township every time."""
    pick = rng.randrange(12)
    offset = int(town.code[-3:]) // 10
    head = _VILLAGE_HEAD[(pick + offset) % len(_VILLAGE_HEAD)]
    tail = _VILLAGE_TAIL[(pick * 5 + offset) % len(_VILLAGE_TAIL)]
    return f"{head}{tail}{town.village_word}"


def street(rng: Random, town: Town) -> str:
    """The rest of an address, from the neighbourhood on."""
    neighbourhood = rng.randint(1, 28)
    if town.indigenous > 0.5 or rng.random() < 0.3:
        return f"{neighbourhood}鄰{rng.choice(_FARM)}{rng.randint(1, 150)}號"
    floor = f"{rng.randint(2, 12)}樓" if town.elders > 8000 and rng.random() < 0.4 else ""
    return f"{neighbourhood}鄰{rng.choice(_ROADS)}{rng.randint(1, 480)}號{floor}"


def address_elsewhere(rng: Random) -> tuple[str, str]:
    """(county code, address) outside the county."""
    code, name = rng.choice(OTHER_COUNTIES)
    return code, f"{name}{rng.choice(_ROADS)}{rng.randint(1, 600)}號{rng.randint(2, 15)}樓"
