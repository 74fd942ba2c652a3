"""What a program does with a client that was generated from the API's description.

generated_client.py FOLDER URL CA STEP [ARGUMENT...], where FOLDER holds the package `client`. Each step prints what it got.
"""

import json
import ssl
import sys

folder, url, ca, step, *arguments = sys.argv[1:]
sys.path.insert(0, folder)

import pyotp
from websockets.sync.client import connect

from client import AuthenticatedClient, Client
from client.api.account import get_account, post_account_totp, post_account_totp_confirm
from client.api.calls import post_calls_initiate, post_tokens_validate
from client.api.log_in import post_auth_login, post_auth_register
from client.api.tags import get_tokens, post_tokens_generate
from client.models import Code, Error, Generate, Initiate, LogIn, Register, Validate

NAME, PASSWORD = "door", "correct horse battery staple"
TRUST = ssl.create_default_context(cafile=ca)
# A client fails where an answer is not described.
anybody = Client(base_url=url, verify_ssl=TRUST, raise_on_unexpected_status=True)


def accepted(answer):
    assert answer is not None and not isinstance(answer, Error), answer
    return answer


def member():
    entry = accepted(post_auth_login.sync(client=anybody, body=LogIn(username=NAME, password=PASSWORD)))
    return AuthenticatedClient(base_url=url, verify_ssl=TRUST, raise_on_unexpected_status=True, token=entry.token)


def account(setup_token):
    """Makes the first account and a sticker."""
    refused = post_auth_register.sync(client=anybody, body=Register(username=NAME, password=PASSWORD))
    assert isinstance(refused, Error) and refused.error.code == "setup-needed", refused
    body = Register(username=NAME, password=PASSWORD, setup_token=setup_token)
    accepted(post_auth_register.sync(client=anybody, body=body))
    owner = member()
    assert accepted(get_account.sync(client=owner)).username == NAME
    tag = accepted(post_tokens_generate.sync(client=owner, body=Generate(label="Van", public_text="Ring me", lifetime="168h")))
    assert [listed.label for listed in accepted(get_tokens.sync(client=owner)).tokens] == ["Van"]
    assert (tag.expires_at - tag.created_at).days == 7, tag
    print("Sticker:", tag.qr_code_data)


def call(code):
    """Rings the owner's phone."""
    validity = accepted(post_tokens_validate.sync(client=anybody, body=Validate(token=code)))
    assert validity.valid and validity.can_initiate_call and validity.public_text == "Ring me", validity
    placed = accepted(post_calls_initiate.sync(client=anybody, body=Initiate(scanned_token=code)))
    assert placed.ice_servers[0].urls and placed.ring_seconds > 0, placed
    with connect(url.replace("https", "wss") + placed.signaling_endpoint, ssl=TRUST, open_timeout=20) as line:
        def say(kind, **payload):
            line.send(json.dumps({"type": kind, "payload": payload}))

        def hear(kind):
            while (message := json.loads(line.recv(timeout=30)))["type"] != kind:
                pass
            return message["payload"]

        say("hello", ticket=placed.ticket, fresh=False)
        hear("welcome")
        say("ready")
        hear("ringing")
        print("Ringing.", flush=True)
        hear("answered")
        say("hang-up")
        print("Answered.")


def authenticator():
    """Sets up an authenticator app with what pyotp reads."""
    owner = member()
    enrolment = accepted(post_account_totp.sync(client=owner))
    app = pyotp.parse_uri(enrolment.uri)
    assert (app.name, app.issuer, app.secret) == (NAME, "localhost", enrolment.secret.replace(" ", "")), enrolment.uri
    accepted(post_account_totp_confirm.sync(client=owner, body=Code(code=app.now())))
    print("App:", enrolment.uri)


{"account": account, "call": call, "authenticator": authenticator}[step](*arguments)
