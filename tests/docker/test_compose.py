"""docker/compose.yaml keeps to compose.schema.json, names nothing that is not there, and carries no secret."""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIPPED: {missing}; apt-get install python3-yaml python3-jsonschema")
    sys.exit(77)

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests/docker/compose.schema.json").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text(encoding="utf-8"))


def complaints(document):
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)]


def dangling(document):
    """Names that are used and not defined."""
    for name, service in document["services"].items():
        for secret in service.get("secrets", []):
            if secret not in document["secrets"]:
                yield f"{name}: secret {secret}"
        for volume in service.get("volumes", []):
            if volume.split(":")[0] not in document["volumes"]:
                yield f"{name}: volume {volume}"
        for other in service.get("depends_on", {}):
            if "healthcheck" not in document["services"].get(other, {}):
                yield f"{name}: waits for the health of {other}"


def changed(change):
    document = copy.deepcopy(COMPOSE)
    change(document["services"]["bailee"], document)
    return document


WRONG = {
    "a writable root": lambda service, _: service.pop("read_only"),
    "new privileges": lambda service, _: service.update(security_opt=["seccomp:unconfined"]),
    "a port open to the network": lambda service, _: service.update(ports=["8080:8080"]),
    "a start that does not wait for health":
        lambda service, _: service.update(depends_on={"database": {"condition": "service_started"}}),
    "a password in the environment": lambda service, _: service.update(environment={"PGPASSWORD": "x"}),
    "a misspelt key": lambda service, _: service.update(healthchek={}),
    "a secret outside the secrets' folder":
        lambda _, document: document["secrets"]["database_url"].update(file="/etc/url"),
    "a check through a shell": lambda service, _: service["healthcheck"].update(test=["CMD-SHELL", "true"]),
}


class ComposeTest(unittest.TestCase):
    def test_it_keeps_to_the_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.assertEqual(complaints(COMPOSE), [])

    def test_every_name_is_defined(self):
        self.assertEqual(list(dangling(COMPOSE)), [])
        self.assertEqual(len(list(dangling(changed(lambda service, _: service.update(secrets=["lost"]))))), 1)

    def test_the_schema_refuses_what_is_unsafe_or_misspelt(self):
        for what, change in WRONG.items():
            with self.subTest(what):
                self.assertNotEqual(complaints(changed(change)), [])

    def test_the_command_that_makes_secrets_makes_each_of_them_once(self):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "new_secrets"
            script.write_bytes((ROOT / "docker/new_secrets").read_bytes())
            subprocess.run(["bash", str(script)], check=True)
            made = {path.name: path.read_text(encoding="ascii") for path in (script.parent / "secrets").iterdir()}
            self.assertEqual({f"./secrets/{name}" for name in made},
                             {secret["file"] for secret in COMPOSE["secrets"].values()})
            self.assertIn(f":{made['database_password']}@database:5432/", made["database_url"])
            again = subprocess.run(["bash", str(script)], check=False, capture_output=True)
            self.assertEqual(again.returncode, 1)


if __name__ == "__main__":
    unittest.main()
