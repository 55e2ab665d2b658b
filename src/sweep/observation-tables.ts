import { VERDICT_RANKS } from './verdict-ranks.ts';

/** What tells two exchanges apart where no clock can. */
const ENDS = 'client, client_port, server, server_port, isn, probe';
/** Sensors that saw one exchange, by clocks that differ by so much. */
const SAME_WITHIN = "interval '2.5 seconds'";

/**
 * Observations of one exchange are one row: those with the same ends, number and probe, each within 2.5 s of the one before. `source`: the
 * rows of observation that are looked at.
 */
export const clustersOf = (source: string): string => `
  SELECT ${ENDS}, min(port_zero) AS port_zero, min(started) AS started, count(*)::int AS observations,
    count(DISTINCT (site, sensor))::int AS sensors, array_agg(DISTINCT site ORDER BY site) AS sites,
    (array_agg(verdict ORDER BY array_position(ARRAY[${VERDICT_RANKS.map((verdict) => `'${verdict}'`).join(',')}], verdict), started))[1] AS verdict,
    min(latency_ms) AS latency_ms,
    ARRAY(SELECT DISTINCT unnest FROM unnest(string_to_array(string_agg(array_to_string(rules, ','), ','), ',')) WHERE unnest <> '' ORDER BY 1) AS rules
  FROM (
    SELECT *, sum(fresh) OVER (PARTITION BY ${ENDS} ORDER BY started, id) AS number
    FROM (
      SELECT *, CASE WHEN started - lag(started) OVER (PARTITION BY ${ENDS} ORDER BY started, id) <= ${SAME_WITHIN} THEN 0 ELSE 1 END AS fresh
      FROM (${source}) AS seen
    ) AS marked
  ) AS numbered
  GROUP BY ${ENDS}, number`;

/** A number of which 2 to its power is more than n. It changes seldom as n grows, so that an index of it is seldom written. */
const widthOf = (n: string): string => `ceil(ln((${n})::float8 + 1) / ln(2::float8))::smallint`;

/** Rows of contact_month from rows that have day, site, client, verdict, n, first and last. */
export const monthsOf = (source: string): string => `
  SELECT date_trunc('month', day)::date, client, sum(n), coalesce(sum(n) FILTER (WHERE verdict = 'accepted'), 0),
    bit_or(1 << (extract(day FROM day)::int - 1)), min(first), max(last), array_agg(DISTINCT site ORDER BY site), ${widthOf('sum(n)')}
  FROM ${source} GROUP BY 1, 2`;

/** By which the busiest clients of a month are found. */
export const BUSIEST_INDEX = 'CREATE INDEX IF NOT EXISTS contact_month_busiest ON contact_month (month, width)';

/** Days that partitions are made for; what a clock that is wrong puts elsewhere lies in the default partition. */
const MOST_DAYS_AGO = 400;
const MOST_DAYS_AHEAD = 2;

