"""Types of bodies and answers, and which of them a client takes."""

JSON = "application/json"
PROBLEM = "application/problem+json"
