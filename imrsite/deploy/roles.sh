#!/bin/sh
# Run once by the PostgreSQL container when the database is created. It adds two roles, neither a superuser:
# imrsite_owner creates and owns the tables (migrate); imrsite is the application, which reads and writes rows but can
# neither truncate nor alter a table, nor disable a trigger that protects records.
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set owner_password="$(cat "${SECRETS:-/run/secrets}/owner_password")" \
  --set imrsite_password="$(cat "${SECRETS:-/run/secrets}/imrsite_password")" <<'SQL'
CREATE ROLE imrsite_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE imrsite LOGIN PASSWORD :'imrsite_password';
SELECT format('ALTER DATABASE %I OWNER TO imrsite_owner', current_database()) \gexec
ALTER DEFAULT PRIVILEGES FOR ROLE imrsite_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO imrsite;
ALTER DEFAULT PRIVILEGES FOR ROLE imrsite_owner GRANT USAGE, SELECT ON SEQUENCES TO imrsite;
SQL
