"""A stand-in for Scenario: the API of docs/openapi.yaml over a small catalogue of its own."""

from syncjob.sandbox.store import Sandbox

__all__ = ["Sandbox"]
