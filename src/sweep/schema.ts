import { OBSERVATION_GRANTS, OBSERVATION_TABLES } from './observation-tables.ts';

/** The tables, and who may do what. Changes whenever they do. */
export const SCHEMA_VERSION = 1;

/** Whoever runs workers, and whoever asks, gets one of these: GRANT portzero_worker TO somebody. */
export const ROLES = ['portzero_worker', 'portzero_query', 'portzero_collector'] as const;

export const TABLES = `
CREATE TABLE IF NOT EXISTS portzero_schema (version integer NOT NULL);
CREATE TABLE IF NOT EXISTS shard (
  key text PRIMARY KEY,
  series text NOT NULL,
  uri text NOT NULL,
  head jsonb NOT NULL,
  created timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS shard_chunk (
  key text NOT NULL,
  n integer NOT NULL,
  frames bytea NOT NULL,
  PRIMARY KEY (key, n)
);
-- Compressing takes longer than it saves: most have some hundred bytes.
ALTER TABLE shard_chunk ALTER COLUMN frames SET STORAGE EXTERNAL;
CREATE TABLE IF NOT EXISTS sweep (
  id text PRIMARY KEY,
  config jsonb NOT NULL,
  run integer NOT NULL DEFAULT 0,
  listed timestamptz,
  created timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS sweep_file (
  sweep text NOT NULL,
  key text NOT NULL,
  uri text NOT NULL,
  series text NOT NULL,
  size bigint NOT NULL,
  version text NOT NULL,
  run integer NOT NULL,
  PRIMARY KEY (sweep, key)
);
CREATE TABLE IF NOT EXISTS failed (
  key text PRIMARY KEY,
  uri text NOT NULL,
  deliveries integer NOT NULL,
  error text NOT NULL,
  created timestamptz NOT NULL DEFAULT now()
);
-- Files of folders that are no captures: they need not be opened again.
CREATE TABLE IF NOT EXISTS other_file (key text PRIMARY KEY, uri text NOT NULL);
${OBSERVATION_TABLES}`;

export const GRANTS = `
GRANT SELECT ON portzero_schema TO portzero_worker, portzero_query;
GRANT SELECT ON sweep TO portzero_worker;
GRANT INSERT, SELECT (key) ON shard, failed TO portzero_worker;
GRANT INSERT ON shard_chunk TO portzero_worker;
GRANT SELECT ON shard, shard_chunk, sweep, sweep_file, failed TO portzero_query;
${OBSERVATION_GRANTS}`;
