"""What the tests need beside Python: PostgreSQL, Chromium, Chinese fonts. Installs what is missing where it may, else says how.

`python tests/needs.py` exits 0 when everything is here; with `spark` it looks for what the cluster engine needs. Only apt, and only as
root, installs anything.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

if __package__:
    from . import postgres
else:
    import postgres  # run as a script

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Traditional Chinese."""
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh-tw", "family"], capture_output=True, text=True, check=False).stdout.strip())


def has_rare_characters() -> bool:
    """Whether the font with the national 全字庫 is here: names have characters that common fonts lack."""
    if not shutil.which("fc-list"):
        return False
    return "TW" in subprocess.run(["fc-list", ":family=TW-Kai", "family"], capture_output=True, text=True, check=False).stdout


def chromium() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return os.environ.get("SWIS_CHROMIUM") or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@dataclass(frozen=True)
class Need:
    """One thing looked for, and the Debian packages that bring it."""

    name: str
    found: Callable[[], object]
    packages: tuple[str, ...]


NEEDS = (
    Need(f"PostgreSQL {postgres.OLDEST} 以上（伺服器程式）", postgres.bin_directory, ("postgresql",)),
    Need("Chromium 瀏覽器", chromium, ("chromium",)),
    Need("中文字型", has_chinese_font, ("fonts-noto-cjk", "fontconfig")),
    Need("罕用字字型（全字庫正楷體）", has_rare_characters, ("fonts-cns11643-kai", "fontconfig")),
)

SPARK_NEEDS = (Need("Java 17 以上", lambda: shutil.which("java"), ("openjdk-17-jre-headless",)),)


def install(packages: list[str]) -> None:
    """Install Debian packages; a failure is told by apt itself and found by the second look."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=False, env=environment)


def main() -> int:
    """Look, install if allowed, look again; 1 when something is still missing."""
    missing = [need for need in (SPARK_NEEDS if sys.argv[1:] == ["spark"] else NEEDS) if not need.found()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print("安裝測試所需：" + "、".join(need.name for need in missing), flush=True)
        install([package for need in missing for package in need.packages])
        missing = [need for need in missing if not need.found()]
    if missing:
        packages = " ".join(package for need in missing for package in need.packages)
        print("缺少：" + "、".join(need.name for need in missing), file=sys.stderr)
        print(f"請以系統管理者執行：apt-get install {packages}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
