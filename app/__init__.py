"""The application factory: wires the rooms together, nothing else."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(settings: dict[str, Any] | None = None) -> "Flask":
    """The console. `settings` replaces what the environment says (tests). Raises config.UnsafeSetting."""
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    import config

    from .extensions import csrf, db, migrate
    from .security import installation

    app = Flask(__name__)
    app.config.update(config.load() if settings is None else settings)
    app.config["SWIS_HOME"].mkdir(parents=True, exist_ok=True, mode=0o700)
    if foreign := installation.mismatch(app.config["SWIS_PROFILE"], app.config["SQLALCHEMY_DATABASE_URI"]):
        raise config.UnsafeSetting(foreign)

    if app.config["SWIS_PROFILE"] == "production":  # behind the reverse proxy, which overwrites these headers (docs/deployment.md)
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]

    from flask_appbuilder import AppBuilder

    from . import models  # noqa: F401  (the mappers must exist before the views)
    from .cli import load
    from .security import web
    from .security.manager import SecurityManager
    from .views import register
    from .views.auth import AuthView
    from .views.errors import install_error_pages
    from .views.home import HomeView
    from .views.wtforms_zh import install_messages

    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"))
    csrf.init_app(app)
    web.install(app)
    installation.install(app)
    install_messages(app)
    SecurityManager.auth_view_class = AuthView
    with app.app_context():
        appbuilder = AppBuilder(
            app, db.session, indexview=HomeView, base_template="base/layout.html", security_manager_class=SecurityManager
        )
        register(appbuilder)
        appbuilder.post_init()
    install_error_pages(app)
    app.cli.add_command(load())
    return app
