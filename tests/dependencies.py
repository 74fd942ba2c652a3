"""Whether every crate that callqr is built from is what deny.toml lets it be: its licence, its source, and that it is wanted.

It reads what cargo-deny reads and asks for as much, but for a licence that is only a file and no SPDX expression: that fails
here. cargo-deny itself is built for minutes; `make check ADVISORY_DB=...` runs it, for known vulnerabilities and all the rest.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

# Cargo's own registry has this name; others, and Git repositories, have names of their own.
REGISTRY = re.compile(r"registry\+https://github\.com/rust-lang/[a-z.]+-index")


def allows(expression, allowed):
    """Whether an SPDX expression can be satisfied by these licences; `/` is how some crates wrote OR."""
    words = re.findall(r"[()]|[^\s()/]+|/", expression)

    def either():
        good = both()
        while words and words[0] in ("OR", "/"):
            words.pop(0)
            good = both() or good
        return good

    def both():
        good = one()
        while words and words[0] == "AND":
            words.pop(0)
            good = one() and good
        return good

    def one():
        word = words.pop(0)
        if word == "(":
            good = either()
            if words.pop(0) != ")":
                raise ValueError(expression)
            return good
        if words and words[0] == "WITH":
            words.pop(0)
            word = f"{word} WITH {words.pop(0)}"
        return word in allowed

    good = either()
    if words:
        raise ValueError(expression)
    return good


def test_licences():
    """A check that cannot fail would prove nothing."""
    allowed = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"}
    for good in ("MIT", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "(GPL-3.0 OR MIT) AND Apache-2.0", "Apache-2.0 WITH LLVM-exception", "MIT AND Apache-2.0 OR GPL-3.0"):
        assert allows(good, allowed), good
    for bad in ("GPL-3.0", "MIT AND GPL-3.0", "GPL-3.0 OR (MIT AND GPL-2.0)", "MIT WITH LLVM-exception", "MPL-2.0/GPL-3.0"):
        assert not allows(bad, allowed), bad


def cargo(*words):
    return subprocess.run(["cargo", *words, "--locked", "--offline"], check=True, stdout=subprocess.PIPE, text=True).stdout


def used(target):
    """What is built for this target, tests and build scripts included; `cargo metadata` tells of features that nobody turns on, too."""
    tree = cargo("tree", "--target", target, "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}")
    return {tuple(line.split()[:2]) for line in tree.splitlines()}


def problems(package, rules):
    licence = package["license"]
    if not licence:
        yield "names no licence"
    elif not allows(licence, set(rules["licenses"]["allow"])):
        yield f"has a licence that is not allowed: {licence}"
    if not REGISTRY.fullmatch(package["source"] or ""):
        yield f"comes from {package['source']}"
    for unwanted in rules["bans"]["deny"]:
        if unwanted["crate"] == package["name"]:
            yield f"is not wanted: {unwanted['reason']}"


# What deny.toml says of RUSTSEC-2023-0071: by whom rsa is used, and what of it crypto-glue offers that needs a private key.
RSA_COMES_BY = {"rsa": {"crypto-glue"}, "crypto-glue": {"webauthn-rs-core", "webauthn-attestation-ca"}}
PRIVATE_RSA = re.compile(r"RS256PrivateKey|RS256SigningKey|RsaPrivateKey|rsa::new_key|rsa::oaep_\w*decrypt|rsa::pkcs1v15")


def private_rsa(text):
    """What in Rust code needs a private RSA key."""
    return sorted(set(PRIVATE_RSA.findall(text)))


def test_private_rsa():
    assert private_rsa("use crypto_glue::rsa::{RS256PublicKey, RS256Signature, RS256VerifyingKey};") == []
    assert private_rsa("let key = rsa::new_key(2048)?; RS256SigningKey::from(key)") == ["RS256SigningKey", "rsa::new_key"]


def uses_of_rsa(graph):
    names = {package["id"]: package["name"] for package in graph["packages"]}
    users = {crate: set() for crate in RSA_COMES_BY}
    for node in graph["resolve"]["nodes"]:
        for dependency in node["deps"]:
            if names[dependency["pkg"]] in users:
                users[names[dependency["pkg"]]].add(names[node["id"]])
    for crate, allowed in RSA_COMES_BY.items():
        if users[crate] != allowed:
            yield f"{crate} is used by {sorted(users[crate])}: look again at what deny.toml says of RUSTSEC-2023-0071"
    for package in graph["packages"]:
        if package["name"].startswith("webauthn-"):
            for file in Path(package["manifest_path"]).parent.rglob("src/**/*.rs"):
                for found in private_rsa(file.read_text()):
                    yield f"{package['name']} uses {found}: look again at what deny.toml says of RUSTSEC-2023-0071"


def main():
    test_licences()
    test_private_rsa()
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)
    graph = json.loads(cargo("metadata", "--format-version", "1"))
    built = set.union(*(used(target) for target in rules["graph"]["targets"]))
    seen, found = set(), set()
    for package in graph["packages"]:
        name = f"{package['name']} {package['version']}"
        if package["id"] in graph["workspace_members"]:
            # A path that lies here needs no version.
            wild = [each["name"] for each in package["dependencies"] if each["req"] == "*" and "path" not in each]
            found.update(f"{name} takes any version of {crate}" for crate in wild)
        elif (package["name"], f"v{package['version']}") in built:
            seen.add(name)
            found.update(f"{name} {problem}" for problem in problems(package, rules))
    found.update(uses_of_rsa(graph))
    if len(seen) != len(built) - len(graph["workspace_members"]):
        found.add(f"of {len(built)} crates that are built, {len(seen)} were looked at")
    for line in sorted(found):
        print(line, file=sys.stderr)
    print(f"{len(seen)} crates: {'all are as deny.toml wants them' if not found else f'{len(found)} problems'}")
    return 1 if found else 0


sys.exit(main())
