"""The common program (see tools/generators/README.md), with openapi-python-client's client."""

import json
import sys
from io import BytesIO
from pathlib import Path

from client import AuthenticatedClient, Client
from client.api.fleet import change_ship, create_ship, list_ships, log_in, log_out
from client.api.registry import download_file, upload_package
from client.models import (
    Credentials,
    Message,
    PackageUpload,
    Problem,
    Ship,
    ShipInput,
    ShipPatch,
    TokenPair,
    Uploaded,
)
from client.types import File

SHIP = ShipInput(
    affiliation="Rebel Alliance",
    category="Starfighters",
    crew=1,
    length=13,
    manufacturer="Incom Corporation",
    model="T-65 X-Wing",
    roles=["Escort"],
    ship_class="Starfighter",
)

package, url = sys.argv[1:]
content = Path("openapi.json").read_bytes()


def print_refusal(answer: object) -> None:
    """What the server says against a request."""
    assert isinstance(answer, Problem)
    if answer.details:
        [detail] = answer.details
        print(answer.status_code, detail.path, detail.message)
    else:
        print(answer.status_code, answer.message)


nobody = Client(url)
tokens = log_in.sync(client=nobody, body=Credentials("user", "password"))
assert isinstance(tokens, TokenPair)
print("logged in")
# The types don't let one ask without a token.
print_refusal(create_ship.sync(client=AuthenticatedClient(url, "", prefix=""), body=SHIP))

user = AuthenticatedClient(url, tokens.access_token)
created = create_ship.sync(client=user, body=SHIP)
assert isinstance(created, Ship)
print(f"created {created.model}, crew {created.crew}")

changed = change_ship.sync(created.id, client=user, body=ShipPatch(crew=2))
assert isinstance(changed, Ship)
print(f"changed to crew {changed.crew}")

ships = list_ships.sync(client=nobody)
assert isinstance(ships, list)
[listed] = [ship for ship in ships if ship.id == created.id]
print(f"listed with crew {listed.crew}")


def upload(parameters: dict[str, str]) -> Uploaded | Problem | None:
    file = File(BytesIO(content), "openapi.json")
    body = PackageUpload(package, "1.0.0", file, json.dumps(parameters))
    return upload_package.sync(client=user, body=body)


print_refusal(upload({"tag": "2.0.0"}))
assert isinstance(upload({"tag": "1.0.0"}), Uploaded)
print("uploaded")

file = download_file.sync(package, "1.0.0", client=user)
assert isinstance(file, File)
if file.payload.read() == content:
    print("downloaded the same bytes")

message = log_out.sync(client=user)
assert isinstance(message, Message)
print(message.message)
print_refusal(create_ship.sync(client=user, body=SHIP))
