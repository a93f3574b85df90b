-- Creates the database and its schemas: staging (as it arrived), analytics (trusted), ops
-- (the pipeline's own books).
-- Repetition: leaves what exists as it is.
use role sysadmin;

create database if not exists snowline;

use database snowline;

create schema if not exists staging
comment = 'Accepted rows as they arrived, append only';

create schema if not exists analytics
comment = 'Merged and checked rows, for readers';

create schema if not exists ops
comment = 'Stage, file formats, ledger and check results';
