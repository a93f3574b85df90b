-- Puts a session where the statements that follow expect it: owner of the objects, in UTC.
-- Repetition: harmless.
use role sysadmin;
use database snowline;
use warehouse snowline_wh;
alter session set timezone = 'UTC';
