"""YAML as bytes: where each setting stands, and splices of exactly those bytes. Pure."""
