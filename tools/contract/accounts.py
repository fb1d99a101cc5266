"""The accounts that requests come from, on whatever the server serves: its own APIs, or somebody's own data."""

import itertools
import os

import requests

ROLE = os.environ["CONTRACT_ROLE"]
URL = os.environ["CONTRACT_URL"]
IS_OWN = os.environ["CONTRACT_DATA"] == "own"
ON_DATABASE = os.environ["CONTRACT_ON_DATABASE"] == "true"

PASSWORD = "Passw0rd-of-contract"

# What ends a token, all of an account's, or the account: each request gets an account of its own.
ENDING = {
    "logOut",
    "revokeRefreshToken",
    "endSession",
    "invalidateToken",
    "changePassword",
    "replaceUser",
    "changeUser",
    "deleteUser",
}

numbers = itertools.count(1)


def ask(method, path, **options):
    answer = requests.request(method, URL + path, timeout=10, **options)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class ApiAccount:
    """An account of the APIs that are shipped, and the tokens that logging in to it gave."""

    # What tells whether a token is good.
    uses = {"access": ("POST", "/verify-token"), "refresh": ("POST", "/refresh")}

    def __init__(self, username=None, password=PASSWORD):
        self.username = username or f"contract-{next(numbers)}"
        self.password = password
        if username is None:
            self.register()
        self.log_in()

    def register(self):
        ask("POST", "/api/users", json={"name": self.username, "password": self.password})

    def log_in(self):
        login = ask("GET", "/login", auth=(self.username, self.password))
        self.access = login["access_token"]
        self.refresh = login["refresh_token"]
        self.id = ask("POST", "/verify-token", headers=bearer(self.access))["id"]

    def is_good(self):
        """Whether both tokens still are."""
        return all(
            requests.request(method, URL + path, headers=bearer(getattr(self, kind)), timeout=10).ok
            for kind, (method, path) in self.uses.items()
        )

    def promote(self, other):
        users = ask("GET", "/user", headers=bearer(self.access))["users"]
        public_id = next(user["public_id"] for user in users if user["id"] == other.id)
        ask("PUT", f"/user/{public_id}", headers=bearer(self.access))
        return other

    @classmethod
    def admins(cls):
        root = cls("admin", "admin")
        return [root.promote(cls()) for _ in range(3)]


class OwnAccount(ApiAccount):
    """A record of somebody's own users."""

    uses = {"access": ("GET", "/auth/me"), "refresh": ("POST", "/auth/refresh")}

    def register(self):
        ask("POST", "/auth/register", json={"username": self.username, "password": self.password})

    def log_in(self):
        login = ask("POST", "/auth/login", json={"username": self.username, "password": self.password})
        self.access = login["access_token"]
        self.refresh = login["refresh_token"]
        self.id = ask("GET", "/auth/me", headers=bearer(self.access))["id"]

    @classmethod
    def admins(cls):
        """Nobody can become one, so that they are in the data file."""
        return [cls(name, "admin") for name in ("admin", "admin-2", "admin-3")]


Account = OwnAccount if IS_OWN else ApiAccount


class Accounts:
    """
    The accounts of the run: one that most requests come from, and one for each operation that ends something. An admin
    can delete any, so there are spare admins.
    """

    def __init__(self):
        self.main = []
        self.ending = {}

    def of(self, operation):
        if operation in ENDING:
            if operation not in self.ending:
                self.ending[operation] = Account()
            return self.ending[operation]
        if not self.main:
            self.main = Account.admins() if ROLE == "admin" else [Account()]
        return self.main[0]

    def renew(self, operation):
        """The account of an operation that ends something, with tokens that are good."""
        account = self.of(operation)
        if not account.is_good():
            account = self.ending[operation] = Account()
        return account

    def check(self):
        """Replaces what has been deleted."""
        if not self.main or self.main[0].is_good():
            return
        self.main = [account for account in self.main if account.is_good()]
        if ROLE == "admin" and self.main and not IS_OWN:
            self.main.append(self.main[0].promote(Account()))


accounts = Accounts()
