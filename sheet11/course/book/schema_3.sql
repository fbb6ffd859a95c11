ALTER TABLE mark DROP COLUMN kind;
CREATE TABLE result (
    student TEXT PRIMARY KEY, key TEXT NOT NULL, error TEXT, seconds REAL NOT NULL, drawing INTEGER NOT NULL
) STRICT;
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO about SELECT 'people', json_group_array(json_array(
    about ->> 'student', about -> 'who', about -> 'members', about ->> 'label', about ->> 'late', about -> 'notes',
    about ->> 'notebooks'
)) FROM person HAVING count(*);
DROP TABLE person;
