"""The tables of the hub's file.

* ``instances``: one row per orchestration instance, live or ended.
* ``history``: what the orchestrator has seen, one row per turn (a serialised HistoryChunk).
* ``inbox``: events that arrived and no committed turn has consumed yet.
* ``tasks``: activities that were asked for and have not reported back.
* ``timers``: events that become visible later; the index on ``due_us`` is the timer heap.

* ``progress``: one row, written with every commit.

Moments are microseconds since 1970 in virtual time. ``n`` counts upwards over all tables and is
never used twice, so it names a task or an event for good.
"""

import sqlite3

# Written into the file's header, so that another program's database is never taken for a hub.
# The letters VLHB.
APPLICATION_ID = 0x56_4C_48_42

# Raise with every change of the tables; an older program refuses a newer file.
SCHEMA_VERSION = 1

# Without rowid where the key has two parts: the key is the table then, with no second tree to
# write. Partial indexes leave out what is never looked for through them: instances that have not
# ended, and those without a parent.
TABLES = """
create table meta(key text primary key, value text not null) without rowid;

create table progress(virtual_us integer not null, last_n integer not null);

create table instances(
    instance_id text primary key,
    execution_id text not null,
    name text not null,
    version text,
    status integer not null,
    suspended integer not null default 0,
    turns integer not null default 0,
    input text,
    output text,
    custom_status text,
    failure blob,
    created_us integer not null,
    updated_us integer not null,
    completed_us integer,
    scheduled_us integer,
    parent_id text,
    parent_name text,
    parent_execution_id text,
    parent_task_id integer,
    tags text,
    start_trace blob,
    turn_trace blob
);
create index instances_by_creation on instances(created_us, instance_id);
create index instances_by_completion on instances(completed_us, instance_id)
    where completed_us is not null;
create index instances_by_parent on instances(parent_id) where parent_id is not null;

create table history(
    instance_id text not null,
    turn integer not null,
    events blob not null,
    primary key(instance_id, turn)
) without rowid;

create table inbox(
    instance_id text not null,
    n integer not null,
    event blob not null,
    primary key(instance_id, n)
) without rowid;

create table tasks(
    instance_id text not null,
    n integer not null,
    execution_id text not null,
    request blob not null,
    primary key(instance_id, n)
) without rowid;

create table timers(
    instance_id text not null,
    n integer not null,
    execution_id text not null,
    due_us integer not null,
    event blob not null,
    primary key(instance_id, n)
) without rowid;
create index timers_by_due on timers(due_us);
"""


def read_meta(db: sqlite3.Connection, key: str) -> str | None:
    """A value the hub keeps about itself, or None."""
    row = db.execute("select value from meta where key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def write_meta(db: sqlite3.Connection, key: str, value: str) -> None:
    """Keeps a value about the hub itself."""
    db.execute("insert or replace into meta values(?, ?)", (key, value))
