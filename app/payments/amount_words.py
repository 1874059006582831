"""Amounts in the capital numerals that payment documents carry (新臺幣壹萬貳仟元整)."""

_DIGITS = "零壹貳參肆伍陸柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "萬", "億", "兆")


def _four(number: int) -> str:
    out = ""
    for power in range(3, -1, -1):
        digit = number // 10**power % 10
        if digit:
            out += _DIGITS[digit] + _UNITS[power]
        elif out and not out.endswith("零") and number % 10**power:
            out += "零"
    return out


def in_words(amount: int) -> str:
    """`12000` → `新臺幣壹萬貳仟元整`. Raises ValueError below 0 or from 10^16."""
    if not 0 <= amount < 10**16:
        raise ValueError(f"金額 {amount} 無法以國字大寫表示")
    if amount == 0:
        return "新臺幣零元整"
    out = ""
    for power in range(3, -1, -1):
        group = amount // 10 ** (4 * power) % 10**4
        if group:
            if out and (group < 1000 or out.endswith("零")):
                out = out.rstrip("零") + "零"
            out += _four(group) + _GROUPS[power]
        elif out and amount % 10 ** (4 * power) and not out.endswith("零"):
            out += "零"
    return f"新臺幣{out}元整"
