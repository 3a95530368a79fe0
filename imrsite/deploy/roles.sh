#!/bin/sh
# Creates two roles, neither a superuser, or sets their passwords anew. imrsite_owner creates and owns the tables
# (migrate); imrsite is the application, which reads and writes rows but can neither truncate nor alter a table, nor
# disable a trigger that protects records.
#
# The passwords are in the folder SECRETS, in files that only whoever runs this can read. They reach PostgreSQL through
# its client's input, so no list of processes shows them. Run it again after changing one.
set -eu
secrets="${SECRETS:-/run/secrets}"
if [ -f "$secrets/postgres_password" ]; then
  PGPASSWORD="$(cat "$secrets/postgres_password")"
  export PGPASSWORD
fi
{
  printf '\\set owner_password %s\n' "$(cat "$secrets/owner_password")"
  printf '\\set imrsite_password %s\n' "$(cat "$secrets/imrsite_password")"
  cat <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['imrsite_owner', 'imrsite']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SET password_encryption = 'scram-sha-256';
ALTER ROLE imrsite_owner LOGIN PASSWORD :'owner_password';
ALTER ROLE imrsite LOGIN PASSWORD :'imrsite_password';
SELECT format('ALTER DATABASE %I OWNER TO imrsite_owner', current_database()) \gexec
ALTER DEFAULT PRIVILEGES FOR ROLE imrsite_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO imrsite;
ALTER DEFAULT PRIVILEGES FOR ROLE imrsite_owner GRANT USAGE, SELECT ON SEQUENCES TO imrsite;
SQL
} | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB"
