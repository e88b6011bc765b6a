-- The store: the engine writes all of it but `request` and `look`, which the faces write.
-- Times are seconds since the epoch. `revision` is the number of the commit that changed a row.
-- Columns named *_json hold faults, specs and files as JSON.

CREATE TABLE IF NOT EXISTS meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS job (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    added REAL NOT NULL,
    ended REAL,
    reported INTEGER NOT NULL,
    proven INTEGER NOT NULL,
    samples INTEGER,
    waiting INTEGER NOT NULL,
    given INTEGER NOT NULL,
    done INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    fault_json TEXT,
    warnings_json TEXT NOT NULL,
    first_faults_json TEXT NOT NULL,
    blender TEXT NOT NULL,
    held TEXT,
    stuck INTEGER NOT NULL,
    revision INTEGER NOT NULL
) WITHOUT ROWID;

-- What a job is to be. Apart from `job`, since it seldom changes and can name 100,000 frames;
-- `edition` is the number of the commit that changed it.
CREATE TABLE IF NOT EXISTS spec (
    job TEXT PRIMARY KEY,
    spec_json TEXT NOT NULL,
    edition INTEGER NOT NULL
) WITHOUT ROWID;

-- What the engine knows of a job's project beyond the rules: facts and files.
CREATE TABLE IF NOT EXISTS project (
    job TEXT PRIMARY KEY,
    project_json TEXT NOT NULL,
    facts_json TEXT
) WITHOUT ROWID;

-- A job's movie and contact sheet, and what its scene asks of a movie.
CREATE TABLE IF NOT EXISTS movie (
    job TEXT PRIMARY KEY,
    asked_json TEXT,
    wish INTEGER NOT NULL,
    state TEXT NOT NULL,
    file TEXT NOT NULL,
    said TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    sheet TEXT NOT NULL,
    fault_json TEXT,
    notes_json TEXT NOT NULL
) WITHOUT ROWID;

-- Frames, and parts of frames under numbers of their own (see farm/parts.py) with their samples.
CREATE TABLE IF NOT EXISTS frame (
    job TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    failures_json TEXT NOT NULL,
    first_sample INTEGER,
    after_samples INTEGER,
    revision INTEGER NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS attempt (
    job TEXT NOT NULL,
    frame INTEGER NOT NULL,
    number INTEGER NOT NULL,
    run TEXT NOT NULL,
    device TEXT NOT NULL,
    slot INTEGER NOT NULL,
    state TEXT NOT NULL,
    ordered REAL NOT NULL,
    started REAL,
    ended REAL,
    seconds REAL,
    files_json TEXT NOT NULL,
    fault_json TEXT,
    revision INTEGER NOT NULL,
    PRIMARY KEY (job, frame, number)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS attempt_open ON attempt (run)
    WHERE state IN ('ordered', 'started', 'rendered', 'dropping', 'given-up');

CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    device TEXT NOT NULL,
    slot INTEGER NOT NULL,
    state TEXT NOT NULL,
    started REAL NOT NULL,
    ready REAL,
    ended REAL,
    blender TEXT NOT NULL,
    fault_json TEXT,
    log_offset INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS device (
    name TEXT PRIMARY KEY,
    slots INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    contact INTEGER NOT NULL,
    lost_since REAL,
    fault_json TEXT,
    set_aside_json TEXT NOT NULL,
    spec_json TEXT NOT NULL,
    mode TEXT NOT NULL,
    start_times_json TEXT NOT NULL,
    blenders_json TEXT NOT NULL,
    revision INTEGER NOT NULL
) WITHOUT ROWID;

-- What was found on each device when it was reached last: Blenders and cards.
CREATE TABLE IF NOT EXISTS survey (
    device TEXT PRIMARY KEY,
    at REAL NOT NULL,
    survey_json TEXT NOT NULL
) WITHOUT ROWID;

-- When each job will be done ('' is the whole queue); overwritten, never a history.
CREATE TABLE IF NOT EXISTS forecast (
    job TEXT PRIMARY KEY,
    low REAL NOT NULL,
    expected REAL NOT NULL,
    high REAL NOT NULL
) WITHOUT ROWID;

-- What a slot's Blender is at; overwritten, never a history.
CREATE TABLE IF NOT EXISTS progress (
    run TEXT PRIMARY KEY,
    frame INTEGER,
    sample INTEGER,
    samples INTEGER,
    remaining REAL,
    memory INTEGER,
    at REAL NOT NULL
) WITHOUT ROWID;

-- How each device is; overwritten.
CREATE TABLE IF NOT EXISTS vitals (
    device TEXT PRIMARY KEY,
    at REAL NOT NULL,
    load REAL,
    cores INTEGER,
    memory_used INTEGER,
    memory_total INTEGER,
    gpu_use REAL,
    gpu_temperature REAL,
    disk_free INTEGER
) WITHOUT ROWID;

-- How each device was in the last hour.
CREATE TABLE IF NOT EXISTS vitals_past (
    device TEXT NOT NULL,
    at REAL NOT NULL,
    load REAL,
    cores INTEGER,
    memory_used INTEGER,
    memory_total INTEGER,
    gpu_use REAL,
    gpu_temperature REAL,
    disk_free INTEGER,
    PRIMARY KEY (device, at)
) WITHOUT ROWID;

-- What happened, for people; `cause` is the number of the event that it came of.
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY,
    cause INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    job TEXT,
    device TEXT,
    frame INTEGER,
    fault_json TEXT,
    detail TEXT NOT NULL
);

-- Wishes of users, written by faces and taken by the engine.
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    job TEXT,
    device TEXT,
    detail TEXT NOT NULL,
    taken REAL,
    answer_json TEXT
);

CREATE INDEX IF NOT EXISTS request_new ON request (id) WHERE taken IS NULL;

-- Runs whose log somebody looks at; forgotten soon after `at`.
CREATE TABLE IF NOT EXISTS look (
    run TEXT PRIMARY KEY,
    at REAL NOT NULL
) WITHOUT ROWID;
