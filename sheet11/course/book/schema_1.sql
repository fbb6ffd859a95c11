CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE task (
    name TEXT PRIMARY KEY, title TEXT NOT NULL, wanted TEXT NOT NULL, points REAL NOT NULL, by_hand INTEGER NOT NULL,
    solution TEXT NOT NULL, heading TEXT NOT NULL
) STRICT;
CREATE TABLE content (digest TEXT PRIMARY KEY, source TEXT NOT NULL, attachments TEXT NOT NULL) STRICT;
CREATE TABLE answer (
    student TEXT NOT NULL, task TEXT NOT NULL REFERENCES task, digest TEXT NOT NULL REFERENCES content,
    points REAL, status TEXT NOT NULL, remark TEXT NOT NULL, PRIMARY KEY (student, task)
) STRICT;
CREATE TABLE result (
    student TEXT PRIMARY KEY, key TEXT NOT NULL, error TEXT, seconds REAL NOT NULL, drawing INTEGER NOT NULL
) STRICT;
-- marks of one person that were set at once have the same time; items are ids, as JSON; graded and maximum are the
-- automatic points and the points of the task when the mark was set
CREATE TABLE mark (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, task TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL,
    points REAL, comment TEXT NOT NULL, digest TEXT NOT NULL REFERENCES content, items TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0, graded REAL, maximum REAL
) STRICT;
CREATE INDEX mark_of ON mark (student, task);
CREATE TABLE item (
    id INTEGER PRIMARY KEY, task TEXT NOT NULL, points REAL NOT NULL, words TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE flag (
    student TEXT NOT NULL, task TEXT NOT NULL, who TEXT NOT NULL, PRIMARY KEY (student, task, who)
) STRICT;
CREATE TABLE snippet (id INTEGER PRIMARY KEY, words TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE written (digest TEXT PRIMARY KEY) STRICT;
PRAGMA user_version = 1;
