"""The common program (see tools/generators/README.md), with openapi-generator's python client."""

import json
import sys
from pathlib import Path

from client import (
    ApiClient,
    Configuration,
    Credentials,
    FleetApi,
    Problem,
    RegistryApi,
    ShipInput,
    ShipPatch,
)
from client.exceptions import ApiException, BadRequestException, UnauthorizedException

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

package = sys.argv[1]
content = Path("openapi.json").read_bytes()
# The server is the document's.
configuration = Configuration()
client = ApiClient(configuration)
fleet, registry = FleetApi(client), RegistryApi(client)


def problem_of(error: ApiException) -> Problem:
    assert isinstance(error.data, Problem)
    return error.data


tokens = fleet.log_in(Credentials(username="user", password="password"))
print("logged in")

try:
    fleet.create_ship(SHIP)
except UnauthorizedException as error:
    print(error.status, problem_of(error).message)

configuration.access_token = tokens.access_token
created = fleet.create_ship(SHIP)
print(f"created {created.model}, crew {created.crew}")

changed = fleet.change_ship(created.id, ship_patch=ShipPatch(crew=2))
print(f"changed to crew {changed.crew}")

[listed] = [ship for ship in fleet.list_ships() if ship.id == created.id]
print(f"listed with crew {listed.crew}")


def upload(parameters: dict[str, str]) -> None:
    file = ("openapi.json", content)
    registry.upload_package(package, "1.0.0", file, var_json=json.dumps(parameters))


try:
    upload({"tag": "2.0.0"})
except BadRequestException as error:
    [detail] = problem_of(error).details or []
    print(error.status, detail.path, detail.message)

upload({"tag": "1.0.0"})
print("uploaded")

if registry.download_file(package, "1.0.0") == content:
    print("downloaded the same bytes")

print(fleet.log_out().message)

try:
    fleet.create_ship(SHIP)
except UnauthorizedException as error:
    print(error.status, problem_of(error).message)
