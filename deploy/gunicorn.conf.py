"""gunicorn for production. Each worker serves one request at a time: screens of Flask-AppBuilder are not made for threads."""

import multiprocessing
import os

bind = os.environ.get("SWIS_BIND", "unix:/run/swis/web.sock")
workers = int(os.environ.get("SWIS_WEB_WORKERS", str(2 * multiprocessing.cpu_count() + 1)))
worker_class = "sync"
timeout = 120
graceful_timeout = 30
max_requests = 5000
max_requests_jitter = 500
forwarded_allow_ips = "127.0.0.1"
accesslog = None  # the query log is the record of who saw what; addresses with search terms stay out of plain files
control_socket_disable = True
