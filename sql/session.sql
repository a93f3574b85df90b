-- Puts a session where the statements that follow expect it: owner of the objects, in UTC.
-- Repetition: harmless.
use role sysadmin;
use database {{ settings.database }};
use warehouse {{ settings.warehouse }};
alter session set timezone = 'UTC';
