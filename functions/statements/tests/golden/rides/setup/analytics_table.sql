-- Creates the table readers query.
-- Grain: one row a live merge key, its newest version. Snowflake does not enforce the primary
-- key: the merge does, and the checks verify it.
-- Repetition: leaves an existing table and its rows as they are.
use role sysadmin;

use database snowline;

create table if not exists analytics.processed_rides (
    city varchar(64) not null comment 'City the ride starts in.',
    ride_number number(19, 0) not null comment 'Number of the ride within its city.',
    updated_at timestamp_ntz(6) not null comment 'When the ride changed to this state, UTC.',
    status varchar(16) not null comment 'Where the ride stands.',
    vehicle varchar(16) not null comment 'Kind of vehicle.',
    rider_id varchar(36) not null comment 'Identifies the rider.',
    pickup variant not null comment 'Where the ride starts.',
    dropoff variant comment 'Where the ride ends; null until then.',
    distance_km number(8, 3) comment 'Kilometres driven; null until the ride ends.',
    fare number(10, 2) not null comment 'Price of the ride with tax, without tip; what is expected until the ride ends.',
    tip number(10, 2) comment 'What the rider gave on top.',
    currency varchar(3) not null comment 'Currency of fare and tip, ISO 4217.',
    booked_for time(6) comment 'Local time of day the ride was booked for; null when at once.',
    rating number(19, 0) comment 'Stars the rider gave.',
    tags variant comment 'What the app knows besides.',
    ride_date date not null comment 'UTC date of updated_at.',
    ride_hour timestamp_ntz(6) not null comment 'updated_at cut to the start of its UTC hour.',
    pickup_zone varchar(16) not null comment 'Zone the ride starts in.',
    dropoff_zone varchar(16) comment 'Zone the ride ends in; null until then, and outside of all zones.',
    distance_band varchar comment 'Short up to 3 km, Middle up to 10 km, Long above.',
    rider_phone_hash varchar(64) comment 'Keyed hash of rider_phone; equal numbers have equal hashes.',
    _source_object varchar not null comment 'landing object, as s3://bucket/key',
    _source_line number(19, 0) not null comment 'line in the decompressed object, from 1; a record behind another on one line counts as a line',
    _landed_at timestamp_ntz(6) not null comment 'LastModified of the landing object, UTC',
    _contract_version varchar not null comment 'version of the contract the row was validated against',
    _source_region varchar comment 'AWS region of the landing object; null in rows older than the column',
    _merged_at timestamp_ntz(6) not null comment 'when this version was merged, UTC',
    primary key (city, ride_number)
);
