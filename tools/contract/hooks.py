"""
Who Schemathesis is to the API: nobody, a user or an admin (CONTRACT_ROLE). And what OpenAPI has no words for: what the
parts of one request have to agree on.
"""

import itertools
import json
import os
import re
from base64 import b64encode

import requests
import schemathesis

ROLE = os.environ["CONTRACT_ROLE"]
URL = os.environ["CONTRACT_URL"]

PASSWORD = "Passw0rd-of-contract"

# What ends a token, all of an account's, or the account: each request gets an account of its own.
ENDING = {
    "logOut",
    "revokeRefreshToken",
    "endSession",
    "invalidateToken",
    "changePassword",
    "replaceUser",
    "deleteUser",
}

NAMES = {"package_name", "tag"}
# Where a package's name would be, these lead to other operations.
RESERVED = {"packages", "user", "admin"}

# As the API writes them.
TAG = re.compile(r'"[\w-]+-\d+(\.\d+)?"|"[0-9a-f]{64}"')

# Where a request can carry a token.
CARRIERS = ("authorization", "token", "x-access-token")

LOGINS = {"logIn", "logInToForum", "getToken"}

numbers = itertools.count(1)
turns = itertools.count()


def ask(method, path, **options):
    answer = requests.request(method, URL + path, timeout=10, **options)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class Account:
    """An account, and the tokens that logging in to it gave."""

    def __init__(self, username=None, password=PASSWORD):
        self.username = username or f"contract-{next(numbers)}"
        self.password = password
        if username is None:
            ask("POST", "/api/users", json={"name": self.username, "password": password})
        self.log_in()
        self.id = ask("POST", "/verify-token", headers=bearer(self.access))["id"]

    def log_in(self):
        login = ask("GET", "/login", auth=(self.username, self.password))
        self.access = login["access_token"]
        self.refresh = login["refresh_token"]

    def is_good(self):
        """Whether both tokens still are."""
        uses = [("/verify-token", self.access), ("/refresh", self.refresh)]
        return all(
            requests.post(URL + path, headers=bearer(token), timeout=10).ok for path, token in uses
        )

    def promote(self, other):
        users = ask("GET", "/user", headers=bearer(self.access))["users"]
        public_id = next(user["public_id"] for user in users if user["id"] == other.id)
        ask("PUT", f"/user/{public_id}", headers=bearer(self.access))
        return other


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
            root = Account("admin", "admin") if ROLE == "admin" else None
            self.main = [root.promote(Account()) for _ in range(3)] if root else [Account()]
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
        if ROLE == "admin" and self.main:
            self.main.append(self.main[0].promote(Account()))


accounts = Accounts()


def name_of(case):
    return case.operation.definition.raw["operationId"]


def in_turn(options):
    return options[next(turns) % len(options)]


if ROLE != "nobody":

    @schemathesis.auth(refresh_interval=None)
    class RoleAuth:
        """One carrier a request, each of those that the operation declares in turn."""

        def get(self, case, context):
            return accounts.of(name_of(case)) if case.operation.definition.raw.get("security") else None

        def set(self, case, account, context):
            agree(case.body)
            own_account(case, account)
            if has_token_in_body(case):
                case.body["access-token"] = account.access
                return
            schemes = [next(iter(each)) for each in case.operation.definition.raw["security"] if each]
            name, value = credential(in_turn(schemes), account)
            case.headers[name] = value


def credential(scheme, account):
    if scheme == "basic":
        text = f"{account.username}:{account.password}"
        return "Authorization", "Basic " + b64encode(text.encode()).decode()
    if scheme == "refreshBearer":
        return "Authorization", f"Bearer {account.refresh}"
    headers = {"accessTokenHeader": "token", "accessXAccessTokenHeader": "x-access-token"}
    if scheme in headers:
        return headers[scheme], account.access
    return "Authorization", f"Bearer {account.access}"


def has_token_in_body(case):
    return isinstance(case.body, dict) and isinstance(case.body.get("access-token"), str)


def is_valid(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def own_account(case, account):
    """Of the requests that are valid, those about one's own account are about the token's."""
    if not is_valid(case):
        return
    if name_of(case) in {"replaceUser", "deleteUser"}:
        case.path_parameters["id"] = account.id
    if name_of(case) == "invalidateToken":
        case.body = {"username": account.username, "password": account.password}


def agree(body):
    """What an upload says as JSON is what it says in its fields. The text that is made for it would be no JSON."""
    if not isinstance(body, dict) or "file" not in body:
        return
    as_parts(body)
    if body.get("json") not in (None, "", "[]"):
        body["json"] = json.dumps({name: body[name] for name in sorted(NAMES & body.keys())})


def as_parts(body):
    """
    Keeps wrong what would become right on its way: a part is text, so null would be a name, and of an empty list there
    would be no part at all. An empty part is no name, and a list is no object: that is what wrong types become.
    """
    for name, value in body.items():
        if name == "json":
            if not isinstance(value, str):
                body[name] = "[]"
        elif value is None or isinstance(value, (bool, int, float, list)):
            body[name] = ""


@schemathesis.hook
def map_body(context, body):
    agree(body)
    return body


def renew_account(case):
    """Gives a request that ends something tokens that nothing has ended yet."""
    old = accounts.of(name_of(case))
    new = accounts.renew(name_of(case))
    if new is old:
        return
    for header, value in list(case.headers.items()):
        case.headers[header] = value.replace(old.access, new.access).replace(old.refresh, new.refresh)
    own_account(case, new)


def carry_one_token(case):
    """Tokens that are made up, or that a link puts into a body, differ from others: for two the contracts have 400."""
    carried = [header for header in case.headers if header.lower() in CARRIERS]
    for header in carried if has_token_in_body(case) else carried[1:]:
        del case.headers[header]


@schemathesis.hook
def before_call(context, case, kwargs):
    name = name_of(case)
    carry_one_token(case)
    if case.path_parameters.get("package_name") in RESERVED:
        # No name either.
        case.path_parameters["package_name"] = "\x01"
    if name in ENDING and ROLE != "nobody":
        renew_account(case)
    if not is_valid(case):
        return
    # Of the tags that are made up none is ever the one: half of them become any.
    if "if-match" in case.headers and not TAG.fullmatch(case.headers["if-match"]) and in_turn([True, False]):
        case.headers["if-match"] = "*"
    if not isinstance(case.body, dict):
        return
    if name in LOGINS and in_turn([True, False]):
        case.body = {"username": "guest", "password": "guest"}
    # The body of a change can repeat the id.
    if "id" in case.body and name in {"replaceShip", "changeShip", "replaceUser"}:
        case.body["id"] = case.path_parameters["id"]


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code == 401:
        accounts.check()


@schemathesis.check
def ended_token_is_refused(ctx, response, case):
    """Logged in, used, logged out: the same request once more is refused."""
    first = response.request
    is_ended = name_of(case) in ENDING and first.method == case.operation.method.upper()
    if not is_ended or not 200 <= response.status_code < 300:
        return
    again = requests.request(first.method, first.url, headers=first.headers, data=first.body, timeout=10)
    assert again.status_code == 401, f"The token is still good: {first.method} {first.url} gives {again.status_code}"
