-- Adds columns that the contract has gained; they are null in the rows that are there. Analytics
-- comes before staging, so that a repetition after a failure still finds something missing.
-- Repetition: leaves columns that exist as they are.
alter table analytics.processed_readings
add column if not exists celsius float;

alter table staging.readings
add column if not exists celsius float;

alter table analytics.processed_readings
add column if not exists unit varchar(8);

alter table staging.readings
add column if not exists unit varchar(8);

alter table analytics.processed_readings
add column if not exists calibrated_on date;

alter table staging.readings
add column if not exists calibrated_on date;

alter table analytics.processed_readings
add column if not exists _source_region varchar comment 'AWS region of the landing object; null in rows older than the column';

alter table staging.readings
add column if not exists _source_region varchar comment 'AWS region of the landing object; null in rows older than the column';
