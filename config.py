"""Settings, read from the environment. `load()` returns the Flask configuration or refuses with a sentence saying what to set."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
PROFILES = ("demo", "production", "test", "training")


class UnsafeSetting(RuntimeError):
    """A production setting is missing or unsafe; the message (Chinese) names it and says what to set."""


def home(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of database, snapshots, uploads and logs."""
    folder = Path(env.get("SWIS_HOME") or ROOT / "var").resolve()
    return Path(env.get("SWIS_TRAINING_HOME") or folder / "training").resolve() if env.get("SWIS_PROFILE") == "training" else folder


def _local_secret(folder: Path, name: str) -> str:
    """A random secret kept beside the database, made on first use: no installation shares a default."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as f:
                f.write(secrets.token_hex(32))
        except FileExistsError:
            pass
    return path.read_text()


def _flag(env: Mapping[str, str], name: str, default: bool) -> bool:
    return env.get(name, str(default)).strip().lower() in ("1", "true", "yes", "on")


def load(env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The configuration for `create_app`. Raises UnsafeSetting."""
    profile = env.get("SWIS_PROFILE", "demo")
    if profile not in PROFILES:
        raise UnsafeSetting(f"SWIS_PROFILE 是「{profile}」，請設為 demo、production 或 training")
    production = profile == "production"
    if profile == "training":
        env = _for_training(env)
    folder = home(env)
    database = env.get("DATABASE_URL") or f"sqlite:///{folder / 'swis.db'}"
    if database.startswith(("postgres://", "postgresql://")):
        database = "postgresql+psycopg://" + database.split("://", 1)[1]
    hosts = [h.strip() for h in env.get("TRUSTED_HOSTS", "" if production else "127.0.0.1,localhost,[::1]").split(",") if h.strip()]
    settings: dict[str, Any] = {
        "SWIS_PROFILE": profile,
        "SWIS_HOME": folder,
        "SWIS_PORT": int(env.get("SWIS_PORT", "8080")),
        "OUTGOING": profile != "training",
        "SECRET_KEY": env.get("SECRET_KEY", ""),
        "AUDIT_KEY": env.get("AUDIT_KEY", ""),
        "DEBUG": _flag(env, "FLASK_DEBUG", False),
        "TRUSTED_HOSTS": hosts,
        "SQLALCHEMY_DATABASE_URI": database,
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True, "hide_parameters": True},
        "SESSION_COOKIE_NAME": "swis-training" if profile == "training" else "swis",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": _flag(env, "SESSION_COOKIE_SECURE", production),
        "SESSION_IDLE_MINUTES": int(env.get("SESSION_IDLE_MINUTES", "30")),
        "SESSION_ABSOLUTE_HOURS": int(env.get("SESSION_ABSOLUTE_HOURS", "10")),
        "MAX_CONTENT_LENGTH": int(env.get("MAX_UPLOAD_MB", "200")) * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": None,
        "APP_NAME": "社政資訊整合系統",
        "BABEL_DEFAULT_LOCALE": "zh_Hant_TW",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Taipei",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "LANGUAGES": {"zh_Hant_TW": {"flag": "tw", "name": "正體中文"}},
        "AUTH_TYPE": 1,
        "AUTH_ROLE_ADMIN": "系統管理",
        "AUTH_ROLE_PUBLIC": "Public",
        "FAB_ADD_SECURITY_VIEWS": False,
        "FAB_ADD_SECURITY_API": False,
        "FAB_API_SWAGGER_UI": False,
        "FAB_ADD_OPENAPI_VIEWS": False,
        "FAB_ADD_MENU_API": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_CREATE_DB": False,
        "MATCH_ENGINE": env.get("MATCH_ENGINE", "duckdb"),
        "SPARK_MASTER": env.get("SPARK_MASTER", "local[*]"),
        "SPARK_OPTIONS": env.get("SPARK_OPTIONS", ""),
        "SPARK_URL": env.get("SPARK_URL", ""),
        "DROP_FOLDER": Path(env["DROP_FOLDER"]).resolve() if env.get("DROP_FOLDER") else folder / "drop",
        "FONT_FOLDERS": [Path(p) for p in env.get("FONT_FOLDERS", "/usr/local/share/fonts:/usr/share/fonts").split(":") if p],
        "SFTP_SECRETS": Path(env["SFTP_SECRETS"]).resolve() if env.get("SFTP_SECRETS") else folder / "sftp",
        "SMTP_HOST": env.get("SMTP_HOST", ""),
        "SMTP_PORT": int(env.get("SMTP_PORT", "587")),
        "SMTP_TLS": _flag(env, "SMTP_TLS", True),
        "SMTP_USER": env.get("SMTP_USER", ""),
        "SMTP_PASSWORD": env.get("SMTP_PASSWORD", ""),
        "SMTP_FROM": env.get("SMTP_FROM", "swis@localhost"),
    }
    if production:
        _refuse_unsafe(settings, env)
    else:
        settings["SECRET_KEY"] = settings["SECRET_KEY"] or _local_secret(folder, "secret.key")
    settings["AUDIT_KEY"] = settings["AUDIT_KEY"] or _local_secret(folder, "audit.key")
    return settings


OF_THE_REAL_ONE = ("SECRET_KEY", "AUDIT_KEY", "DROP_FOLDER", "SFTP_SECRETS", "SMTP_HOST", "SMTP_USER", "SMTP_PASSWORD", "SESSION_COOKIE_SECURE")
"""What training never takes from the environment: keys, folders and servers of the installation beside it."""


def _for_training(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what belongs to the real installation. Raises UnsafeSetting when it names a database."""
    if env.get("DATABASE_URL"):
        raise UnsafeSetting("訓練環境只使用自己資料夾裡的資料庫，請移除 DATABASE_URL 後再啟動（正式資料庫不會被訓練環境開啟）")
    if home(env) == home({k: v for k, v in env.items() if k != "SWIS_PROFILE"}):
        raise UnsafeSetting("SWIS_TRAINING_HOME 與正式環境的資料夾相同，請改用另一個資料夾")
    return {"SWIS_PORT": "8090", **{k: v for k, v in env.items() if k not in OF_THE_REAL_ONE}}


def _refuse_unsafe(s: dict[str, Any], env: Mapping[str, str]) -> None:
    key = s["SECRET_KEY"]
    if not key:
        raise UnsafeSetting("正式環境沒有設定 SECRET_KEY，請設為 32 個字元以上的隨機字串")
    if len(key) < 32 or len(set(key)) < 10:
        raise UnsafeSetting("SECRET_KEY 太短或太簡單，請設為 32 個字元以上的隨機字串（例如 openssl rand -hex 32 的輸出）")
    if len(s["AUDIT_KEY"]) < 32 or s["AUDIT_KEY"] == key:
        raise UnsafeSetting("正式環境沒有設定 AUDIT_KEY（稽核軌跡的金鑰），請設為 32 個字元以上、與 SECRET_KEY 不同的隨機字串")
    if s["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        raise UnsafeSetting("正式環境不使用 SQLite，請把 DATABASE_URL 設為 postgresql://…")
    if s["DEBUG"]:
        raise UnsafeSetting("正式環境不可開啟除錯模式，請移除 FLASK_DEBUG")
    if not s["SESSION_COOKIE_SECURE"]:
        raise UnsafeSetting("正式環境的 Cookie 必須只走 HTTPS，請移除 SESSION_COOKIE_SECURE=0")
    if not s["TRUSTED_HOSTS"]:
        raise UnsafeSetting("正式環境沒有設定 TRUSTED_HOSTS，請設為主控台的網域名稱（多個以逗號分開）")
