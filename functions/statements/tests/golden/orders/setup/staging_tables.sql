-- Creates the tables COPY fills. A column that a file lacks would be null without notice, so
-- whatever the contract requires is not null here.
-- Grain: orders: one row an accepted record; aggregates: one row a landing object and group.
-- Repetition: leaves existing tables and their rows as they are.
use role sysadmin;

use database snowline;

create table if not exists staging.orders (
    order_id varchar(36) not null comment 'Identifies the order; given by the shop when the order is placed.',
    customer_id varchar(64) not null comment 'Identifies the customer; stable over all orders of the same person.',
    order_timestamp timestamp_ntz(6) not null comment 'When the order was placed or changed, in UTC; the newest one wins.',
    order_amount number(12, 2) not null comment 'Value of the whole order in its currency, taxes included.',
    currency varchar(3) not null comment 'Currency of order_amount, ISO 4217.',
    quantity number(19, 0) not null comment 'Number of items ordered.',
    product_id varchar(64) not null comment 'Identifies the product in the catalogue.',
    product_category varchar(64) not null comment 'Category of the product at the time of the order.',
    order_status varchar(16) not null comment 'Where the order stands after this change.',
    payment_method varchar(16) comment 'How the customer pays; null until it is known.',
    shipping_country varchar(2) not null comment 'Country the order is sent to, ISO 3166-1 alpha-2.',
    op varchar(1) comment 'What happened to the order (I inserted, U updated, D deleted); absent means I.',
    order_date date not null comment 'UTC date of order_timestamp.',
    order_hour timestamp_ntz(6) not null comment 'order_timestamp cut to the start of its UTC hour.',
    order_value_band varchar not null comment 'Low up to 500, Medium up to 1,000, High above.',
    customer_email_hash varchar(64) comment 'Keyed hash of customer_email; equal addresses have equal hashes.',
    _extra varchar comment 'fields the contract does not name, as a JSON object',
    _source_object varchar not null comment 'landing object, as s3://bucket/key',
    _source_line number(19, 0) not null comment 'line in the decompressed object, from 1; a record behind another on one line counts as a line',
    _landed_at timestamp_ntz(6) not null comment 'LastModified of the landing object, UTC',
    _contract_version varchar not null comment 'version of the contract the row was validated against',
    _source_region varchar comment 'AWS region of the landing object; null in rows older than the column',
    _loaded_at timestamp_ntz(6) not null comment 'when COPY began to read the file, UTC'
);

create table if not exists staging.orders_hourly (
    order_hour timestamp_ntz(6) not null comment 'order_timestamp cut to the start of its UTC hour.',
    product_category varchar(64) not null comment 'Category of the product at the time of the order.',
    shipping_country varchar(2) not null comment 'Country the order is sent to, ISO 3166-1 alpha-2.',
    order_count number(19, 0) not null,
    total_amount number(38, 2),
    min_amount number(12, 2),
    max_amount number(12, 2),
    _source_object varchar not null comment 'landing object, as s3://bucket/key',
    _landed_at timestamp_ntz(6) not null comment 'LastModified of the landing object, UTC',
    _contract_version varchar not null comment 'version of the contract the row was validated against',
    _source_region varchar comment 'AWS region of the landing object; null in rows older than the column',
    _loaded_at timestamp_ntz(6) not null comment 'when COPY began to read the file, UTC'
);
