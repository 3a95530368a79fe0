#!/bin/sh
# Run once by the container of PostgreSQL, when the database is made: two roles besides the superuser, neither of which
# is one. imrsite_owner owns the tables and makes them (migrate). imrsite is the application: it reads and writes rows,
# and can neither empty a table, nor change one, nor switch off a trigger that keeps records as they are.
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
