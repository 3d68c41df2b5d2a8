-- What is not there yet is made; psql runs each line that comes out.
SELECT 'CREATE ROLE mirror_owner LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mirror_owner') \gexec
SELECT 'CREATE ROLE mirror_reader LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mirror_reader') \gexec
-- The server's own collation: an upgrade of the system's C library cannot spoil an index.
SELECT 'CREATE DATABASE musicbrainz OWNER mirror_owner TEMPLATE template0 ENCODING ''UTF8'' LOCALE_PROVIDER builtin'
       ' BUILTIN_LOCALE ''C.UTF-8'' LOCALE ''C.UTF-8'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'musicbrainz') \gexec
SELECT 'REVOKE CONNECT, TEMPORARY ON DATABASE musicbrainz FROM PUBLIC'
WHERE (SELECT datacl FROM pg_database WHERE datname = 'musicbrainz') IS NULL \gexec
SELECT 'GRANT CONNECT ON DATABASE musicbrainz TO mirror_reader'
WHERE NOT has_database_privilege('mirror_reader', 'musicbrainz', 'CONNECT') \gexec
