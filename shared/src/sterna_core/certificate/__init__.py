"""Certificates: what was proven about a migration, signed so that anybody can check it offline."""
