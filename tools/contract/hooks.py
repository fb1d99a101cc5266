"""
Who Schemathesis is to the API: nobody, a user or an admin (CONTRACT_ROLE). And what OpenAPI has no words for: what the
parts of one request have to agree on.
"""

import itertools
import json
import re
from base64 import b64encode

import requests
import schemathesis

from accounts import ENDING, IS_OWN, ON_DATABASE, ROLE, URL, accounts

NAMES = {"package_name", "tag"}
# Where a package's name would be, these lead to other operations.
RESERVED = {"packages", "user", "admin"}

# As the API writes them.
TAG = re.compile(r'"[\w-]+-\d+(\.\d+)?"|"[0-9a-f]{64}"')

# Where a request can carry a token.
CARRIERS = ("authorization", "token", "x-access-token")

# No new name has these, which are invisible; not every language has ranges of characters above U+FFFF in its patterns.
INVISIBLE = re.compile("[\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")

REGISTRATIONS = {"registerUser", "register", "signup"}

LOGINS = {"logIn", "logInToForum", "getToken", "logInByEmail"}

turns = itertools.count()


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
    if name_of(case) in {"replaceUser", "changeUser", "deleteUser"}:
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
    # A record of one's own can have a field of any name, such as `file`.
    if not IS_OWN:
        agree(body)
    return body


def without_inherited(value):
    """A record can have any field, but none, at no depth, that JavaScript would take for what an object inherits."""
    if isinstance(value, list):
        return [without_inherited(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: without_inherited(each)
        for name, each in value.items()
        if name not in {"__proto__", "constructor"}
    }


def fit_record(case):
    """What would be no fault, and widen the shape, so that the document from the start is no longer what holds."""
    if name_of(case) in REGISTRATIONS:
        # Every user of the data file has one; an email would do.
        case.body["username"] = f"registered-{next(turns)}"
    body = without_inherited(case.body)
    if body != case.body:
        case.body = body


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
def before_load_schema(context, raw_schema):
    if not IS_OWN:
        return
    # To JavaScript the largest number of 64 bits and the one above it are the same, and so they are to its validators.
    drop_formats(raw_schema, "int64")
    # A form, of either kind, has texts alone, and a merge patch takes fields away: both widen the shape of a collection, so that what
    # the server answers from then on is no longer what this document says, which has been read at the start.
    for path in raw_schema["paths"].values():
        for operation in path.values():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                operation["requestBody"]["content"] = {"application/json": content["application/json"]}


def drop_formats(value, name):
    if isinstance(value, dict) and value.get("format") == name:
        del value["format"]
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        drop_formats(each, name)


def is_control(case):
    return case.operation.path.startswith("/__slipway")


def steer(case):
    """What steers the server has a world of its own: a reset or a fault in the others' would take from them what they rely on."""
    # On a database there is one world, and neither of these.
    if not ON_DATABASE:
        case.headers["X-Slipway-Workspace"] = "contract"
    if not is_valid(case):
        return
    name = name_of(case)
    if name == "watchEvents":
        # The answer to a GET doesn't end.
        case.method = "HEAD"
    elif name == "putState":
        # What is in it is a matter of the data, of which the document knows nothing.
        answer = requests.get(f"{URL}/~contract/__slipway/state", timeout=10)
        case.body = answer.json()
    elif name == "setClock":
        # Most that are made up lead out of the years that dates can have.
        case.body["offset"] = in_turn(["+20m", "-1h", "+0s"])


@schemathesis.hook
def before_call(context, case, kwargs):
    name = name_of(case)
    if is_control(case):
        steer(case)
    # To wait is what it asks for, and nothing would be found by it.
    case.query.pop("_delay", None)
    carry_one_token(case)
    if case.path_parameters.get("package_name") in RESERVED:
        # No name either.
        case.path_parameters["package_name"] = "\x01"
    if name in ENDING and ROLE != "nobody":
        renew_account(case)
    if not is_valid(case):
        return
    if IS_OWN:
        fit_record(case)
    # Of the tags that are made up none is ever the one: half of them become any.
    if "if-match" in case.headers and not TAG.fullmatch(case.headers["if-match"]) and in_turn([True, False]):
        case.headers["if-match"] = "*"
    if not isinstance(case.body, dict):
        return
    for field in {"username", "email", "name"} & case.body.keys():
        if isinstance(case.body[field], str):
            case.body[field] = INVISIBLE.sub("x", case.body[field])
    if name in LOGINS and in_turn([True, False]):
        case.body = {"username": "guest", "password": "guest"}
    # The body of a change can repeat the id.
    if not IS_OWN and "id" in case.body and name in {"replaceShip", "changeShip", "replaceUser"}:
        case.body["id"] = case.path_parameters["id"]


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code == 401:
        accounts.check()


@schemathesis.check
def ended_token_is_refused(ctx, response, case):
    """Logged in, used, logged out: the same request once more is refused."""
    first = response.request
    if not any(header.lower() in CARRIERS for header in first.headers) and not has_token_in_body(case):
        return
    is_ended = name_of(case) in ENDING and first.method == case.operation.method.upper()
    if IS_OWN and name_of(case) in {"replaceUser", "changeUser"}:
        # Only a new password does, and no other field.
        is_ended = is_ended and isinstance(case.body, dict) and "password" in case.body
    if not is_ended or not 200 <= response.status_code < 300:
        return
    again = requests.request(first.method, first.url, headers=first.headers, data=first.body, timeout=10)
    assert again.status_code == 401, f"The token is still good: {first.method} {first.url} gives {again.status_code}"
