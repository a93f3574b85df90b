-- Adds columns that the contract has gained; they are null in the rows that are there. Analytics
-- comes before staging, so that a repetition after a failure still finds something missing.
-- Repetition: leaves columns that exist as they are.
alter table analytics.processed_orders
add column if not exists payment_method varchar(16) comment 'How the customer pays; null until it is known.';

alter table staging.orders
add column if not exists payment_method varchar(16) comment 'How the customer pays; null until it is known.';

alter table analytics.processed_orders
add column if not exists op varchar(1) comment 'What happened to the order (I inserted, U updated, D deleted); absent means I.';

alter table staging.orders
add column if not exists op varchar(1) comment 'What happened to the order (I inserted, U updated, D deleted); absent means I.';

alter table analytics.processed_orders
add column if not exists customer_email_hash varchar(64) comment 'Keyed hash of customer_email; equal addresses have equal hashes.';

alter table staging.orders
add column if not exists customer_email_hash varchar(64) comment 'Keyed hash of customer_email; equal addresses have equal hashes.';

alter table analytics.processed_orders
add column if not exists _extra varchar comment 'fields the contract does not name, as a JSON object';

alter table staging.orders
add column if not exists _extra varchar comment 'fields the contract does not name, as a JSON object';

alter table analytics.processed_orders
add column if not exists _source_region varchar comment 'AWS region of the landing object; null in rows older than the column';

alter table staging.orders
add column if not exists _source_region varchar comment 'AWS region of the landing object; null in rows older than the column';
