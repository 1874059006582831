# `make` alone lists what there is. Everything happens inside this directory: .venv/ holds the libraries, var/ the data.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
CATALOGUE := translations/zh_Hant_TW/LC_MESSAGES/messages.mo
.PHONY: help run training test lint bench screens spark lock install needs

help:  ## 列出可用的指令
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

run: .venv/run.installed $(CATALOGUE)  ## 啟動主控台與作業程序（http://127.0.0.1:8080，Ctrl-C 停止）
	@exec $(BIN)/python run.py

training: .venv/run.installed $(CATALOGUE)  ## 啟動訓練環境：自己的資料庫、虛構的縣（http://127.0.0.1:8090）
	@SWIS_PROFILE=training exec $(BIN)/python run.py

test: .venv/test.installed $(CATALOGUE) needs lint  ## 檢查程式並執行全部測試（SQLite 與 PostgreSQL）
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

lint: .venv/test.installed  ## 程式風格、型別、模組依存方向
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/test.installed $(CATALOGUE)  ## 以全國規模的虛構資料量測效能
	$(BIN)/python -m tests.performance

screens: .venv/test.installed $(CATALOGUE) needs  ## 以瀏覽器拍下每一個畫面（存於 var/screens）
	$(BIN)/python -m tests.browser.screens

spark: .venv/spark.installed $(CATALOGUE)  ## 在 Spark 上跑同樣的比對規則（安裝選用的 pyspark；需要 Java 17）
	@$(BIN)/python tests/needs.py spark
	$(BIN)/python -m pytest -q tests/matching/test_spark.py

lock: .venv/test.installed  ## 重新鎖定函式庫版本與雜湊值
	$(BIN)/python -m pip install -q --disable-pip-version-check uv
	cd requirements && for part in run test spark; do \
		../$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q $$part.in -o $$part.txt || exit 1; \
	done

install: .venv/run.installed $(CATALOGUE)  ## 建立 .venv 並安裝鎖定版本的函式庫

needs: .venv/test.installed
	@$(BIN)/python tests/needs.py

$(CATALOGUE): .venv/run.installed translations/compile.py $(wildcard translations/parts/*.po)
	@$(BIN)/python translations/compile.py

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 以上；請以 make PYTHON=python3.11 $(MAKECMDGOALS) 指定。" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "無法建立 .venv；Debian／Ubuntu 請先安裝 python3-venv。" >&2; exit 1; }

.venv/run.installed: requirements/run.txt | .venv/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

.venv/test.installed: requirements/test.txt .venv/run.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

.venv/spark.installed: requirements/spark.txt .venv/test.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/spark.txt
	@touch $@
