"""The console for gunicorn (`gunicorn wsgi:app`) and for the `flask` command line."""

import sys

from app import create_app
from config import UnsafeSetting

try:
    app = create_app()
except UnsafeSetting as error:
    sys.exit(f"無法啟動：{error}")
