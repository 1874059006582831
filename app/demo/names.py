"""Invented names of believable age: a name says roughly when and where somebody was born."""

from random import Random

_SURNAMES = (
    ("陳", 90), ("劉", 70), ("黃", 68), ("林", 66), ("張", 62), ("彭", 60), ("徐", 50), ("范", 42), ("曾", 40), ("葉", 38), ("羅", 38), ("鄭", 34),
    ("吳", 34), ("李", 34), ("邱", 30), ("鍾", 30), ("王", 28), ("楊", 26), ("謝", 24), ("古", 22), ("戴", 20), ("詹", 20), ("温", 18), ("余", 16),
    ("姜", 16), ("朱", 16), ("賴", 14), ("何", 14), ("許", 14), ("蔡", 12), ("官", 6), ("莊", 6), ("田", 6), ("甘", 4), ("魏", 8), ("江", 8),
)
SURNAMES = tuple(word for word, _ in _SURNAMES)
_SURNAME_WEIGHTS = tuple(weight for _, weight in _SURNAMES)

# (born before this AD year, men's two letters, women's two letters)
_GENERATIONS = (
    (1960, ("阿金水火木榮德春福財添旺文清國永正進錦", "生來龍發枝松土財福雄興祥河城泉明忠雲壽"), ("玉秀月美春桂蘭阿招菊金素寶銀鳳梅", "妹嬌英珠蘭梅香雲霞枝娥蓮桃鳳菊女")),
    (1985, ("志建文俊國明正世振家宏清榮", "明宏雄傑賢輝龍豪銘偉強成興忠源"), ("淑美雅麗惠秀玉素慧怡佩", "芬惠玲娟貞華珍慧萍君芳雲卿")),
    (2005, ("冠宗彥柏俊家承育哲宇", "宇廷豪霖翰勳傑安祐銘"), ("雅怡佳心欣宜思郁佩筱", "婷君穎涵瑜雯萱蓉儒璇")),
    (9999, ("宥承品宇子睿柏恩", "翔恩睿澤祐齊勛佑"), ("子品妤詠芯語宥羽", "晴妤彤涵芯恩潔甯")),
)
_RARE = ("堃", "喆", "犇", "邨", "珉", "旻", "𡍼", "囍")
TAYAL = {"M": ("Yukan", "Watan", "Temu", "Batu", "Hayung", "Maray"), "F": ("Sayun", "Ciwas", "Yayut", "Pitay", "Lawa", "Upah")}


def surname(rng: Random) -> str:
    return rng.choices(SURNAMES, _SURNAME_WEIGHTS)[0]


def full_name(rng: Random, family: str, sex: str, born: int, indigenous: bool = False) -> str:
    """`family` plus a given name of that year; now and then a rare character, a single letter or a romanised name."""
    if indigenous and rng.random() < 0.12:
        return f"{rng.choice(TAYAL[sex])} {rng.choice(TAYAL['M'])}"
    men, women = next((m, w) for before, m, w in _GENERATIONS if born < before)
    first, second = men if sex == "M" else women
    if rng.random() < 0.012:
        return family + rng.choice(first) + rng.choice(_RARE)
    if rng.random() < 0.03:
        return family + rng.choice(second)
    return family + rng.choice(first) + rng.choice(second)
