-- What each station did, summed over all processes of all machines, for /metrics.

CREATE TABLE station_count (
    station text NOT NULL,
    outcome text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (station, outcome)
);
COMMENT ON TABLE station_count IS 'What the processes counted of their work since ever, added every few seconds; numbers only, and nobody''s.';
