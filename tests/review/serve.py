"""Run the reviewers' room over a store, for tests that drive or kill a real server: FILE PORT."""

import sys
from pathlib import Path

import uvicorn
from argon2 import PasswordHasher

from clearbar.project import find_project
from clearbar.review import create_app
from clearbar.settings import ReviewSettings, Settings
from clearbar.store import Store

ROOT = Path(__file__).resolve().parents[2]


def main(url: str, port: int) -> None:
    settings = Settings(review=ReviewSettings(double_share=0))
    with Store.open(url) as store:
        hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        app = create_app(find_project(ROOT), settings, store, hasher=hasher)
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
