"""`flask swis jobs`: the jobs process."""

import logging

import click
from flask import current_app

from app.jobs import load
from app.jobs.process import JobsProcess, Settings

from . import command


@command("jobs")
@click.option("--workers", type=click.IntRange(1, 32), default=Settings.workers, show_default=True, envvar="SWIS_JOB_WORKERS", help="同時執行的作業數")
@click.option("--lease", type=float, default=Settings.lease, show_default=True, help="幾秒沒有回報即由其他程序接手")
@click.option("--poll", type=float, default=Settings.poll, show_default=True, help="幾秒查看一次佇列")
@click.option("--grace", type=float, default=Settings.grace, show_default=True, help="停止時最多等待幾秒")
def jobs(workers: int, lease: float, poll: float, grace: float) -> None:
    """執行排程與背景作業，直到收到停止訊號；可同時啟動多個，其中一個負責排程"""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    load()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    JobsProcess(app, Settings(workers, lease, poll, grace)).serve()
