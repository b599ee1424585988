#!/bin/sh
# A database of its own for namespaces, whose role sees no other: executors are given this one.
# PostgreSQL's image runs this where its data is new. Where they are not, once by hand:
#   docker compose -f deploy/compose.yaml exec postgresql sh /docker-entrypoint-initdb.d/namespaces.sh
set -eu
name="${NAMESPACE_DATABASE:-sterna_namespaces}"
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set name="$name" --set own="$POSTGRES_DB" --set password="$(cat "$NAMESPACE_PASSWORD_FILE")" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
revoke connect, temporary on database :"own" from public;
\connect :"name"
revoke connect, temporary on database :"name" from public;
create extension vector;
SQL
