"""The calls of the registry document, as Python's requests makes them: its odd upload too."""

import json
import sys

import requests

URL = sys.argv[1] + "/api/v1/"
CREDENTIALS = {"username": "somebody", "password": "a password"}
CONTENT = bytes(range(256)) * 64


def expect(response, body):
    assert response.status_code == 200, (response.status_code, response.text)
    assert response.json() == body, response.text


added = requests.post(URL + "user/add", json=CREDENTIALS)
assert added.status_code == 200, added.text
assert added.json() in requests.get(URL + "admin/user_list").json()
assert requests.post(URL + "user/add", json=CREDENTIALS).status_code == 409
token = requests.post(URL + "user/get_token", json=CREDENTIALS).json()["token"]
headers = {"token": token}


def upload(path, parameters):
    files = {
        "json": (json.dumps(parameters), "", "application/json"),
        "file": ("file.bin", CONTENT, "application/octet-stream"),
    }
    return requests.post(URL + path, headers=headers, files=files)


expect(upload("packages", {"package_name": "a package", "tag": "1.0"}), {"package_id": 1, "tag_id": 1})
expect(upload("a package", {"tag": "1.1"}), {"package_id": 1, "tag_id": 2})
expect(upload("a package/1.2", {}), {"package_id": 1, "tag_id": 3})
assert upload("a package", {"tag": "1.1"}).status_code == 409

expect(requests.get(URL + "packages", headers=headers, json={"search": "PACK"}), [{"id": 1, "title": "a package"}])
expect(requests.get(URL + "packages", headers=headers, json={"search": "none"}), [])
expect(requests.get(URL + "a package", headers=headers, params={"search": ".2"}), [{"id": 3, "tag": "1.2"}])
expect(requests.get(URL + "a package", headers=headers, json={"tag_search": ".2"}), [{"id": 3, "tag": "1.2"}])

for tag in ["1.0", "1.1", "1.2"]:
    file = requests.get(URL + "a package/" + tag, headers=headers)
    assert file.status_code == 200 and file.content == CONTENT, file.status_code
    assert file.headers["content-disposition"] == 'attachment; filename="file.bin"', file.headers

revoked = requests.post(URL + "user/invalidate_token", headers=headers, json=CREDENTIALS)
expect(revoked, {"message": "token has been revoked"})
assert requests.get(URL + "packages", headers=headers).status_code == 401
