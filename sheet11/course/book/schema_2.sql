BEGIN IMMEDIATE;
-- the automatic points and the task's points when the mark was set
ALTER TABLE mark ADD COLUMN graded REAL;
ALTER TABLE mark ADD COLUMN maximum REAL;
UPDATE mark SET maximum = coalesce((SELECT points FROM task WHERE name = mark.task), 9e999), graded =
    (SELECT points FROM answer WHERE (answer.student, answer.task) = (mark.student, mark.task));
PRAGMA user_version = 2;
COMMIT;
