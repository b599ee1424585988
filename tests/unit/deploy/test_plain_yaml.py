import pytest
from tests.unit.deploy.plain_yaml import read_yaml


def test_what_compose_needs_is_read():
    text = """
# a remark
name: sterna
services:
  api:
    image: a/b:1.2
    test: ["CMD", "x"]
    ports:
      - "127.0.0.1:80:80"
      - x:y
    on_top: true
    replicas: 2
volumes:
  kafka:
  other:
"""
    assert read_yaml(text) == {
        "name": "sterna",
        "services": {
            "api": {
                "image": "a/b:1.2",
                "test": ["CMD", "x"],
                "ports": ["127.0.0.1:80:80", "x:y"],
                "on_top": True,
                "replicas": 2,
            }
        },
        "volumes": {"kafka": None, "other": None},
    }


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1",
        "a: *x",
        "a: |\n  b",
        "a: yes",
        "a: 1\na: 2",
        "a:\n\tb: 1",
        "a: {b: 1}",
        "a: b # c",
        "a:\n    b: 1\n  c: 2",
    ],
)
def test_what_is_not_plain_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        read_yaml(text)
