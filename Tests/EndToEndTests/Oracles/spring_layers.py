"""What a Spring configuration repository says at each commit of its first-parent line, by a YAML 1.2 reader (ruamel.yaml, pure).

REPOSITORY -> JSON: {"commits": [{
  "commit": hash,
  "files": {path: {"profiles": [names its documents are for], "settings": number in all its documents}},
  "documents": {name: resolved document, nested}
}]}

A document of a file is for all, or for the profile that its `spring.config.activate.on-profile` (formerly `spring.profiles`)
names. The documents listed are those of every file, as `name`, and with every profile that it or `application.yml` knows, as
`name@profile`. What is read is, the later first: the file's document for the profile, application's for the profile, the file's
for all, application's for all.
"""
import json
import subprocess
import sys

from ruamel.yaml import YAML

SELECTORS = [("spring", "config", "activate", "on-profile"), ("spring", "profiles")]
yaml = YAML(typ="safe", pure=True)


def git(*arguments):
    return subprocess.run(["git", "-C", sys.argv[1], *arguments], capture_output=True, check=True).stdout


def flatten(mapping, prefix=()):
    """Mappings are taken apart, dots in names too; a list or an empty mapping is a value."""
    for name, value in mapping.items():
        key = prefix + tuple(str(name).split("."))
        if isinstance(value, dict) and value:
            yield from flatten(value, key)
        else:
            yield key, value


def layers(content):
    """The settings of a file by profile, None for all profiles."""
    result = {None: {}}
    for document in yaml.load_all(content.decode("utf-8-sig")):
        settings = {}
        for key, value in flatten(document or {}):
            assert settings.setdefault(key, value) == value, f"{key} has two values"
        selected = [settings.pop(selector) for selector in SELECTORS if selector in settings]
        assert len(selected) <= 1 and all(isinstance(name, str) and name.isascii() for name in selected), selected
        for key, value in settings.items():
            result.setdefault(selected[0] if selected else None, {})[key] = value
        if selected:
            result.setdefault(selected[0], {})
    return result


def nest(settings):
    result = {}
    for key, value in settings.items():
        place = result
        for segment in key[:-1]:
            place = place.setdefault(segment, {})
            assert isinstance(place, dict), f"{key} goes through a value"
        assert key[-1] not in place, f"{key} is a value and holds others"
        place[key[-1]] = value
    return result


def read(commit):
    paths = [path for path in git("ls-tree", "-r", "--name-only", "-z", commit).decode().split("\0") if path.endswith((".yml", ".yaml"))]
    files = {path: layers(git("show", f"{commit}:{path}")) for path in paths}
    application = next((read for path, read in files.items() if path.rsplit(".", 1)[0] == "application"), {})
    documents = {}
    for path, own in files.items():
        name = path.rsplit(".", 1)[0]
        for profile in {None, *own, *application}:
            order = [(application, None), (own, None)]
            if profile is not None:
                order += [(application, profile), (own, profile)]
            settings = {}
            for layer, which in order:
                settings |= layer.get(which, {})
            documents[name if profile is None else f"{name}@{profile}"] = nest(settings)
    return {
        "commit": commit,
        "files": {
            path: {"profiles": sorted(name for name in own if name), "settings": sum(len(layer) for layer in own.values())}
            for path, own in files.items()
        },
        "documents": documents,
    }


commits = git("rev-list", "--first-parent", "--reverse", sys.argv[2]).decode().split()
json.dump({"commits": [read(commit) for commit in commits]}, sys.stdout)
