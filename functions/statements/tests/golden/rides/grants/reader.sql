-- Lets people read analytics. Grant the role to whoever needs it.
-- Repetition: grants the same; a view added later is granted by running this again.
grant usage on warehouse snowline_wh to role snowline_reader;

grant usage on database snowline to role snowline_reader;

grant usage on schema analytics to role snowline_reader;

grant select on all tables in schema analytics to role snowline_reader;

grant select on all views in schema analytics to role snowline_reader;
