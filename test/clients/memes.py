"""The calls of the memes document, as Python's requests makes them."""

import sys

import requests
from requests.auth import HTTPBasicAuth

URL = sys.argv[1]


def expect(response, body):
    assert response.status_code == 200, (response.status_code, response.text)
    assert response.json() == body, response.text


auth = HTTPBasicAuth("admin", "admin")
login_response = requests.get(URL + "/login", auth=auth)
assert login_response.status_code == 200
headers = {"x-access-token": login_response.json()["token"]}

data = {"username": "some usename", "password": "my password"}
expect(requests.post(URL + "/user", data=data, headers=headers), {"message": "User created successfully"})

users = requests.get(URL + "/user", headers=headers).json()["users"]
assert users[-1]["username"] == "some usename", users
assert users[-1]["password"] == "*" * 8, users
user = URL + "/user/" + users[-1]["public_id"]
expect(requests.get(user, headers=headers), {"user": users[-1]})
expect(requests.put(user, headers=headers), {"message": "The user has been promoted!"})
assert requests.get(user, headers=headers).json()["user"]["admin"] is True
expect(requests.delete(user, headers=headers), {"message": "The user has been deleted!"})
gone = requests.get(user, headers=headers)
assert gone.status_code == 404 and gone.json()["message"] == "no user found", gone.text

data = {"title": "some title", "url": "http:/test.com", "description": "some desc"}
expect(requests.post(URL + "/template", data=data, headers=headers), {"message": "Post created"})
templates = requests.get(URL + "/template", headers=headers).json()["templates"]
assert templates[-1].items() >= data.items(), templates
assert templates[-1] in requests.get(URL + "/", headers=headers).json()["templates"]
template = URL + "/template/" + str(templates[-1]["id"])
data["title"] = "Ä, 你好 & more"
expect(requests.put(template, data=data, headers=headers), {"message": "Post Updated"})
assert requests.get(template, headers=headers).json()["template"]["title"] == data["title"]
expect(requests.delete(template, headers=headers), {"message": "The post has been deleted"})