export const OBSERVATION_TABLES = `
CREATE TABLE IF NOT EXISTS observation (
  day date NOT NULL,
  id uuid NOT NULL,
  started timestamptz NOT NULL,
  site text NOT NULL,
  sensor text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  client inet NOT NULL,
  client_port integer NOT NULL,
  server inet NOT NULL,
  server_port integer NOT NULL,
  isn bigint,
  probe text,
  port_zero text NOT NULL,
  verdict text NOT NULL,
  state text NOT NULL,
  reason text,
  answered_by inet,
  latency_ms double precision,
  rules text[] NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE TABLE IF NOT EXISTS observation_other PARTITION OF observation DEFAULT;
CREATE INDEX IF NOT EXISTS observation_client ON observation (client, started);
CREATE INDEX IF NOT EXISTS observation_server ON observation (server, started);
CREATE INDEX IF NOT EXISTS observation_started ON observation USING brin (started);
CREATE INDEX IF NOT EXISTS observation_accepted ON observation (started) WHERE verdict = 'accepted';
CREATE INDEX IF NOT EXISTS observation_accepted_client ON observation (client, started) WHERE verdict = 'accepted';
CREATE TABLE IF NOT EXISTS finding (
  day date NOT NULL,
  id uuid NOT NULL,
  started timestamptz NOT NULL,
  site text NOT NULL,
  sensor text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  rule text NOT NULL,
  severity text NOT NULL,
  message text NOT NULL,
  exchange uuid,
  body jsonb NOT NULL,
  PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE TABLE IF NOT EXISTS finding_other PARTITION OF finding DEFAULT;
CREATE INDEX IF NOT EXISTS finding_started ON finding USING brin (started);
-- Observations of a day, counted as they are stored.
CREATE TABLE IF NOT EXISTS contact_day (
  day date NOT NULL,
  site text NOT NULL,
  client inet NOT NULL,
  port_zero text NOT NULL,
  verdict text NOT NULL,
  n bigint NOT NULL,
  first timestamptz NOT NULL,
  last timestamptz NOT NULL,
  PRIMARY KEY (day, site, client, port_zero, verdict)
);
CREATE INDEX IF NOT EXISTS contact_day_client ON contact_day (client, day);
-- The same by month, of port 0 alone: who was busy is found here without reading each day of each client. Bit n of days is day n + 1;
-- n is less than 2 to the power of width.
CREATE TABLE IF NOT EXISTS contact_month (
  month date NOT NULL,
  client inet NOT NULL,
  n bigint NOT NULL,
  accepted bigint NOT NULL,
  days integer NOT NULL,
  first timestamptz NOT NULL,
  last timestamptz NOT NULL,
  sites text[] NOT NULL,
  width smallint NOT NULL,
  PRIMARY KEY (month, client)
);
${BUSIEST_INDEX};
-- One run of a sensor.
CREATE TABLE IF NOT EXISTS sensor_run (
  site text NOT NULL,
  sensor text NOT NULL,
  epoch text NOT NULL,
  last_seq bigint NOT NULL,
  heard timestamptz NOT NULL DEFAULT now(),
  status_seq bigint NOT NULL DEFAULT 0,
  refused bigint,
  frames bigint,
  drops bigint,
  PRIMARY KEY (site, sensor, epoch)
);
-- Which sequence numbers have come: block n has those from 256 n on.
CREATE TABLE IF NOT EXISTS received (
  site text NOT NULL,
  sensor text NOT NULL,
  epoch text NOT NULL,
  block bigint NOT NULL,
  seen bit(256) NOT NULL,
  PRIMARY KEY (site, sensor, epoch, block)
);
CREATE OR REPLACE VIEW exchange AS ${clustersOf('SELECT * FROM observation')};

CREATE OR REPLACE FUNCTION portzero_month(parent text, month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part text := parent || '_' || to_char(month, 'YYYY_MM');
  ends date := (month + interval '1 month')::date;
BEGIN
  IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(7090001);
  BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
  EXCEPTION WHEN duplicate_table THEN
    -- Somebody else was at it, and is done: the lock was theirs until then.
    RETURN;
  END;
  -- From a clock that was ahead.
  EXECUTE format('WITH early AS (DELETE FROM %I WHERE day >= %L AND day < %L RETURNING *) INSERT INTO %I SELECT * FROM early',
    parent || '_other', month, ends, part);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, month, ends);
END $$;

-- All that a collector may do: it has rights to nothing else.
CREATE OR REPLACE FUNCTION portzero_add(exchanges json, findings json, runs json, blocks json) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  added bigint;
  begins date;
BEGIN
  FOR begins IN SELECT DISTINCT date_trunc('month', day)::date FROM json_to_recordset(exchanges) AS r(day date)
    WHERE day BETWEEN current_date - ${MOST_DAYS_AGO} AND current_date + ${MOST_DAYS_AHEAD} LOOP
    PERFORM portzero_month('observation', begins);
  END LOOP;
  FOR begins IN SELECT DISTINCT date_trunc('month', day)::date FROM json_to_recordset(findings) AS r(day date)
    WHERE day BETWEEN current_date - ${MOST_DAYS_AGO} AND current_date + ${MOST_DAYS_AHEAD} LOOP
    PERFORM portzero_month('finding', begins);
  END LOOP;
  WITH fresh AS (
    INSERT INTO observation SELECT * FROM json_to_recordset(exchanges) AS r(day date, id uuid, started timestamptz, site text,
      sensor text, epoch text, seq bigint, client inet, client_port integer, server inet, server_port integer, isn bigint, probe text,
      port_zero text, verdict text, state text, reason text, answered_by inet, latency_ms double precision, rules text[], body jsonb)
    ON CONFLICT DO NOTHING RETURNING day, site, client, port_zero, verdict, started
  ), counted AS (
    INSERT INTO contact_day AS c SELECT day, site, client, port_zero, verdict, count(*), min(started), max(started) FROM fresh
      GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (day, site, client, port_zero, verdict) DO UPDATE
      SET n = c.n + excluded.n, first = least(c.first, excluded.first), last = greatest(c.last, excluded.last)
  ), counted_by_month AS (
    INSERT INTO contact_month AS c ${monthsOf("(SELECT day, site, client, verdict, 1 AS n, started AS first, started AS last FROM fresh WHERE port_zero <> 'none') AS f")}
      ORDER BY 1, 2
    ON CONFLICT (month, client) DO UPDATE
      SET n = c.n + excluded.n, width = ${widthOf('c.n + excluded.n')}, accepted = c.accepted + excluded.accepted, days = c.days | excluded.days,
        first = least(c.first, excluded.first), last = greatest(c.last, excluded.last),
        sites = CASE WHEN c.sites @> excluded.sites THEN c.sites ELSE ARRAY(SELECT DISTINCT unnest(c.sites || excluded.sites) ORDER BY 1) END
  )
  SELECT count(*) INTO added FROM fresh;
  INSERT INTO finding SELECT * FROM json_to_recordset(findings) AS r(day date, id uuid, started timestamptz, site text, sensor text,
    epoch text, seq bigint, rule text, severity text, message text, exchange uuid, body jsonb) ON CONFLICT DO NOTHING;
  INSERT INTO sensor_run AS c (site, sensor, epoch, last_seq, status_seq, refused, frames, drops)
    SELECT site, sensor, epoch, last_seq, status_seq, refused, frames, drops FROM json_to_recordset(runs)
      AS r(site text, sensor text, epoch text, last_seq bigint, status_seq bigint, refused bigint, frames bigint, drops bigint) ORDER BY 1, 2, 3
    ON CONFLICT (site, sensor, epoch) DO UPDATE SET last_seq = greatest(c.last_seq, excluded.last_seq), heard = now(),
      status_seq = greatest(c.status_seq, excluded.status_seq),
      refused = CASE WHEN excluded.status_seq > c.status_seq THEN excluded.refused ELSE c.refused END,
      frames = CASE WHEN excluded.status_seq > c.status_seq THEN excluded.frames ELSE c.frames END,
      drops = CASE WHEN excluded.status_seq > c.status_seq THEN excluded.drops ELSE c.drops END;
  INSERT INTO received AS c SELECT * FROM json_to_recordset(blocks)
      AS r(site text, sensor text, epoch text, block bigint, seen bit(256)) ORDER BY 1, 2, 3, 4
    ON CONFLICT (site, sensor, epoch, block) DO UPDATE SET seen = c.seen | excluded.seen WHERE c.seen | excluded.seen <> c.seen;
  RETURN added;
END $$;
REVOKE ALL ON FUNCTION portzero_add(json, json, json, json), portzero_month(text, date) FROM PUBLIC;
-- It runs with the rights of its owner: it must not find tables of whoever calls it.
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION portzero_add(json, json, json, json) SET search_path = %I, pg_temp', current_schema());
END $$;
`;

export const OBSERVATION_GRANTS = `
GRANT SELECT ON portzero_schema TO portzero_collector;
GRANT EXECUTE ON FUNCTION portzero_add(json, json, json, json) TO portzero_collector;
GRANT SELECT ON observation, finding, contact_day, contact_month, sensor_run, received, exchange TO portzero_query;
`;
