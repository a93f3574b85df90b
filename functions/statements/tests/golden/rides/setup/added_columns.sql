-- Adds the columns that the contract has gained since the tables were made, which the views show.
-- Repetition: leaves columns that exist as they are.
use role sysadmin;

use database snowline;

alter table analytics.processed_rides
add column if not exists dropoff variant comment 'Where the ride ends; null until then.';

alter table staging.rides
add column if not exists dropoff varchar comment 'Where the ride ends; null until then.';

alter table analytics.processed_rides
add column if not exists distance_km number(8, 3) comment 'Kilometres driven; null until the ride ends.';

alter table staging.rides
add column if not exists distance_km number(8, 3) comment 'Kilometres driven; null until the ride ends.';

alter table analytics.processed_rides
add column if not exists tip number(10, 2) comment 'What the rider gave on top.';

alter table staging.rides
add column if not exists tip number(10, 2) comment 'What the rider gave on top.';

alter table analytics.processed_rides
add column if not exists booked_for time(6) comment 'Local time of day the ride was booked for; null when at once.';

alter table staging.rides
add column if not exists booked_for time(6) comment 'Local time of day the ride was booked for; null when at once.';

alter table analytics.processed_rides
add column if not exists rating number(19, 0) comment 'Stars the rider gave.';

alter table staging.rides
add column if not exists rating number(19, 0) comment 'Stars the rider gave.';

alter table analytics.processed_rides
add column if not exists tags variant comment 'What the app knows besides.';

alter table staging.rides
add column if not exists tags varchar comment 'What the app knows besides.';

alter table analytics.processed_rides
add column if not exists dropoff_zone varchar(16) comment 'Zone the ride ends in; null until then, and outside of all zones.';

alter table staging.rides
add column if not exists dropoff_zone varchar(16) comment 'Zone the ride ends in; null until then, and outside of all zones.';

alter table analytics.processed_rides
add column if not exists distance_band varchar comment 'Short up to 3 km, Middle up to 10 km, Long above.';

alter table staging.rides
add column if not exists distance_band varchar comment 'Short up to 3 km, Middle up to 10 km, Long above.';

alter table analytics.processed_rides
add column if not exists rider_phone_hash varchar(64) comment 'Keyed hash of rider_phone; equal numbers have equal hashes.';

alter table staging.rides
add column if not exists rider_phone_hash varchar(64) comment 'Keyed hash of rider_phone; equal numbers have equal hashes.';

alter table analytics.processed_rides
add column if not exists _source_region varchar comment 'AWS region of the landing object; null in rows older than the column';

alter table staging.rides
add column if not exists _source_region varchar comment 'AWS region of the landing object; null in rows older than the column';
